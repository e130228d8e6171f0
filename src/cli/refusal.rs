//! What is wrong with the arguments, and what to write instead.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error};

use super::Cli;
use crate::emit::Format;
use crate::failure::{Problem, sentence};
use crate::suggest::{listed, nearest};
use crate::words::Word;

/// Options that other programs have for credentials, and for where a report goes.
const SECRETS: [&str; 7] =
    ["api-key", "api-token", "client-secret", "email", "password", "token", "user"];
const TARGETS: [&str; 4] = ["format", "o", "out", "output"];

/// Says what `clap` found to be wrong with the arguments.
pub fn refusal(error: &Error, args: &[String]) -> Problem {
    let mut root = Cli::command();
    root.build();
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(_) | None => None,
    };
    let (arg, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let asked = Asked::new(&root, args, arg);
    match (error.kind(), arg, value) {
        (ErrorKind::UnknownArgument, Some(arg), _) => asked.unknown(arg, args),
        (ErrorKind::ArgumentConflict, Some(arg), _) => {
            conflict(arg, &texts(error, ContextKind::PriorArg))
        }
        (ErrorKind::MissingRequiredArgument, ..) => asked.incomplete(error),
        (ErrorKind::MissingSubcommand, ..) => asked.without_command(),
        (ErrorKind::InvalidSubcommand, ..) => {
            asked.no_command(text(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        (_, Some(arg), Some("")) => value_missing(arg, &texts(error, ContextKind::ValidValue)),
        (_, Some(arg), Some(value)) => wrong_value(error, arg, value),
        (..) => asked.other(error),
    }
}

/// The command that was asked for, as far as it is one.
struct Asked<'c> {
    root: &'c Command,
    command: &'c Command,
    /// As it is typed.
    name: String,
}

impl<'c> Asked<'c> {
    /// The command that stands before `wrong`, where that is an option: a value can be called like a
    /// command.
    fn new(root: &'c Command, args: &[String], wrong: Option<&str>) -> Self {
        let mut asked = Asked { root, command: root, name: root.get_name().to_owned() };
        let option = wrong.filter(|wrong| wrong.starts_with('-'));
        let before = args.iter().skip(1).take_while(|arg| Some(arg.as_str()) != option);
        for arg in before {
            if let Some(command) = asked.command.find_subcommand(arg) {
                asked.command = command;
                asked.name = format!("{} {arg}", asked.name);
            }
        }
        asked
    }

    fn unknown(&self, arg: &str, args: &[String]) -> Problem {
        let name = &self.name;
        let option = arg.trim_start_matches('-');
        if option != arg {
            return Problem::new(format!("`{name}` has no option `{arg}`"), self.instead(option));
        }
        let help = match (self.meant(arg, args), self.command.get_positionals().next()) {
            (Some(meant), _) => format!("Write `{meant}`."),
            (None, Some(one)) => format!("It takes one `{one}`; quote a value with blanks."),
            (None, None) => self.see_help(),
        };
        Problem::new(format!("`{name}` cannot take `{arg}`"), help)
    }

    /// What to write in place of a value that stands alone.
    fn meant(&self, value: &str, args: &[String]) -> Option<String> {
        let report = args.windows(3).find_map(|args| match args {
            [option, format, path] if option == "--report" && path == value => Some(format),
            [..] => None,
        });
        let is_policy = value.ends_with(".yaml") || value.ends_with(".yml");
        match report.filter(|format| Format::from_id(format).is_some()) {
            Some(format) => Some(format!("--report {format}={value}")),
            None => (is_policy && self.has("policy")).then(|| format!("--policy {value}")),
        }
    }

    /// What to do in place of using an option that the command does not have.
    fn instead(&self, option: &str) -> String {
        let name = &self.name;
        if name.ends_with(" audit") && option == "redact" {
            return "An audit of redacted reports has no names: write copies with `mfa-gate render \
                    REPORT.json --redact --report json=COPY.json`, all with the same \
                    MFA_GATE_REDACT_KEY, and audit the copies."
                .into();
        }
        if self.has("report") && Format::from_id(option).is_some() {
            return format!("Write `--report {option}=PATH`.");
        }
        if self.has("report") && TARGETS.contains(&option) {
            return "Write `--report FORMAT=PATH`, such as `--report html=report.html`.".into();
        }
        if let Some(near) = nearest(option, longs(self.command)) {
            return format!("Did you mean `--{near}`?");
        }
        if SECRETS.contains(&option) {
            return "Credentials come from the environment alone: `mfa-gate check --help` names the \
                    variables."
                .into();
        }
        let owners = |command, name| {
            let mut all = commands(command, name);
            all.retain(|(_, command)| longs(command).any(|long| long == option));
            all
        };
        if let Some((below, _)) = owners(self.command, name).first() {
            return format!("Write it after the command, as in `{below} --{option}`.");
        }
        let owners = owners(self.root, self.root.get_name());
        if owners.is_empty() {
            return self.see_help();
        }
        format!("It is an option of {}.", listed(owners.iter().map(|(name, _)| name.as_str())))
    }

    fn no_command(&self, word: &str) -> Problem {
        let here = nearest(word, self.commands()).map(|near| format!("{} {near}", self.name));
        let below = || {
            let mut all = commands(self.command, &self.name).into_iter();
            all.find(|(_, command)| command.get_name() == word).map(|(name, _)| name)
        };
        let help = match here.or_else(below) {
            Some(meant) => format!("Did you mean `{meant}`?"),
            None => format!("The commands are {}.", listed(self.commands())),
        };
        Problem::new(format!("`{}` has no command `{word}`", self.name), help)
    }

    fn incomplete(&self, error: &Error) -> Problem {
        let missing = texts(error, ContextKind::InvalidArg).into_iter().map(|arg| {
            // One of several options comes in brackets, with bars in between.
            match arg.strip_prefix("<--").and_then(|arg| arg.strip_suffix('>')) {
                Some(choice) => format!("`--{}`", choice.replace("|--", "` or `--")),
                None => format!("`{arg}`"),
            }
        });
        let missing = missing.collect::<Vec<_>>().join(", ");
        let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
        let help = match usage.strip_prefix("Usage: ") {
            Some(usage) => format!("Write `{usage}`."),
            None => self.see_help(),
        };
        Problem::new(format!("`{}` needs {missing}", self.name), help)
    }

    fn commands(&self) -> impl Iterator<Item = &str> {
        shown(self.command).map(Command::get_name)
    }

    fn without_command(&self) -> Problem {
        let help = format!("The commands are {}.", listed(self.commands()));
        Problem::new(format!("`{}` needs a command", self.name), help)
    }

    /// What `clap` says of anything else, without its lines about usage.
    fn other(&self, error: &Error) -> Problem {
        let message = error.render().to_string();
        let what = message.split("\n\n").next().unwrap_or_default();
        Problem::new(what.trim_start_matches("error: ").trim_end(), self.see_help())
    }

    fn see_help(&self) -> String {
        format!("`{} --help` shows what there is.", self.name)
    }

    fn has(&self, long: &str) -> bool {
        longs(self.command).any(|other| other == long)
    }
}

/// Every command that does something, as it is typed.
fn commands<'c>(command: &'c Command, name: &str) -> Vec<(String, &'c Command)> {
    let below = shown(command).map(|below| (format!("{name} {}", below.get_name()), below));
    let each = below.flat_map(|(name, below)| match below.has_subcommands() {
        true => commands(below, &name),
        false => vec![(name, below)],
    });
    each.collect()
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    let is_shown = |command: &&Command| !command.is_hide_set() && command.get_name() != "help";
    command.get_subcommands().filter(is_shown)
}

fn longs(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter_map(Arg::get_long)
}

/// An argument without its value: `--policy` of `--policy <FILE>`.
fn name(arg: &str) -> &str {
    arg.split(' ').next().unwrap_or_default().trim_end_matches('.')
}

fn conflict(arg: &str, others: &[String]) -> Problem {
    let arg = name(arg);
    match others.iter().map(|other| name(other)).find(|other| *other != arg) {
        None => Problem::new(format!("`{arg}` is given twice"), "Give it once."),
        Some(other) => Problem::new(
            format!("`{arg}` cannot be used with `{other}`"),
            format!("Omit `{arg}` or `{other}`."),
        ),
    }
}

fn value_missing(arg: &str, words: &[String]) -> Problem {
    let help = if words.is_empty() {
        format!("Write `{arg}`.")
    } else {
        format!("Write `{arg}`, with one of {}.", listed(words.iter().map(String::as_str)))
    };
    Problem::new(format!("`{}` needs a value", name(arg)), help)
}

fn wrong_value(error: &Error, arg: &str, value: &str) -> Problem {
    let words = texts(error, ContextKind::ValidValue);
    let words = || words.iter().map(String::as_str);
    let what = match arg.strip_prefix(['<', '[']) {
        Some(kind) => {
            let kind = kind.trim_end_matches(['>', ']', '.']).to_ascii_lowercase();
            format!("`{value}` is not a {kind}")
        }
        None => format!("`{}` does not take `{value}`", name(arg)),
    };
    let reason = std::error::Error::source(error).map(|source| sentence(&source.to_string()));
    let help = match (reason, nearest(value, words())) {
        (Some(reason), _) => reason,
        (None, Some(near)) => format!("Did you mean `{near}`?"),
        (None, None) if words().next().is_none() => format!("Write `{}` alone.", name(arg)),
        (None, None) => format!("Write one of {}.", listed(words())),
    };
    Problem::new(what, help)
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(_) | None => Vec::new(),
    }
}
