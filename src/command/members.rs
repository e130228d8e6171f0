//! `mfa-gate members`: who has a second factor, without any policy.

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
use crate::run::collect::{Collector, askable, unread_complaint};
use crate::run::inputs::Inputs;
use crate::run::workspaces::{from_environment, named};
use crate::run::{Context, roster, to_stdout, whole};

pub(super) fn run(args: &Members, context: &Context<'_>) -> Result<Exit, Failure> {
    let inputs = Inputs::new(args.sources.files().chain(&args.policy), context);
    let prepared = |path| Ok((path, Target::prepare(path, &inputs.paths())?));
    let target = args.output.as_deref().map(prepared).transpose()?;
    let policy = args.policy.as_deref().map(|path| policy::load(path, None)).transpose()?;
    let columns = policy.as_ref().map(|policy| policy.roster.clone()).unwrap_or_default();
    let roster = roster::read(&args.sources.roster, &columns, None, context.today())?;
    let accept = askable(roster.as_ref(), context)?;
    let wanted = Wanted { everything: true, ..Wanted::proof(&accept) };
    let selection = selection(args, policy.as_ref(), context)?;
    let sources = &args.sources;
    let collector = Collector::new(&sources.members, &sources.connect, selection, roster, context)?;
    let facts = collector.collect(wanted, None)?;
    let outcome = facts.demand_clock().and_then(|()| unread(&facts.readings));
    let read_at = facts.read_at.unwrap_or(context.now);
    let heard = |source: &Source| {
        let lists = facts.readings.iter().flat_map(|reading| &reading.members);
        let mut members = lists.flat_map(|list| &list.members);
        members.any(|member| member.evidence.said(*source).is_some())
    };
    let heard: Vec<Source> = Source::ALL.into_iter().filter(heard).collect();
    let snapshot = Snapshot::new(read_at, facts.source, &heard, facts.readings);

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
    let mut slugs = named(&args.sources.members.workspace)?;
    if slugs.is_empty() && args.sources.members.members.is_none() {
        let listed = policy.iter().flat_map(|policy| &policy.workspaces);
        slugs = listed.map(|entry| entry.slug.clone()).collect();
    }
    if slugs.is_empty() && args.sources.members.members.is_none() {
        slugs = from_environment(context)?;
    }
    Ok(if slugs.is_empty() { Selection::All } else { Selection::Slugs(slugs) })
}

/// One failure for every workspace that was not read to the end.
fn unread(readings: &[Reading]) -> Result<Exit, Failure> {
    match unread_complaint(readings) {
        Some(complaint) => Err(Failure::Incomplete(complaint)),
        None => Ok(Exit::Success),
    }
}
