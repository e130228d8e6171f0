//! What the commands share: what a run knows of its process, what it reads, and where its results go.

pub(crate) mod archive;
pub(crate) mod askable;
pub(crate) mod collect;
pub(crate) mod commit;
pub(crate) mod deliver;
mod mask;
pub(crate) mod notify;
pub(crate) mod policy_run;
mod progress;
pub(crate) mod redirection;
pub(crate) mod roster;
pub(crate) mod saved;
pub(crate) mod workspaces;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::ci;
use crate::emit::Reports;
use crate::emit::console::Style;
use crate::env::{POLICY, POLICY_SHA256, Variables};
use crate::escape::terminal;
use crate::failure::{Exit, Failure, Problem};
use crate::http::Secrets;
use crate::policy::check_digest;
use crate::words::Word;
pub use progress::Announce;

/// What a command knows of the process it runs in.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Looks an environment variable up; an empty one is an unset one.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// All variables of the process, as they are.
    pub variables: &'a Variables,
    /// Where the command runs as the Bitbucket Pipe: names of its variables, each with the variable
    /// or the option that the program has for it.
    pub pipe: Option<&'a [(&'static str, &'static str)]>,
    /// What no output may show.
    pub secrets: &'a Secrets,
    /// When the process started.
    pub now: Timestamp,
    /// How progress is shown.
    pub announce: Announce,
    /// Whether a person can be asked: standard input and error are a terminal.
    pub asks: bool,
    /// How standard output is written to.
    pub stdout: Style,
    /// How standard error is written to.
    pub stderr: Style,
}

impl Context<'_> {
    /// The day on which the process started, UTC.
    pub(crate) fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// A file as reports call it.
    pub(crate) fn repository_path(&self, path: &Path) -> String {
        ci::repository_path(path, self.env)
    }

    pub(crate) fn policy_path(&self, given: Option<&PathBuf>) -> PathBuf {
        let from_env = || (self.env)(POLICY).map(PathBuf::from);
        given.cloned().or_else(from_env).unwrap_or_else(|| "policy.yaml".into())
    }

    /// A problem with the names that the user knows.
    pub(crate) fn in_own_names(&self, mut problem: Problem) -> Problem {
        for (pipe, program) in self.pipe.into_iter().flatten() {
            for text in [&mut problem.what, &mut problem.help] {
                *text = text.replace(program, pipe);
            }
        }
        problem
    }

    /// The digest that the policy must have.
    pub(crate) fn policy_pin(&self, given: Option<&String>) -> Result<Option<String>, Failure> {
        let pin = given.cloned().or_else(|| (self.env)(POLICY_SHA256));
        pin.as_deref().map(check_digest).transpose()
    }
}

/// Prints what a person asked for.
pub(crate) fn print(text: &str) -> Result<Exit, Failure> {
    print_by(|out| out.write_all(text.as_bytes()))
}

/// Prints what a person asked for, as it is written.
pub(crate) fn print_by(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Exit, Failure> {
    whole(Exit::Success, to_stdout(write).err().as_slice())
}

/// Writes to standard output. A reader that went away, such as `head`, is no failure.
pub(crate) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output could not be written"),
    }
}

/// How wide the lines of a list may be. One that is not read on a terminal has a line an entry, for
/// `grep` and `awk`.
pub(crate) fn list_width<F: Word>(reports: &Reports<F>, style: Style) -> usize {
    let is_read = reports.use_stdout() && io::stdout().is_terminal();
    if is_read { style.width } else { usize::MAX }
}

/// How a run ends that could not write all it was asked for. Violations outrank that, since a
/// pipeline that tolerates 3 must never tolerate a violation.
pub(crate) fn whole(exit: Exit, lost: &[anyhow::Error]) -> Result<Exit, Failure> {
    // What could not be written, and why.
    let reasons = lost.iter().map(|error| format!("{error:#}"));
    match (exit, lost) {
        (_, []) => Ok(exit),
        (Exit::Violations, _) => {
            for reason in reasons {
                log::error!("{}", terminal(&reason));
            }
            Ok(exit)
        }
        (Exit::Success | Exit::Usage | Exit::Incomplete, _) => Err(Failure::incomplete(
            reasons.collect::<Vec<_>>().join("; "),
            "Make sure that the disk has room and the folder still exists, and run again.",
        )),
    }
}
