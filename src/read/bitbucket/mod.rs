//! Bitbucket Cloud's API: the members of a workspace, and what else it says about them.

pub(crate) mod account;
mod addresses;
mod client;
pub(crate) mod credential;
mod members;
mod outsiders;
mod owners;
pub(super) mod page;
pub(super) mod page_url;
mod pages;
pub(super) mod refusal;
pub(super) mod rows;
mod workspace;

pub use self::account::{Account, api_url};
pub(crate) use self::client::{Client, session};
pub use self::credential::Credential;
pub(super) use self::outsiders::add_outsiders;
pub(crate) use self::pages::PAGELEN;
pub(crate) use self::refusal::{GRANTED_SCOPES, REQUIRED_SCOPES};
pub use self::workspace::Progress;
pub(crate) use self::workspace::Workspace;
