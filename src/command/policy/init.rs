//! `mfa-gate policy init`: writes a first policy.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::{ToSpan, civil::Date};

use super::{demand_judged, name, selector, tell};
use crate::cli::PolicyInit;
use crate::emit::summary::count;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::files::{check_new, create};
use crate::location::Location;
use crate::member::{Member, Role, Source, TwoFactor};
use crate::policy;
use crate::policy::{Category, Exemption, FirstPolicy, Limits, RosterSource};
use crate::read::{Roles, file};
use crate::reading::Selection;
use crate::report::{JudgedMember, ListedMember, Outcome};
use crate::run::askable::askable;
use crate::run::policy_run::{PolicyRun, Terms};
use crate::run::workspaces::{chosen, no_workspace};
use crate::run::{Context, roster};

/// How many days an exemption may run, unless `--days` is longer.
const MAX_DAYS: u16 = 90;

pub(super) fn run(args: &PolicyInit, context: &Context<'_>) -> Result<Exit, Failure> {
    refuse_idle_files(args)?;
    let path = context.policy_path(args.policy.as_ref());
    check_new(&path)?;
    let workspaces = workspaces(args, context)?;
    let today = context.today();
    let from = RosterSource::default();
    let roster = roster::find(&args.sources.roster, &from, None, today, context.env)?;
    let accept = askable(roster.as_ref(), context)?;
    let first = FirstPolicy {
        workspaces: &workspaces,
        accept: &accept,
        max_days: args.days.max(MAX_DAYS).into(),
        exemptions: &[],
        today,
    };
    let last_day = today.saturating_add(i32::from(args.days).days());
    let exempted =
        if args.exempt_current { Some(exempt(first, last_day, args, context)?) } else { None };
    let exemptions = exempted.as_ref().map(|exempted| &*exempted.exemptions).unwrap_or_default();
    create(&path, &FirstPolicy { exemptions, ..first }.to_yaml())?;
    tell(&path, &summary(&path, first, exempted.as_ref(), last_day), context)?;
    if let Some(other) = policy::with_other_extension(&path) {
        log::warn!(
            "{} exists too, and is read only where it is named",
            terminal(&other.display().to_string())
        );
    }
    Ok(Exit::Success)
}

/// Without --exempt-current no member is looked at.
fn refuse_idle_files(args: &PolicyInit) -> Result<(), Failure> {
    let idle =
        match (args.exempt_current, &args.sources.members.members, &args.sources.roster.roster) {
            (true, _, _) | (false, None, None) => return Ok(()),
            (false, Some(_), _) => "--members",
            (false, None, Some(_)) => "--roster",
        };
    Err(Failure::usage(
        format!("{idle} has no effect without --exempt-current"),
        format!("Add --exempt-current, or omit {idle}."),
    ))
}

fn workspaces(args: &PolicyInit, context: &Context<'_>) -> Result<Vec<Arc<str>>, Failure> {
    let mut slugs = chosen(&args.sources.members.workspace, &[], context)?;
    if let (true, Some(path)) = (slugs.is_empty(), &args.sources.members.members) {
        let listed = file::read(path, &Selection::All)?.readings;
        slugs = listed.into_iter().map(|reading| reading.workspace).collect();
    }
    if slugs.is_empty() { Err(no_workspace()) } else { Ok(slugs) }
}

/// The members who would fail today.
struct Exempted {
    exemptions: Vec<Exemption>,
    /// Which of them own a workspace, and which one.
    owners: Vec<String>,
    /// How many owners would fail today and are not exempt.
    owners_omitted: u64,
    /// Whether others may own one, since their role is not known.
    may_own: bool,
}

/// An exemption for every member who fails under the first policy.
fn exempt(
    first: FirstPolicy<'_>,
    last_day: Date,
    args: &PolicyInit,
    context: &Context<'_>,
) -> Result<Exempted, Failure> {
    let parsed = |text: String| policy::parse("policy.yaml".into(), text.as_bytes());
    let terms = Terms { roles: Roles::Welcome, ..Terms::PLAIN };
    let run = PolicyRun::new(parsed(first.to_yaml())?, &args.sources, terms, context)?;
    let evaluation = run.judge(run.collect()?, None).evaluation;
    demand_judged(&evaluation.findings)?;
    let mut failing = failing(&evaluation.members);
    let all = failing.len();
    if !args.exempt_owners {
        demand_roles(&failing)?;
        failing.retain(|_, failing| failing.owns.is_empty());
    }
    let owners_omitted = (all - failing.len()) as u64;
    let owners = failing.values().filter(|failing| !failing.owns.is_empty());
    let owners = owners
        .map(|owner| format!("{}, {}", owner.member.label(), owner.owns.join(", ")))
        .collect();
    let may_own = failing.values().any(|failing| failing.may_own);
    let exemptions = entries(failing, first, last_day)?;
    match parsed(FirstPolicy { exemptions: &exemptions, ..first }.to_yaml()) {
        Ok(_) => Ok(Exempted { exemptions, owners, owners_omitted, may_own }),
        Err(problems) => Err(Failure::rendered(format!(
            "{problems}\n\nerror: a policy with an exemption for each of the {} who would fail today \
             would not be valid; nothing was written\n  help: If many members sign in another \
             way, accept that as proof: add --roster, or the credentials of the Atlassian \
             organisation.",
            count(exemptions.len() as u64, "member")
        ))),
    }
}

