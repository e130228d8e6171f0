//! `mfa-gate policy`: work on the policy itself.

mod add;
mod init;
mod lint;
mod list;
mod prune;
mod renew;
mod who;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::cli::{PolicyArgs, PolicyCommand};
use crate::escape::{terminal, visible};
use crate::failure::{Exit, Failure};
use crate::files::{check_replaceable, replace};
use crate::judge::is_too_long;
use crate::member::{LONGEST_NAME, Member, shown_name};
use crate::policy::{Document, EditError, Exemption, MemberId, Policy, Selector};
use crate::quote::shortened;
use crate::report::Finding;
use crate::rule::Rule;
use crate::run::{Context, print};

pub(super) fn run(command: &PolicyCommand, context: &Context<'_>) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Lint(args) => lint::run(args, context),
        PolicyCommand::List(args) => list::run(args, context),
        PolicyCommand::Init(args) => init::run(args, context),
        PolicyCommand::Add(args) => add::run(args, context),
        PolicyCommand::Renew(args) => renew::run(args, context),
        PolicyCommand::Prune(args) => prune::run(args, context),
    }
}

/// Reads the policy that is named.
fn load(args: &PolicyArgs, context: &Context<'_>) -> Result<Document, Failure> {
    let pin = context.policy_pin(args.policy_sha256.as_ref())?;
    Document::load(&context.policy_path(args.policy.as_ref()), pin.as_deref())
}

/// A policy that a command changes.
struct Edit<'a> {
    path: PathBuf,
    /// The policy as it was read.
    document: Document,
    dry_run: bool,
    context: &'a Context<'a>,
}

impl<'a> Edit<'a> {
    fn open(args: &PolicyArgs, dry_run: bool, context: &'a Context<'a>) -> Result<Self, Failure> {
        let path = context.policy_path(args.policy.as_ref());
        if !dry_run {
            check_replaceable(&path)?;
        }
        Ok(Edit { path, document: load(args, context)?, dry_run, context })
    }

    /// Writes the changed policy and says so; for a dry run, shows the difference and writes
    /// nothing.
    fn conclude(&self, changed: &Document, said: &str) -> Result<Exit, Failure> {
        if !self.dry_run {
            replace(&self.path, &self.document.text, &changed.text)?;
            let said = format!("{said}sha256: {}\n", changed.policy.sha256);
            return tell(&self.path, &said, self.context);
        }
        // Standard output is the difference and nothing else.
        if !self.context.stderr.quiet {
            let _ = io::stderr().write_all(said.as_bytes());
        }
        let lines = changed.diff.lines().map(|line| format!("{}\n", terminal(line)));
        print(&lines.collect::<String>())
    }

    /// Why the policy was not changed; `by_hand` says what to do instead.
    fn refused(&self, error: &EditError, by_hand: &str) -> Failure {
        let path = terminal(&self.document.policy.path);
        match error {
            EditError::Invalid(problems) => Failure::rendered(format!(
                "{problems}\n\nerror: {path} was not changed: the result would not be a valid \
                 policy; the lines above are lines of the result"
            )),
            EditError::Unusual => Failure::usage(
                format!(
                    "{path} was not changed: it is written in a form that this program cannot edit"
                ),
                by_hand,
            ),
        }
    }
}

/// Says what was done to a file. Where that fails, the file is written all the same, so the failure
/// says not to run the command again.
fn tell(path: &Path, text: &str, context: &Context<'_>) -> Result<Exit, Failure> {
    if context.stdout.quiet {
        return Ok(Exit::Success);
    }
    print(text).map_err(|_| {
        Failure::incomplete(
            format!("{} is written, but standard output is not", path.display()),
            "Look at the file. Do not run this command again.",
        )
    })
}

/// Refuses an exemption that would end in the past, or run too long to have any effect.
fn demand_length(policy: &Policy, exemption: &Exemption, today: Date) -> Result<(), Failure> {
    let expires = exemption.expires;
    let (what, help) = if expires < today {
        (format!("the last day {expires} is over: today is {today} (UTC)"), "Give a later date.")
    } else if is_too_long(exemption, &policy.limits, today) {
        let longest = match (policy.limits.max_days, exemption.starts) {
            (Some(max), Some(starts)) => {
                format!("`limits.max_days` allows {max} days from {starts}")
            }
            (Some(max), None) => format!("`limits.max_days` allows {max} days"),
            (None, _) => "without `limits.max_days` it may end at most 366 days from today".into(),
        };
        (format!("the last day {expires} is too late: {longest}"), "Give an earlier date.")
    } else {
        return Ok(());
    };
    Err(Failure::usage(what, help))
}

/// Refuses to go on where a workspace could not be checked: members who are not seen there might
/// need an exemption.
fn demand_judged(findings: &[Finding]) -> Result<(), Failure> {
    let unread = || findings.iter().filter(|finding| finding.rule == Rule::WorkspaceIncomplete);
    let Some(first) = unread().next() else { return Ok(()) };
    let said: Vec<&str> = unread().map(|finding| &*finding.message).collect();
    let what = format!("{}; nothing was written", said.join("; "));
    Err(Failure::incomplete(what, first.help.clone()))
}

/// What an exemption selects a member by: the account id, else the uuid, each with an address if one
/// is given, else the member's own address. `None` where there is none of these.
fn selector(member: &Member, email: Option<Box<str>>) -> Option<Selector> {
    let account_id = member.account_id.clone().map(MemberId::AccountId);
    let id = account_id.or_else(|| member.uuid.clone().map(MemberId::Uuid));
    match id {
        Some(id) => Some(Selector::Id { id, email }),
        None => member.email.clone().map(Selector::Email),
    }
}

/// The name of a member for a policy: without invisible characters, and shortened.
fn name(member: &Member) -> Option<Box<str>> {
    let shown = shown_name([&member.display_name, &member.nickname])?;
    Some(visible(&shortened(shown, LONGEST_NAME)).into())
}
