//! Dates, `YYYY-MM-DD`.

use jiff::civil::Date;

/// The form of a date, for the schema.
pub(super) const PATTERN: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

/// The date that a text is, `YYYY-MM-DD`.
///
/// # Errors
/// What to write instead.
pub(crate) fn read_date(text: &str) -> Result<Date, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let numbers = match *parts {
        [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => {
            digits(year).zip(digits(month)).zip(digits(day))
        }
        _ => None,
    };
    match (numbers, loosely_dated(text)) {
        (Some(((year, month), day)), _) => on_calendar(year, month, day),
        (None, Some(date)) => Err(format!("write `{date}`")),
        (None, None) => Err("write the date as `YYYY-MM-DD`".into()),
    }
}

fn on_calendar(year: i16, month: i16, day: i16) -> Result<Date, String> {
    let first = i8::try_from(month).ok().and_then(|month| Date::new(year, month, 1).ok());
    let Some(first) = first else {
        return Err(format!("there is no month {month:02}: write the date as `YYYY-MM-DD`"));
    };
    let date = i8::try_from(day).ok().and_then(|day| Date::new(year, first.month(), day).ok());
    date.ok_or_else(|| {
        format!(
            "that month has {} days: its last day is `{}`",
            first.days_in_month(),
            first.last_of_month()
        )
    })
}

/// A number of at most four digits and nothing else.
fn digits(text: &str) -> Option<i16> {
    let only_digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if only_digits { text.parse().ok() } else { None }
}

/// A date whose year, month and day are in order but not in form, such as `2026/8/1` or
/// `20260801`.
fn loosely_dated(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let compact = || Some((day.get(..4)?, day.get(4..6)?, day.get(6..)?));
    let mut parts = day.split(['-', '/', '.']);
    let (year, month, day) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) => (year, month, day),
        _ if day.len() == 8 => compact()?,
        _ => return None,
    };
    if year.len() != 4 {
        return None;
    }
    let month = i8::try_from(digits(month)?).ok()?;
    Date::new(digits(year)?, month, i8::try_from(digits(day)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::read_date;

    #[test]
    fn dates_are_on_the_calendar() {
        for text in ["2026-08-01", "2028-02-29", "9999-12-31"] {
            assert_eq!(read_date(text).unwrap().to_string(), text);
        }
        let wrong = "2026 2026-8-1 2026-02-29 2026-13-01 2026-00-01 2026-01-00 20260801 \
                     2026-08-01T00:00Z 01.08.2026 -2026-08-01 2026-08-0a +026-08-01 २०२६-08-01";
        for text in wrong.split(' ').chain([""]) {
            assert!(read_date(text).is_err(), "{text}");
        }
    }
}
