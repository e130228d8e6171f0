//! `mfa-gate completions`: a script that completes the command line in a shell.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::{Shell, generate};

use crate::cli::{Cli, Listed};
use crate::failure::{Exit, Failure};
use crate::policy;
use crate::run::{Context, print};

/// What stands in a script where the words of the policy come, before it is replaced.
const WORKSPACES: &str = "@workspaces";
const EXEMPTIONS: &str = "@exemptions";

pub(super) fn run(shell: Shell) -> Result<Exit, Failure> {
    let mut command = with_hints(without_hidden(Cli::command()));
    // Into memory first: the generator panics where a reader has gone away.
    let mut script = Vec::new();
    generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        script.push_str(&positional_values(&command, "__fish_mfa_gate_using_subcommand"));
    }
    print(&asking(shell, &script))
}

/// The command without those that people do not type, which the generator would offer.
fn without_hidden(command: Command) -> Command {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .args(command.get_arguments())
        .subcommands(shown)
}

/// The script, which asks the program for the words of the policy when they are needed.
fn asking(shell: Shell, script: &str) -> String {
    let ask = |mark: &str, line: &str| {
        format!("mfa-gate complete {} -- {line} 2>/dev/null", mark.trim_start_matches('@'))
    };
    [WORKSPACES, EXEMPTIONS].into_iter().fold(script.to_owned(), |script, mark| match shell {
        Shell::Bash => script.replace(mark, &format!("$({})", ask(mark, "\"${COMP_WORDS[@]}\""))),
        Shell::Zsh => script.replace(
            &format!("({mark})"),
            &format!("{{compadd -- ${{(f)\"$({})\"}}}}", ask(mark, "$words")),
        ),
        Shell::Fish => script.replace(mark, &format!("({})", ask(mark, "(commandline -opc)"))),
        // The scripts of other shells complete no values.
        Shell::Elvish | Shell::PowerShell | _ => script,
    })
}

/// Prints what a script asks for, a word a line; `line` is the command line so far, which may name
/// the policy.
pub(super) fn offer(
    listed: Listed,
    line: &[String],
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let policy = policy::load(&context.policy_path(policy_in(line).as_ref()), None)?;
    let words: Vec<&str> = match listed {
        Listed::Workspaces => policy.workspaces.iter().map(|entry| &*entry.slug).collect(),
        Listed::Exemptions => policy.exemptions.iter().map(|exemption| &*exemption.id).collect(),
    };
    // A shell takes other signs for something else, and some run what they are offered.
    let is_plain = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    print(&words.into_iter().filter(is_plain).map(|word| format!("{word}\n")).collect::<String>())
}

/// The file of `--policy FILE` or `--policy=FILE`, which bash splits at the sign.
fn policy_in(line: &[String]) -> Option<PathBuf> {
    let mut words = line.iter().map(String::as_str).filter(|word| *word != "=");
    while let Some(word) = words.next() {
        match word.strip_prefix("--policy") {
            Some("") => return words.next().map(PathBuf::from),
            Some(rest) if rest.starts_with('=') => return rest.get(1..).map(PathBuf::from),
            Some(_) | None => {}
        }
    }
    None
}

/// The values of arguments without a name, such as the rule of `explain`: the generator for fish
/// knows none.
fn positional_values(command: &Command, condition: &str) -> String {
    let lines = command.get_subcommands().map(|command| {
        let values = command.get_positionals().flat_map(Arg::get_possible_values);
        let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        let condition = format!("{condition} {}", command.get_name());
        let line = match names.join(" ") {
            none if none.is_empty() => String::new(),
            names => format!("complete -c mfa-gate -n \"{condition}\" -f -a \"{names}\"\n"),
        };
        line + &positional_values(command, &format!("{condition}; and __fish_seen_subcommand_from"))
    });
    lines.collect()
}

/// What stands for the words of the policy that a value is one of.
fn listed(arg: &Arg) -> Option<&'static str> {
    let names = arg.get_value_names().unwrap_or_default();
    if names.iter().any(|name| name == "SLUG") {
        Some(WORKSPACES)
    } else if arg.is_positional() && arg.get_id() == "id" {
        Some(EXEMPTIONS)
    } else {
        None
    }
}

/// The command, with a hint on every value: without one, shells offer files for dates and ids.
fn with_hints(command: Command) -> Command {
    let hinted = |arg: Arg| {
        let hint = arg.get_value_hint();
        if let Some(words) = listed(&arg) {
            arg.value_parser([PossibleValue::new(words)])
        } else if hint == ValueHint::AnyPath {
            // Paths, whose type gives them a hint.
            arg.value_hint(ValueHint::FilePath)
        } else if hint == ValueHint::Unknown && arg.get_action().takes_values() {
            arg.value_hint(ValueHint::Other)
        } else {
            arg
        }
    };
    command.mut_args(hinted).mut_subcommands(with_hints)
}
