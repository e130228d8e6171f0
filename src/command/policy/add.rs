//! `mfa-gate policy add`: an exemption more.

use std::path::Path;

use jiff::civil::Date;

use super::who::{Person, find};
use super::{demand_all, name, open, selector};
use crate::cli::{EntryArgs, PolicyAdd};
use crate::command::gather::{Request, gather};
use crate::command::select::select;
use crate::command::{Context, print};
use crate::escape::terminal;
use crate::evaluate::is_too_long;
use crate::failure::{Exit, Failure};
use crate::policy::{
    Document, Exemption, Limits, Location, MemberId, OptionalField, Policy, Refusal, Selector,
    as_email, snippet,
};
use crate::read::{Reading, Selection, Wanted};
use crate::rewrite::replace;

pub(super) fn run(args: &PolicyAdd, context: &Context<'_>) -> Result<Exit, Failure> {
    context.refuse_credentials(&[&args.members.members, &args.policy.policy])?;
    let (path, document) = open(&args.policy, context)?;
    let planned = planned(&args.entry, &document.policy)?;
    demand_options(&document.policy.limits, &args.entry)?;
    demand_limits(&document.policy, &planned, context.today())?;
    // Whatever is wrong with the entry itself is said before anybody is asked for the member.
    if let Err(refusal @ Refusal::Invalid(_)) = document.with(&planned) {
        return Err(refused(refusal, &path, &planned));
    }
    let readings = members(args, &document.policy, context)?;
    demand_all(&readings)?;
    let exemption = about(planned, &find(&args.who, &readings, context)?)?;
    let changed =
        document.with(&exemption).map_err(|refusal| refused(refusal, &path, &exemption))?;
    replace(&path, &document.text, &changed.text)?;
    if !context.stdout.quiet {
        print(&summary(&changed, &exemption))?;
    }
    Ok(Exit::Success)
}

/// The entry, with stand-ins for what is not known before the member is.
fn planned(args: &EntryArgs, policy: &Policy) -> Result<Exemption, Failure> {
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
        starts: args.starts,
        expires: args.expires,
        workspaces: args.only.iter().map(|slug| slug.as_str().into()).collect(),
        location: Location::start_of(policy.path.clone()),
    })
}

/// Names the options that the policy's limits ask for and that are not given.
fn demand_options(limits: &Limits, args: &EntryArgs) -> Result<(), Failure> {
    let mut required = limits.require.clone();
    if limits.max_days.is_some() && !required.contains(&OptionalField::Starts) {
        required.push(OptionalField::Starts);
    }
    let missing = required.into_iter().filter_map(|field| {
        let (option, is_given) = match field {
            // The member's own.
            OptionalField::Name => return None,
            OptionalField::Category => ("--category", args.category.is_some()),
            OptionalField::CompensatingControls => {
                ("--compensating-control", !args.compensating_control.is_empty())
            }
            OptionalField::Owner => ("--owner", args.owner.is_some()),
            OptionalField::ApprovedBy => ("--approved-by", args.approved_by.is_some()),
            OptionalField::Ticket => ("--ticket", args.ticket.is_some()),
            OptionalField::Starts => ("--starts", args.starts.is_some()),
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

/// Reads who is in the workspaces, and whose the address is, if it is one. What is known of second
/// factors does not matter here.
fn members(
    args: &PolicyAdd,
    policy: &Policy,
    context: &Context<'_>,
) -> Result<Vec<Reading>, Failure> {
    let selected = select(&policy.workspaces, &args.members.workspace, context)?;
    let email = as_email(&args.who);
    let addresses = |_: &str| email.as_deref().into_iter().collect();
    let wanted = Wanted { addresses: &addresses, ..Wanted::proof(&[]) };
    let request = Request {
        members: &args.members,
        connect: &args.connect,
        selection: &Selection::Slugs(selected.slugs),
        roster: None,
        refused: None,
        must_be_live: false,
    };
    Ok(gather(request, wanted, context)?.readings)
}

/// The entry, about a person.
fn about(planned: Exemption, person: &Person<'_>) -> Result<Exemption, Failure> {
    let (_, _, beside) = planned.selector.parts();
    let beside: Option<Box<str>> = beside.map(Into::into);
    let member = person.member();
    let selected = member.and_then(|member| selector(member, beside.clone()));
    let label = || member.map(crate::member::Member::label).unwrap_or_default();
    match selected {
        None => Err(Failure::usage(
            format!("{} has neither an id nor an e-mail address to be exempted by", label()),
            "Read the workspace from Bitbucket's API, where everybody has an id.",
        )),
        Some(Selector::Email(own)) if beside.as_ref().is_some_and(|beside| *beside != own) => {
            Err(Failure::usage(
                format!("--email is not the address of {}", label()),
                "Leave --email away: the member has no id, and is exempted by its address.",
            ))
        }
        Some(selector) => Ok(Exemption { selector, name: member.and_then(name), ..planned }),
    }
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
