//! The arguments of `mfa-gate policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::value::day;
use super::{CREDENTIALS, ConnectArgs, MembersArgs, PolicyArgs, SourceArgs};
use crate::policy::Category;

/// `mfa-gate policy`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Read the policy and report everything that is wrong with it. Asks no server.
    ///
    /// Exemptions that are over a limit, expired, about to expire or not yet valid are warnings, and
    /// so is an `account_id` that does not look like one.
    Lint(PolicyLint),
    /// Write a first policy, with a comment on everything that it says.
    ///
    /// A file that is there already is left alone. Without --exempt-current no server is asked.
    #[command(after_help = CREDENTIALS)]
    Init(Box<PolicyInit>),
    /// Add an exemption for a member, and leave every other byte of the policy as it is.
    ///
    /// The member is looked up by account id or uuid; else by e-mail address; else by nickname or
    /// display name, which have to be whole, in upper or lower case. Where several fit, you are
    /// asked which one is meant; where nobody can be asked, they are listed and nothing is changed.
    #[command(after_help = CREDENTIALS)]
    Add(Box<PolicyAdd>),
    /// Remove the exemptions that are unused, unneeded or expired, and leave every other byte of
    /// the policy as it is.
    ///
    /// The comments in an entry go with it: those beside its values, and those right below it that
    /// are indented as its keys are, or deeper. A comment above it, or after a blank line, stays.
    #[command(after_help = CREDENTIALS)]
    Prune(Box<PolicyPrune>),
}

/// `mfa-gate policy lint`
#[derive(Debug, Args)]
pub struct PolicyLint {
    /// Which policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Judge exemptions by this day instead of today, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, help_heading = "Judgement")]
    pub today: Option<Date>,
    /// Treat warnings as errors: exit 1 if there are any.
    #[arg(long, help_heading = "Judgement")]
    pub strict: bool,
}

/// `mfa-gate policy init`
#[derive(Debug, Args)]
pub struct PolicyInit {
    /// The file to write [env: MFA_GATE_POLICY] [default: policy.yaml].
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub policy: Option<PathBuf>,
    /// Exempt everybody who would fail today, so that the gate can be switched on and the list be
    /// worked off.
    #[arg(long, help_heading = "Policy")]
    pub exempt_current: bool,
    /// How long they are exempt, from today on.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        value_parser = clap::value_parser!(u16).range(1..=366),
        requires = "exempt_current",
        help_heading = "Policy"
    )]
    pub days: u16,
    /// Where members and evidence come from.
    #[command(flatten)]
    pub sources: SourceArgs,
}

/// `mfa-gate policy add`
#[derive(Debug, Args)]
pub struct PolicyAdd {
    /// An account id, a uuid, an e-mail address, a nickname or a display name.
    pub who: String,
    /// What the exemption does and until when.
    #[command(flatten)]
    pub entry: EntryArgs,
    /// Which policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Which members.
    #[command(flatten)]
    pub members: MembersArgs,
    /// How to connect.
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// What an entry of `exemptions` says beside whom it is about.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Exemption")]
pub struct EntryArgs {
    /// Its id, unique in the policy, such as EX-7.
    #[arg(long)]
    pub id: String,
    /// Why there is one.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Its last day, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub expires: Date,
    /// Its first day; where the policy asks for one, today without this option.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub starts: Option<Date>,
    /// What sort it is.
    #[arg(long, value_enum)]
    pub category: Option<Category>,
    /// What stands in for the second factor; repeatable.
    #[arg(long, value_name = "TEXT")]
    pub compensating_control: Vec<String>,
    /// Who answers for it.
    #[arg(long)]
    pub owner: Option<String>,
    /// Who approved it.
    #[arg(long, value_name = "WHO")]
    pub approved_by: Option<String>,
    /// Where it was discussed.
    #[arg(long)]
    pub ticket: Option<String>,
    /// The member's e-mail address, beside the id, for sources that know no ids.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// A workspace that it applies to; repeatable. Without it, all of the policy's.
    #[arg(long, value_name = "SLUG")]
    pub only: Vec<String>,
}

/// `mfa-gate policy prune`
#[derive(Debug, Args)]
pub struct PolicyPrune {
    /// Show what would be removed, as a unified diff, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Which policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Where members and evidence come from.
    #[command(flatten)]
    pub sources: SourceArgs,
}
