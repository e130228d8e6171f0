//! `mfa-gate policy list`: the exemptions of the policy on one day.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::Date;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::cli::{ExemptionsFormat, PolicyList};
use crate::emit::ReportArg;
use crate::emit::summary::{count, number};
use crate::emit::wrap::wrap;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::judge::standings;
use crate::policy::{Exemption, Policy};
use crate::report::{JudgedExemption, State};
use crate::run::inputs::Inputs;
use crate::run::{Context, whole};

/// The indentation of the lines below the first one of an exemption.
const INDENT: &str = "    ";

pub(super) fn run(args: &PolicyList, context: &Context<'_>) -> Result<Exit, Failure> {
    let path = context.policy_path(args.policy.policy.as_ref());
    let usual = [ReportArg { format: ExemptionsFormat::Text, path: "-".into() }];
    let reports = if args.report.is_empty() { &usual } else { args.report.as_slice() };
    let reports = Inputs::new([&path], context).reports(reports)?;
    let (_, document) = super::open(&args.policy, false, context)?;
    let policy = &document.policy;
    let today = args.today.unwrap_or_else(|| context.today());
    let exemptions = standings(&policy.exemptions, &policy.limits, today);
    let width = context.stdout.width;
    let text = |format| match format {
        ExemptionsFormat::Text => Ok(table(policy, &exemptions, today, width)),
        ExemptionsFormat::Json => {
            serde_json::to_string_pretty(&List::new(policy, &exemptions, today))
                .map(|json| json + "\n")
        }
    };
    let written = reports.write(|format, out| Ok(out.write_all(text(format)?.as_bytes())?));
    whole(Exit::Success, &written.lost)
}

/// The exemptions as JSON.
#[derive(Serialize)]
struct List<'p> {
    policy: &'p str,
    policy_sha256: &'p str,
    today: Date,
    exemptions: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    exemption: JudgedExemption,
    /// From today to the last day; negative once that is over.
    days_left: i64,
}

impl<'p> List<'p> {
    fn new(policy: &'p Policy, exemptions: &[(&Exemption, State)], today: Date) -> Self {
        let listed = |&(exemption, state): &(&Exemption, State)| Listed {
            exemption: JudgedExemption::new(exemption, state),
            days_left: days_left(exemption, today),
        };
        List {
            policy: &policy.path,
            policy_sha256: &policy.sha256,
            today,
            exemptions: exemptions.iter().map(listed).collect(),
        }
    }
}

/// A line for each exemption, with the member and the reason below it.
fn table(policy: &Policy, exemptions: &[(&Exemption, State)], today: Date, width: usize) -> String {
    let ids = exemptions.iter().map(|(exemption, _)| terminal(&exemption.id).width());
    let column = ids.max().unwrap_or_default().clamp(2, 20);
    let mut text = String::new();
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    if !exemptions.is_empty() {
        text += &format!("{:column$}  STATE       EXPIRES     DAYS LEFT  PLACE\n", "ID");
    }
    for &(exemption, state) in exemptions {
        *states.entry(state.id()).or_default() += 1;
        let id = terminal(&exemption.id);
        let padding = column.saturating_sub(id.width());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{id}{:padding$}  {:10}  {}  {:>9}  {}:{}",
            "",
            state.id(),
            exemption.expires,
            days_left(exemption, today),
            terminal(&policy.path),
            exemption.location.line
        );
        for below in [exemption.member(), exemption.reason.to_string()] {
            let below = terminal(&below).into_owned();
            let _ = writeln!(text, "{INDENT}{}", wrap(&below, width, INDENT.len(), INDENT.len()));
        }
    }
    let states = states.iter().map(|(state, number)| format!("{number} {state}"));
    let states: Vec<String> = states.collect();
    let total = match &*states {
        [] => "no exemptions".to_owned(),
        [..] => format!("{}: {}", count(number(exemptions.len()), "exemption"), states.join(", ")),
    };
    text + &format!("{} on {today}: {total}\n", terminal(&policy.path))
}

fn days_left(exemption: &Exemption, today: Date) -> i64 {
    today.duration_until(exemption.expires).as_hours() / 24
}
