//! `mfa-gate policy add`: an exemption more.

use std::path::Path;

use jiff::civil::Date;

use super::lint::{standing_warnings, warn};
use super::who::{find, members};
use super::{demand_all, name, open, selector, tell};
use crate::cli::{EntryArgs, PolicyAdd};
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::files::replace;
use crate::judge::is_too_long;
use crate::location::Location;
use crate::member::{Member, Role};
use crate::policy::{
    Admins, Document, Exemption, Limits, MemberId, OptionalField, Policy, Refusal, Selector,
    Warning, as_email, snippet,
};
use crate::read::{Roles, Wanted};
use crate::reading::Reading;
use crate::run::Context;
use crate::run::collect::Collector;
use crate::run::workspaces::select;

pub(super) fn run(args: &PolicyAdd, context: &Context<'_>) -> Result<Exit, Failure> {
    let (path, document) = open(&args.policy, true, context)?;
    let planned = planned(&args.entry, &document.policy, context.today())?;
    demand_options(&document.policy.limits, &args.entry)?;
    demand_limits(&document.policy, &planned, context.today())?;
    // Whatever is wrong with the entry itself is said before anybody is asked for the member.
    if let Err(refusal @ Refusal::Invalid(_)) = document.with(&planned) {
        return Err(refused(refusal, &path, &planned));
    }
    let readings = readings(args, &document.policy, context)?;
    demand_all(&readings)?;
    let person = find(&args.who, &readings, context)?;
    let exemption = about(planned, person.member)?;
    demand_roles(&document.policy, &exemption, person.member, &readings)?;
    let changed =
        document.with(&exemption).map_err(|refusal| refused(refusal, &path, &exemption))?;
    replace(&path, &document.text, &changed.text)?;
    tell(&path, &summary(&changed, &exemption), context)?;
    warn(&changed, &warnings_about_last(&changed.policy, context.today()));
    Ok(Exit::Success)
}

/// Whether a first day is asked for: it is today's where none is given.
fn asks_for_start(limits: &Limits) -> bool {
    limits.max_days.is_some() || limits.require.contains(&OptionalField::Starts)
}

/// The entry, with stand-ins for what is not known before the member is.
fn planned(args: &EntryArgs, policy: &Policy, today: Date) -> Result<Exemption, Failure> {
    let email = args.email.as_ref().map(|email| {
        as_email(email).ok_or_else(|| {
            Failure::usage(
                format!("--email is no e-mail address: {email}"),
                "Write one whole address, such as build-bot@acme.example.",
            )
        })
    });
    let text = |own: &Option<String>| own.as_deref().map(Into::into);
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
        expires: args.expires,
        workspaces: args.only.iter().map(|slug| slug.as_str().into()).collect(),
        location: Location::start_of(policy.path.clone()),
    })
}

/// Names the options that the policy's limits ask for and that are not given.
fn demand_options(limits: &Limits, args: &EntryArgs) -> Result<(), Failure> {
    let missing = limits.require.iter().filter_map(|field| {
        let (option, is_given) = match field {
            // The member's own, and today.
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
        format!("the policy's `limits` ask for more than is given: {}", missing.join(", ")),
        "Give these options too.",
    ))
}

/// Refuses an exemption that would excuse nobody, or would cost another one its place.
fn demand_limits(policy: &Policy, planned: &Exemption, today: Date) -> Result<(), Failure> {
    let limits = &policy.limits;
    let most = limits.max_exemptions.and_then(|max| usize::try_from(max).ok());
    let longest = match limits.max_days {
        Some(max) => format!("`limits.max_days` allows {max} days from --starts on"),
        None => "without `limits.max_days` it may end at most 366 days from today".into(),
    };
    let (what, help) = if planned.expires < today {
        (format!("--expires {} is over: it is {today} (UTC)", planned.expires), "Give a later day.")
    } else if is_too_long(planned, limits, today) {
        (format!("--expires {} is too late: {longest}", planned.expires), "Give an earlier day.")
    } else if most.is_some_and(|most| policy.exemptions.len() >= most) {
        let count = policy.exemptions.len();
        (
            format!("there are {count} exemptions, and `limits.max_exemptions` allows no more"),
            "Remove those that nobody needs: `mfa-gate policy prune`.",
        )
    } else {
        return Ok(());
    };
    Err(Failure::usage(what, help))
}

/// Reads who is in the workspaces, whose the address is, if it is one, and who owns them, if the
/// policy asks. What is known of second factors does not matter here.
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
        Admins::Allow => Roles::Unasked,
    };
    let wanted = Wanted { roles, addresses: &addresses, ..Wanted::proof(&[]) };
    let collector = Collector::new(&args.members, &args.connect, selection, None, context)?;
    let facts = collector.collect(wanted, None)?;
    facts.demand_clock()?;
    Ok(facts.readings)
}

