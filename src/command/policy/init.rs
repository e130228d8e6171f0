//! `mfa-gate policy init`: a first policy.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::{ToSpan, civil::Date};

use super::{demand_all, name, selector, tell};
use crate::cli::PolicyInit;
use crate::command::assess::{Given, Terms, assess};
use crate::command::gather::askable;
use crate::command::select::{from_environment, named, no_workspace};
use crate::command::{Context, roster};
use crate::emit::words::count;
use crate::escape::terminal;
use crate::evaluate::Evaluation;
use crate::failure::{Exit, Failure};
use crate::member::{Member, Source, TwoFactor};
use crate::policy::{self, Category, Exemption, FirstPolicy, Limits, Location, RosterColumns};
use crate::report::Outcome;
use crate::rewrite::{check_new, create};

/// How long an exemption may run where nobody asked for longer ones.
const MAX_DAYS: u16 = 90;

pub(super) fn run(args: &PolicyInit, context: &Context<'_>) -> Result<Exit, Failure> {
    context.refuse_credentials(&[&args.members.members, &args.roster.roster])?;
    refuse_idle_files(args)?;
    let path = context.policy_path(args.policy.as_ref());
    check_new(&path)?;
    let workspaces = workspaces(args, context)?;
    let today = context.today();
    let roster = roster::read(&args.roster, &RosterColumns::default(), None, today)?;
    let accept = askable(roster.as_ref(), context)?;
    let first = FirstPolicy {
        workspaces: &workspaces,
        accept: &accept,
        max_days: args.days.max(MAX_DAYS).into(),
        exemptions: &[],
        today,
    };
    let last_day = today.saturating_add(i32::from(args.days).days());
    let exemptions =
        if args.exempt_current { exempt(first, last_day, args, context)? } else { Vec::new() };
    create(&path, &FirstPolicy { exemptions: &exemptions, ..first }.to_yaml())?;
    let exempted = args.exempt_current.then_some((&exemptions, last_day));
    tell(&path, &summary(&path, first, exempted), context)?;
    if let Some(other) = policy::with_other_extension(&path) {
        tracing::warn!(
            "{} is there too, and is read only where it is named",
            terminal(&other.display().to_string())
        );
    }
    Ok(Exit::Success)
}

/// Without --exempt-current nobody is looked at.
fn refuse_idle_files(args: &PolicyInit) -> Result<(), Failure> {
    let idle = match (args.exempt_current, &args.members.members, &args.roster.roster) {
        (true, _, _) | (false, None, None) => return Ok(()),
        (false, Some(_), _) => "--members",
        (false, None, Some(_)) => "--roster",
    };
    Err(Failure::usage(
        format!("{idle} is given, and without --exempt-current nobody is looked at"),
        format!("Add --exempt-current, or leave {idle} away."),
    ))
}

fn workspaces(args: &PolicyInit, context: &Context<'_>) -> Result<Vec<Arc<str>>, Failure> {
    let named = named(&args.members.workspace)?;
    let slugs = if named.is_empty() { from_environment(context)? } else { named };
    if slugs.is_empty() { Err(no_workspace()) } else { Ok(slugs) }
}

/// An exemption for everybody who fails under the policy as it is.
fn exempt(
    first: FirstPolicy<'_>,
    last_day: Date,
    args: &PolicyInit,
    context: &Context<'_>,
) -> Result<Vec<Exemption>, Failure> {
    let parsed = |text: String| policy::parse("policy.yaml".into(), text.as_bytes());
    let given = Given { members: &args.members, roster: &args.roster, connect: &args.connect };
    let assessed = assess(parsed(first.to_yaml())?, given, Terms::plain(first.today), context)?;
    demand_all(&assessed.evaluation.readings)?;
    let exemptions = entries(&assessed.evaluation, first, last_day)?;
    match parsed(FirstPolicy { exemptions: &exemptions, ..first }.to_yaml()) {
        Ok(_) => Ok(exemptions),
        Err(problems) => Err(Failure::rendered(format!(
            "{problems}\n\nerror: an exemption for each of the {} who would fail today makes no \
             policy; nothing was written\n  help: Where many sign in another way, let that count \
             as proof: give --roster, or the credentials of the Atlassian organisation.",
            count(exemptions.len() as u64, "member")
        ))),
    }
}

