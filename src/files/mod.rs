//! Files: every input is opened here, and every output is written here, whole or not at all.

mod input;
mod place;
mod rewrite;
#[cfg(unix)]
mod signals;
mod target;
mod whole;

use std::time::Duration;

pub(crate) use input::{open, open_or_stdin, read, read_credential};
pub(crate) use place::same_file;
pub(crate) use rewrite::{check_new, check_replaceable, create, replace};
pub use target::Target;

/// How long the other end of a pipe is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
