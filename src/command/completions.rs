//! `mfa-gate completions`: a script that completes the command line in a shell.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::print_by;
use crate::cli::Cli;
use crate::failure::{Exit, Failure};

pub(super) fn run(shell: Shell) -> Result<Exit, Failure> {
    // Into memory first: the generator panics where a reader has gone away.
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
    print_by(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}
