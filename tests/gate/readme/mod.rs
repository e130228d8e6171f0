//! What the repository shows is what the program does: the documentation's commands with their output, and
//! whole pages. `MFA_GATE_BLESS=1` writes them anew.

mod completions;
mod example;
mod links;
mod pages;
mod picture;
mod tables;

use std::collections::BTreeMap;
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
fn the_commands_print_what_the_documentation_shows() {
    let mut shown = 0;
    for file in pages::written_by_hand() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let outputs = text.matches("```\n\n```text\n").count();
        shown += outputs;
        compare(&file, &text, &with_outputs(&text));
    }
    assert!(shown > 2, "the pages show {shown} outputs of commands");
}

/// The arguments of the README's first command.
fn first_command(readme: &str) -> Vec<&str> {
    let command = readme.split("$ cargo run -- ").nth(1).unwrap().lines().next().unwrap();
    command.split_whitespace().collect()
}

/// More words than this are not read before somebody decides whether to try a tool.
const README_WORDS: usize = 1_300;

#[test]
fn the_readme_is_short() {
    let words = fs::read_to_string(root().join("README.md")).unwrap().split_whitespace().count();
    assert!(words <= README_WORDS, "the README has {words} words");
}

#[test]
fn no_sentence_stands_twice_in_the_documentation() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for file in pages::written_by_hand() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let prose: String = text.split("```").step_by(2).collect();
        for sentence in prose.split(['\n', '|']).flat_map(|line| line.split(". ")) {
            let sentence = sentence.trim_matches(|sign: char| !sign.is_alphanumeric());
            if sentence.split_whitespace().count() < 8 {
                continue;
            }
            if let Some(other) = seen.insert(sentence.to_owned(), file.clone()) {
                panic!("{file} repeats a sentence of {other}: {sentence}");
            }
        }
    }
    assert!(seen.len() > 200, "only {} sentences were found", seen.len());
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
