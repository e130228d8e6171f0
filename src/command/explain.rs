//! `mfa-gate explain`: what a rule means, what to do about it, and which controls it supports.

use std::fmt::Write;

use super::print;
use crate::failure::{Exit, Failure};
use crate::rule::{Level, Rule};
use crate::suggest::choose;

pub(super) fn run(rule: Option<&str>) -> Result<Exit, Failure> {
    match rule {
        None => print(&list())?,
        Some(id) => print(&explain(Rule::from_id(id).ok_or_else(|| unknown(id))?))?,
    }
    Ok(Exit::Success)
}

fn unknown(id: &str) -> Failure {
    let help = choose(id, Rule::ALL.map(Rule::id));
    Failure::usage(format!("there is no rule `{id}`"), help)
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

/// The default level as people know it: an incomplete workspace is no matter of policy.
fn level(rule: Rule) -> &'static str {
    if rule.allowed_levels().is_empty() { "error" } else { rule.default_level().id() }
}

fn explain(rule: Rule) -> String {
    let allowed: Vec<&str> = rule.allowed_levels().iter().map(|level| Level::id(*level)).collect();
    let levels = if allowed.is_empty() {
        "error, always".to_owned()
    } else {
        format!("{} (the policy may say: {})", rule.default_level().id(), allowed.join(", "))
    };
    let mut text = format!(
        "{id}: {title}\n\n{description}\n\nWhat to do: {help}\n\nLevel: {levels}\n\
         It supports, and does not alone satisfy:\n",
        id = rule.id(),
        title = rule.title(),
        description = rule.description(),
        help = rule.help(),
    );
    for control in rule.controls() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {} {}", control.framework, control.id);
    }
    text
}
