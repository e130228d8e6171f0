//! `mfa-gate man`: one manual page, with a section for each command.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::run::print_by;

pub(super) fn run() -> Result<Exit, Failure> {
    print_by(write)
}

fn write(page: &mut dyn Write) -> io::Result<()> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands = leaves(&program);
    let usages: Vec<String> = commands.iter().map(usage).collect();
    let mut notes = vec![program.get_after_help().map(ToString::to_string)];

    let program = program.override_usage(usages.join("\n"));
    // No date, so that one version has one page; an empty argument has to be quoted.
    let man = Man::new(program).title("MFA-GATE").date("\"\"").manual("User Commands");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for (command, usage) in commands.into_iter().zip(usages) {
        let note = command.get_after_long_help().or(command.get_after_help());
        let note = note.map(ToString::to_string);
        if !notes.contains(&note) {
            notes.push(note);
        }
        section(command, &usage, page)?;
    }
    notes.into_iter().flatten().try_for_each(|note| aside(&note).to_writer(page))
}

/// The commands that do something, in the order of the help: those that have none below them.
fn leaves(command: &Command) -> Vec<Command> {
    if command.has_subcommands() {
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        shown.flat_map(leaves).collect()
    } else {
        vec![command.clone()]
    }
}

/// How a command is called, such as `mfa-gate schema <KIND>`.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

/// A command: what it does, and its own options. Those of every command stand above.
fn section(command: Command, usage: &str, page: &mut dyn Write) -> io::Result<()> {
    let about = command.get_long_about().or(command.get_about());
    let mut roff = heading(usage);
    roff.text([roman(about.map(ToString::to_string).unwrap_or_default())]);
    roff.to_writer(page)?;
    let command = command.mut_args(|arg| {
        let is_shared = arg.is_global_set() || arg.get_id() == "help";
        arg.hide(is_shared)
    });
    let mut options = Vec::new();
    Man::new(command).render_options_section(&mut options)?;
    // What is a section of a page of its own is a part of this one. No text can look like it: the
    // writer puts something before a dot that begins a line.
    page.write_all(String::from_utf8_lossy(&options).replace("\n.SH ", "\n.SS ").as_bytes())
}

/// What is said after the help, such as `Exit codes:` and the lines below it, as it is.
fn aside(note: &str) -> Roff {
    let (title, lines) = note.split_once(":\n").unwrap_or(("Notes", note));
    let mut roff = heading(&title.to_uppercase());
    roff.control("nf", []);
    lines.lines().for_each(|line| {
        roff.text([roman(line)]);
    });
    roff.control("fi", []);
    roff
}

fn heading(text: &str) -> Roff {
    let mut roff = Roff::new();
    // A plain dash would be printed as another sign, which a search does not find.
    roff.control("SH", [&*text.replace('-', "\\-")]);
    roff
}
