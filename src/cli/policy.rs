//! The arguments of `mfa-gate policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{ToSpan, civil::Date};

use super::value::{reports, within};
use super::{CREDENTIALS, ConnectArgs, MORE, MembersArgs, PolicyArgs, SourceArgs};
use crate::emit::ReportArg;
use crate::policy::{Category, read_date};
use crate::words::words;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Read the policy and report everything that is wrong with it. Asks no server.
    ///
    /// It warns of exemptions that are over a limit, expired, about to expire or not yet valid, of an
    /// `account_id` that does not look like one, and of settings that have no effect.
    Lint(PolicyLint),
    /// List the exemptions: for which members, why, their state and the days left.
    ///
    /// No server is asked, so it is not known which of them are needed: `policy prune --dry-run`
    /// shows that.
    List(PolicyList),
    /// Write a first policy, with a comment on every setting.
    ///
    /// An existing file is never changed. Without --exempt-current no server is asked.
    #[command(after_help = MORE, after_long_help = CREDENTIALS)]
    Init(Box<PolicyInit>),
    /// Add an exemption for a member, and leave every other byte of the policy as it is.
    ///
    /// The member is looked up by account id or uuid, by e-mail address, or by the whole nickname or
    /// display name; case matters only in ids. If several members match, you are asked which one is
    /// meant; without a terminal they are listed, and nothing is changed.
    #[command(after_help = MORE, after_long_help = CREDENTIALS)]
    Add(Box<PolicyAdd>),
    /// Give an exemption a later last day, and leave every other byte of the policy as it is.
    ///
    /// If it has a first day in the past, that becomes today: a renewal is a new period, and
    /// `limits.max_days` counts from it. No server is asked.
    Renew(PolicyRenew),
    /// Remove the exemptions that are unused, unneeded or expired, and leave every other byte of
    /// the policy as it is.
    ///
    /// Comments in an entry are removed with it: those on its lines, and those right below it that
    /// are indented as far as its keys. A comment above an entry, or after a blank line, stays.
    #[command(after_help = MORE, after_long_help = CREDENTIALS)]
    Prune(Box<PolicyPrune>),
}

#[derive(Debug, Args)]
pub(crate) struct PolicyLint {
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Judge exemptions by this day instead of today, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read_date, help_heading = "Verdict")]
    pub today: Option<Date>,
    /// Treat warnings as errors: exit 1 if there are any.
    #[arg(long, help_heading = "Verdict")]
    pub strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyList {
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Show the states of this day instead of today, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read_date, help_heading = "List")]
    pub today: Option<Date>,
    /// Write the list, such as json=exemptions.json; repeatable.
    ///
    /// FORMAT is text (a table) or json. Without PATH it goes to standard output, which only one
    /// report can use. Default: text.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        value_parser = reports::<ExemptionsFormat>(),
        default_value = "text",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "List"
    )]
    pub report: Vec<ReportArg<ExemptionsFormat>>,
}

words! {
    /// How exemptions are listed.
    pub(crate) enum ExemptionsFormat {
        /// A table for people.
        Text = "text",
        /// For programs.
        Json = "json",
    }
}

#[derive(Debug, Args)]
pub(crate) struct PolicyRenew {
    /// The id of the exemption.
    pub id: String,
    #[command(flatten)]
    pub until: UntilArgs,
    /// Who approved the renewal.
    #[arg(long, value_name = "WHO", help_heading = "Exemption")]
    pub approved_by: Option<String>,
    /// Where the renewal was discussed.
    #[arg(long, help_heading = "Exemption")]
    pub ticket: Option<String>,
    /// Why the exemption is still needed.
    #[arg(long, value_name = "TEXT", help_heading = "Exemption")]
    pub reason: Option<String>,
    /// Show the change as a unified diff, and write nothing.
    #[arg(long, help_heading = "Exemption")]
    pub dry_run: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// The last day of an exemption.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Exemption")]
#[group(required = true, multiple = false)]
pub(crate) struct UntilArgs {
    /// Its last day, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read_date)]
    expires: Option<Date>,
    /// Its last day, as a number of days from today.
    #[arg(long, value_name = "N", value_parser = within::<u16>(1..=366))]
    days: Option<u16>,
}

impl UntilArgs {
    /// The last day, for a command that runs on a day.
    pub(crate) fn last_day(&self, today: Date) -> Date {
        let days = i32::from(self.days.unwrap_or_default());
        self.expires.unwrap_or_else(|| today.saturating_add(days.days()))
    }
}

#[derive(Debug, Args)]
pub(crate) struct PolicyInit {
    /// The file to write [env: MFA_GATE_POLICY] [default: policy.yaml].
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub policy: Option<PathBuf>,
    /// Exempt every member who would fail today, so that the pipeline passes while they set up a
    /// second factor.
    #[arg(long, help_heading = "Input")]
    pub exempt_current: bool,
    /// Exempt owners of a workspace too, and members who may be owners since roles are not known.
    #[arg(long, requires = "exempt_current", help_heading = "Input")]
    pub exempt_owners: bool,
    /// For how many days they are exempt, from today.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        value_parser = within::<u16>(1..=366),
        requires = "exempt_current",
        help_heading = "Input"
    )]
    pub days: u16,
    #[command(flatten)]
    pub sources: SourceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyAdd {
    /// An account id, a uuid, an e-mail address, a nickname or a display name.
    pub who: String,
    #[command(flatten)]
    pub entry: EntryArgs,
    /// Show the change as a unified diff, and write nothing.
    #[arg(long, help_heading = "Exemption")]
    pub dry_run: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub members: MembersArgs,
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// What an exemption says, apart from the member.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Exemption")]
pub(crate) struct EntryArgs {
    /// Its id, unique in the policy, such as EX-7.
    #[arg(long)]
    pub id: String,
    /// Why the member is exempt.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub until: UntilArgs,
    /// Its first day, UTC. Default: today, if the policy requires one.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read_date)]
    pub starts: Option<Date>,
    /// The kind of exemption.
    #[arg(long, value_enum)]
    pub category: Option<Category>,
    /// What protects the account instead of a second factor; repeatable.
    #[arg(long, value_name = "TEXT")]
    pub compensating_control: Vec<String>,
    /// Who is responsible for it.
    #[arg(long)]
    pub owner: Option<String>,
    /// Who approved it.
    #[arg(long, value_name = "WHO")]
    pub approved_by: Option<String>,
    /// Where it was discussed.
    #[arg(long)]
    pub ticket: Option<String>,
    /// The member's e-mail address, for sources that do not know ids.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// A workspace where it applies; repeatable. Default: all workspaces of the policy.
    #[arg(long, value_name = "SLUG")]
    pub only: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyPrune {
    /// Show the change as a unified diff, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub sources: SourceArgs,
}
