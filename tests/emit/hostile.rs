//! Names that attack whoever reads a report, in every format.

use mfa_gate::emit::{Format, list};
use mfa_gate::escape::is_hidden;
use mfa_gate::report::Report;
use proptest::prelude::*;

use crate::escaping::text;
use crate::fixture::{console, named, snapshot, table, written};
use crate::in_toto::about_a_commit;
use crate::schemas::cases;

pub(crate) const NAMES: [&str; 20] = [
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://x.example\")",
    "@SUM(1)",
    "\t=1+1",
    "a;=1+1",
    "::error file=x::y",
    "  ::set-output name=x::y",
    "##[error]x",
    "##vso[task.complete result=Succeeded]",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{9b}31m",
    "]]><x/>",
    "\u{fffe}\u{ffff}",
    "\0",
    "\u{202e}gpj.exe\u{2066}",
    "[x](javascript:alert(1))",
    "| a | b |",
    "a\r\nb\r::error::c\n## d",
    "{0} {1} \\[",
    "\u{e0041}\u{feff}\u{2028}::error::x",
];

/// What a runner does with a log: each line trimmed at its start, `::` obeyed there, `##[` and
/// `##vso[` anywhere.
fn foreign_commands(log: &str, own: &[&str]) -> Vec<String> {
    let is_foreign = |line: &&str| {
        let line = line.trim_start();
        let is_command = line.starts_with("::") && !own.iter().any(|own| line.starts_with(own));
        is_command || line.contains("##[") || line.contains("##vso[")
    };
    log.split(['\r', '\n']).filter(is_foreign).map(str::to_owned).collect()
}

/// Holds for every format of a report, whatever its names are.
fn assert_harmless(report: &Report) {
    let own =
        ["::error file=policies/two", "::warning file=policies/two", "::notice title=mfa-gate::"];
    let snapshot = snapshot(report.clone());
    let mut members = Vec::new();
    list::write(
        list::Format::Json,
        &snapshot,
        list::Style { evidence: false, width: 80 },
        &mut members,
    )
    .unwrap();
    let mut texts =
        vec![console(report), table(&snapshot, true), String::from_utf8(members).unwrap()];
    let attested = about_a_commit(report.clone());
    texts.extend(Format::ALL.map(|format| written(format, &attested)));
    for text in texts {
        assert_eq!(foreign_commands(&text, &own), Vec::<String>::new());
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let shown = text.replace('\n', "");
        assert!(!shown.contains(is_hidden), "{shown:?}");
    }

    let lines = |text: String| text.lines().count();
    assert_eq!(lines(written(Format::Github, report)), report.findings.len() + 1);
    assert_eq!(lines(written(Format::Csv, report)), report.members.len() + 1);

    let json: Report = serde_json::from_str(&written(Format::Json, report)).unwrap();
    assert_eq!(json, *report);

    let csv = written(Format::Csv, report);
    for record in csv::Reader::from_reader(csv.as_bytes()).records() {
        for cell in &record.unwrap() {
            let start = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
            assert!(!start.starts_with(['=', '+', '-', '@']), "{cell:?}");
        }
    }

    let cases = cases(&written(Format::Junit, report));
    assert_eq!(cases["acme"].len(), report.members.len());
    assert_eq!(cases["policy exemptions"].len(), report.exemptions.len());
    for judged in &report.members {
        let whole = cases["acme"].iter().any(|case| case.0.contains(judged.member.key()));
        assert!(whole, "{}", judged.member.key());
    }

    let sarif: serde_json::Value = serde_json::from_str(&written(Format::Sarif, report)).unwrap();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let text = result["message"]["text"].as_str().unwrap();
        let bare = text.replace(r"\\", "").replace(r"\[", "").replace(r"\]", "");
        assert!(!bare.contains(['[', ']']), "{text:?}");
        assert!(!text.replace("{{", "").replace("}}", "").contains(['{', '}']), "{text:?}");
    }

    let page = written(Format::Markdown, report);
    for row in page.lines().filter(|line| line.starts_with("| error |")) {
        assert_eq!(row.matches(" | ").count(), 3, "{row:?}");
        assert!(!row.contains(['<', '>']) && !row.contains("://"), "{row:?}");
    }
}

#[test]
fn known_attacks_are_harmless() {
    for name in NAMES {
        assert_harmless(&named(name));
    }
}

#[test]
fn markup_in_a_name_is_read_back_from_xml_as_text() {
    let name = "<b a=\"1\">&amp;'";
    let cases = cases(&written(Format::Junit, &named(name)));
    let is_whole = |case: &str| case.strip_prefix("Owner ").unwrap_or(case).starts_with(name);
    assert!(cases["acme"].iter().all(|case| is_whole(&case.0)), "{cases:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_is_harmless(name in text()) {
        assert_harmless(&named(&name));
    }
}
