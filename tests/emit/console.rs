//! The summary on the console, as a person sees it at several widths.

use std::path::PathBuf;

use mfa_gate::emit::console::{self, Style};
use mfa_gate::member::Source;
use mfa_gate::report::{Finding, Report, Summary};
use unicode_width::UnicodeWidthStr;

use crate::fixture::{console, console_in, report};

/// 64 members whose second factor is off, two of them owners, and 3 whose status is unknown.
fn crowded() -> Report {
    let mut report = report();
    let [off, unknown] = [report.findings[1].clone(), report.findings[2].clone()];
    let named = |finding: &Finding, number: usize, who: &str, seen: &str| {
        let key = format!("557058:1f0c2b3d-0000-4000-8000-{number:012}");
        let message = format!("{who} ({key}) in acme: {seen}");
        Finding { message, key: Some(key.into()), ..finding.clone() }
    };
    let seen = "no second factor seen by: bitbucket";
    let names = ["A".repeat(100), "木村".repeat(12), "Zoe\u{308} O\u{301}".repeat(8), "Bo".into()];
    report.findings = (0..64)
        .map(|number| {
            let name = names.get(number % 8).map_or("Grace Hopper", String::as_str);
            let owner = if number < 2 { ", owner" } else { "" };
            named(&off, number, &format!("{name}{owner}"), seen)
        })
        .collect();
    let seen = "second factor unknown to: bitbucket; exemption EX-3 starts on 2026-11-01";
    report.findings.extend((64..67).map(|number| named(&unknown, number, "Ada", seen)));
    report.policy.effective.accept = vec![Source::Bitbucket];
    report.workspaces.truncate(1);
    report.changes = None;
    report.summary = Summary {
        members: 300,
        protected: 230,
        violations: 67,
        not_applicable: 3,
        errors: 67,
        protected_by: [(Source::Bitbucket, 230)].into(),
        ..Summary::default()
    };
    report
}

fn at(width: usize) -> String {
    let style = Style { width, ..Style::default() };
    let mut out = console_in(&crowded(), style).into_bytes();
    let files = ["out/report.json", "out/junit.xml", "a folder with a long name/report.html"];
    console::written(&files.map(PathBuf::from), &mut out, style).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn at_60_columns() {
    insta::assert_snapshot!(at(60));
}

#[test]
fn at_80_columns() {
    insta::assert_snapshot!(at(80));
}

#[test]
fn at_120_columns() {
    insta::assert_snapshot!(at(120));
}

#[test]
fn no_line_is_wider_than_the_terminal_but_for_one_word() {
    for width in 40..200 {
        for line in at(width).lines() {
            let words = line.split_whitespace().count();
            assert!(line.width() <= width || words == 1, "{width}: {line}");
        }
    }
}

#[test]
fn no_word_is_lost_at_any_width() {
    let words = |width| at(width).split_whitespace().map(String::from).collect::<Vec<_>>();
    for width in [1, 40, 79] {
        assert_eq!(words(width), words(10_000));
    }
}

#[test]
fn every_rule_lists_some_of_its_members_and_counts_the_rest() {
    let summary = console(&crowded());
    assert_eq!(summary.matches("(557058:").count(), 50);
    assert_eq!(summary.matches(": exemption EX-3 starts on").count(), 3);
    assert!(summary.contains("\n  and 17 more members; `--report csv=FILE` lists all\n"));
}

#[test]
fn a_member_is_named_with_its_workspace_where_there_are_several() {
    let mut report = report();
    assert!(console(&report).contains(" (557058:1f0c2b3d-0000-4000-8000-000000000002) in acme: "));
    report.workspaces.truncate(1);
    assert!(console(&report).contains(" (557058:1f0c2b3d-0000-4000-8000-000000000002): "));
    // What is not worded as expected is shown whole.
    report.findings[1].message = "something else".into();
    assert!(console(&report).contains("\n  something else\n"));
}
