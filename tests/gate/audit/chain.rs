//! The chain: a report that was removed, replaced or edited shows, as long as a later one is genuine.

use mfa_gate::report::PreviousReport;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{POLICY, Reports, at, members};
use crate::live;

/// Ten days, each report naming the one before it.
fn chained() -> Reports {
    let reports = Reports::new();
    let mut previous = None;
    for day in 1..=10 {
        let time = format!("{day:02} 02:00");
        let mut report = live::report(POLICY, at(&time), &[("acme", members(0..3, []))]);
        report.previous = previous;
        let text = super::json(&report);
        reports.write(&time, &text);
        let digest: String =
            Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        previous = Some(PreviousReport { sha256: digest.into(), checked_at: report.checked_at });
    }
    reports
}

#[test]
fn a_removed_report_shows() {
    let reports = chained();
    let whole = reports.audit(&[]);
    whole.ends(0, "covered");
    whole.says("9 of 10 reports name an earlier report that is here, 1 name none");
    reports.remove("05 02:00");
    let audited = reports.audit(&["--max-gap", "50h"]);
    // It is said, and changes no exit code.
    audited.ends(0, "covered");
    audited.says("note: the chain of reports breaks 1 time");
    audited.says("the report of 2025-09-06 02:00 UTC names one of 2025-09-05 02:00 UTC");
    audited.is("/chain/linked", 7);
    audited.is("/chain/breaks/0/checked_at", "2025-09-06T02:00:00Z");
}

#[test]
fn a_report_that_was_replaced_by_a_genuine_one_shows() {
    let reports = chained();
    reports.look("05 02:00", &[("acme", members(0..2, []))]);
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/chain/breaks/0/previous/checked_at", "2025-09-05T02:00:00Z");
}

#[test]
fn what_lies_before_the_period_is_no_break() {
    let reports = chained();
    for day in 1..=4 {
        reports.remove(&format!("{day:02} 02:00"));
    }
    let audited = reports.audit_of("05", "10", &[]);
    audited.is("/chain/from_before", 1);
    audited.is("/chain/breaks", json!([]));
}
