//! `mfa-gate policy list`: the exemptions of the policy on one day.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::cli::{ExemptionsFormat, PolicyList};
use crate::emit::summary::{count, number};
use crate::emit::wrap::{INDENT, row, wrap};
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::judge::standings;
use crate::policy::{Exemption, Policy};
use crate::report::{JudgedExemption, State};
use crate::run::deliver::prepare;
use crate::run::{Context, list_width, whole};

/// The longest id that the column of ids is made as wide as, in terminal cells.
const LONGEST_ID: usize = 20;

pub(super) fn run(args: &PolicyList, context: &Context<'_>) -> Result<Exit, Failure> {
    let path = context.policy_path(args.policy.policy.as_ref());
    let reports = prepare(&args.report, [&path], context)?;
    let document = super::load(&args.policy, context)?;
    let policy = &document.policy;
    let today = args.today.unwrap_or_else(|| context.today());
    let exemptions = standings(&policy.exemptions, &policy.limits, today);
    let width = list_width(&reports, context.stdout);
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

/// A row for each exemption, with the member and the reason below it.
fn table(policy: &Policy, exemptions: &[(&Exemption, State)], today: Date, width: usize) -> String {
    let ids = exemptions.iter().map(|(exemption, _)| terminal(&exemption.id).width());
    // A column is as wide as its widest cell, but for the last one and longer ids.
    let widths = [ids.max().unwrap_or(0).clamp(2, LONGEST_ID), 10, 10, 9, 0];
    let mut lines = Vec::new();
    if !exemptions.is_empty() {
        let headings = ["ID", "STATE", "EXPIRES", "DAYS LEFT", "PLACE"];
        lines.push(row(headings.map(Cow::from), &widths, width));
    }
    let path = terminal(&policy.path);
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for &(exemption, state) in exemptions {
        *states.entry(state.id()).or_default() += 1;
        let cells = [
            terminal(&exemption.id),
            state.id().into(),
            exemption.expires.to_string().into(),
            format!("{:>9}", days_left(exemption, today)).into(),
            format!("{path}:{}", exemption.location.line).into(),
        ];
        lines.push(row(cells, &widths, width));
        for below in [&*exemption.member(), &exemption.reason] {
            let below = wrap(&terminal(below), width, INDENT, INDENT);
            lines.push(format!("{:INDENT$}{below}", ""));
        }
    }
    let states: Vec<_> = states.iter().map(|(state, number)| format!("{number} {state}")).collect();
    let total = match &*states {
        [] => "no exemptions".to_owned(),
        [..] => format!("{}: {}", count(number(exemptions.len()), "exemption"), states.join(", ")),
    };
    lines.push(wrap(&format!("{path} on {today}: {total}"), width, 0, INDENT));
    lines.join("\n") + "\n"
}

fn days_left(exemption: &Exemption, today: Date) -> i64 {
    today.duration_until(exemption.expires).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse;

    /// Long ids and names, characters that take two cells, and some that combine.
    fn at(width: usize) -> String {
        let name = "N".repeat(100);
        let text = format!(
            "version: 1\nexemptions:\n\
             - {{id: EX-1, email: a@b.cc, expires: 2026-10-29, name: {name}, reason: R}}\n\
             - {{id: EX-2, email: b@b.cc, expires: 2026-09-10, name: \u{6728}\u{6751}, reason: \
             \u{6728}\u{6751} e\u{301} has lost the security key and waits for another one to come}}\n\
             - {{id: service-account-of-the-build, email: c@b.cc, expires: 2026-08-29, reason: R}}\n"
        );
        let policy = parse("infrastructure/policy.yaml".into(), text.as_bytes()).unwrap();
        let today = "2026-09-01".parse().unwrap();
        let exemptions = standings(&policy.exemptions, &policy.limits, today);
        table(&policy, &exemptions, today, width)
    }

    #[test]
    fn at_60_columns() {
        insta::assert_snapshot!(at(60), @r"
        ID                    STATE       EXPIRES     DAYS LEFT
            PLACE
        EX-1                  active      2026-10-29         58
            infrastructure/policy.yaml:3
            NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN,
            a@b.cc
            R
        EX-2                  expiring    2026-09-10          9
            infrastructure/policy.yaml:4
            木村, b@b.cc
            木村 é has lost the security key and waits for another
            one to come
        service-account-of-the-build  expired     2026-08-29
                   -3  infrastructure/policy.yaml:5
            c@b.cc
            R
        infrastructure/policy.yaml on 2026-09-01: 3 exemptions: 1
            active, 1 expired, 1 expiring
        ");
    }

    #[test]
    fn at_80_columns() {
        insta::assert_snapshot!(at(80), @r"
        ID                    STATE       EXPIRES     DAYS LEFT  PLACE
        EX-1                  active      2026-10-29         58
            infrastructure/policy.yaml:3
            NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN,
            a@b.cc
            R
        EX-2                  expiring    2026-09-10          9
            infrastructure/policy.yaml:4
            木村, b@b.cc
            木村 é has lost the security key and waits for another one to come
        service-account-of-the-build  expired     2026-08-29         -3
            infrastructure/policy.yaml:5
            c@b.cc
            R
        infrastructure/policy.yaml on 2026-09-01: 3 exemptions: 1 active, 1 expired, 1
            expiring
        ");
    }

    #[test]
    fn at_120_columns() {
        insta::assert_snapshot!(at(120), @r"
        ID                    STATE       EXPIRES     DAYS LEFT  PLACE
        EX-1                  active      2026-10-29         58  infrastructure/policy.yaml:3
            NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN, a@b.cc
            R
        EX-2                  expiring    2026-09-10          9  infrastructure/policy.yaml:4
            木村, b@b.cc
            木村 é has lost the security key and waits for another one to come
        service-account-of-the-build  expired     2026-08-29         -3  infrastructure/policy.yaml:5
            c@b.cc
            R
        infrastructure/policy.yaml on 2026-09-01: 3 exemptions: 1 active, 1 expired, 1 expiring
        ");
    }

    #[test]
    fn only_a_word_is_wider_than_the_terminal() {
        for width in 20..150 {
            for line in at(width).lines() {
                let words = line.split_whitespace().count();
                assert!(line.width() <= width || words == 1, "{width}: {line}");
            }
        }
    }
}
