//! Arguments that several commands take.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, civil::Date};

use super::value::{positive, reports, within};
use crate::emit::{Format, ReportArg};
use crate::policy::read_date;

/// Which policy.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct PolicyArgs {
    /// The policy file [default: policy.yaml].
    ///
    /// Or the file that MFA_GATE_POLICY names.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The SHA-256 that the policy file must have.
    ///
    /// Or the one in MFA_GATE_POLICY_SHA256.
    #[arg(long, value_name = "HEX", hide_short_help = true)]
    pub policy_sha256: Option<String>,
}

/// Which members.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct MembersArgs {
    /// The slug of a workspace; repeatable.
    ///
    /// Default: those that the policy lists; without a policy, or if it lists none,
    /// BITBUCKET_WORKSPACE. If the policy lists workspaces, `check` takes no others.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    /// Read members from a file instead of Bitbucket.
    ///
    /// The file, or standard input for `-`, is the output of `mfa-gate members --report json`, saved
    /// pages of the API, or Bitbucket's own user export (CSV).
    #[arg(long, value_name = "FILE")]
    pub members: Option<PathBuf>,
}

/// What an identity provider knows of them.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct RosterArgs {
    /// An identity provider's export (CSV) of who has MFA.
    ///
    /// It counts if the policy accepts `roster` (who has registered a second factor) or `sso` (who
    /// signs in through the provider).
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// The day of that export, as YYYY-MM-DD.
    #[arg(long, value_name = "DATE", value_parser = read_date)]
    pub roster_as_of: Option<Date>,
}

/// Where members and evidence come from.
#[derive(Clone, Debug, Args)]
pub(crate) struct SourceArgs {
    #[command(flatten)]
    pub members: MembersArgs,
    #[command(flatten)]
    pub roster: RosterArgs,
    #[command(flatten)]
    pub connect: ConnectArgs,
}

impl SourceArgs {
    /// The files that are read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.members.members, &self.roster.roster, &self.connect.ca_cert].into_iter().flatten()
    }
}

/// How to connect.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectArgs {
    /// The base URL of Bitbucket's API [env: BITBUCKET_API_URL].
    ///
    /// Default: `https://api.bitbucket.org/2.0`. Plain http only to a loopback address.
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub api_url: Option<String>,
    /// How many requests may run at once.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 8,
        value_parser = within::<u8>(1..=32),
        hide_short_help = true
    )]
    pub concurrency: u8,
    /// The longest that one request may take.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "30s",
        value_parser = positive,
        hide_short_help = true
    )]
    pub timeout: SignedDuration,
    /// The longest that the whole run may take.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10m",
        value_parser = positive,
        hide_short_help = true
    )]
    pub deadline: SignedDuration,
    /// Certificates (PEM) to trust in addition to the system's.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub ca_cert: Option<PathBuf>,
}

/// Which reports are written.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArgs {
    /// Write a report, such as html=a.html; repeatable.
    ///
    /// FORMAT is json, junit, sarif, csv, markdown, html, github or in-toto. Without PATH, or with
    /// `-` as PATH, it goes to standard output, which only one report can use.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        value_parser = reports::<Format>(),
        hide_possible_values = true
    )]
    pub report: Vec<ReportArg>,
    /// Replace people by pseudonyms.
    ///
    /// Names, ids and addresses are replaced in every report and message. What people wrote freely
    /// (reasons, controls, tickets, owners, approvers) is withheld. MFA_GATE_REDACT_KEY is the key
    /// of the pseudonyms, at least 16 bytes: with the same key a person has the same pseudonym in
    /// every report. Without it each run has a random key.
    #[arg(long)]
    pub redact: bool,
    /// List exempt members in SARIF too, as suppressed results.
    #[arg(long, hide_short_help = true)]
    pub sarif_suppressed: bool,
}