/// A member who fails, and where.
struct Failing<'e> {
    member: &'e ListedMember,
    workspaces: Vec<Arc<str>>,
    /// Those of them that the member owns.
    owns: Vec<Arc<str>>,
    /// Whether the member may own one of the others, since its role there is not known.
    may_own: bool,
}

/// Refuses to exempt members who may be owners.
fn demand_roles(failing: &BTreeMap<&str, Failing<'_>>) -> Result<(), Failure> {
    let unknown = failing.values().filter(|failing| failing.may_own).count() as u64;
    if unknown == 0 {
        return Ok(());
    }
    Err(Failure::incomplete(
        format!(
            "{} who would fail today may own a workspace, since roles are not known; nothing was \
             written",
            count(unknown, "member")
        ),
        "Read the workspace from Bitbucket with a credential of one of its owners (-v shows why \
         roles could not be read), or give --exempt-owners to exempt owners too.",
    ))
}

/// The members who fail, once each, by their keys.
fn failing(members: &[JudgedMember]) -> BTreeMap<&str, Failing<'_>> {
    let mut failing: BTreeMap<&str, Failing<'_>> = BTreeMap::new();
    for JudgedMember { member, outcome, .. } in members {
        if *outcome != Outcome::Violation {
            continue;
        }
        let person = failing.entry(member.key()).or_insert_with(|| Failing {
            member,
            workspaces: Vec::new(),
            owns: Vec::new(),
            may_own: false,
        });
        person.workspaces.push(member.workspace.clone());
        match member.role {
            Some(Role::Owner) => person.owns.push(member.workspace.clone()),
            Some(Role::Member) => {}
            None => person.may_own = true,
        }
    }
    failing
}

/// An exemption for each of them, where they fail.
fn entries(
    failing: BTreeMap<&str, Failing<'_>>,
    first: FirstPolicy<'_>,
    last_day: Date,
) -> Result<Vec<Exemption>, Failure> {
    let entry = |(number, failing): (usize, Failing<'_>)| {
        let Failing { member, workspaces, owns, .. } = failing;
        Ok(Exemption {
            id: format!("ONB-{}", number + 1).into(),
            selector: selector(member, None).ok_or_else(|| nameless(member))?,
            name: name(member),
            category: Some(Category::Onboarding),
            reason: reason(member.two_factor, first.accept, &owns).into(),
            compensating_controls: Vec::new(),
            owner: None,
            approved_by: None,
            ticket: None,
            starts: Some(first.today),
            expires: last_day,
            // In a workspace that the policy lists later, the member was not looked at.
            workspaces,
            location: Location::start_of("policy.yaml".into()),
        })
    };
    failing.into_values().enumerate().map(entry).collect()
}

fn reason(two_factor: TwoFactor, accept: &[Source], owns: &[Arc<str>]) -> String {
    let sources: Vec<&str> = accept.iter().map(|source| source.id()).collect();
    let seen = match two_factor {
        TwoFactor::Unknown => "Its second factor was unknown to",
        TwoFactor::Enabled | TwoFactor::Disabled => "No second factor was seen by",
    };
    let owner = match owns {
        [] => String::new(),
        owns => format!(" Owner of {}.", owns.join(", ")),
    };
    format!("{seen} {} when the policy was written.{owner}", sources.join(" or "))
}

fn nameless(member: &Member) -> Failure {
    Failure::incomplete(
        format!("{} has neither an id nor an e-mail address", member.label()),
        "Read the workspace from Bitbucket's API, where every member has an id.",
    )
}

fn summary(
    path: &Path,
    first: FirstPolicy<'_>,
    exempted: Option<&Exempted>,
    last_day: Date,
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
        Some(exempted) if exempted.exemptions.is_empty() && exempted.owners_omitted == 0 => {
            text.push_str("no member would fail today, so no exemption was written\n");
        }
        Some(exempted) => exempted.tell(&mut text, first.today, last_day),
    }
    text
}

impl Exempted {
    /// Says who is exempt until a day, and what to look out for.
    fn tell(&self, text: &mut String, today: Date, last_day: Date) {
        let Exempted { exemptions, owners, owners_omitted, may_own } = self;
        if !exemptions.is_empty() {
            *text += &format!(
                "{} who would fail today: exempt until {last_day}, with ids from ONB-1\n\
                 limits.max_exemptions is not set: set it once they are no longer needed\n",
                count(exemptions.len() as u64, "member")
            );
        }
        if *owners_omitted > 0 {
            *text += &format!(
                "{} who would fail today: not exempt. Ask them to switch on a second \
                 factor,\nor give --exempt-owners\n",
                count(*owners_omitted, "owner")
            );
        }
        for owner in owners {
            *text += &format!("warning: an owner is exempt: {}\n", terminal(owner));
        }
        if *may_own {
            *text += "warning: it is not known which of the exempt members own a workspace\n";
        }
        if *may_own || !owners.is_empty() {
            *text += "Owners can do everything in a workspace. Ask them first to switch on a \
                      second factor,\nthen remove their exemptions and set limits.admins to deny.\n";
        }
        let soon = Limits::default().warn_before_days;
        if today.saturating_add(i64::from(soon).days()) >= last_day {
            *text += &format!(
                "`check` warns of each of them from today: limits.warn_before_days is {soon}\n"
            );
        }
    }
}
