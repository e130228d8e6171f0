//! `mfa-gate policy add`: adds an exemption.

use jiff::civil::Date;

use super::lint::{warn, warnings_about};
use super::who::{find, members};
use super::{Edit, demand_length, name, selector};
use crate::cli::{EntryArgs, PolicyAdd};
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::location::Location;
use crate::member::{Member, Role, TwoFactor};
use crate::policy::{
    Admins, EditError, Exemption, Limits, MemberId, OptionalField, Policy, Selector, Warning,
    as_email, snippet,
};
use crate::read::{Roles, Wanted};
use crate::reading::Reading;
use crate::run::Context;
use crate::run::collect::{Collector, demand_all};
use crate::run::workspaces::select;

pub(super) fn run(args: &PolicyAdd, context: &Context<'_>) -> Result<Exit, Failure> {
    let edit = Edit::open(&args.policy, args.dry_run, context)?;
    let (document, today) = (&edit.document, context.today());
    let policy = &document.policy;
    let planned = planned(&args.entry, policy, today)?;
    demand_options(&policy.limits, &args.entry)?;
    demand_length(policy, &planned, today)?;
    demand_room(policy)?;
    let refused = |error| edit.refused(&error, "Add the exemption by hand.");
    // What is wrong with the entry itself is said before any server is asked for the member.
    if let Err(error @ EditError::Invalid(_)) = document.with(&planned) {
        return Err(refused(error));
    }
    let readings = readings(args, policy, context)?;
    demand_all(&readings, "; nothing was written")?;
    let member = find(&args.who, &readings, context)?.member;
    let exemption = about(planned, member)?;
    let places: Vec<_> = places(&exemption, member, &readings).collect();
    demand_roles(policy, &places)?;
    let changed = document.with(&exemption).map_err(refused)?;
    let added = changed.policy.exemptions.last().map(|added| added.location.clone());
    let location = added.unwrap_or_else(|| exemption.location.clone());
    edit.conclude(&changed, &summary(&exemption, &location, args.dry_run))?;
    let mut warnings = warnings_about(&exemption.id, &changed.policy, today);
    let more = [needless(policy, &places), owner(&places)].into_iter().flatten();
    warnings.extend(more.map(|(message, help)| {
        let location = location.clone();
        Warning { location, message: format!("{} {message}", member.label()), help: help.into() }
    }));
    warn(&changed, &warnings);
    Ok(Exit::Success)
}

/// Whether the policy requires a first day; it is today where none is given.
fn asks_for_start(limits: &Limits) -> bool {
    limits.max_days.is_some() || limits.require.contains(&OptionalField::Starts)
}

/// The entry, with placeholders for what is not known before the member is found.
fn planned(args: &EntryArgs, policy: &Policy, today: Date) -> Result<Exemption, Failure> {
    let email = args.email.as_ref().map(|email| {
        as_email(email).ok_or_else(|| {
            Failure::usage(
                format!("--email is not an e-mail address: {email}"),
                "Write one whole address, such as build-bot@acme.example.",
            )
        })
    });
    let text = |text: &Option<String>| text.as_deref().map(Into::into);
    Ok(Exemption {
        id: args.id.as_str().into(),
        selector: Selector::Id {
            id: MemberId::AccountId("not-known-yet".into()),
            email: email.transpose()?,
        },
        name: Some("not known yet".into()),
        category: args.category,
        reason: args.reason.trim_end_matches('\n').into(),
        compensating_controls: args
            .compensating_control
            .iter()
            .map(|control| control.trim_end_matches('\n').into())
            .collect(),
        owner: text(&args.owner),
        approved_by: text(&args.approved_by),
        ticket: text(&args.ticket),
        starts: args.starts.or(asks_for_start(&policy.limits).then_some(today)),
        expires: args.until.last_day(today),
        workspaces: args.only.iter().map(|slug| slug.as_str().into()).collect(),
        location: Location::start_of(policy.path.clone()),
    })
}

/// Demands the options that the policy's limits require.
fn demand_options(limits: &Limits, args: &EntryArgs) -> Result<(), Failure> {
    let missing = limits.require.iter().filter_map(|field| {
        let (option, is_given) = match field {
            // Known once the member is found, and today.
            OptionalField::Name | OptionalField::Starts => return None,
            OptionalField::Category => ("--category", args.category.is_some()),
            OptionalField::CompensatingControls => {
                ("--compensating-control", !args.compensating_control.is_empty())
            }
            OptionalField::Owner => ("--owner", args.owner.is_some()),
            OptionalField::ApprovedBy => ("--approved-by", args.approved_by.is_some()),
            OptionalField::Ticket => ("--ticket", args.ticket.is_some()),
        };
        (!is_given).then_some(option)
    });
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("the policy's `limits` also require {}", missing.join(", ")),
        "Add these options.",
    ))
}

/// Refuses one exemption more than `limits.max_exemptions` allows.
fn demand_room(policy: &Policy) -> Result<(), Failure> {
    let most = policy.limits.max_exemptions.and_then(|max| usize::try_from(max).ok());
    let count = policy.exemptions.len();
    if most.is_none_or(|most| count < most) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("there are {count} exemptions, and `limits.max_exemptions` allows no more"),
        "Remove those that are not needed: `mfa-gate policy prune`.",
    ))
}

