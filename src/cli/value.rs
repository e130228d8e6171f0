//! Values of the command line, from text.

use std::ffi::OsStr;

use clap::ValueEnum;
use clap::builder::{PossibleValue, TypedValueParser};
use jiff::{SignedDuration, civil::Date};

use crate::emit::{Format, ReportArg, UnknownFormat, audit};
use crate::policy::{Category, read_date};
use crate::rule::Rule;
use crate::suggest::{listed, nearest};

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
pub(super) fn reports() -> Words<ReportArg> {
    Words { words: Format::ALL.map(Format::id).to_vec(), read: report }
}

/// What `--report` of `audit` takes.
pub(super) fn audit_reports() -> Words<ReportArg> {
    let read = |text: &str| {
        let report = report(text)?;
        let formats = audit::FORMATS.map(Format::id);
        match formats.contains(&report.format.id()) {
            true => Ok(report),
            false => Err(format!("an audit is written as one of {}", listed(formats.into_iter()))),
        }
    };
    Words { words: audit::FORMATS.map(Format::id).to_vec(), read }
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

/// A day as policies write it. The library would take other forms too, and days with times.
pub(super) fn day(text: &str) -> Result<Date, String> {
    read_date(text)
}

/// A report and where it goes: `FORMAT=PATH`, or `FORMAT` for standard output.
fn report(text: &str) -> Result<ReportArg, String> {
    let (format, path) = text.split_once('=').unwrap_or((text, "-"));
    match format.parse() {
        Ok(_) if path.is_empty() => Err(format!(
            "the path is missing: write {format}=PATH, or {format} for standard output"
        )),
        Ok(format) => Ok(ReportArg { format, path: path.into() }),
        Err(UnknownFormat) => Err(unknown_format(text)),
    }
}

/// What to write in place of a report whose format is not one.
fn unknown_format(text: &str) -> String {
    let formats = || Format::ALL.map(Format::id);
    match text.split_once('=') {
        Some((path, format)) if formats().contains(&format) => {
            format!("the format comes first: write {format}={path}")
        }
        Some((format, path)) => match nearest(format, formats()) {
            Some(near) => format!("`{format}` is not a format: write {near}={path}"),
            None => {
                format!("`{format}` is not a format: write one of {}", listed(formats()))
            }
        },
        None => match (format_of_file(text), nearest(text, formats())) {
            (Some(format), _) => format!("the format is missing: write {format}={text}"),
            (None, Some(near)) => format!("`{text}` is not a format: did you mean {near}?"),
            (None, None) => {
                format!("write FORMAT or FORMAT=PATH, where FORMAT is one of {}", listed(formats()))
            }
        },
    }
}

/// The format that a file of this name is probably meant to have.
fn format_of_file(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "xml" => Some(Format::Junit.id()),
        "md" => Some(Format::Markdown.id()),
        "htm" => Some(Format::Html.id()),
        other => Format::ALL.map(Format::id).into_iter().find(|format| *format == other),
    }
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
            let error = report(given).unwrap_err();
            assert!(error.contains(said), "{given}: {error}");
        }
        for (given, path) in [("json", "-"), ("json=-", "-"), ("json=a=b", "a=b")] {
            assert_eq!(report(given).unwrap().path.to_str(), Some(path));
        }
    }
}
