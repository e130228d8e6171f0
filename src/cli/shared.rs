//! Arguments that several commands take.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, civil::Date};

use super::value::{day, positive, reports};
use crate::emit::ReportArg;

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
    /// A file in place of Bitbucket, or `-` for standard input: the output of `mfa-gate members
    /// --format json`, saved pages of the API, or Bitbucket's own user export as CSV.
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

/// Where members and evidence come from.
#[derive(Clone, Debug, Args)]
pub struct SourceArgs {
    /// Which members.
    #[command(flatten)]
    pub members: MembersArgs,
    /// What an identity provider knows of them.
    #[command(flatten)]
    pub roster: RosterArgs,
    /// How to connect.
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

/// Which reports are written.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct ReportArgs {
    /// Write a report; repeatable. Without PATH, or with `-`, to standard output, for one of them.
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = reports())]
    pub report: Vec<ReportArg>,
    /// Write pseudonyms in place of people's names, ids and addresses, in every report and message.
    ///
    /// What people wrote freely (reasons, controls, tickets, owners, approvers) is withheld.
    /// MFA_GATE_REDACT_KEY is the key of the pseudonyms, at least 16 bytes: with the same key a
    /// person has the same pseudonym in every report. Without it each run has a random key.
    #[arg(long)]
    pub redact: bool,
    /// List exempt members in SARIF too, as suppressed results.
    #[arg(long)]
    pub sarif_suppressed: bool,
}