/// Reads the people that the policy looks at, the one with the e-mail address if it is given, and
/// who owns the workspaces if the policy limits that. Sources other than Bitbucket are not asked.
fn readings(
    args: &PolicyAdd,
    policy: &Policy,
    context: &Context<'_>,
) -> Result<Vec<Reading>, Failure> {
    let selection = select(&policy.workspaces, &args.members, context)?;
    let email = as_email(&args.who);
    let addresses = |_: &str| email.as_deref().into_iter().collect();
    let roles = match policy.limits.admins {
        Admins::Deny => Roles::Required,
        Admins::Allow => Roles::Welcome,
    };
    let coverage = &policy.coverage;
    let wanted = Wanted { roles, addresses: &addresses, coverage, ..Wanted::proof(&[]) };
    let collector = Collector::new(&args.members, &args.connect, selection, None, context)?;
    let facts = collector.collect(wanted, None)?;
    facts.demand_clock()?;
    Ok(facts.readings)
}

/// The entry, about a member.
fn about(planned: Exemption, member: &Member) -> Result<Exemption, Failure> {
    let given: Option<Box<str>> = planned.selector.ids().email.map(Into::into);
    match selector(member, given.clone()) {
        None => Err(Failure::usage(
            format!("{} has neither an id nor an e-mail address", member.label()),
            "Read the workspace from Bitbucket's API, where every member has an id.",
        )),
        Some(Selector::Email(email)) if given.as_ref().is_some_and(|given| *given != email) => {
            Err(Failure::usage(
                format!("--email is not the address of {}", member.label()),
                "Omit --email: the member has no id here, and is exempted by its e-mail address.",
            ))
        }
        Some(selector) => Ok(Exemption { selector, name: name(member), ..planned }),
    }
}

/// The workspaces where the exemption applies to the member, as each of them shows it.
fn places<'r>(
    exemption: &Exemption,
    member: &Member,
    readings: &'r [Reading],
) -> impl Iterator<Item = (&'r str, &'r Member)> {
    let same = members(readings).filter(|(_, other)| other.key() == member.key());
    same.filter(|(slug, _)| exemption.applies_to(slug))
}

/// Refuses, under `limits.admins: deny`, to exempt an owner of a workspace where the exemption
/// applies, or a member who may be one.
fn demand_roles(policy: &Policy, places: &[(&str, &Member)]) -> Result<(), Failure> {
    if policy.limits.admins == Admins::Allow {
        return Ok(());
    }
    for (slug, member) in places {
        match member.role {
            Some(Role::Member) => {}
            // Only a member can own the workspace.
            None if member.access.is_some() => {}
            Some(Role::Owner) => {
                return Err(Failure::usage(
                    format!(
                        "{} is an owner of {slug}, and the policy forbids exempting owners \
                         (`limits.admins: deny`)",
                        member.label()
                    ),
                    "Make another member the owner, or exempt the member in other workspaces only: \
                     --only names them.",
                ));
            }
            None => {
                return Err(Failure::incomplete(
                    format!(
                        "the policy forbids exempting owners (`limits.admins: deny`), and the role \
                         of {} in {slug} is not known; nothing was written",
                        member.label()
                    ),
                    "Read the workspace from Bitbucket's API, with a credential of one of its owners.",
                ));
            }
        }
    }
    Ok(())
}

/// What to say of a member who owns a workspace that the exemption applies to.
fn owner(places: &[(&str, &Member)]) -> Option<(String, &'static str)> {
    let owned = places.iter().filter(|(_, member)| member.role == Some(Role::Owner));
    let owned: Vec<&str> = owned.map(|(slug, _)| *slug).collect();
    (!owned.is_empty()).then(|| {
        let help = "An owner can do everything in a workspace. Ask for a second factor first.";
        (format!("is an owner of {}", owned.join(", ")), help)
    })
}

/// What to say of a member who has a second factor already, as far as was read, in every workspace
/// where the exemption applies.
fn needless(policy: &Policy, places: &[(&str, &Member)]) -> Option<(String, &'static str)> {
    let mut seen_by = None;
    for (_, member) in places {
        match member.evidence.joined(&policy.accept) {
            (TwoFactor::Enabled, source) => seen_by = source,
            (TwoFactor::Disabled | TwoFactor::Unknown, _) => return None,
        }
    }
    let source = seen_by?.id();
    Some((
        format!("has a second factor already, seen by {source}: the exemption is not needed"),
        "If it is not needed later either, remove it: `mfa-gate policy prune`.",
    ))
}

fn summary(exemption: &Exemption, location: &Location, dry_run: bool) -> String {
    let (path, line, id) = (terminal(&location.path), location.line, terminal(&exemption.id));
    if dry_run {
        return format!("{path}:{line}: {id} would be added\n");
    }
    let lines = snippet(exemption);
    let lines = lines.lines().map(|line| format!("{}\n", terminal(line)));
    format!("{path}:{line}: {id} added\n{}", lines.collect::<String>())
}
