//! `mfa-gate policy prune`: the exemptions that nobody needs any more, removed.

use std::collections::HashSet;
use std::fmt::Write;
use std::io;

use jiff::civil::Date;
use similar::{ChangeTag, TextDiff};

use super::{demand_all, open, tell};
use crate::cli::PolicyPrune;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::files::replace;
use crate::policy::{Document, Exemption, Levels, Policy, Refusal};
use crate::report::State;
use crate::run::policy_run::{PolicyRun, Terms};
use crate::run::{Context, print};

pub(super) fn run(args: &PolicyPrune, context: &Context<'_>) -> Result<Exit, Failure> {
    let (path, document) = open(&args.policy, !args.dry_run, context)?;
    // What an exemption is does not depend on the levels; what is said of it here must not either.
    let policy = Policy { levels: Levels::default(), ..document.policy.clone() };
    let run = PolicyRun::new(policy, &args.sources, Terms::PLAIN, context)?;
    let evaluation = run.judge(run.collect()?, None).evaluation;
    demand_all(&evaluation.readings)?;
    let found: HashSet<&str> =
        evaluation.findings.iter().filter_map(|finding| finding.exemption.as_deref()).collect();
    let fates: Vec<Retry> = document
        .policy
        .exemptions
        .iter()
        .zip(&evaluation.states)
        .map(|(exemption, state)| {
            let missed = found.contains(&*exemption.id);
            Retry::of(exemption, *state, missed, &document.policy, run.today)
        })
        .collect();
    let leaving = |(position, fate): (usize, &Retry)| fate.leaves().then_some(position);
    let removed: Vec<usize> = fates.iter().enumerate().filter_map(leaving).collect();
    let said = said(&document, &fates, args.dry_run);
    if removed.is_empty() {
        say(&said, context)?;
        return Ok(Exit::Success);
    }
    let changed = document
        .without(&removed)
        .map_err(|refusal| refused(&refusal, &document.policy, &removed))?;
    if args.dry_run {
        // Standard error is for people, so that standard output is a diff and nothing else.
        if !context.stderr.quiet {
            let _ = io::Write::write_all(&mut io::stderr(), said.as_bytes());
        }
        print(&diff(&document, &changed))?;
        return Ok(Exit::Success);
    }
    replace(&path, &document.text, &changed.text)?;
    tell(&path, &format!("{said}sha256: {}\n", changed.policy.sha256), context)?;
    Ok(Exit::Success)
}

/// What becomes of an exemption.
enum Retry {
    /// It leaves, for a reason.
    Leaves(String),
    /// It stays, which deserves to be explained.
    Remains(&'static str),
    Stays,
}

impl Retry {
    /// `missed` says whether somebody needs it, or would if it were valid, and has no other one.
    fn of(exemption: &Exemption, state: State, missed: bool, policy: &Policy, today: Date) -> Self {
        // Where neither of them says it, it may be needed in a workspace that this run is not about.
        let is_anywhere = policy.workspaces.is_empty() && exemption.workspaces.is_empty();
        let ended = || {
            let then = if missed { "is still needed" } else { "another one excuses the member" };
            Retry::Leaves(format!("it ended on {}, and {then}", exemption.expires))
        };
        match state {
            State::Unused | State::Unneeded if is_anywhere => {
                Retry::Remains("the policy does not say in which workspaces it applies")
            }
            State::Unused => Retry::Leaves("nobody that it names is in its workspaces".into()),
            State::Unneeded => Retry::Leaves("the member is protected, or does not log in".into()),
            State::Expired => ended(),
            State::NotAllowed | State::OverLimit if exemption.expires < today => ended(),
            State::Unresolved => Retry::Remains("not all of its workspaces were read"),
            State::NotAllowed => Retry::Remains(
                "it covers an owner, which `limits.admins` forbids, and excuses nobody",
            ),
            State::OverLimit => Retry::Remains("it is over a limit, and excuses nobody"),
            State::Scheduled | State::Expiring | State::Active => Retry::Stays,
        }
    }

    fn leaves(&self) -> bool {
        matches!(self, Retry::Leaves(_))
    }
}

/// A line for each exemption that leaves, and for each that stays and excuses nobody or cannot be judged.
fn said(document: &Document, fates: &[Retry], dry_run: bool) -> String {
    let mut text = String::new();
    let path = terminal(&document.policy.path);
    let removed = if dry_run { "would be removed" } else { "removed" };
    for (exemption, fate) in document.policy.exemptions.iter().zip(fates) {
        let id = terminal(&exemption.id);
        // Writing to a String cannot fail.
        let _ = match fate {
            Retry::Leaves(why) => {
                writeln!(text, "{path}:{}: {id} {removed}: {why}", exemption.location.line)
            }
            Retry::Remains(why) => {
                writeln!(text, "{path}:{}: {id} stays: {why}", exemption.location.line)
            }
            Retry::Stays => Ok(()),
        };
    }
    if !fates.iter().any(Retry::leaves) {
        let _ = writeln!(text, "{path}: nothing to remove");
    }
    text
}

fn say(text: &str, context: &Context<'_>) -> Result<(), Failure> {
    if context.stdout.quiet { Ok(()) } else { print(text) }
}

fn refused(refusal: &Refusal, policy: &Policy, removed: &[usize]) -> Failure {
    let lines: Vec<String> = removed
        .iter()
        .filter_map(|position| policy.exemptions.get(*position))
        .map(|own| {
            format!("{} from line {} to {}", own.id, own.location.line, own.location.end_line)
        })
        .collect();
    let why = match refusal {
        Refusal::Unusual => "it is written in a way that this program does not change",
        Refusal::Invalid(_) => "what would be left is no policy",
    };
    Failure::usage(
        format!("{} is as it was: {why}", policy.path),
        format!("Delete these entries yourself: {}.", lines.join(", ")),
    )
}

/// What changes, as a unified diff.
fn diff(before: &Document, after: &Document) -> String {
    let diff = TextDiff::from_lines(&before.text, &after.text);
    let path = terminal(&before.policy.path);
    let mut text = format!("--- {path}\n+++ {path}\n");
    for hunk in diff.unified_diff().iter_hunks() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", hunk.header());
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let line = change.value().trim_end_matches(['\r', '\n']);
            let _ = writeln!(text, "{sign}{}", terminal(line));
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}