/// Somebody who fails, and where.
struct Failing<'e> {
    member: &'e Member,
    two_factor: TwoFactor,
    workspaces: Vec<Arc<str>>,
}

/// Everybody who fails, once each, by their keys.
fn failing(evaluation: &Evaluation) -> BTreeMap<&str, Failing<'_>> {
    let mut failing: BTreeMap<&str, Failing<'_>> = BTreeMap::new();
    for (reading, judgements) in evaluation.readings.iter().zip(&evaluation.judgements) {
        let members = reading.members.iter().flat_map(|roll| &roll.members);
        for (member, judgement) in members.zip(judgements) {
            if judgement.outcome == Outcome::Violation {
                let two_factor = judgement.two_factor;
                let entry = Failing { member, two_factor, workspaces: Vec::new() };
                let person = failing.entry(member.key()).or_insert(entry);
                person.workspaces.push(Arc::clone(&reading.workspace));
            }
        }
    }
    failing
}

/// An exemption for each of them, where they fail.
fn entries(
    evaluation: &Evaluation,
    first: FirstPolicy<'_>,
    last_day: Date,
) -> Result<Vec<Exemption>, Failure> {
    let entry = |(number, failing): (usize, Failing<'_>)| {
        let Failing { member, two_factor, workspaces } = failing;
        Ok(Exemption {
            id: format!("ONB-{}", number + 1).into(),
            selector: selector(member, None).ok_or_else(|| nameless(member))?,
            name: name(member),
            category: Some(Category::Onboarding),
            reason: reason(two_factor, first.accept).into(),
            compensating_controls: Vec::new(),
            owner: None,
            approved_by: None,
            ticket: None,
            starts: Some(first.today),
            expires: last_day,
            // A workspace that the policy lists later has people whom nobody looked at.
            workspaces,
            location: Location::start_of("policy.yaml".into()),
        })
    };
    failing(evaluation).into_values().enumerate().map(entry).collect()
}

fn reason(two_factor: TwoFactor, accept: &[Source]) -> String {
    let sources: Vec<&str> = accept.iter().map(|source| source.id()).collect();
    let seen = match two_factor {
        TwoFactor::Unknown => "The second factor was unknown to",
        TwoFactor::Enabled | TwoFactor::Disabled => "No second factor was seen by",
    };
    format!("{seen} {} when the gate was switched on.", sources.join(" or "))
}

fn nameless(member: &Member) -> Failure {
    Failure::incomplete(
        format!("{} has neither an id nor an e-mail address to be exempted by", member.label()),
        "Read the workspace from Bitbucket's API, where everybody has an id.",
    )
}

fn summary(
    path: &Path,
    first: FirstPolicy<'_>,
    exempted: Option<(&Vec<Exemption>, Date)>,
) -> String {
    let accept: Vec<&str> = first.accept.iter().map(|source| source.id()).collect();
    let mut text = format!(
        "{}: written for {}; accepts {}\n",
        terminal(&path.display().to_string()),
        first.workspaces.join(", "),
        accept.join(", ")
    );
    match exempted {
        None => {}
        Some((exemptions, _)) if exemptions.is_empty() => {
            text.push_str("nobody would fail today, so nobody is exempt\n");
        }
        Some((exemptions, last_day)) => {
            text += &format!(
                "{} who would fail today: exempt until {last_day}, with ids from ONB-1 on\n\
                 limits.max_exemptions is left out until that list is worked off\n",
                count(exemptions.len() as u64, "member")
            );
            let soon = Limits::default().warn_before_days;
            if first.today.saturating_add(i64::from(soon).days()) >= last_day {
                text += &format!(
                    "`check` warns of each from today on: limits.warn_before_days is {soon}\n"
                );
            }
        }
    }
    text
}
