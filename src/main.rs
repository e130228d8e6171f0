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
use clap::error::ErrorKind;
use jiff::Timestamp;
use log::{Level, LevelFilter, Log, Metadata, Record};
use mfa_gate::cli::{Cli, Color, Verbosity, refusal};
use mfa_gate::command::{self, Announce, Context};
use mfa_gate::emit::console::Style;
use mfa_gate::emit::wrap;
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
        say(&failure, &secrets);
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
        pipe: None,
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

/// Says what is wrong with the arguments, or prints the help that they ask for.
fn refuse(error: &clap::Error, secrets: &Secrets) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    let args: Vec<String> = env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let failure = Failure::Usage(refusal(error, &args));
    say(&failure, secrets);
    ExitCode::from(failure.exit().code())
}

/// Says why a command ended. Lines of a file are shown as they are.
fn say(failure: &Failure, secrets: &Secrets) {
    let message = failure.to_string();
    let message = secrets.masked(&message);
    let width = terminal_width(&io::stderr());
    let width = width.filter(|_| !matches!(failure, Failure::Rendered { .. }));
    let message = width.map_or(message.to_string(), |width| wrap::message(&message, width));
    // There is nowhere left to say that standard error cannot be written.
    let _ = writeln!(io::stderr(), "{message}");
}

/// The log goes to standard error: warnings, also with -q, since a warning is about what was asked
/// for and not done; with -v the steps, with -vv every request. No variable changes that, so that no
/// library can be made to say what this program would not.
fn start_log(verbosity: Verbosity, secrets: &Secrets, quotes: Quotes) {
    let level = match verbosity.verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    let color = style(verbosity, &io::stderr()).color;
    let width = terminal_width(&io::stderr());
    let logger = Logger { color, width, secrets: secrets.clone(), quotes };
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(level);
    }
}

/// Writes lines without any secret in them.
struct Logger {
    color: bool,
    /// How wide a terminal is, where it goes to one.
    width: Option<usize>,
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
        let (label, color) = match record.level() {
            Level::Error => ("error:", AnsiColor::Red),
            Level::Warn => ("warning:", AnsiColor::Yellow),
            Level::Info => (" INFO", AnsiColor::Green),
            Level::Debug | Level::Trace => ("DEBUG", AnsiColor::Blue),
        };
        let style = if self.color { color.on_default() } else { anstyle::Style::new() };
        let text = format!("{label} {}", record.args());
        let text = self.quotes.resolve(&text);
        let text = self.secrets.masked(&text);
        // What is for people is wrapped; the steps have a line each.
        let width = self.width.filter(|_| record.level() <= Level::Warn);
        let text = width.map_or(text.to_string(), |width| wrap::message(&text, width));
        let text = text.strip_prefix(label).unwrap_or(&text);
        // A log that cannot be written must not become a panic.
        let _ = io::stderr().write_all(format!("{style}{label}{style:#}{text}\n").as_bytes());
    }

    fn flush(&self) {}
}

fn style(verbosity: Verbosity, stream: &impl RawStream) -> Style {
    let color = match verbosity.color {
        Color::Auto => AutoStream::choice(stream) != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    };
    let width = terminal_width(stream).unwrap_or(Style::default().width);
    Style { color, quiet: verbosity.quiet, width }
}

/// How wide a stream's lines are, where it is a terminal.
fn terminal_width(stream: &impl RawStream) -> Option<usize> {
    let size = stream.is_terminal().then(terminal_size::terminal_size).flatten();
    size.map(|(Width(width), _)| width.into())
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
