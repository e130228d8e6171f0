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
use mfa_gate::failure::Failure;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let verbosity = command::verbosity(&cli, &env);
    log(verbosity);
    let context = Context {
        env: &env,
        now: Timestamp::now(),
        announce: Announce::choose(verbosity, io::stderr().is_terminal()),
        asks: io::stdin().is_terminal() && io::stderr().is_terminal(),
        stdout: style(verbosity, &io::stdout()),
        stderr: style(verbosity, &io::stderr()),
    };
    let ended = unreadable_variable().map_or_else(|| command::run(&cli, &context), Err);
    let exit = ended.unwrap_or_else(|failure| {
        // There is nowhere left to say that standard error cannot be written.
        let _ = writeln!(io::stderr(), "{failure}");
        failure.exit()
    });
    ExitCode::from(exit.code())
}

/// A variable of ours that is no text: to pass it over would be to drop what somebody asked for.
fn unreadable_variable() -> Option<Failure> {
    let ours = ["MFA_GATE_", "BITBUCKET_", "ATLASSIAN_"];
    let (name, _) = env::vars_os().find(|(name, value)| {
        let name = name.to_string_lossy();
        value.to_str().is_none() && ours.iter().any(|prefix| name.starts_with(prefix))
    })?;
    Some(Failure::usage(
        format!("the variable {} is not UTF-8", name.to_string_lossy()),
        "Set it to text, or unset it.",
    ))
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
        // A log that cannot be written must not become a panic.
        .log_internal_errors(false)
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
