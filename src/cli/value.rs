//! Values of the command line, from text.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::{SignedDuration, civil::Date};

use crate::emit::UnknownFormat;
use crate::output::ReportArg;
use crate::policy::Category;
use crate::rule::Rule;
use crate::suggest::choose;

/// A length of time such as `30s`, `10m` or `26h`, longer than nothing.
pub(super) fn positive(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<SignedDuration>() {
        Ok(duration) if duration.is_positive() => Ok(duration),
        Ok(_) => Err("it must be longer than nothing".into()),
        Err(_) => Err("write a number and a unit, such as 30s, 10m or 26h".into()),
    }
}

/// A day as policies write it. The library would take other forms too, and days with times.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let day: Option<Date> = text.parse().ok();
    day.filter(|day| day.to_string() == text)
        .ok_or_else(|| "write a day that there is, as YYYY-MM-DD".into())
}

/// What `--report` takes: `FORMAT=PATH`.
pub(super) fn report(text: &str) -> Result<ReportArg, String> {
    let (format, path) = text
        .split_once('=')
        .ok_or_else(|| format!("write FORMAT=PATH, such as `{text}=-` for standard output"))?;
    if path.is_empty() {
        return Err("the path is missing after the `=`; `-` is standard output".into());
    }
    let format = format.parse().map_err(|unknown: UnknownFormat| unknown.to_string())?;
    Ok(ReportArg { format, path: path.into() })
}

/// What sort of exemption it is.
pub(super) fn category(text: &str) -> Result<Category, String> {
    let found = Category::ALL.into_iter().find(|category| category.id() == text);
    found.ok_or_else(|| choose(text, Category::ALL.map(Category::id)))
}

impl ValueEnum for Rule {
    fn value_variants<'a>() -> &'a [Self] {
        &Rule::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.id()).help(self.title()))
    }
}
