//! Files: every input is opened here, and every output is written here.

mod input;
mod output;
mod place;
mod rewrite;
mod unfinished;

use std::time::Duration;

pub(crate) use input::{open, open_or_stdin, read, read_credential};
pub use output::Target;
pub(crate) use place::same_file;
pub(crate) use rewrite::{check_new, check_replaceable, create, replace};

/// How long the other end of a pipe is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
