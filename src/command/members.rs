//! `mfa-gate members`: who has a second factor, without any policy.

use std::path::{Path, PathBuf};

use super::gather::{from_environment, gather, named, no_workspace};
use super::{Context, to_stdout, whole};
use crate::cli::{ListFormat, Members};
use crate::emit::list;
use crate::failure::{Exit, Failure};
use crate::member::Source;
use crate::output::Target;
use crate::read::bitbucket::Wanted;
use crate::read::{Incomplete, Reading, Selection};
use crate::report::Snapshot;

pub(super) fn run(args: &Members, context: &Context<'_>) -> Result<Exit, Failure> {
    let credentials = context.credential_files();
    let files = [&args.members.members, &args.connect.ca_cert].into_iter().flatten();
    let inputs: Vec<&Path> = files.chain(&credentials).map(PathBuf::as_path).collect();
    let target = args.output.as_deref().map(|path| Target::prepare(path, &inputs)).transpose()?;
    let accept = [Source::Bitbucket];
    let wanted = Wanted { accept: &accept, roles: false };
    let selection = selection(args, context)?;
    let gathered = gather(&args.members, &args.connect, &selection, wanted, context)?;
    let outcome = unread(&gathered.readings);
    let read_at = gathered.read_at.unwrap_or(context.now);
    let snapshot = Snapshot::new(read_at, gathered.source, &accept, gathered.readings);

    let write = |out: &mut dyn std::io::Write| match args.format {
        ListFormat::Text => list::text(&snapshot, args.evidence, out),
        ListFormat::Json => list::json(&snapshot, out),
        ListFormat::Csv => list::csv(&snapshot, out),
    };
    let written = match target {
        None => to_stdout(write),
        Some(target) => target.fill(write),
    };
    let lost = written.err().map(|error| format!("the list could not be written: {error}"));
    outcome.and_then(|exit| whole(exit, lost.as_slice()))
}

/// The workspaces of `--workspace`; without it, every one of the file, else Bitbucket's own.
fn selection(args: &Members, context: &Context<'_>) -> Result<Selection, Failure> {
    let mut slugs = named(&args.members.workspace)?;
    if slugs.is_empty() && args.members.members.is_none() {
        slugs = from_environment(context)?;
    }
    Ok(if slugs.is_empty() { Selection::All } else { Selection::Slugs(slugs) })
}

/// One failure for every workspace that was not read to the end.
fn unread(readings: &[Reading]) -> Result<Exit, Failure> {
    let reasons: Vec<(&str, &Incomplete)> = readings
        .iter()
        .filter_map(|reading| Some((&*reading.workspace, reading.members.as_ref().err()?)))
        .collect();
    let Some((_, first)) = reasons.first() else {
        return if readings.is_empty() { Err(no_workspace()) } else { Ok(Exit::Success) };
    };
    let said = reasons.iter().map(|(slug, incomplete)| {
        format!("the workspace {slug} could not be read: {}", incomplete.why)
    });
    let said: Vec<String> = said.collect();
    Err(Failure::incomplete(said.join("; "), first.help.clone()))
}
