//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, civil::Date};

use crate::emit::UnknownFormat;
use crate::output::ReportArg;

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

const EXIT_CODES: &str = "\
Exit codes:
  0  compliant; also where a two-factor rule only warns, or --exit-zero forgives violations
  1  violations
  2  the command line, the configuration or the policy is wrong; nothing was asked of any server
  3  the answer could not be found out, or a report could not be written";

const CREDENTIALS: &str = "\
Credentials, from the environment (NAME_FILE reads the value from a file):
  BITBUCKET_EMAIL, BITBUCKET_API_TOKEN
      an API token with the scope read:workspace:bitbucket
  BITBUCKET_ACCESS_TOKEN
      a workspace access token with the scope account
  BITBUCKET_CLIENT_ID, BITBUCKET_CLIENT_SECRET
      an OAuth consumer with the scope account
  MFA_GATE_AUTH=api-token|access-token|oauth
      which of them, where several are set
  ATLASSIAN_ORG_ID, ATLASSIAN_API_KEY
      an API key of the Atlassian organisation with the scope read:directories:admin,
      where a policy accepts `atlassian`; ATLASSIAN_API_URL [default: https://api.atlassian.com]";

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
        rule: Option<String>,
    },
}

/// Which policy.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Policy")]
pub struct PolicyArgs {
    /// The policy file [env: MFA_GATE_POLICY] [default: policy.yaml].
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The SHA-256 that the policy file must have [env: MFA_GATE_POLICY_SHA256].
    #[arg(long, value_name = "HEX")]
    pub policy_sha256: Option<String>,
}

/// Which members.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Members")]
pub struct MembersArgs {
    /// A workspace by its slug; repeatable. It narrows what a policy lists; where none is named,
    /// BITBUCKET_WORKSPACE counts.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    /// A file in place of Bitbucket: `mfa-gate members --format json`, saved pages of the API, or
    /// Bitbucket's own user export as CSV.
    #[arg(long, value_name = "FILE")]
    pub members: Option<PathBuf>,
}

/// What an identity provider knows of them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Members")]
pub struct RosterArgs {
    /// A CSV of an identity provider that says who has registered a second factor (`roster`) or
    /// signs in through it (`sso`).
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// The day on which the roster was exported.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub roster_as_of: Option<Date>,
}

/// How to connect.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectArgs {
    /// The base address of Bitbucket's API [env: BITBUCKET_API_URL].
    ///
    /// `https://api.bitbucket.org/2.0` without it. Plain http only to a loopback address.
    #[arg(long, value_name = "URL", verbatim_doc_comment)]
    pub api_url: Option<String>,
    /// How many requests may be under way at once.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 8,
        value_parser = clap::value_parser!(u8).range(1..=32)
    )]
    pub concurrency: u8,
    /// The longest one request may take.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = positive)]
    pub timeout: SignedDuration,
    /// The longest the whole run may take.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = positive)]
    pub deadline: SignedDuration,
    /// Certificates (PEM) to trust beside the system's own.
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
}

/// `mfa-gate check`
#[derive(Debug, Args)]
pub struct Check {
    /// Which policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Which members.
    #[command(flatten)]
    pub members: MembersArgs,
    /// What an identity provider knows of them.
    #[command(flatten)]
    pub roster: RosterArgs,
    /// Write a report; repeatable. `-` as PATH is standard output, for one of them.
    #[arg(
        long,
        value_name = "FORMAT=PATH",
        value_parser = report,
        help_heading = "Reports",
        long_help = "Write a report; repeatable. `-` as PATH is standard output, for one of them.\n\
                     Formats: json, junit, sarif, csv, markdown, github, in-toto."
    )]
    pub report: Vec<ReportArg>,
    /// List exempt members in SARIF too, as suppressed results.
    #[arg(long, help_heading = "Reports")]
    pub sarif_suppressed: bool,
    /// The commit that an in-toto statement is about: its repository and its hash, or another name
    /// and `sha256:HEX`. Without it, that of the CI system.
    #[arg(long, value_name = "NAME=DIGEST", help_heading = "Reports")]
    pub subject: Option<String>,
    /// Write a report and annotations to the commit that the pipeline runs for (Code Insights).
    #[arg(long, help_heading = "Publishing")]
    pub code_insights: bool,
    /// Name members in Code Insights; without it they are counted, since many can read a commit's
    /// page.
    #[arg(long, help_heading = "Publishing", requires = "code_insights")]
    pub insights_names: bool,
    /// Which runs a Slack channel is told of, where MFA_GATE_SLACK_WEBHOOK_URL names one
    /// [default: violations].
    #[arg(long, value_name = "violations|always", help_heading = "Publishing")]
    pub slack: Option<String>,
    /// Make errors of warnings.
    #[arg(long, help_heading = "Judgement")]
    pub strict: bool,
    /// Judge as if the policy had no exemptions.
    #[arg(long, help_heading = "Judgement")]
    pub ignore_exemptions: bool,
    /// End with 0 where it would be 1. The verdict stays `violations`.
    #[arg(long, help_heading = "Judgement")]
    pub exit_zero: bool,
    /// Judge exemptions by this day instead of today, UTC; the report is marked as simulated.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, help_heading = "Judgement")]
    pub today: Option<Date>,
    /// How to connect.
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// `mfa-gate members`
#[derive(Debug, Args)]
pub struct Members {
    /// Which members.
    #[command(flatten)]
    pub members: MembersArgs,
    /// What an identity provider knows of them.
    #[command(flatten)]
    pub roster: RosterArgs,
    /// The policy whose `roster` names the columns of --roster, where these are not the usual ones.
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
    /// How to connect.
    #[command(flatten)]
    pub connect: ConnectArgs,
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

/// `mfa-gate policy`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Read the policy and report everything that is wrong with it. Asks no server.
    Lint(PolicyArgs),
}

/// What there is a JSON Schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// The policy, for editors.
    Policy,
    /// The JSON report, for readers of the evidence.
    Report,
}

/// A length of time such as `30s`, `10m` or `26h`, longer than nothing.
fn positive(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<SignedDuration>() {
        Ok(duration) if duration.is_positive() => Ok(duration),
        Ok(_) => Err("it must be longer than nothing".into()),
        Err(_) => Err("write a number and a unit, such as 30s, 10m or 26h".into()),
    }
}

/// A day as policies write it. The library would take other forms too, and days with times.
fn day(text: &str) -> Result<Date, String> {
    let day: Option<Date> = text.parse().ok();
    day.filter(|day| day.to_string() == text)
        .ok_or_else(|| "write a day that there is, as YYYY-MM-DD".into())
}

/// What `--report` takes: `FORMAT=PATH`.
fn report(text: &str) -> Result<ReportArg, String> {
    let (format, path) = text
        .split_once('=')
        .ok_or_else(|| format!("write FORMAT=PATH, such as `{text}=-` for standard output"))?;
    if path.is_empty() {
        return Err("the path is missing after the `=`; `-` is standard output".into());
    }
    let format = format.parse().map_err(|unknown: UnknownFormat| unknown.to_string())?;
    Ok(ReportArg { format, path: path.into() })
}
