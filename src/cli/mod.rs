//! The command line.

mod audit;
mod check;
mod policy;
mod refusal;
mod shared;
mod value;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::SignedDuration;

pub(crate) use audit::Audit;
pub(crate) use check::Check;
pub(crate) use policy::{
    EntryArgs, ExemptionsFormat, PolicyAdd, PolicyCommand, PolicyInit, PolicyLint, PolicyList,
    PolicyPrune, PolicyRenew,
};
pub use refusal::refusal;
pub(crate) use shared::{ConnectArgs, MembersArgs, PolicyArgs, ReportArgs, RosterArgs, SourceArgs};
use value::{positive, reports};

use crate::emit::{ReportArg, list};
use crate::rule::Rule;

/// Fails a pipeline when members of a Bitbucket Cloud workspace have no MFA (2FA).
///
/// It reads a YAML policy of allowed exemptions, asks Bitbucket who has two-step verification or
/// another second factor, writes reports, and exits non-zero on violations.
#[derive(Debug, Parser)]
#[command(
    name = "mfa-gate",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
}

// A heading and lines of at most 71 signs, which fit a manual page on the narrowest terminal.
const EXIT_CODES: &str = "\
Exit codes:
  0  compliant; also if two-factor rules only warn, or with --exit-zero
  1  violations
  2  the command line, the configuration or the policy is wrong;
     no server was asked
  3  it could not be found out, or a report could not be written";

const MORE: &str = "`--help` shows all options, and the variables for credentials.";

const AUDIT_EXIT_CODES: &str = "\
Exit codes:
  0  covered: no gap, and every look was compliant
  1  violations: at some look a member was exposed or a rule of level
     deny was broken, whether there are gaps or not
  2  the command line is wrong, or no report was found
  3  gaps: a gap, a report that is not evidence, a policy that is not
     allowed, or a report that could not be written";

const CREDENTIALS: &str = "\
Credentials:
  Only from the environment. NAME_FILE is a file to read NAME from.
  BITBUCKET_EMAIL, BITBUCKET_API_TOKEN
      an API token with the scope read:workspace:bitbucket
  BITBUCKET_ACCESS_TOKEN
      a workspace access token with the scope account
  BITBUCKET_CLIENT_ID, BITBUCKET_CLIENT_SECRET
      an OAuth consumer with the scope account: a private consumer with
      a callback URL
  MFA_GATE_AUTH=api-token|access-token|oauth
      which of them to use if several are set
  ATLASSIAN_ORG_ID, ATLASSIAN_API_KEY
      an API key of the Atlassian organisation with the scope
      read:directories:admin, if the policy accepts `atlassian`
  ATLASSIAN_API_URL
      its base URL [default: https://api.atlassian.com]
  AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
      an app registration of Microsoft Entra, if the policy has
      `roster: {from: entra}`
  AZURE_FEDERATED_TOKEN_FILE
      a file with a token that it trusts, instead of the secret
  AZURE_AUTHORITY_HOST, MFA_GATE_GRAPH_URL
      the base URLs of logins and of Microsoft Graph (without /v1.0)
      [default: Microsoft's public cloud]";

/// How much is said, and in which colours.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Verbosity {
    /// Print more to standard error: -v the steps, -vv every request.
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet", hide_short_help = true)]
    pub verbose: u8,
    /// Print only the verdict and what weakens it, and warnings.
    #[arg(short, long, global = true, hide_short_help = true)]
    pub quiet: bool,
    /// Show no progress on standard error.
    #[arg(long, global = true, hide_short_help = true)]
    pub no_progress: bool,
    /// When to use colours; NO_COLOR turns them off too.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true
    )]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Only on a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the members of the workspaces against the policy.
    #[command(after_help = MORE, after_long_help = CREDENTIALS)]
    Check(Box<Check>),
    /// List who has a second factor; needs no policy.
    ///
    /// If there is a policy, its workspaces, `coverage` and `roster` are used.
    #[command(after_help = MORE, after_long_help = CREDENTIALS)]
    Members(Members),
    /// Check a saved JSON report again, without a token.
    Verify(Verify),
    /// Check whether members were protected throughout a period, from saved JSON reports.
    ///
    /// A look is one complete reading of a workspace by a live run.
    #[command(after_help = AUDIT_EXIT_CODES)]
    Audit(Audit),
    /// Write saved JSON reports in other formats; several become one.
    Render(Render),
    /// Show which credential is used, whose it is and what it can see.
    #[command(after_help = MORE, after_long_help = CREDENTIALS)]
    Doctor(Doctor),
    /// Run as a Bitbucket Pipe, with the variables that pipe.yml declares.
    Pipe,
    /// Check, write and change the policy.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a JSON Schema.
    Schema {
        /// The kind of file.
        kind: SchemaKind,
    },
    /// Explain a rule, or list all of them.
    Explain {
        /// The rule, for example two-factor-disabled.
        rule: Option<Rule>,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page (roff).
    Man,
    /// Print what the policy offers for a value, a word a line: for the completion scripts.
    #[command(hide = true)]
    Complete {
        /// What is asked for.
        listed: Listed,
        /// The command line so far.
        #[arg(last = true)]
        line: Vec<String>,
    },
}

