//! What the repository shows is what the program does: the README's commands with their output, and
//! whole pages. `MFA_GATE_BLESS=1` writes them anew.

mod links;
mod pages;
mod picture;
mod tables;

use std::fs;
use std::path::Path;

use crate::support::run_in;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a checked-in text with what the program says now, or writes it anew.
fn compare(file: &str, checked_in: &str, now: &str) {
    if checked_in == now {
        return;
    }
    assert!(
        std::env::var_os("MFA_GATE_BLESS").is_some(),
        "{file} is not what the program says; MFA_GATE_BLESS=1 cargo test --test gate readme\n\
         --- checked in\n{checked_in}\n--- now\n{now}"
    );
    fs::write(root().join(file), now).unwrap();
}

/// A page with each `$ cargo run -- …` followed by what the command prints.
fn with_outputs(page: &str) -> String {
    let mut blocks = page.split("```").map(str::to_owned).collect::<Vec<_>>();
    for at in (1..blocks.len()).step_by(2) {
        let command = blocks[at].strip_prefix("console\n$ cargo run -- ").map(str::to_owned);
        if let (Some(command), Some(output)) = (command, blocks.get_mut(at + 2))
            && output.starts_with("text\n")
        {
            let args: Vec<&str> = command.split_whitespace().collect();
            let outcome = run_in(root(), &args, &[]);
            *output = format!("text\n{}{}", outcome.stdout, outcome.stderr);
        }
    }
    blocks.join("```")
}

#[test]
fn the_commands_print_what_the_readme_shows() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert_eq!(readme.matches("```text\n").count(), 2, "a block has lost its command");
    compare("README.md", &readme, &tables::with_tables(&with_outputs(&readme)));

    let sign_on = fs::read_to_string(root().join("docs/sign-on.md")).unwrap();
    assert_eq!(sign_on.matches("```text\n").count(), 2, "a block has lost its command");
    compare("docs/sign-on.md", &sign_on, &with_outputs(&sign_on));
}

/// The arguments of the README's first command.
fn first_command(readme: &str) -> Vec<&str> {
    let command = readme.split("$ cargo run -- ").nth(1).unwrap().lines().next().unwrap();
    command.split_whitespace().collect()
}

#[test]
fn the_first_command_ends_with_the_examples_violations() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let outcome = run_in(root(), &first_command(&readme), &[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
}

#[test]
fn the_example_policy_is_valid_and_shows_every_key() {
    let lint = run_in(root(), &["policy", "lint", "--policy", "policy.example.yaml"], &[]);
    assert_eq!(lint.code, 0, "{}", lint.stderr);
    let example = fs::read_to_string(root().join("policy.example.yaml")).unwrap();
    let schema = run_in(root(), &["schema", "policy"], &[]).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let mut keys = Vec::new();
    property_names(&schema, &mut keys);
    assert!(keys.len() > 30, "{keys:?}");
    for key in keys {
        assert!(example.contains(&format!("{key}:")), "{key} is missing");
    }
}

/// Every name under a `properties` of a schema.
fn property_names(schema: &serde_json::Value, names: &mut Vec<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        names.extend(properties.keys().cloned());
    }
    let inside = schema.as_object().into_iter().flat_map(|object| object.values());
    let items = schema.as_array().into_iter().flatten();
    inside.chain(items).for_each(|value| property_names(value, names));
}
