//! An Atlassian organisation: which of its accounts have two-step verification.

pub(crate) mod accounts;
pub(crate) mod client;
mod directory;
pub(crate) mod organisation;
pub(super) mod wire;

pub(super) use self::client::Client;
pub(super) use self::directory::Directory;
pub use self::organisation::Organisation;
