//! `mfa-gate explain`: what a rule means, by example, what to do about it, and which controls it
//! supports.

use std::fmt::Write;

use crate::emit::wrap::{WIDTH, wrap};
use crate::failure::{Exit, Failure};
use crate::rule::{Control, EXAMPLE_DAY, Level, Rule};
use crate::run::print;

pub(super) fn run(rule: Option<Rule>) -> Result<Exit, Failure> {
    print(&rule.map_or_else(list, explain))
}

fn list() -> String {
    let mut text = String::new();
    for rule in Rule::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<23} {:<6} {}", rule.id(), level(rule), rule.title());
    }
    text.push_str("\n`mfa-gate explain RULE` says more.\n");
    text
}

/// The default level as people know it: an incomplete workspace is not a matter of policy.
fn level(rule: Rule) -> &'static str {
    if rule.allowed_levels().is_empty() { "error" } else { rule.default_level().id() }
}

fn explain(rule: Rule) -> String {
    let example = rule.example();
    let paragraphs = [
        format!("{}: {}\n", rule.id(), rule.title()),
        set(rule.description()),
        set(rule.does_not_say()),
        set(&format!("Example: {}. On {EXAMPLE_DAY}, by this policy", example.given)),
        indented(example.policy),
        set("the finding is"),
        format!("  {}\n", wrap(example.finding, WIDTH, 2, 4)),
        set(&format!("How to fix: {}", rule.help())),
        set(&format!("Level: {}.", levels(rule))),
        format!("It supports, and does not alone satisfy:\n{}", controls(rule)),
    ];
    paragraphs.join("\n")
}

fn controls(rule: Rule) -> String {
    let line = |control: &Control| {
        let Control { framework, id, name, only_where } = control;
        let condition = only_where.map(|only| format!(", where {only}")).unwrap_or_default();
        let text = format!("{framework} {id}: {name}{condition}");
        format!("  {}\n", wrap(&text, WIDTH, 2, 4))
    };
    rule.controls().iter().map(line).collect()
}

fn levels(rule: Rule) -> String {
    let allowed: Vec<&str> = rule.allowed_levels().iter().map(|level| Level::id(*level)).collect();
    if allowed.is_empty() {
        return "error, always".into();
    }
    format!("{}; the policy may say {}", rule.default_level().id(), allowed.join(", "))
}

/// A paragraph.
fn set(text: &str) -> String {
    wrap(text, WIDTH, 0, 0) + "\n"
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
