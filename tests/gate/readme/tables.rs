//! Tables of the documentation that repeat what the program knows.

use std::collections::BTreeSet;
use std::fs;

use mfa_gate::emit::Format;
use mfa_gate::rule::Rule;
use serde_json::json;

use super::root;
use crate::support::{Sandbox, policy, rows};

/// A row for each rule, with a link to its section on the same page.
pub(super) fn rules() -> String {
    let rows = Rule::ALL.map(rule).concat();
    format!("| rule | default | |\n| --- | --- | --- |\n{rows}")
}

fn rule(rule: Rule) -> String {
    let id = rule.id();
    let level = if rule.allowed_levels().is_empty() {
        "error, always".to_owned()
    } else {
        format!("`{}`", rule.default_level().id())
    };
    let says = rule.description().split(". ").next().unwrap().trim_end_matches('.');
    format!("| [`{id}`](#{id}) | {level} | {says} |\n")
}

/// The first cells of the rows below a heading of a page, as many as asked for.
fn cells(page: &str, heading: &str, number: usize) -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join(page)).unwrap();
    let (_, table) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let plain = |cell: &str| cell.trim().trim_matches('`').to_owned();
    rows.map(|row| row.split('|').skip(1).take(number).map(plain).collect()).collect()
}

#[test]
fn the_table_of_reports_has_every_format() {
    let listed = cells("docs/reports.md", "| format | who reads it | where it shows |", 1).concat();
    assert_eq!(listed, Format::ALL.map(Format::id));
}

#[test]
fn the_table_of_exit_codes_is_what_happens() {
    let listed = cells("README.md", "| code | verdict | meaning | what to do |", 2);
    let warns = "rules: {two-factor-disabled: warn}\n";
    let happened = [
        run(policy("acme", ""), true, 2),
        run(policy("acme", warns), false, 2),
        run(policy("acme", ""), false, 2),
        run("version: 2\n".into(), true, 2),
        run(policy("acme", ""), true, 3),
    ];
    let set = |rows: &[Vec<String>]| rows.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(set(&listed), set(&happened));
    assert_eq!(listed.len(), happened.len());
}

/// Each table of keys says what the schema, and so the editor, says of them.
#[test]
fn the_tables_of_keys_say_what_the_schema_says() {
    let schema = mfa_gate::policy::schema().to_value();
    let page = fs::read_to_string(root().join("docs/policy.md")).unwrap();
    let properties = &schema["properties"];
    for (heading, object) in [
        ("## Keys", &schema),
        ("### `roster`", &properties["roster"]),
        ("### `limits`", &properties["limits"]),
        ("### `exemptions`", &properties["exemptions"]["items"]),
    ] {
        let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap();
        let rows = section.split("| --- | --- |\n").nth(1).unwrap();
        let rows: BTreeSet<&str> = rows.lines().take_while(|line| line.starts_with('|')).collect();
        let expected: BTreeSet<String> = object["properties"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| format!("| `{key}` | {} |", value["description"].as_str().unwrap()))
            .collect();
        assert_eq!(rows, expected.iter().map(String::as_str).collect(), "{heading}");
    }
}

/// Every whole policy in the documentation is valid.
#[test]
fn the_policies_in_the_documentation_are_valid() {
    let mut shown = 0;
    for file in super::pages::written_by_hand() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        for block in blocks.filter(|block| block.trim_start().starts_with("version: 1\n")) {
            shown += 1;
            mfa_gate::policy::parse("policy.yaml".into(), block.as_bytes())
                .unwrap_or_else(|failure| panic!("{file}: {failure}"));
        }
    }
    assert!(shown > 2, "the pages show {shown} policies");
}

/// Exit code and verdict of a check of two members by a policy. Where they are said to be more,
/// the list is incomplete.
fn run(policy: String, protected: bool, said_to_be: usize) -> Vec<String> {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy);
    let page = json!({"size": said_to_be, "values": rows(0..2, protected)});
    sandbox.write("members.json", page.to_string());
    let args = ["check", "--members", "members.json", "--report", "json=report.json"];
    let code = sandbox.run(&args).code.to_string();
    let written = sandbox.path("report.json").exists().then(|| sandbox.json("report.json"));
    let verdict = written.map_or("–".into(), |report| report["verdict"].as_str().unwrap().into());
    vec![code, verdict]
}
