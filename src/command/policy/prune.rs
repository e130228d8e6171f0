//! `mfa-gate policy prune`: removes exemptions that are no longer needed.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use jiff::civil::Date;

use super::{Edit, demand_judged};
use crate::cli::PolicyPrune;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::location::Location;
use crate::policy::{Exemption, Levels, Policy};
use crate::report::State;
use crate::run::policy_run::{PolicyRun, Terms};
use crate::run::{Context, print};

pub(super) fn run(args: &PolicyPrune, context: &Context<'_>) -> Result<Exit, Failure> {
    let edit = Edit::open(&args.policy, args.dry_run, context)?;
    let policy = &edit.document.policy;
    // The levels of the policy decide nothing here: with `allow`, findings would be missing.
    let judging = Policy { levels: Levels::default(), ..policy.clone() };
    let run = PolicyRun::new(judging, &args.sources, Terms::PLAIN, context)?;
    let evaluation = run.judge(run.collect()?, None).evaluation;
    demand_judged(&evaluation.findings)?;
    let found: HashSet<&str> =
        evaluation.findings.iter().filter_map(|finding| finding.exemption.as_deref()).collect();
    let judged = evaluation.exemptions.iter();
    let states: HashMap<&str, State> = judged.map(|judged| (&*judged.id, judged.state)).collect();
    let decide =
        |exemption| (exemption, Decision::of(exemption, &states, &found, policy, run.today));
    let decisions: Vec<_> = policy.exemptions.iter().map(decide).collect();
    let removed = decisions.iter().enumerate();
    let removed = removed.filter_map(|(at, (_, decision))| decision.removes().then_some(at));
    let removed: Vec<usize> = removed.collect();
    let said = said(policy, &decisions, args.dry_run);
    if removed.is_empty() {
        return if context.stdout.quiet { Ok(Exit::Success) } else { print(&said) };
    }
    let changed = edit
        .document
        .without(&removed)
        .map_err(|error| edit.refused(&error, &by_hand(&decisions)))?;
    edit.conclude(&changed, &said)
}

/// What to do with an exemption.
enum Decision {
    /// Remove it, and say why.
    Remove(String),
    /// Keep it, and say why, since it has no effect or cannot be judged.
    KeepAndSay(&'static str),
    /// Keep it.
    Keep,
}

impl Decision {
    /// `found` holds the ids of the exemptions that there are findings about: those that a member
    /// needs, or would need if they were valid.
    fn of(
        exemption: &Exemption,
        states: &HashMap<&str, State>,
        found: &HashSet<&str>,
        policy: &Policy,
        today: Date,
    ) -> Self {
        // Where neither names a workspace, it may be needed in one that was not read.
        let is_anywhere = policy.workspaces.is_empty() && exemption.workspaces.is_empty();
        let ended = || {
            let then = if found.contains(&*exemption.id) {
                "the member still needs one"
            } else {
                "another exemption covers the member"
            };
            Decision::Remove(format!("it ended on {}, and {then}", exemption.expires))
        };
        let state = states.get(&*exemption.id).copied();
        match state.unwrap_or(State::Unresolved) {
            State::Unused | State::Unneeded if is_anywhere => {
                Decision::KeepAndSay("the policy does not say in which workspaces it applies")
            }
            State::Unused => Decision::Remove("no member of its workspaces matches it".into()),
            State::Unneeded => {
                Decision::Remove("the member is protected, or does not log in".into())
            }
            State::Expired => ended(),
            State::NotAllowed | State::OverLimit if exemption.expires < today => ended(),
            State::Unresolved => Decision::KeepAndSay("not all of its workspaces were read"),
            State::NotAllowed => Decision::KeepAndSay(
                "it has no effect: it is for an owner, which `limits.admins` forbids",
            ),
            State::OverLimit => Decision::KeepAndSay("it has no effect: it is over a limit"),
            State::Scheduled | State::Expiring | State::Active => Decision::Keep,
        }
    }

    fn removes(&self) -> bool {
        matches!(self, Decision::Remove(_))
    }
}

/// A line for each exemption that is removed, and for each that is kept for a reason.
fn said(policy: &Policy, decisions: &[(&Exemption, Decision)], dry_run: bool) -> String {
    let mut text = String::new();
    let path = terminal(&policy.path);
    let removed = if dry_run { "would be removed" } else { "removed" };
    for (exemption, decision) in decisions {
        let (id, line) = (terminal(&exemption.id), exemption.location.line);
        // Writing to a String cannot fail.
        let _ = match decision {
            Decision::Remove(why) => writeln!(text, "{path}:{line}: {id} {removed}: {why}"),
            Decision::KeepAndSay(why) => writeln!(text, "{path}:{line}: {id} kept: {why}"),
            Decision::Keep => Ok(()),
        };
    }
    if !decisions.iter().any(|(_, decision)| decision.removes()) {
        let _ = writeln!(text, "{path}: nothing to remove");
    }
    text
}

fn by_hand(decisions: &[(&Exemption, Decision)]) -> String {
    let removed = decisions.iter().filter(|(_, decision)| decision.removes());
    let lines = removed.map(|(exemption, _)| {
        let Location { line, end_line, .. } = exemption.location;
        format!("{} from line {line} to {end_line}", exemption.id)
    });
    format!("Delete these entries by hand: {}.", lines.collect::<Vec<_>>().join(", "))
}
