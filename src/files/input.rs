//! Everything that is read. No file that holds a credential is read as something else, since a
//! message may quote what it reads; and nothing is waited for or read without end.

use std::env;
use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, IsTerminal, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;

use super::PATIENCE;
use super::place::{is_file_at, same_file};
use crate::env::{CREDENTIALS, file_of};

/// Bytes that are read from a stream at once.
const PIECE: usize = 1 << 16;

/// An open file or stream that gives so many bytes at most. More of them is an error, as is a
/// stream that gives nothing for a while.
pub(crate) struct InputFile {
    source: Opened,
    largest: u64,
    left: u64,
}

enum Opened {
    File(File),
    /// Anything else, such as a pipe or a device.
    Stream(Stream),
}

/// Opens a file or a stream to read it.
///
/// # Errors
/// Where it cannot be opened, is a folder, or holds a credential.
pub(crate) fn open(path: &Path, largest: u64) -> io::Result<InputFile> {
    open_for(None, path, largest)
}

/// Opens a file, a stream, or standard input, which is called `-`.
///
/// # Errors
/// As [`open`]; and where standard input is a terminal, which would wait for someone to type.
pub(crate) fn open_or_stdin(path: &Path, largest: u64) -> io::Result<InputFile> {
    if path != Path::new("-") {
        return open(path, largest);
    }
    if io::stdin().is_terminal() {
        return Err(io::Error::other("standard input is a terminal"));
    }
    // What is piped from a file that holds a credential holds it as well.
    let stdin = Path::new("/dev/stdin");
    if let Ok(metadata) = fs::metadata(stdin) {
        without_credential(None, stdin, &metadata)?;
    }
    let source = Opened::Stream(Stream::read(|send| pass_on(io::stdin(), send))?);
    Ok(InputFile { source, largest, left: largest })
}

/// The whole of a file or a stream.
///
/// # Errors
/// As [`open`]; and where it is larger, or gives nothing.
pub(crate) fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    whole(open(path, largest)?)
}

/// The whole of the file that holds the value of a variable.
///
/// # Errors
/// As [`read`]; also where it holds the value of another variable.
pub(crate) fn read_credential(variable: &str, path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    whole(open_for(Some(variable), path, largest)?)
}

fn open_for(variable: Option<&str>, path: &Path, largest: u64) -> io::Result<InputFile> {
    let metadata = fs::metadata(path)?;
    let source = if metadata.is_file() {
        Opened::File(admitted(variable, path)?)
    } else if metadata.is_dir() {
        // Opening one works on Unix; only reading it fails, with a stranger message.
        return Err(io::ErrorKind::IsADirectory.into());
    } else {
        Opened::Stream(Stream::open(variable, path)?)
    };
    Ok(InputFile { source, largest, left: largest })
}

fn whole(mut input: InputFile) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Opened::File(file) = &input.source {
        // Room for all of it at once: what grows while it is read is copied.
        let size = file.metadata()?.len().min(input.largest);
        bytes.reserve_exact(usize::try_from(size).unwrap_or_default());
    }
    input.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file unless it holds a credential.
fn admitted(variable: Option<&str>, path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    without_credential(variable, path, &file.metadata()?)?;
    Ok(file)
}

/// Refuses a file that holds a credential, by any of its names. The variables of the process say
/// which files do.
fn without_credential(variable: Option<&str>, path: &Path, metadata: &Metadata) -> io::Result<()> {
    let others = CREDENTIALS.into_iter().filter(|name| variable != Some(name));
    let holds_value = |named: &String| {
        env::var_os(named).is_some_and(|holder| {
            let holder = Path::new(&holder);
            is_file_at(metadata, holder) || same_file(path, holder)
        })
    };
    let refused = |what: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    if let Some(named) = others.map(file_of).find(holds_value) {
        return refused(format!("it holds a credential: {named} names it"));
    }
    // The variables of a process, this one or the one that started it.
    if path.canonicalize().is_ok_and(|path| path.starts_with("/proc") && path.ends_with("environ"))
    {
        return refused("it may hold credentials: it is the environment of a process".into());
    }
    Ok(())
}

impl Read for InputFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more tells a file that ends here from one that is too large.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX);
        let end = buffer.len().min(most);
        let buffer = buffer.get_mut(..end).unwrap_or_default();
        let read = match &mut self.source {
            Opened::File(file) => file.read(buffer)?,
            Opened::Stream(stream) => stream.read(buffer)?,
        };
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {}", size(self.largest)),
            )),
        }
    }
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

/// A pipe, a device or a terminal. A separate thread opens and reads it, since either may
/// last for ever.
struct Stream {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
}

impl Stream {
    fn open(variable: Option<&str>, path: &Path) -> io::Result<Self> {
        let (variable, path) = (variable.map(str::to_owned), path.to_owned());
        Stream::read(move |send| match admitted(variable.as_deref(), &path) {
            Ok(file) => pass_on(file, send),
            // If nothing is read any more, no one needs the error.
            Err(error) => drop(send.send(Err(error))),
        })
    }

    /// Has pieces sent from a separate thread.
    fn read(
        send_all: impl FnOnce(&SyncSender<io::Result<Vec<u8>>>) + Send + 'static,
    ) -> io::Result<Self> {
        let (send, pieces) = sync_channel(1);
        thread::Builder::new().spawn(move || send_all(&send))?;
        Ok(Stream { pieces, piece: Cursor::default() })
    }
}

/// Passes on what comes, to the end, to an error, or until nothing more is wanted.
fn pass_on(mut file: impl Read, send: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = match file.read(&mut piece) {
            Ok(0) => return,
            Ok(count) => {
                piece.truncate(count);
                Ok(piece)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        if send.send(read).is_err() || failed {
            return;
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.position() >= self.piece.get_ref().len() as u64 {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.piece = Cursor::new(piece?),
                // The thread is done, so this is the end.
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        format!("nothing came from it for {} seconds", PATIENCE.as_secs()),
                    ));
                }
            }
        }
        self.piece.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_may_be_as_large_as_its_limit_and_no_larger() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[b'x'; 2048]).unwrap();
        assert_eq!(read(file.path(), 2048).unwrap().len(), 2048);
        let error = read(file.path(), 2047).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it is larger than 1 KiB");
        let mut some = [0; 9];
        assert_eq!(open(file.path(), 2047).unwrap().read(&mut some).unwrap(), 9);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_read_like_a_file() {
        assert_eq!(read(Path::new("/dev/null"), 10).unwrap(), b"");
        let endless = read(Path::new("/dev/zero"), 3 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "it is larger than 3 MiB");
        assert_eq!(read(Path::new("/"), 10).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
