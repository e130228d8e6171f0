//! An Atlassian organisation: which of its accounts have two-step verification.

mod client;
mod directory;
mod examine;
mod organisation;
mod pages;
mod walk;
mod wire;

pub(super) use self::client::Client;
pub(super) use self::directory::Directory;
pub(crate) use self::examine::examine;
pub use self::organisation::Organisation;
#[doc(hidden)]
pub use self::pages::note_pages;
