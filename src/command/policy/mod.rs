//! `mfa-gate policy`: work on the policy itself.

mod add;
mod init;
mod lint;
mod prune;
mod who;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::{PolicyArgs, PolicyCommand};
use crate::escape::{terminal, visible};
use crate::failure::{Exit, Failure};
use crate::files::{check_replaceable, replace};
use crate::member::{Member, shortened, shown_name};
use crate::policy::{Document, MemberId, Selector};
use crate::reading::Reading;
use crate::run::collect::unread_complaint;
use crate::run::{Context, print};

pub(super) fn run(command: &PolicyCommand, context: &Context<'_>) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Lint(args) => lint::run(args, context),
        PolicyCommand::Init(args) => init::run(args, context),
        PolicyCommand::Add(args) => add::run(args, context),
        PolicyCommand::Prune(args) => prune::run(args, context),
    }
}

/// Opens the policy, to write it anew or only to see what would change.
fn open(
    args: &PolicyArgs,
    writes: bool,
    context: &Context<'_>,
) -> Result<(PathBuf, Document), Failure> {
    let path = context.policy_path(args.policy.as_ref());
    if writes {
        check_replaceable(&path)?;
    }
    let pin = context.policy_pin(args.policy_sha256.as_ref());
    let document = Document::load(&path, pin.as_deref())?;
    Ok((path, document))
}

/// Writes a changed policy and says so; for a dry run, shows the difference and writes nothing.
fn conclude(
    path: &Path,
    before: &Document,
    changed: &Document,
    said: &str,
    dry_run: bool,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    if !dry_run {
        replace(path, &before.text, &changed.text)?;
        tell(path, &format!("{said}sha256: {}\n", changed.policy.sha256), context)?;
        return Ok(Exit::Success);
    }
    // Standard output is the difference and nothing else.
    if !context.stderr.quiet {
        let _ = io::stderr().write_all(said.as_bytes());
    }
    print(&changed.diff.lines().map(|line| format!("{}\n", terminal(line))).collect::<String>())?;
    Ok(Exit::Success)
}

/// Says what was done to a file. Where that fails, the file is written all the same, so the failure
/// says not to run the command again.
fn tell(path: &Path, text: &str, context: &Context<'_>) -> Result<(), Failure> {
    if context.stdout.quiet {
        return Ok(());
    }
    print(text).map_err(|_| {
        Failure::incomplete(
            format!("{} is written, and standard output could not be told", path.display()),
            "Look at the file, and do not run this again.",
        )
    })
}

/// Refuses to go on where a workspace was not read to the end: whoever is not seen there might be
/// the one who is meant, or who needs an exemption.
fn demand_all(readings: &[Reading]) -> Result<(), Failure> {
    match unread_complaint(readings) {
        None => Ok(()),
        Some(complaint) => Err(Failure::incomplete(
            format!("{}; nothing was written", complaint.what),
            complaint.help,
        )),
    }
}

/// What an exemption selects a member by: the account id, else the uuid, each with an address
/// beside it if one is given, else the member's own address. `None` where there is none of these.
fn selector(member: &Member, beside: Option<Box<str>>) -> Option<Selector> {
    let account_id = member.account_id.clone().map(MemberId::AccountId);
    let id = account_id.or_else(|| member.uuid.clone().map(MemberId::Uuid));
    match id {
        Some(id) => Some(Selector::Id { id, email: beside }),
        None => member.email.clone().map(Selector::Email),
    }
}

/// The name of a member as a policy has it, for people: with nothing hidden in it, and not for ever.
fn name(member: &Member) -> Option<Box<str>> {
    let shown = shown_name([&member.display_name, &member.nickname])?;
    Some(visible(&shortened(shown)).into())
}
