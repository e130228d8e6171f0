//! The arguments of `mfa-gate check`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::value::slack;
use super::{PolicyArgs, ReportArgs, SourceArgs};

use crate::policy::read_date;

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub sources: SourceArgs,
    #[command(flatten)]
    pub reports: ReportArgs,
    /// An earlier JSON report to compare with.
    ///
    /// The summaries say what is new and what is fixed since then. The JSON report records the
    /// SHA-256 of the earlier one, so that `audit` can tell if that is removed or edited later. The
    /// verdict stays the same, and a file that is missing is only a warning.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub previous: Option<PathBuf>,
    /// The commit that an in-toto statement is about.
    ///
    /// Its repository and its hash, or another name and `sha256:HEX`. Default: the commit that the
    /// CI system names.
    #[arg(long, value_name = "NAME=DIGEST", help_heading = "Reports", hide_short_help = true)]
    pub subject: Option<String>,
    /// Write a report to the commit that the pipeline runs for (Code Insights).
    ///
    /// With annotations. Members are counted, not named.
    #[arg(long, help_heading = "Publishing", hide_short_help = true)]
    pub code_insights: bool,
    /// Name members in Code Insights, which many people can read.
    #[arg(long, help_heading = "Publishing", requires = "code_insights", hide_short_help = true)]
    pub insights_names: bool,
    /// Which runs send a message to Slack [default: violations].
    ///
    /// It needs a webhook in MFA_GATE_SLACK_WEBHOOK_URL. `violations` includes incomplete runs.
    /// Members are counted, not named.
    #[arg(
        long,
        value_name = "WHEN",
        value_parser = slack(),
        help_heading = "Publishing",
        hide_short_help = true
    )]
    pub slack: Option<String>,
    /// Name members in the message to Slack, which everyone in the channel can read.
    #[arg(long, help_heading = "Publishing", hide_short_help = true)]
    pub slack_names: bool,
    /// Treat warnings as errors.
    #[arg(long, help_heading = "Verdict")]
    pub strict: bool,
    /// Exit 0 instead of 1 on violations.
    ///
    /// The verdict stays `violations`, and other exit codes stay as they are.
    #[arg(long, help_heading = "Verdict")]
    pub exit_zero: bool,
    /// Judge as if the policy had no exemptions.
    #[arg(long, help_heading = "Verdict", hide_short_help = true)]
    pub ignore_exemptions: bool,
    /// Judge exemptions as of this day (UTC) instead of today.
    ///
    /// The report is marked as simulated.
    #[arg(
        long,
        value_name = "YYYY-MM-DD",
        value_parser = read_date,
        help_heading = "Verdict",
        hide_short_help = true
    )]
    pub today: Option<Date>,
}
