//! The command line.

mod audit;
mod check;
mod policy;
mod shared;
mod value;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::SignedDuration;

pub use audit::Audit;
pub use check::Check;
pub use policy::{
    EntryArgs, PolicyAdd, PolicyCommand, PolicyInit, PolicyLint, PolicyList, PolicyPrune,
    PolicyRenew, UntilArgs,
};
pub use shared::{ConnectArgs, MembersArgs, PolicyArgs, ReportArgs, RosterArgs, SourceArgs};
use value::positive;

use crate::rule::Rule;

/// Fails a pipeline when members of a Bitbucket workspace have no second factor.
///
/// It reads a YAML policy of allowed exemptions, asks Bitbucket who has a second factor, writes
/// reports and ends with an exit code.
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
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What is said on the way.
    #[command(flatten)]
    pub verbosity: Verbosity,
}

// A heading and lines of at most 71 signs, which fit a manual page on the narrowest terminal.
const EXIT_CODES: &str = "\
Exit codes:
  0  compliant; also where a two-factor rule only warns, or --exit-zero
     forgives violations
  1  violations
  2  the command line, the configuration or the policy is wrong;
     nothing was asked of any server
  3  the answer could not be found out, or a report not be written";

const AUDIT_EXIT_CODES: &str = "\
Exit codes:
  0  covered: no gap, and every look was compliant
  1  violations: at some look a member was exposed or a rule of level
     deny was broken, whether there are gaps or not
  2  the command line is wrong, or there is no report at all
  3  gaps: a gap, a report that is no evidence, or a policy that is not
     allowed; or a report could not be written";

const CREDENTIALS: &str = "\
Credentials:
  From the environment; NAME_FILE names a file to read NAME from.
  BITBUCKET_EMAIL, BITBUCKET_API_TOKEN
      an API token with the scope read:workspace:bitbucket
  BITBUCKET_ACCESS_TOKEN
      a workspace access token with the scope account
  BITBUCKET_CLIENT_ID, BITBUCKET_CLIENT_SECRET
      an OAuth consumer with the scope account: a private consumer with
      a callback URL
  MFA_GATE_AUTH=api-token|access-token|oauth
      which of them, where several are set
  ATLASSIAN_ORG_ID, ATLASSIAN_API_KEY
      an API key of the Atlassian organisation with the scope
      read:directories:admin, where a policy accepts `atlassian`
  ATLASSIAN_API_URL
      where that is asked [default: https://api.atlassian.com]";

/// How much is said, and in which colours.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Verbosity {
    /// Say more on standard error: -v the steps, -vv every request.
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say no more than the verdict and what weakens it.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show no progress on standard error.
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// When to use colours; NO_COLOR switches them off too.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge the members of the workspaces by the policy.
    #[command(after_help = CREDENTIALS)]
    Check(Box<Check>),
    /// List who has a second factor; needs no policy.
    #[command(after_help = CREDENTIALS)]
    Members(Members),
    /// Judge a saved JSON report again, without a token.
    Verify(Verify),
    /// Say whether members were protected through a period, from the JSON reports of its runs.
    #[command(after_help = AUDIT_EXIT_CODES)]
    Audit(Audit),
    /// Write saved JSON reports in other formats, several of them as one.
    Render(Render),
    /// Say which credential is used, whose it is and what it can see.
    #[command(after_help = CREDENTIALS)]
    Doctor(Doctor),
    /// Run as a Bitbucket Pipe: everything comes from the variables that pipe.yml declares.
    Pipe,
    /// Work on the policy.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a JSON Schema.
    Schema {
        /// Of which kind of file.
        kind: SchemaKind,
    },
    /// Explain a rule, or list all of them.
    Explain {
        /// The rule, such as two-factor-disabled.
        rule: Option<Rule>,
    },
    /// Print a script that completes commands and options in a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, in roff.
    Man,
}

/// `mfa-gate members`
#[derive(Debug, Args)]
pub struct Members {
    /// Where members and evidence come from.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// The policy whose workspaces are listed, and whose `roster` names the columns of --roster, where
    /// these are not the usual ones.
    #[arg(long, value_name = "FILE", help_heading = "Members")]
    pub policy: Option<PathBuf>,
    /// How to list them.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ListFormat,
    /// Where to write the list; standard output if missing.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Show what each source says.
    #[arg(long)]
    pub evidence: bool,
}

/// How members are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table for people.
    Text,
    /// What `--members` reads.
    Json,
    /// A row a member.
    Csv,
}

/// `mfa-gate verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// A report that `check --report json=PATH` wrote.
    pub report: PathBuf,
    /// The oldest that the report may be, such as 26h.
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub max_age: Option<SignedDuration>,
    /// A workspace that the report must be about; repeatable.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    /// The SHA-256 of the policy that must have been applied [env: MFA_GATE_POLICY_SHA256].
    #[arg(long, value_name = "HEX")]
    pub policy_sha256: Option<String>,
    /// Accept only a report on Bitbucket's own answers and the real day.
    #[arg(long)]
    pub require_live: bool,
}

/// `mfa-gate render`
#[derive(Debug, Args)]
pub struct Render {
    /// Reports that `check --report json=PATH` wrote, each on workspaces of its own.
    #[arg(value_name = "REPORT", required = true)]
    pub saved: Vec<PathBuf>,
    /// The SHA-256 of the policy that must have been applied [env: MFA_GATE_POLICY_SHA256].
    #[arg(long, value_name = "HEX")]
    pub policy_sha256: Option<String>,
    /// What is written.
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// `mfa-gate doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// A workspace by its slug; repeatable. Without it, those of the policy.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    /// Which policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// How to connect.
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// What there is a JSON Schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// The policy, for editors.
    Policy,
    /// The JSON report, for readers of the evidence.
    Report,
    /// The JSON form of an audit.
    Audit,
}
