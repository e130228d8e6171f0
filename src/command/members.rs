//! `mfa-gate members`: who has a second factor, with or without a policy.

use std::io::Write;

use crate::cli::{Members, MembersArgs, Only};
use crate::emit::{ReportArg, list};
use crate::failure::{Exit, Failure};
use crate::member::{Role, Source, TwoFactor};
use crate::policy::WorkspaceEntry;
use crate::read::{Roles, Wanted};
use crate::reading::{Coverage, Selection};
use crate::report::{ListedMember, Snapshot};
use crate::run::askable::askable;
use crate::run::collect::{Collector, demand_all};
use crate::run::deliver::prepare;
use crate::run::policy_run::optional_policy;
use crate::run::workspaces::{chosen, named};
use crate::run::{Context, list_width, roster, whole};

pub(super) fn run(args: &Members, context: &Context<'_>) -> Result<Exit, Failure> {
    refuse_partial_snapshot(args)?;
    let path = context.policy_path(args.policy.policy.as_ref());
    let reports = prepare(&args.report, args.sources.files().chain([&path]), context)?;
    let policy = optional_policy(&args.policy, context)?;
    let from = policy.as_ref().map(|policy| policy.roster.clone()).unwrap_or_default();
    let roster = roster::find(&args.sources.roster, &from, None, context.today(), context.env)?;
    let accept = askable(roster.as_ref(), context)?;
    let by_role = args.only.contains(&Only::Owners);
    let roles = if by_role { Roles::Required } else { Roles::Welcome };
    let coverage = policy.as_ref().map_or_else(Coverage::usual, |policy| policy.coverage.clone());
    let wanted = Wanted { everything: true, roles, coverage: &coverage, ..Wanted::proof(&accept) };
    let listed = policy.as_ref().map_or(&[][..], |policy| &policy.workspaces);
    let selection = selection(args, listed, context)?;
    let sources = &args.sources;
    let collector = Collector::new(&sources.members, &sources.connect, selection, roster, context)?;
    let facts = collector.collect(wanted, None)?;
    let mut outcome = facts.demand_clock().and_then(|()| demand_all(&facts.readings, ""));
    let read_at = facts.read_at.unwrap_or(context.now);
    let heard = |source: &Source| {
        let lists = facts.readings.iter().flat_map(|reading| &reading.members);
        let mut members = lists.flat_map(|list| &list.members);
        members.any(|member| member.evidence.said(*source).is_some())
    };
    let heard: Vec<Source> = Source::ALL.into_iter().filter(heard).collect();
    let mut snapshot = Snapshot::new(read_at, facts.source, &heard, facts.readings);
    if by_role {
        outcome = outcome.and_then(|()| demand_roles(&snapshot.members));
    }
    if !args.only.is_empty() {
        snapshot.members.retain(|member| args.only.iter().any(|only| applies(*only, member)));
    }
    let width = list_width(&reports, context.stdout);
    let style = list::Style { evidence: args.evidence, width };
    let write = |format, out: &mut dyn Write| Ok(list::write(format, &snapshot, style, out)?);
    let written = reports.write(write);
    outcome.and_then(|()| whole(Exit::Success, &written.lost))
}

/// What `--only` leaves out would be missing from a snapshot, and nothing in it would say so.
fn refuse_partial_snapshot(args: &Members) -> Result<(), Failure> {
    let is_json = |report: &ReportArg<list::Format>| report.format == list::Format::Json;
    if args.only.is_empty() || !args.report.iter().any(is_json) {
        return Ok(());
    }
    Err(Failure::usage(
        "--only leaves members out, and --report json is for lists of all members",
        "Omit --only, or write the list as text or csv.",
    ))
}

fn applies(only: Only, member: &ListedMember) -> bool {
    let logs_in = || member.kind.logs_in(member.account_status.as_ref());
    match only {
        Only::Unprotected => member.two_factor != TwoFactor::Enabled && logs_in(),
        Only::Unknown => member.two_factor == TwoFactor::Unknown && logs_in(),
        Only::Owners => member.role == Some(Role::Owner),
    }
}

fn demand_roles(members: &[ListedMember]) -> Result<(), Failure> {
    if members.iter().all(|member| member.role.is_some() || member.access.is_some()) {
        return Ok(());
    }
    Err(Failure::incomplete(
        "it is not known who owns the workspace: the list of members does not say it",
        "Omit --members, so that Bitbucket is asked, or omit --only owners.",
    ))
}

/// The workspaces of `--workspace`; without it, every one of the file of `--members`, else those of
/// the policy, else that of the pipeline.
fn selection(
    args: &Members,
    listed: &[WorkspaceEntry],
    context: &Context<'_>,
) -> Result<Selection, Failure> {
    let MembersArgs { workspace: flags, members, .. } = &args.sources.members;
    let slugs = if members.is_some() { named(flags)? } else { chosen(flags, listed, context)? };
    Ok(if slugs.is_empty() { Selection::All } else { Selection::Slugs(slugs) })
}
