//! The arguments of `mfa-gate check`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::value::{day, slack};
use super::{PolicyArgs, ReportArgs, SourceArgs};

/// `mfa-gate check`
#[derive(Debug, Args)]
pub struct Check {
    /// Which policy.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Where members and evidence come from.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// What is written.
    #[command(flatten)]
    pub reports: ReportArgs,
    /// An earlier run's JSON report: the summaries say what is new since then and what is fixed,
    /// and the JSON report records its SHA-256, so that `audit` can tell if it is removed or edited
    /// later. It changes no verdict.
    #[arg(long, value_name = "REPORT.json", help_heading = "Reports")]
    pub previous: Option<PathBuf>,
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
    #[arg(long, value_name = "WHEN", value_parser = slack(), help_heading = "Publishing")]
    pub slack: Option<String>,
    /// Name members in the message to Slack; without it they are counted, since many can read a
    /// channel.
    #[arg(long, help_heading = "Publishing")]
    pub slack_names: bool,
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
}
