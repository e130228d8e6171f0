//! The `mfa-gate` program: from the process to a command and back to an exit code.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;
use clap::Parser;
use jiff::Timestamp;
use log::{Level, LevelFilter, Log, Metadata, Record};
use mfa_gate::cli::{Cli, Color, Verbosity};
use mfa_gate::command::{self, Announce, Context};
use mfa_gate::emit::console::Style;
use mfa_gate::failure::{Exit, Failure};
use mfa_gate::http::Secrets;
use mfa_gate::quote::Quotes;
use terminal_size::Width;

/// musl's own takes twice as long to judge a list.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let variables: Vec<_> = env::vars_os().collect();
    let env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let secrets = Secrets::from_env(&env);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, &secrets),
    };
    let verbosity = command::verbosity(&cli, &env);
    start_log(verbosity, &secrets, command::quotes(&cli, &env));
    let exit = run(&cli, &variables, verbosity, &env, &secrets).unwrap_or_else(|failure| {
        // There is nowhere left to say that standard error cannot be written.
        let _ = writeln!(io::stderr(), "{}", secrets.masked(&failure.to_string()));
        failure.exit()
    });
    ExitCode::from(exit.code())
}

fn run(
    cli: &Cli,
    variables: &[(OsString, OsString)],
    verbosity: Verbosity,
    env: &dyn Fn(&str) -> Option<String>,
    secrets: &Secrets,
) -> Result<Exit, Failure> {
    let now = time(SystemTime::now())?;
    let context = Context {
        env,
        variables,
        is_pipe: false,
        secrets,
        now,
        announce: Announce::choose(verbosity, io::stderr().is_terminal()),
        asks: io::stdin().is_terminal() && io::stderr().is_terminal(),
        stdout: style(verbosity, &io::stdout()),
        stderr: style(verbosity, &io::stderr()),
    };
    command::run(cli, &context)
}

/// The time of day, unless it is beyond what a calendar has.
fn time(clock: SystemTime) -> Result<Timestamp, Failure> {
    Timestamp::try_from(clock).map_err(|_| {
        Failure::usage(
            "the clock of this machine is wrong: it is past 9999-12-30 or before the year -9999",
            "Set the clock, and run again.",
        )
    })
}

/// Says what is wrong with the arguments, or prints what they ask for. Where they hold control
/// characters, the message comes without its lines: a terminal or a CI runner might take part of it
/// for a command. Where they hold a secret, it is masked.
fn refuse(error: &clap::Error, secrets: &Secrets) -> ExitCode {
    let is_odd = |arg: OsString| arg.to_string_lossy().chars().any(char::is_control);
    let message = error.render().to_string();
    let is_secret = *secrets.masked(&message) != *message;
    if !error.use_stderr() || !(is_secret || env::args_os().any(is_odd)) {
        error.exit();
    }
    let what = message.split("\n\nFor more information").next().unwrap_or_default();
    let what = what.split("\n\nUsage:").next().unwrap_or_default();
    let failure = Failure::usage(
        what.trim_start_matches("error: ").trim_end(),
        "`mfa-gate --help` says what there is.",
    );
    let _ = writeln!(io::stderr(), "{}", secrets.masked(&failure.to_string()));
    ExitCode::from(failure.exit().code())
}

/// The log goes to standard error: warnings, with -v the steps, with -vv every request. No
/// variable changes that, so that no library can be made to say what this program would not.
fn start_log(verbosity: Verbosity, secrets: &Secrets, quotes: Quotes) {
    let level = match (verbosity.quiet, verbosity.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let color = style(verbosity, &io::stderr()).color;
    let logger = Logger { color, secrets: secrets.clone(), quotes };
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(level);
    }
}

/// Writes lines without any secret in them.
struct Logger {
    color: bool,
    secrets: Secrets,
    quotes: Quotes,
}

impl Log for Logger {
    /// Libraries say nothing: they do not know what must not be said.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("mfa_gate")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let color = match record.level() {
            Level::Error => AnsiColor::Red,
            Level::Warn => AnsiColor::Yellow,
            Level::Info => AnsiColor::Green,
            Level::Debug | Level::Trace => AnsiColor::Blue,
        };
        let style = if self.color { color.on_default() } else { anstyle::Style::new() };
        let line = format!("{style}{:>5}{style:#} {}\n", record.level(), record.args());
        // A log that cannot be written must not become a panic.
        let line = self.quotes.resolve(&line);
        let _ = io::stderr().write_all(self.secrets.masked(&line).as_bytes());
    }

    fn flush(&self) {}
}

fn style(verbosity: Verbosity, stream: &impl RawStream) -> Style {
    let color = match verbosity.color {
        Color::Auto => AutoStream::choice(stream) != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    };
    let width = stream.is_terminal().then(terminal_size::terminal_size).flatten();
    let width = width.map_or(Style::default().width, |(Width(width), _)| width.into());
    Style { color, quiet: verbosity.quiet, width }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::time;

    #[test]
    fn a_clock_beyond_the_calendar_is_a_failure() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(time(at(1_790_000_000)).is_ok());
        // 9999-12-31T23:59:59Z, and what a clock may say beyond it.
        for seconds in [253_402_300_799, 253_402_300_800, 1 << 40] {
            let failure = time(at(seconds)).unwrap_err();
            assert_eq!(failure.exit().code(), 2, "{seconds}");
        }
    }
}
