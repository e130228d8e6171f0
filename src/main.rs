//! The `mfa-gate` program: from the process to a command and back to an exit code.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::Parser;
use jiff::Timestamp;
use mfa_gate::cli::{Cli, Color, Verbosity};
use mfa_gate::command::{self, Announce, Context};
use mfa_gate::emit::console::Style;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log(cli.verbosity);
    let env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let context = Context {
        env: &env,
        now: Timestamp::now(),
        announce: Announce::choose(cli.verbosity, io::stderr().is_terminal()),
        stdout: style(cli.verbosity, &io::stdout()),
        stderr: style(cli.verbosity, &io::stderr()),
    };
    let exit = command::run(&cli, &context).unwrap_or_else(|failure| {
        // There is nowhere left to say that standard error cannot be written.
        let _ = writeln!(io::stderr(), "{failure}");
        failure.exit()
    });
    ExitCode::from(exit.code())
}

/// The log goes to standard error: warnings, with -v the steps, with -vv every request. No
/// variable changes that, so that nobody can make a library say what this program would not.
fn log(verbosity: Verbosity) {
    let level = match (verbosity.quiet, verbosity.verbose) {
        (true, _) => "mfa_gate=error",
        (false, 0) => "mfa_gate=warn",
        (false, 1) => "mfa_gate=info",
        (false, _) => "mfa_gate=debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(io::stderr)
        .with_ansi(style(verbosity, &io::stderr()).color)
        .with_target(false)
        .without_time()
        .init();
}

fn style(verbosity: Verbosity, stream: &impl RawStream) -> Style {
    let color = match verbosity.color {
        Color::Auto => AutoStream::choice(stream) != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    };
    Style { color, quiet: verbosity.quiet }
}
