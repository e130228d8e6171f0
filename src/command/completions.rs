//! `mfa-gate completions`: a script that completes the command line in a shell.

use clap::builder::PossibleValue;
use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::run::print_by;

pub(super) fn run(shell: Shell) -> Result<Exit, Failure> {
    let mut command = with_hints(Cli::command());
    // Into memory first: the generator panics where a reader has gone away.
    let mut script = Vec::new();
    generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    if shell == Shell::Fish {
        script.extend(positional_values(&command).into_bytes());
    }
    print_by(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}

/// The values of arguments without a name, such as the rule of `explain`: the generator for fish
/// knows none.
fn positional_values(command: &Command) -> String {
    let lines = command.get_subcommands().flat_map(|command| {
        command.get_positionals().filter_map(|arg| {
            let values = arg.get_possible_values();
            let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
            let (subcommand, names) = (command.get_name(), names.join(" "));
            (!names.is_empty()).then(|| {
                format!(
                    "complete -c mfa-gate -n \"__fish_mfa_gate_using_subcommand {subcommand}\" -f -a \
                     \"{names}\"\n"
                )
            })
        })
    });
    lines.collect()
}

/// The command, with a hint on every value: without one, shells offer files for dates and ids.
fn with_hints(command: Command) -> Command {
    let hinted = |arg: Arg| {
        let hint = arg.get_value_hint();
        if hint == ValueHint::AnyPath {
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
