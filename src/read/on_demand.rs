//! Directories that are read when a member needs them, and at most once a run.

use tokio::sync::OnceCell;

use super::DirectoryRead;
use crate::failure::Problem;

/// A server with a directory of people, ready to be asked.
pub(super) trait Server {
    type Directory;

    /// Reads the whole directory.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be read to its end, or contradicts itself.
    async fn read(&self) -> Result<Self::Directory, Problem>;

    /// How many requests were sent so far, every try counted.
    fn requests(&self) -> u32;

    /// How many rows a directory has.
    fn rows(directory: &Self::Directory) -> u64;
}

/// A directory that is read when a workspace needs it first. Workspaces are read side by side: the
/// others wait for that reading.
pub(super) struct OnDemand<S: Server> {
    server: S,
    read: OnceCell<Result<S::Directory, Problem>>,
}

impl<S: Server> OnDemand<S> {
    pub(super) fn new(server: S) -> Self {
        OnDemand { server, read: OnceCell::new() }
    }

    pub(super) async fn read(&self) -> Result<&S::Directory, &Problem> {
        self.read.get_or_init(|| self.server.read()).await.as_ref()
    }

    /// The directory, where it was asked for and could be read.
    pub(super) fn directory(&self) -> Option<&S::Directory> {
        self.read.get()?.as_ref().ok()
    }

    /// What reading it took; none where it was not asked for.
    pub(super) fn taken(&self) -> Option<DirectoryRead> {
        let rows = self.read.get()?.as_ref().ok().map(S::rows);
        Some(DirectoryRead { rows, requests: self.server.requests() })
    }
}
