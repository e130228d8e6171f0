//! `mfa-gate members`: who has a second factor, without any policy.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::{ListFormat, Members};
use crate::emit::list;
use crate::failure::{Exit, Failure};
use crate::files::Target;
use crate::member::Source;
use crate::policy::{self, Policy};
use crate::read::Wanted;
use crate::reading::{Reading, Selection};
use crate::report::Snapshot;
use crate::run::collect::{Request, askable, gather, unread_complaint};
use crate::run::workspaces::{from_environment, named, no_workspace};
use crate::run::{Context, roster, to_stdout, whole};

pub(super) fn run(args: &Members, context: &Context<'_>) -> Result<Exit, Failure> {
    let named = context.files_of_variables();
    let files = [&args.members.members, &args.roster.roster, &args.policy, &args.connect.ca_cert];
    let files = files.into_iter().flatten();
    let inputs: Vec<&Path> = files.chain(&named).map(PathBuf::as_path).collect();
    let prepared = |path| Ok((path, Target::prepare(path, &inputs)?));
    let target = args.output.as_deref().map(prepared).transpose()?;
    let policy = args.policy.as_deref().map(|path| policy::load(path, None)).transpose()?;
    let columns = policy.as_ref().map(|policy| policy.roster.clone()).unwrap_or_default();
    let roster = roster::read(&args.roster, &columns, None, context.today())?;
    let accept = askable(roster.as_ref(), context)?;
    let wanted = Wanted { everything: true, ..Wanted::proof(&accept) };
    let request = Request {
        members: &args.members,
        connect: &args.connect,
        selection: &selection(args, policy.as_ref(), context)?,
        roster: roster.as_ref(),
        refused: None,
        must_be_live: false,
    };
    let gathered = gather(request, wanted, context)?;
    let outcome = gathered.demand_clock().and_then(|()| unread(&gathered.readings));
    let read_at = gathered.read_at.unwrap_or(context.now);
    let heard = |source: &Source| {
        let rolls = gathered.readings.iter().flat_map(|reading| &reading.members);
        let mut members = rolls.flat_map(|roll| &roll.members);
        members.any(|member| member.evidence.said(*source).is_some())
    };
    let heard: Vec<Source> = Source::ALL.into_iter().filter(heard).collect();
    let snapshot = Snapshot::new(read_at, gathered.source, &heard, gathered.readings);

    let write = |out: &mut dyn std::io::Write| match args.format {
        ListFormat::Text => list::text(&snapshot, args.evidence, out),
        ListFormat::Json => list::json(&snapshot, out),
        ListFormat::Csv => list::csv(&snapshot, out),
    };
    let written = match target {
        None => to_stdout(write),
        Some((path, target)) => target
            .fill(|out| Ok(write(out)?))
            .with_context(|| format!("the list {} could not be written", path.display())),
    };
    outcome.and_then(|exit| whole(exit, written.err().as_slice()))
}

/// The workspaces of `--workspace`; without it, every one of the file, else those of the policy that
/// is named, else Bitbucket's own.
fn selection(
    args: &Members,
    policy: Option<&Policy>,
    context: &Context<'_>,
) -> Result<Selection, Failure> {
    let mut slugs = named(&args.members.workspace)?;
    if slugs.is_empty() && args.members.members.is_none() {
        let listed = policy.iter().flat_map(|policy| &policy.workspaces);
        slugs = listed.map(|entry| entry.slug.clone()).collect();
    }
    if slugs.is_empty() && args.members.members.is_none() {
        slugs = from_environment(context)?;
    }
    Ok(if slugs.is_empty() { Selection::All } else { Selection::Slugs(slugs) })
}

/// One failure for every workspace that was not read to the end.
fn unread(readings: &[Reading]) -> Result<Exit, Failure> {
    match unread_complaint(readings) {
        Some(complaint) => Err(Failure::Incomplete(complaint)),
        None if readings.is_empty() => Err(no_workspace()),
        None => Ok(Exit::Success),
    }
}
