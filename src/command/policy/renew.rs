//! `mfa-gate policy renew`: a later last day for an exemption.

use jiff::civil::Date;

use super::lint::{warn, warnings_about};
use super::{Edit, demand_length};
use crate::cli::PolicyRenew;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::policy::{Exemption, Policy};
use crate::run::Context;
use crate::suggest::{listed, nearest};

pub(super) fn run(args: &PolicyRenew, context: &Context<'_>) -> Result<Exit, Failure> {
    let edit = Edit::open(&args.policy, args.dry_run, context)?;
    let (policy, today) = (&edit.document.policy, context.today());
    let (position, old) = find(&args.id, policy)?;
    let new = renewed(old, args, today);
    demand_later(old, &new)?;
    demand_length(policy, &new, today)?;
    let changed = edit
        .document
        .replaced(position, &new)
        .map_err(|error| edit.refused(&error, "Edit the exemption by hand."))?;
    let (path, line, id) = (terminal(&policy.path), old.location.line, terminal(&old.id));
    let verb = if args.dry_run { "would be renewed" } else { "renewed" };
    let (until, instead_of) = (new.expires, old.expires);
    let said = format!("{path}:{line}: {id} {verb} until {until}, instead of {instead_of}\n");
    edit.conclude(&changed, &said)?;
    warn(&changed, &warnings_about(&old.id, &changed.policy, today));
    Ok(Exit::Success)
}

/// The exemption of that id, and its position.
fn find<'p>(id: &str, policy: &'p Policy) -> Result<(usize, &'p Exemption), Failure> {
    let mut exemptions = policy.exemptions.iter().enumerate();
    exemptions.find(|(_, exemption)| *exemption.id == *id).ok_or_else(|| {
        let ids = policy.exemptions.iter().map(|exemption| &*exemption.id);
        let help = match nearest(id, ids.clone()) {
            Some(near) => format!("Did you mean {near}?"),
            None if policy.exemptions.is_empty() => "The policy has no exemptions.".into(),
            None => format!("Its exemptions are {}.", listed(ids)),
        };
        Failure::usage(format!("{} has no exemption {id}", policy.path), help)
    })
}

/// The exemption with what the arguments change. A renewal is a new period: a first day in the past
/// becomes today, so that `limits.max_days` counts from the day of the renewal.
fn renewed(old: &Exemption, args: &PolicyRenew, today: Date) -> Exemption {
    let text = |new: &Option<String>, old: &Option<Box<str>>| {
        new.as_deref().map(Into::into).or_else(|| old.clone())
    };
    Exemption {
        expires: args.until.last_day(today),
        starts: old.starts.map(|starts| starts.max(today)),
        approved_by: text(&args.approved_by, &old.approved_by),
        ticket: text(&args.ticket, &old.ticket),
        reason: args.reason.as_deref().map_or_else(|| old.reason.clone(), Into::into),
        ..old.clone()
    }
}

fn demand_later(old: &Exemption, new: &Exemption) -> Result<(), Failure> {
    if new.expires > old.expires {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{} already runs until {}", old.id, old.expires),
        "Give a later date. To end the exemption earlier, edit the policy.",
    ))
}
