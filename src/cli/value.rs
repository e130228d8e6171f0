//! Values of the command line, from text.

use std::ffi::OsStr;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValue, TypedValueParser};
use jiff::SignedDuration;

use crate::emit::ReportArg;
use crate::policy::Category;
use crate::rule::Rule;
use crate::suggest::{listed, nearest};
use crate::words::Word;

/// A value that a function reads, with the words that shells complete it by and help lists.
#[derive(Clone)]
pub(super) struct Words<T> {
    words: Vec<&'static str>,
    read: fn(&str) -> Result<T, String>,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        self.read.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}

/// What `--report` takes.
pub(super) fn reports<F: Word>() -> Words<ReportArg<F>> {
    Words { words: ids::<F>().collect(), read: report::<F> }
}

fn ids<F: Word>() -> impl Iterator<Item = &'static str> {
    F::ALL.iter().map(|format| format.id())
}

/// What `--slack` takes. Anything else is refused later, without being repeated: it may be the
/// webhook, which is a secret.
pub(super) fn slack() -> Words<String> {
    Words { words: vec!["violations", "always"], read: |text| Ok(text.to_owned()) }
}

/// A length of time such as `30s`, `10m` or `26h`, longer than nothing.
pub(super) fn positive(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<SignedDuration>() {
        Ok(duration) if duration.is_positive() => Ok(duration),
        Ok(_) => Err("it must be longer than 0s".into()),
        Err(_) => Err("write a number with a unit of s, m or h, such as 30s, 10m or 26h".into()),
    }
}

/// A whole number within a range.
pub(super) fn within<N>(
    range: RangeInclusive<N>,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync
where
    N: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("write {} to {}", range.start(), range.end()))
    }
}

/// A report and where it goes: `FORMAT=PATH`, or `FORMAT` for standard output.
fn report<F: Word>(text: &str) -> Result<ReportArg<F>, String> {
    let (id, path) = text.split_once('=').unwrap_or((text, "-"));
    match F::from_id(id) {
        Some(_) if path.is_empty() => {
            Err(format!("the path is missing: write {id}=PATH, or {id} for standard output"))
        }
        Some(format) => Ok(ReportArg { format, path: path.into() }),
        None => Err(unknown_format::<F>(text)),
    }
}

/// What to write in place of a report whose format is not one.
fn unknown_format<F: Word>(text: &str) -> String {
    match text.split_once('=') {
        Some((path, format)) if ids::<F>().any(|id| id == format) => {
            format!("the format comes first: write {format}={path}")
        }
        Some((format, path)) => match nearest(format, ids::<F>()) {
            Some(near) => format!("`{format}` is not a format: write {near}={path}"),
            None => {
                format!("`{format}` is not a format: write one of {}", listed(ids::<F>()))
            }
        },
        None => match (format_of_file::<F>(text), nearest(text, ids::<F>())) {
            (Some(format), _) => format!("the format is missing: write {format}={text}"),
            (None, Some(near)) => format!("`{text}` is not a format: did you mean {near}?"),
            (None, None) => {
                format!(
                    "write FORMAT or FORMAT=PATH, where FORMAT is one of {}",
                    listed(ids::<F>())
                )
            }
        },
    }
}

/// The format that a file of this name is probably meant to have.
fn format_of_file<F: Word>(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    let meant = match extension.to_ascii_lowercase().as_str() {
        "xml" => "junit".to_owned(),
        "md" => "markdown".to_owned(),
        "htm" => "html".to_owned(),
        "txt" => "text".to_owned(),
        other => other.to_owned(),
    };
    ids::<F>().find(|id| *id == meant)
}

impl ValueEnum for Category {
    fn value_variants<'a>() -> &'a [Self] {
        &Category::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.id()))
    }
}

impl ValueEnum for Rule {
    fn value_variants<'a>() -> &'a [Self] {
        &Rule::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.id()).help(self.title()))
    }
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::emit::{Format, list};

    #[test]
    fn what_was_meant_by_a_report_is_not_lost() {
        for (given, said) in [
            ("out.html", "write html=out.html"),
            ("out/results.xml", "write junit=out/results.xml"),
            ("SUMMARY.MD", "write markdown=SUMMARY.MD"),
            ("out.txt", "one of `json`"),
            ("jsn", "did you mean json?"),
            ("jsn=a.json", "write json=a.json"),
            ("xml=a", "one of `json`"),
            ("a.json=json", "write json=a.json"),
            ("json=", "write json=PATH"),
        ] {
            let error = report::<Format>(given).unwrap_err();
            assert!(error.contains(said), "{given}: {error}");
        }
        for (given, path) in [("json", "-"), ("json=-", "-"), ("json=a=b", "a=b")] {
            assert_eq!(report::<Format>(given).unwrap().path.to_str(), Some(path));
        }
    }
    #[test]
    fn each_command_knows_its_own_formats() {
        for (given, said) in [
            ("out.txt", "write text=out.txt"),
            ("html=a.html", "write one of `text`, `json`, `csv`"),
            ("txt", "did you mean text?"),
        ] {
            let error = report::<list::Format>(given).unwrap_err();
            assert!(error.contains(said), "{given}: {error}");
        }
    }
}
