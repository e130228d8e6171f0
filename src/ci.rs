//! Where the repository is that a run works in, and what files in it are called.

use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};

/// The variables in which CI systems name the folder of the repository: GitHub, Bitbucket, GitLab.
const ROOTS: [&str; 3] = ["GITHUB_WORKSPACE", "BITBUCKET_CLONE_DIR", "CI_PROJECT_DIR"];

/// A file as reports call it: with forward slashes, and relative to the repository's root, whatever
/// the current folder is, since code scanning and annotations know files by that. A file outside of
/// the repository keeps the path that was given.
pub(crate) fn repository_path(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> String {
    let inside = inside_repository(path, env);
    inside.as_deref().unwrap_or(path).to_string_lossy().replace(MAIN_SEPARATOR_STR, "/")
}

fn inside_repository(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Links are followed in the folder alone: the file itself is known by its name in it.
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    let file = folder.join(path.file_name()?);
    // A folder that is not there is of another machine, as in a container.
    let by_ci = ROOTS.into_iter().find_map(|name| Path::new(&env(name)?).canonicalize().ok());
    // It is a file, not a folder, in a worktree or a submodule.
    let by_git = || folder.ancestors().find(|folder| folder.join(".git").exists());
    // What the CI system says is decisive: a file of another repository is none of this one.
    let root = by_ci
        .or_else(|| by_git().map(Path::to_path_buf))
        .or_else(|| Path::new(".").canonicalize().ok())
        .filter(|root| root.parent().is_some())?;
    file.strip_prefix(root).ok().map(Path::to_path_buf)
}
