//! Microsoft Entra: which users of a tenant have registered a method that it accepts as a second
//! factor.

mod client;
mod directory;
mod host;
pub(crate) mod pages;
mod saved;
mod tenant;
mod wire;

pub(crate) use self::client::{Client, List};
pub(crate) use self::directory::Directory;
#[doc(hidden)]
pub use self::saved::note_pages;
pub use self::tenant::Tenant;
pub(crate) use self::tenant::unset;