/// What a policy lists that is a value on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// The slugs of its workspaces.
    Workspaces,
    /// The ids of its exemptions.
    Exemptions,
}

#[derive(Debug, Args)]
pub(crate) struct Members {
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub sources: SourceArgs,
    /// List only some of the members; repeatable.
    ///
    /// WHICH is unprotected (they can log in, and no source shows a second factor), unknown (no source
    /// knows whether they have one) or owners (of the workspace). Such a list cannot be written as
    /// JSON, which `--members` would read as the whole workspace.
    #[arg(long, value_name = "WHICH", help_heading = "Reports", hide_possible_values = true)]
    pub only: Vec<Only>,
    /// Show what each source says.
    #[arg(long, help_heading = "Reports")]
    pub evidence: bool,
    /// Write the list, such as csv=members.csv; repeatable.
    ///
    /// FORMAT is text (a table), json (what `--members` reads) or csv. Without PATH, or with `-` as
    /// PATH, it goes to standard output, which only one report can use. Default: text.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        value_parser = reports::<list::Format>(),
        default_value = "text",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Reports"
    )]
    pub report: Vec<ReportArg<list::Format>>,
}

/// Which members are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// They can log in, and no source shows a second factor.
    Unprotected,
    /// No source knows whether they have a second factor.
    Unknown,
    /// They own the workspace.
    Owners,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A report that `check --report json=PATH` wrote.
    pub report: PathBuf,
    /// The oldest that the report may be, for example 26h.
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub max_age: Option<SignedDuration>,
    /// A workspace that the report must be about; repeatable.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    /// The SHA-256 that the policy must have had.
    ///
    /// Or the one in MFA_GATE_POLICY_SHA256.
    #[arg(long, value_name = "HEX")]
    pub policy_sha256: Option<String>,
    /// Accept only a report of Bitbucket's own answers and of the real day.
    #[arg(long)]
    pub require_live: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    /// Reports that `check --report json=PATH` wrote, each of other workspaces.
    #[arg(value_name = "REPORT", required = true)]
    pub saved: Vec<PathBuf>,
    /// The SHA-256 that the policy must have had.
    ///
    /// Or the one in MFA_GATE_POLICY_SHA256.
    #[arg(long, value_name = "HEX")]
    pub policy_sha256: Option<String>,
    #[command(flatten)]
    pub reports: ReportArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The slug of a workspace; repeatable. Default: those of the policy.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// What there is a JSON Schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// The policy, for editors.
    Policy,
    /// The JSON report, for readers of the evidence.
    Report,
    /// The JSON form of an audit.
    Audit,
}
