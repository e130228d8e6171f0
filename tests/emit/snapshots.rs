//! One exact test a format.

use std::io;

use mfa_gate::emit::{self, Format, console::Style, list};
use mfa_gate::member::Source;
use mfa_gate::report::{Assurance, Report, Snapshot, Verdict};

use crate::fixture::{
    REPORT, compliant, console, console_in, report, snapshot, table, table_in, written,
};
use crate::in_toto::about_a_commit;

#[test]
fn json() {
    assert_eq!(written(Format::Json, &report()), REPORT);
}

#[test]
fn junit() {
    // The crate writes one line; a line an element is what a person can compare.
    let xml = written(Format::Junit, &report()).replace("><", ">\n<");
    insta::assert_snapshot!(xml);
}

#[test]
fn sarif() {
    insta::assert_snapshot!(written(Format::Sarif, &report()));
}

#[test]
fn csv() {
    insta::assert_snapshot!(written(Format::Csv, &report()));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(written(Format::Markdown, &report()));
}

#[test]
fn html() {
    let page = written(Format::Html, &report());
    // Style and script are read in their own files.
    let (_, body) = page.split_once("</style>\n").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn github() {
    insta::assert_snapshot!(written(Format::Github, &report()));
}

#[test]
fn console_with_everything() {
    insta::assert_snapshot!(console(&report()));
}

#[test]
fn console_when_all_is_well() {
    insta::assert_snapshot!(console(&compliant()));
}

#[test]
fn console_in_one_line() {
    let quiet = Style { color: false, quiet: true, ..Style::default() };
    assert_eq!(
        console_in(&compliant(), quiet),
        "compliant: 2 members of acme, 2 protected (1 Bitbucket, 1 Atlassian account)\n  \
         note: people with access to single repositories were not looked at\n"
    );
}

/// The first line of the summary.
fn headline(report: &Report) -> String {
    let quiet = console_in(report, Style { color: false, quiet: true, ..Style::default() });
    quiet.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_verdict_claims_no_more_than_was_seen() {
    let mut report = report();
    report.policy.effective.accept.truncate(1);
    assert_eq!(
        headline(&report),
        "violations: 2 of 7 members of acme have no second factor seen by bitbucket and no valid \
         exemption; 1 error about exemptions; acme-labs could not be checked: page 2 is missing"
    );
    report.findings.truncate(1);
    report.workspaces.truncate(1);
    report.summary.violations = 0;
    assert_eq!(headline(&report), "violations: 1 error about exemptions");
    report.verdict = Verdict::NotEnforced;
    report.summary.violations = 1;
    assert_eq!(
        headline(&report),
        "not enforced: 1 of 7 members of acme has no second factor seen by bitbucket and no valid \
         exemption; the policy only warns of that"
    );
    report.verdict = Verdict::Incomplete;
    assert_eq!(headline(&report), "incomplete: not everything could be found out");
    report.workspaces[0].complete = false;
    report.workspaces[0].error = Some("page 2 is missing".into());
    assert_eq!(headline(&report), "incomplete: acme could not be checked: page 2 is missing");
    report.workspaces = vec![report.workspaces[0].clone(); 2];
    assert_eq!(headline(&report), "incomplete: 2 of 2 workspaces could not be checked");
}

#[test]
fn many_failures_under_bitbucket_alone_get_a_hint() {
    let mut report = report();
    assert!(!console(&report).contains("hint:"));
    report.policy.effective.accept = vec![Source::Bitbucket];
    assert!(console(&report).contains("\n  hint: Bitbucket's flag is Bitbucket's own second step"));
    report.summary.violations = 1;
    assert!(!console(&report).contains("hint:"));
}

#[test]
fn what_weakens_a_verdict_is_said_in_every_format_for_people() {
    let mut report = compliant();
    report.assurance = Assurance::Simulated;
    report.options.strict = true;
    report.options.exit_zero = true;
    report.options.ignore_exemptions = true;
    for text in [
        console(&report),
        written(Format::Markdown, &report),
        written(Format::Html, &report),
        written(Format::Github, &report),
        written(Format::Junit, &report),
        written(Format::Sarif, &report),
    ] {
        for word in ["simulated", "--strict", "--exit-zero", "--ignore-exemptions"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn colour_is_the_only_difference_it_makes() {
    let colored = console_in(&report(), Style { color: true, quiet: false, ..Style::default() });
    assert!(colored.starts_with("\u{1b}[1m\u{1b}[31mviolations:"));
    let plain = colored.split('\u{1b}').map(|part| match part.split_once('m') {
        Some((code, rest)) if code.starts_with('[') => rest,
        _ => part,
    });
    assert_eq!(plain.collect::<String>(), console(&report()));
}

#[test]
fn table_of_members() {
    insta::assert_snapshot!(table(&snapshot(report()), false));
}

#[test]
fn table_of_members_with_evidence() {
    insta::assert_snapshot!(table(&snapshot(compliant()), true));
}

#[test]
fn table_of_members_on_a_narrow_terminal() {
    let style = list::Style { evidence: true, width: 80 };
    insta::assert_snapshot!(table_in(&snapshot(report()), style));
}

#[test]
fn csv_of_members() {
    let mut out = Vec::new();
    list::write(
        list::Format::Csv,
        &snapshot(compliant()),
        list::Style { evidence: false, width: 80 },
        &mut out,
    )
    .unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn json_of_members_is_read_back() {
    let snapshot = snapshot(report());
    let mut out = Vec::new();
    list::write(
        list::Format::Json,
        &snapshot,
        list::Style { evidence: false, width: 80 },
        &mut out,
    )
    .unwrap();
    assert_eq!(serde_json::from_slice::<Snapshot>(&out).unwrap(), snapshot);
}

/// A disk that is full.
struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_format_passes_on_once_why_it_cannot_be_written() {
    let report = about_a_commit(compliant());
    for format in Format::ALL {
        let error = emit::write(format, &report, emit::Options::default(), &mut Full).unwrap_err();
        assert_eq!(format!("{error:#}"), "no storage space", "{}", format.id());
    }
}

#[test]
fn a_csv_says_first_who_it_is_and_what_to_do_and_is_read_as_utf_8() {
    let csv = written(Format::Csv, &report());
    let rows =
        csv.strip_prefix("\u{feff}name,key,workspace,outcome,rule,until,exemption,").unwrap();
    for row in [
        "\nBen <script>,557058:1f0c2b3d-0000-4000-8000-000000000002,acme,violation,two-factor-disabled,,,",
        "\n木村,557058:1f0c2b3d-0000-4000-8000-000000000003,acme,violation,two-factor-unknown,,,",
        "\nBuild bot,557058:1f0c2b3d-0000-4000-8000-000000000004,acme,exempt,,2026-10-29,EX-7,",
    ] {
        assert!(rows.contains(row), "{row} is not in {rows}");
    }
}
