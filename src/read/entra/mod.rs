//! Microsoft Entra: which users of a tenant have registered a method that it accepts as a second
//! factor.

mod client;
mod directory;
mod host;
mod tenant;
pub(super) mod wire;

pub(crate) use self::client::{Client, List};
pub(crate) use self::directory::Directory;
pub use self::tenant::Tenant;
pub(crate) use self::tenant::unset;
