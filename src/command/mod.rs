//! The commands, one file each: from arguments and environment to an exit code.

mod audit;
mod check;
mod completions;
mod doctor;
mod explain;
mod man;
mod members;
mod pipe;
mod policy;
mod render;
mod schema;
mod verify;

use crate::cli::{Cli, Command, PolicyCommand, Verbosity};
use crate::env;
use crate::failure::{Exit, Failure};
use crate::quote::Quotes;
pub use crate::run::{Announce, Context};

/// How much is said: what the command line wants, and in a pipe what its variables do.
pub fn verbosity(cli: &Cli, env: &dyn Fn(&str) -> Option<String>) -> Verbosity {
    let is_pipe = matches!(cli.command, Command::Pipe);
    let verbose = if is_pipe && pipe::is_true(env, "DEBUG") { 2 } else { cli.verbosity.verbose };
    Verbosity { verbose, ..cli.verbosity }
}

/// Whether the log may show what servers and files said: not where a run is redacted.
pub fn quotes(cli: &Cli, env: &dyn Fn(&str) -> Option<String>) -> Quotes {
    let redacts = match &cli.command {
        Command::Check(args) => args.reports.redact,
        Command::Render(args) => args.reports.redact,
        Command::Pipe => pipe::is_true(env, "REDACT"),
        Command::Members(_)
        | Command::Verify(_)
        | Command::Audit(_)
        | Command::Doctor(_)
        | Command::Policy(_)
        | Command::Schema { .. }
        | Command::Explain { .. }
        | Command::Completions { .. }
        | Command::Man
        | Command::Complete { .. } => false,
    };
    if redacts { Quotes::Withheld } else { Quotes::Shown }
}

/// Whether what is wrong with the environment is to be said before anything else. Commands that
/// write reports first remove those of an earlier run; others only print what they know.
fn checks_environment_first(command: &Command) -> bool {
    match command {
        Command::Verify(_) | Command::Doctor(_) => true,
        Command::Policy(command) => !matches!(command, PolicyCommand::List(_)),
        Command::Check(_)
        | Command::Members(_)
        | Command::Audit(_)
        | Command::Render(_)
        | Command::Pipe
        | Command::Schema { .. }
        | Command::Explain { .. }
        | Command::Completions { .. }
        | Command::Man
        | Command::Complete { .. } => false,
    }
}

/// Runs a command.
///
/// # Errors
/// Whatever keeps the command from its work: wrong input, or what could not be found out.
pub fn run(cli: &Cli, context: &Context<'_>) -> Result<Exit, Failure> {
    if checks_environment_first(&cli.command) {
        env::check(context.variables)?;
    }
    match &cli.command {
        Command::Check(args) => check::run(args, context),
        Command::Members(args) => members::run(args, context),
        Command::Verify(args) => verify::run(args, context),
        Command::Audit(args) => audit::run(args, context),
        Command::Render(args) => render::run(args, context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::Pipe => pipe::run(context),
        Command::Policy(command) => policy::run(command, context),
        Command::Schema { kind } => schema::run(*kind),
        Command::Explain { rule } => explain::run(*rule),
        Command::Completions { shell } => completions::run(*shell),
        Command::Man => man::run(),
        Command::Complete { listed, line } => completions::offer(*listed, line, context),
    }
}
