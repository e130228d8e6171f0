//! The pages that the program itself is the source of: its help, its manual, its rules, its
//! schemas.

use std::fmt::Write;
use std::fs;

use clap::{Command, CommandFactory};
use mfa_gate::cli::Cli;
use mfa_gate::emit::Format;
use mfa_gate::rule::{Control, EXAMPLE_DAY, Level, Rule};

use super::{compare, root, tables};
use crate::support::{Sandbox, run_in};

/// What the program prints, without blanks at the ends of lines.
pub(super) fn printed(args: &[&str]) -> String {
    let outcome = run_in(root(), args, &[]);
    assert_eq!(outcome.code, 0, "{args:?}: {}", outcome.stderr);
    outcome.stdout.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn page(file: &str, now: &str) {
    compare(file, &fs::read_to_string(root().join(file)).unwrap_or_default(), now);
}

/// The pages of the documentation that people write, as paths in the repository.
pub(super) fn written_by_hand() -> Vec<String> {
    let generated = ["cli.md", "rules.md"];
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter(|name| name.ends_with(".md") && !generated.contains(&&**name));
    let mut pages: Vec<String> = pages.map(|name| format!("docs/{name}")).collect();
    pages.push("README.md".to_owned());
    pages.sort();
    pages
}

/// The commands, each with those above it: `[]`, `["check"]`, `["policy", "lint"]`.
pub(super) fn commands() -> Vec<Vec<String>> {
    fn below(command: &Command, path: &[String], all: &mut Vec<Vec<String>>) {
        all.push(path.into());
        for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            below(command, &[path, &[command.get_name().to_owned()]].concat(), all);
        }
    }
    let mut all = Vec::new();
    below(&Cli::command(), &[], &mut all);
    assert!(all.len() > 10, "{all:?}");
    all
}

/// The parts of a help text: each begins at a line that ends with a colon and is not indented.
fn sections(help: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for line in help.lines() {
        if line.ends_with(':') && !line.starts_with(' ') {
            sections.push(String::new());
        }
        let section = sections.last_mut().unwrap();
        section.push_str(line);
        section.push('\n');
    }
    sections
}

/// The help of each command; what many of them take is said once, above them.
#[test]
fn the_help_of_every_command_is_checked_in() {
    let help = |path: &[String]| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        printed(&[&path[..], &["--help"]].concat())
    };
    let common = ["Output:\n", "Connection:\n", "Credentials:\n"];
    let mut once: Vec<Option<String>> = vec![None; common.len()];
    let mut commands_text = String::new();
    for path in commands() {
        let mut own = String::new();
        for section in sections(&help(&path)) {
            let of_all = common.iter().position(|start| section.starts_with(start));
            if let Some(position) = of_all {
                let text = section.trim_end().to_owned();
                let first = once[position].get_or_insert_with(|| text.clone());
                assert_eq!(*first, text, "{path:?} says it in other words");
            } else if !section.starts_with("Options:\n  -h, --help\n") || path.is_empty() {
                own.push_str(&section);
            }
        }
        let title = [vec!["mfa-gate".to_owned()], path].concat().join(" ");
        write!(commands_text, "\n## {title}\n\n```text\n{}\n```\n", own.trim_end()).unwrap();
    }
    let [output, connection, credentials] = once.try_into().unwrap();
    let fenced = |text: Option<String>| format!("```text\n{}\n```\n", text.unwrap());
    page(
        "docs/cli.md",
        &format!(
            "# The command line\n\nWhat `mfa-gate COMMAND --help` prints, and `mfa-gate man` in one \
             [page](mfa-gate.1).\n\n## Options of every command\n\n{}\n## Options of every command \
             that connects\n\n{}\n{}{commands_text}",
            fenced(output),
            fenced(connection),
            fenced(credentials)
        ),
    );
}

/// What people look for first fits a small terminal; it says where the rest is.
#[test]
fn the_short_help_of_check_fits_a_screen() {
    let short = run_in(root(), &["check", "-h"], &[("COLUMNS", "80")]).stdout;
    assert!(short.lines().count() <= 24, "{}: {short}", short.lines().count());
    assert!(short.lines().all(|line| line.len() <= 80), "{short}");
    for option in ["policy", "workspace", "members", "roster", "report", "redact", "exit-zero"] {
        assert!(short.contains(&format!("--{option} ")), "{option}: {short}");
    }
    assert!(short.ends_with("`--help` shows all options, and the variables for credentials.\n"));
    assert!(!short.contains("--deadline"), "{short}");
    let long = printed(&["check", "--help"]);
    assert!(long.contains("--deadline") && long.contains("Credentials:"), "{long}");
    let formats = Format::ALL.map(Format::id).join(", ").replace(", in-toto", " or in-toto");
    let words = long.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("FORMAT is {formats}. ")), "{words}");
}

#[test]
fn the_help_is_set_as_wide_as_without_a_terminal() {
    for columns in ["40", "72"] {
        let narrow = run_in(root(), &["check", "--help"], &[("COLUMNS", columns)]).stdout;
        let width = narrow.lines().map(str::len).max().unwrap();
        assert!(width < 90, "COLUMNS={columns} is passed over: {width}");
    }
    let widest = printed(&["check", "--help"]).lines().map(str::len).max().unwrap();
    assert!((80..=100).contains(&widest), "{widest}");
}

