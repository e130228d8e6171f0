//! The README's tables that repeat what the program knows.

use std::collections::BTreeSet;
use std::fs;

use clap::{Command, CommandFactory};
use mfa_gate::cli::Cli;
use mfa_gate::emit::Format;
use mfa_gate::rule::Rule;
use serde_json::json;

use super::root;
use crate::support::{Sandbox, policy, rows};

/// The README with its tables of commands and rules as the program has them.
pub(super) fn with_tables(readme: &str) -> String {
    let readme = with_table(readme, "| command | |", &commands(&Cli::command(), "mfa-gate"));
    with_table(&readme, "| rule | default | says |", &Rule::ALL.map(rule))
}

/// The text with these rows in the table of that heading.
fn with_table(text: &str, heading: &str, rows: &[String]) -> String {
    let (before, table) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let (ruler, old) = table.split_once('\n').unwrap();
    let after = old.split_inclusive('\n').skip_while(|line| line.starts_with('|'));
    let after: String = after.collect();
    format!("{before}\n{heading}\n{ruler}\n{}\n{after}", rows.join("\n"))
}

/// A row for each command that does something: those that have none below them.
fn commands(command: &Command, name: &str) -> Vec<String> {
    let below = command.get_subcommands();
    let mut rows: Vec<String> =
        below.flat_map(|own| commands(own, &format!("{name} {}", own.get_name()))).collect();
    if rows.is_empty() {
        let about = command.get_about().unwrap();
        rows.push(format!("| [`{name}`](docs/cli.md#{}) | {about} |", name.replace(' ', "-")));
    }
    rows
}

fn rule(rule: Rule) -> String {
    let id = rule.id();
    let level = if rule.allowed_levels().is_empty() {
        "error, always".to_owned()
    } else {
        format!("`{}`", rule.default_level().id())
    };
    let says = rule.description().split(". ").next().unwrap().trim_end_matches('.');
    format!("| [`{id}`](docs/rules.md#{id}) | {level} | {says} |")
}

/// The first cells of the rows below a heading, as many as asked for.
fn cells(heading: &str, number: usize) -> Vec<Vec<String>> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once(&format!("\n{heading}\n")).unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let plain = |cell: &str| cell.trim().trim_matches('`').to_owned();
    rows.map(|row| row.split('|').skip(1).take(number).map(plain).collect()).collect()
}

#[test]
fn the_table_of_reports_has_every_format() {
    let listed = cells("| format | who reads it | where it shows |", 1).concat();
    assert_eq!(listed, Format::ALL.map(Format::id));
}

#[test]
fn the_table_of_exit_codes_is_what_happens() {
    let listed = cells("| code | verdict | meaning | what to do |", 2);
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
