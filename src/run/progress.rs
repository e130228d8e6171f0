//! What is said while members are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Verbosity;
use crate::emit::summary::count;
use crate::escape::terminal;
use crate::read::bitbucket::Progress;
use crate::reading::Reading;

/// Work that is over sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How progress is shown, on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    /// Not at all.
    Nothing,
    /// As a bar, for a person who waits.
    Bar,
    /// As a line for each workspace, for a log.
    Lines,
}

impl Announce {
    /// How to show it by the command line, on a standard error that is a terminal or not. Where
    /// the log says what is done, a bar would be in its way.
    pub fn choose(verbosity: Verbosity, terminal: bool) -> Self {
        match (verbosity.quiet || verbosity.no_progress, terminal, verbosity.verbose) {
            (true, _, _) => Announce::Nothing,
            (false, true, 0) => Announce::Bar,
            (false, _, _) => Announce::Lines,
        }
    }
}

/// Shows progress until it is dropped.
pub(crate) struct Announcer {
    announce: Announce,
    bar: ProgressBar,
    /// How many members were read of each workspace, and how many it has as far as is known. All
    /// workspaces are read at once, and there is one bar.
    counts: RefCell<HashMap<Box<str>, (u64, u64)>>,
}

impl Announcer {
    pub(crate) fn new(announce: Announce) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if announce == Announce::Bar {
            let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            let late = bar.clone();
            // Where there is no thread to be had, there is no bar, and that is all.
            let _ = thread::Builder::new().spawn(move || {
                thread::sleep(PATIENCE);
                if !late.is_finished() {
                    late.set_draw_target(ProgressDrawTarget::stderr());
                    late.enable_steady_tick(Duration::from_millis(100));
                }
            });
        }
        Announcer { announce, bar, counts: RefCell::default() }
    }

    pub(crate) fn show(&self, progress: Progress<'_>) {
        match (self.announce, progress) {
            (Announce::Nothing, _)
            | (Announce::Bar, Progress::Done(_))
            | (Announce::Lines, Progress::Members { .. }) => {}
            (Announce::Bar, Progress::Members { workspace, read, of }) => {
                let mut counts = self.counts.borrow_mut();
                counts.insert(workspace.into(), (read, of.unwrap_or(read).max(read)));
                self.bar.set_message(match counts.len() {
                    1 => workspace.to_owned(),
                    several => count(several as u64, "workspace"),
                });
                let sum = |number: fn(&(u64, u64)) -> u64| {
                    counts.values().map(number).fold(0, u64::saturating_add)
                };
                self.bar.set_length(sum(|&(_, of)| of));
                self.bar.set_position(sum(|&(read, _)| read));
            }
            (Announce::Lines, Progress::Done(reading)) => {
                // Nobody can be told that standard error cannot be written.
                let _ = writeln!(io::stderr(), "{}", terminal(&line(reading)));
            }
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn line(reading: &Reading) -> String {
    let (slug, walk) = (&reading.workspace, &reading.walk);
    let outcome = match &reading.members {
        Ok(roll) => format!("{} read", count(roll.members.len() as u64, "member")),
        Err(_) => "could not be checked".into(),
    };
    let requests = count(walk.requests.into(), "request");
    format!("{slug}: {outcome}, {requests}, {:.1} s", walk.duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Color;

    #[test]
    fn who_is_shown_what() {
        let said = |verbose, quiet, no_progress| Verbosity {
            verbose,
            quiet,
            no_progress,
            color: Color::Auto,
        };
        assert_eq!(Announce::choose(said(0, false, false), true), Announce::Bar);
        assert_eq!(Announce::choose(said(0, false, false), false), Announce::Lines);
        assert_eq!(Announce::choose(said(1, false, false), true), Announce::Lines);
        for silent in [said(0, true, false), said(0, false, true)] {
            assert_eq!(Announce::choose(silent, true), Announce::Nothing);
            assert_eq!(Announce::choose(silent, false), Announce::Nothing);
        }
    }
}