#[test]
fn the_manual_page_has_every_command_and_fits_a_terminal() {
    let manual = printed(&["man"]);
    page("docs/mfa-gate.1", &manual);
    let words = manual.replace("\\-", "-");
    for path in commands().into_iter().filter(|path| *path != ["policy"] && !path.is_empty()) {
        assert!(words.contains(&format!("\n.SH \"mfa-gate {} ", path.join(" "))), "{path:?}");
    }
    for part in ["\n.SH \"EXIT CODES\"\n", "BITBUCKET_API_TOKEN", "--policy-sha256", "\\(bu"] {
        assert!(words.contains(part), "{part} is missing");
    }
    let mut as_it_is =
        words.split("\n.nf\n").skip(1).map(|part| part.split("\n.fi").next().unwrap());
    assert!(as_it_is.all(|part| part.lines().all(|line| line.len() <= 71)), "{words}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
    for args in [&["man"][..], &["completions", "zsh"], &["explain", "two-factor-disabled"]] {
        let run = |to: std::process::Stdio| {
            let mut gate = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"));
            gate.args(args).stdout(to).output().unwrap()
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unread = run(writer.into());
        assert_eq!((unread.status.code(), &*unread.stderr), (Some(0), &b""[..]), "{args:?}");
        let full = run(fs::File::create("/dev/full").unwrap().into());
        assert_eq!(full.status.code(), Some(3), "{args:?}");
        assert!(String::from_utf8_lossy(&full.stderr).contains("standard output"), "{args:?}");
    }
}

#[test]
fn the_page_of_the_rules_is_that_of_the_program() {
    let mut text = format!(
        "# Rules\n\nWhat `mfa-gate` finds, by the names in policies and reports. `mfa-gate explain \
         RULE` prints the same. In the examples the member is called Ada, and the account ids are \
         made up.\n\n{}",
        tables::rules()
    );
    Rule::ALL.into_iter().for_each(|rule| text.push_str(&section(rule)));
    text.push_str(
        "\n## Controls\n\nThe rules support these controls, and do not alone satisfy any:\n\n\
         | framework | control | | rules |\n| --- | --- | --- | --- |\n",
    );
    for (rule, rules) in [
        (Rule::TwoFactorDisabled, "all but `too-many-owners`"),
        (Rule::TooManyOwners, "`too-many-owners`"),
    ] {
        for Control { framework, id, name, only_where } in rule.controls() {
            let condition = only_where.map(|only| format!(", where {only}")).unwrap_or_default();
            writeln!(text, "| {framework} | {id} | {name}{condition} | {rules} |").unwrap();
        }
    }
    page("docs/rules.md", &text);
}

fn section(rule: Rule) -> String {
    let controls = Rule::TwoFactorDisabled.controls();
    let is_like_others = rule.controls() == controls;
    assert_eq!(is_like_others, rule != Rule::TooManyOwners, "one list for all would be wrong");
    let example = rule.example();
    let allowed: Vec<&str> = rule.allowed_levels().iter().map(|level| Level::id(*level)).collect();
    let level = match &*allowed {
        [] => "error, always".to_owned(),
        allowed => {
            format!(
                "`{}`; the policy may say `{}`",
                rule.default_level().id(),
                allowed.join("`, `")
            )
        }
    };
    format!(
        "\n## {}\n\n**{}.** {} {}\n\n**Example.** {}. On {EXAMPLE_DAY}, by this policy\n\n\
         ```yaml\n{}```\n\nthe finding is\n\n```text\n{}\n```\n\n**How to fix.** {}\n\n\
         **Level.** {level}.\n",
        rule.id(),
        rule.title(),
        rule.description(),
        rule.does_not_say(),
        example.given,
        example.policy,
        example.finding,
        rule.help(),
    )
}

#[test]
fn sarif_leads_to_the_page_of_the_rules() {
    let sandbox = Sandbox::new();
    let file = |name: &str| root().join(name).to_str().unwrap().to_owned();
    let (policy, members) = (file("policy.example.yaml"), file("docs/example/members.json"));
    let check = ["check", "--policy", &policy, "--members", &members, "--report", "sarif=a.sarif"];
    sandbox.run(&check);
    let described = &sandbox.json("a.sarif")["runs"][0]["tool"]["driver"]["rules"];
    assert_eq!(described.as_array().unwrap().len(), Rule::ALL.len());
    for (rule, described) in Rule::ALL.into_iter().zip(described.as_array().unwrap()) {
        let (page, anchor) = described["helpUri"].as_str().unwrap().split_once('#').unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let home = env!("CARGO_PKG_REPOSITORY");
        assert_eq!(page, format!("{home}/blob/v{version}/docs/rules.md"));
        assert_eq!(anchor, rule.id());
        assert!(section(rule).starts_with(&format!("\n## {anchor}\n")), "{anchor}");
    }
}

#[test]
fn the_schemas_are_those_of_the_program() {
    for kind in ["policy", "report", "audit"] {
        page(&format!("docs/schema/{kind}.schema.json"), &printed(&["schema", kind]));
    }
}