/// The entry, about a member.
fn about(planned: Exemption, member: &Member) -> Result<Exemption, Failure> {
    let beside: Option<Box<str>> = planned.selector.parts().2.map(Into::into);
    match selector(member, beside.clone()) {
        None => Err(Failure::usage(
            format!("{} has neither an id nor an e-mail address to be exempted by", member.label()),
            "Read the workspace from Bitbucket's API, where everybody has an id.",
        )),
        Some(Selector::Email(own)) if beside.as_ref().is_some_and(|beside| *beside != own) => {
            Err(Failure::usage(
                format!("--email is not the address of {}", member.label()),
                "Leave --email away: the member has no id, and is exempted by its address.",
            ))
        }
        Some(selector) => Ok(Exemption { selector, name: name(member), ..planned }),
    }
}

/// Refuses, under `limits.admins: deny`, to exempt an owner of a workspace where the exemption
/// applies, or somebody who may be one.
fn demand_roles(
    policy: &Policy,
    exemption: &Exemption,
    member: &Member,
    readings: &[Reading],
) -> Result<(), Failure> {
    if policy.limits.admins == Admins::Allow {
        return Ok(());
    }
    let applies = |slug: &str| {
        let only = &exemption.workspaces;
        only.is_empty() || only.iter().any(|own| **own == *slug)
    };
    let anywhere = members(readings).filter(|(_, own)| own.key() == member.key());
    for (slug, own) in anywhere.filter(|(slug, _)| applies(slug)) {
        match own.role {
            Some(Role::Member) => {}
            Some(Role::Owner) => {
                return Err(Failure::usage(
                    format!(
                        "{} is an owner of {slug}, and the policy forbids exempting owners \
                         (`limits.admins: deny`)",
                        own.label()
                    ),
                    "Let somebody else own the workspace, or leave it out: --only names those where \
                     the exemption applies.",
                ));
            }
            None => {
                return Err(Failure::incomplete(
                    format!(
                        "the policy forbids exempting owners (`limits.admins: deny`), and the role \
                         of {} in {slug} is not known; nothing was written",
                        own.label()
                    ),
                    "Read the workspace from Bitbucket's API, with a credential of one of its owners.",
                ));
            }
        }
    }
    Ok(())
}

fn refused(refusal: Refusal, path: &Path, exemption: &Exemption) -> Failure {
    let path = path.display().to_string();
    let path = terminal(&path);
    Failure::rendered(match refusal {
        Refusal::Invalid(problems) => {
            format!(
                "{problems}\n\nerror: with this entry {path} would be no policy; it is as it was"
            )
        }
        Refusal::Unusual => format!(
            "error: {path} is written in a way that this program does not change; it is as it was\n  \
             help: Paste this below `exemptions:` yourself, indented as its neighbours are:\n\n{}",
            shown(exemption)
        ),
    })
}

/// What deserves a look in the exemption that was added: it may start later, or end soon.
fn warnings_about_last(policy: &Policy, today: Date) -> Vec<Warning> {
    let added = policy.exemptions.last().map(|added| &added.location);
    let mut warnings = standing_warnings(policy, today);
    warnings.retain(|warning| Some(&warning.location) == added);
    warnings
}

fn summary(changed: &Document, exemption: &Exemption) -> String {
    let policy = &changed.policy;
    let line = policy.exemptions.last().map_or(1, |added| added.location.line);
    format!(
        "{}:{line}: added\n{}sha256: {}\n",
        terminal(&policy.path),
        shown(exemption),
        policy.sha256
    )
}

/// An exemption as it is written, for a terminal.
fn shown(exemption: &Exemption) -> String {
    snippet(exemption).lines().map(|line| format!("{}\n", terminal(line))).collect()
}
