//! The formats of an audit say the same, whatever the order of the files.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Reports, members};
use crate::support::run_in;

/// A period with a bit of everything.
fn eventful() -> Reports {
    let reports = Reports::daily([1, 2, 3, 4, 7, 8, 9, 10]);
    reports.look("03 02:00", &[("acme", members(0..2, [2]))]);
    reports.look("08 02:00", &[("acme", members(0..2, [2, 3]))]);
    reports.look("10 02:00", &[("acme", members(0..2, [2]))]);
    reports
}

#[test]
fn csv_and_json_say_the_same() {
    let reports = eventful();
    let audited = reports.audit(&["--report=csv=audit.csv"]);
    audited.ends(1, "violations");
    let text = reports.sandbox.read("audit.csv");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: BTreeMap<String, BTreeMap<String, String>> = reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| row.unwrap())
        .map(|row| (row["key"].clone(), row))
        .collect();
    let people = audited.json["people"].as_array().unwrap();
    assert_eq!(rows.len(), people.len());
    for person in people {
        let row = &rows[person["key"].as_str().unwrap()];
        for count in ["protected", "exempt", "unprotected", "unknown", "not_applicable"] {
            assert_eq!(row[count], person["looks"][count].to_string(), "{count}");
        }
        let exposures = person["exposures"].as_array().unwrap();
        assert_eq!(row["exposures"], exposures.len().to_string());
        let least: i64 = exposures.iter().map(|own| own["at_least_s"].as_i64().unwrap()).sum();
        let most: Option<i64> = exposures.iter().map(|own| own["at_most_s"].as_i64()).sum();
        let known = |number: String| if exposures.is_empty() { String::new() } else { number };
        assert_eq!(row["exposed_at_least_s"], known(least.to_string()));
        assert_eq!(
            row["exposed_at_most_s"],
            known(most.map(|most| most.to_string()).unwrap_or_default())
        );
        let last = |list: &Value, field: &str| {
            list.as_array()
                .unwrap()
                .last()
                .map_or(String::new(), |own| own[field].as_str().unwrap().into())
        };
        assert_eq!(row["last_seen"], last(&person["stays"], "last"));
        assert_eq!(row["exposed_last"], last(&person["exposures"], "last_seen"));
    }
}

#[test]
fn the_order_of_the_files_changes_no_byte() {
    let reports = eventful();
    let formats = ["json", "csv", "markdown", "html"];
    let written = |args: &[&str]| -> Vec<String> {
        let out: Vec<String> =
            formats.iter().map(|format| format!("--report={format}=out.{format}")).collect();
        let out: Vec<&str> = out.iter().map(String::as_str).collect();
        let period = ["--from=2025-09-01", "--to=2025-09-10"];
        let outcome = reports.sandbox.run(&[&["audit"], args, &period, &out].concat());
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let files = formats.iter().map(|format| reports.sandbox.read(&format!("out.{format}")));
        files.chain([outcome.stdout]).collect()
    };
    let first = written(&["reports"]);
    let mut names: Vec<String> = std::fs::read_dir(reports.sandbox.path("reports"))
        .unwrap()
        .map(|entry| format!("reports/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    names.sort();
    names.reverse();
    assert_eq!(written(&names.iter().map(String::as_str).collect::<Vec<_>>()), first);
    // Names that sort otherwise than times do.
    for (number, name) in names.iter().enumerate() {
        let to = reports.sandbox.path(&format!("reports/{}.json", (number * 7) % 13));
        std::fs::rename(reports.sandbox.path(name), to).unwrap();
    }
    assert_eq!(written(&["reports"]), first);
}

#[test]
fn json_is_what_its_schema_says() {
    let reports = eventful();
    let schema = run_in(&reports.sandbox.path("."), &["schema", "audit"], &[]).stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let audit = reports.audit(&["--workspace=acme", "--policy-sha256", &"0".repeat(64)]).json;
    let errors: Vec<String> =
        validator.iter_errors(&audit).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_report_on_standard_output_stands_alone_there() {
    let reports = eventful();
    let args = ["audit", "reports", "--from=2025-09-01", "--to=2025-09-10", "--report=json"];
    let outcome = reports.sandbox.run(&args);
    let audit: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(audit["verdict"], "violations");
    assert!(outcome.stderr.starts_with("violations: "), "{}", outcome.stderr);
    let quiet = reports.sandbox.run(&[&args[..4], &["-q"]].concat());
    assert_eq!(quiet.stdout.lines().count(), 2, "{}", quiet.stdout);
}

#[test]
fn what_people_call_themselves_stays_text() {
    let reports = Reports::daily(1..=10);
    let mut hostile = crate::live::member(5, mfa_gate::member::TwoFactor::Disabled);
    hostile.display_name = Some("=1+1|<script>alert(1)</script>\u{1b}[31m[x](y)\u{202e}".into());
    reports.look("05 02:00", &[("acme", Ok(vec![hostile]))]);
    let out = ["--report=csv=a.csv", "--report=markdown=a.md", "--report=html=a.html"];
    let audited = reports.audit(&out);
    audited.ends(1, "violations");
    assert!(
        !audited.outcome.stdout.contains('\u{1b}') && !audited.outcome.stdout.contains('\u{202e}')
    );
    assert!(!reports.sandbox.read("a.html").contains("<script>alert"));
    assert!(!reports.sandbox.read("a.md").contains("<script>"));
    assert!(reports.sandbox.read("a.csv").contains("'=1+1"));
}

#[test]
fn the_page_is_well_formed_and_allows_only_its_own_style_and_script() {
    let reports = eventful();
    reports.audit(&["--report=html=audit.html"]).ends(1, "violations");
    let html = reports.sandbox.read("audit.html");
    let mut page = html.strip_prefix("<!DOCTYPE html>\n").unwrap().to_owned();
    let policy = page.split("content=\"default-src").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap().replace("&#39;", "'");
    for (tag, number) in [("style", 2), ("script", 1)] {
        for _ in 0..number {
            let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
            let (before, rest) = page.split_once(&open).unwrap();
            let (inside, after) = rest.split_once(&close).unwrap();
            let digest = STANDARD.encode(Sha256::digest(inside));
            assert!(policy.contains(&format!("'sha256-{digest}'")), "{tag} is not in {policy}");
            page = format!("{before}{after}");
        }
        assert!(!page.contains(&format!("<{tag}")), "another {tag}");
    }
    assert!(!page.contains("://"), "{page}");
    let mut reader = Reader::from_str(&page);
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(element) | Event::Empty(element) = &event {
            for attribute in element.attributes() {
                let attribute = attribute.unwrap();
                let name = attribute.key.as_ref();
                assert!(*name != *"style" && !name.starts_with("on"), "{name}");
            }
        }
        if event == Event::Eof {
            break;
        }
    }
}
