//! The arguments of `audit`.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, civil::Date};

use super::value::{positive, reports};
use crate::emit::{ReportArg, audit};
use crate::policy::read_date;

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Reports that `check --report json=PATH` wrote, and folders of them. Folders are searched for
    /// *.json, with all below them.
    #[arg(value_name = "REPORT|FOLDER", required = true)]
    pub saved: Vec<PathBuf>,
    /// The first day of the period, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read_date)]
    pub from: Date,
    /// The last day of the period, UTC; it must be over.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = read_date)]
    pub to: Date,
    /// The longest that may pass without a look at a workspace.
    #[arg(long, value_name = "TIME", default_value = "26h", value_parser = positive)]
    pub max_gap: SignedDuration,
    /// The slug of a workspace; repeatable. Default: those of the policies that the reports were made
    /// with.
    #[arg(long, value_name = "SLUG")]
    pub workspace: Vec<String>,
    /// The SHA-256 of a policy that is allowed; repeatable.
    ///
    /// Or the one in MFA_GATE_POLICY_SHA256. Without either, any policy is allowed.
    #[arg(long, value_name = "HEX")]
    pub policy_sha256: Vec<String>,
    /// Write a report, such as html=a.html; repeatable.
    ///
    /// FORMAT is json, csv, markdown or html. Without PATH, or with `-` as PATH, it goes to standard
    /// output, which only one report can use.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        value_parser = reports::<audit::Format>(),
        hide_possible_values = true
    )]
    pub report: Vec<ReportArg<audit::Format>>,
}
