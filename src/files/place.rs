//! Which file a path leads to.

#[cfg(unix)]
use std::fs;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

/// More links than a system follows from one path.
const LINKS: usize = 40;

/// The folder that a file is in, or would be.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Where a path leads once every link is followed, also where nothing is there yet. Its folder has
/// to exist: before that, it is not known where a path with `..` leads.
pub(super) fn leads_to(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let folder = folder_of(&path).canonicalize()?;
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let place = folder.join(name);
        if is_stream(&place) {
            return Ok(place);
        }
        match place.read_link() {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("it leads through too many links"))
}

/// Whether a place stands for an open file of a process. Where that is a regular file, it belongs
/// to the program that redirected the stream.
pub(super) fn is_stream(place: &Path) -> bool {
    folder_of(place).ends_with("fd") && (place.starts_with("/proc") || place.starts_with("/dev"))
}

/// Whether a place stands for the standard output of this process.
pub(super) fn is_stdout(place: &Path) -> bool {
    let stdout = format!("/proc/{}/fd/1", process::id());
    place == Path::new("/dev/fd/1") || place == Path::new(&stdout)
}

/// Whether two paths lead to one file: also by a hard link, in another case where the file system
/// does not care, or where there is no file yet.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    let is_one_place = match (leads_to(one), leads_to(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), _) | (_, Err(_)) => one == other,
    };
    is_one_place || is_one_file(one, other)
}

#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    fs::metadata(one).is_ok_and(|metadata| is_file_at(&metadata, other))
}

/// Without numbers of files, by the one way in which the system writes a path.
#[cfg(not(unix))]
fn is_one_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|other| path == other))
}

/// Whether a file is the one that a path leads to.
#[cfg(unix)]
pub(super) fn is_file_at(file: &Metadata, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: &Metadata| (metadata.dev(), metadata.ino());
    fs::metadata(path).is_ok_and(|other| identity(file) == identity(&other))
}

/// Whether a file is the one that a path leads to: not known here without its path.
#[cfg(not(unix))]
pub(super) fn is_file_at(_: &Metadata, _: &Path) -> bool {
    false
}
