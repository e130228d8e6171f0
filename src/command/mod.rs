//! The commands, one file each: from arguments and environment to an exit code.

mod check;
mod doctor;
mod explain;
mod gather;
mod members;
mod policy;
mod progress;
mod schema;
mod verify;

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::cli::{Cli, Command, PolicyArgs, PolicyCommand};
use crate::emit::console::Style;
use crate::failure::{Exit, Failure};
pub use progress::Announce;

/// What a command knows of the process it runs in.
pub struct Context<'a> {
    /// Looks an environment variable up; an empty one is an unset one.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// When the process started.
    pub now: Timestamp,
    /// How progress is shown.
    pub announce: Announce,
    /// How standard output is written to.
    pub stdout: Style,
    /// How standard error is written to.
    pub stderr: Style,
}

impl Context<'_> {
    /// The day on which the process started, UTC.
    fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    fn policy_path(&self, args: &PolicyArgs) -> PathBuf {
        let from_env = || (self.env)("MFA_GATE_POLICY").map(PathBuf::from);
        args.policy.clone().or_else(from_env).unwrap_or_else(|| "policy.yaml".into())
    }

    fn policy_pin(&self, given: Option<&String>) -> Option<String> {
        given.cloned().or_else(|| (self.env)("MFA_GATE_POLICY_SHA256"))
    }
}

/// Runs a command.
///
/// # Errors
/// Whatever keeps the command from its work: wrong input, or what could not be found out.
pub fn run(cli: &Cli, context: &Context<'_>) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Check(args) => check::run(args, context),
        Command::Members(args) => members::run(args, context),
        Command::Verify(args) => verify::run(args, context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::Policy(PolicyCommand::Lint(args)) => policy::lint(args, context),
        Command::Schema { kind } => schema::run(*kind),
        Command::Explain { rule } => explain::run(rule.as_deref()),
    }
}

/// Prints what a person asked for. A reader that went away, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    to_stdout(|out| out.write_all(text.as_bytes()))
}

fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::incomplete(
            format!("standard output cannot be written: {error}"),
            "Check where standard output goes.",
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}
