//! The forms of single values: ids, addresses, slugs, days and text. Each check pushes what is
//! wrong and returns `None`.

use jiff::civil::Date;

use super::meant;
use crate::escape::is_hidden;
use crate::suggest::listed;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::Spanned;

/// How account ids are found.
const WHOLE_ID: &str = "write the whole id, in letters, digits, `:`, `-` and `_`; `mfa-gate members --workspace SLUG` lists it";

/// Text on one line with something to see in it.
pub(super) fn line(
    Spanned { value, span }: Spanned<String>,
    key: &str,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    let value = Spanned { value, span };
    if value.value.contains(['\n', '\r']) {
        problems.push(span, format!("{key} holds a line break"), "write it on one line");
        return None;
    }
    visible(value, key, problems)
}

/// Text that may have line breaks; those at its end belong to the block scalar, not to the text.
pub(super) fn paragraph(
    Spanned { mut value, span }: Spanned<String>,
    key: &str,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    value.truncate(value.trim_end_matches('\n').len());
    visible(Spanned { value, span }, key, problems)
}

fn visible(
    Spanned { value, span }: Spanned<String>,
    key: &str,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    if let Some(control) = value.chars().find(|c| c.is_control() && *c != '\n') {
        let control = u32::from(control);
        let message = format!("{key} holds the control character U+{control:04X}");
        problems.push(span, message, "delete it");
        return None;
    }
    if value.chars().all(|c| c.is_whitespace() || is_hidden(c)) {
        problems.push(span, format!("{key} is blank"), "write some text");
        return None;
    }
    Some(value.into())
}

/// Whether a text can be an account id. They are opaque: this is no more than what all that were
/// seen have in common.
pub(crate) fn is_account_id(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-'))
    };
    text.split('.').all(is_part)
}

/// Whether an account id looks like those that Atlassian gives: with a colon, or 24 hexadecimal
/// digits. Anything else is a user name, mostly.
pub(crate) fn is_usual_account_id(id: &str) -> bool {
    id.contains(':') || (id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// An Atlassian account id: opaque, at most 128 letters, digits, `-` and `:` by Atlassian's
/// documentation, of which nothing may be left out.
pub(super) fn account_id(
    Spanned { value, span }: Spanned<String>,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    if is_account_id(&value) {
        return Some(value.into());
    }
    let help = if is_account_id(value.trim()) {
        format!("write `{}`, without blanks", value.trim())
    } else if value.contains('@') {
        "an address belongs under `email`".into()
    } else if value.contains(['{', '}']) {
        "an id in braces belongs under `uuid`".into()
    } else {
        WHOLE_ID.into()
    };
    problems.push(span, format!("{} is not an account id", shown(&value)), help);
    None
}

/// A Bitbucket uuid in braces and lower case, as the API writes it.
pub(super) fn uuid(
    Spanned { value, span }: Spanned<String>,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    if is_uuid(&value) {
        return Some(value.into());
    }
    let bare = value.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let corrected = format!("{{{bare}}}");
    let help = if is_uuid(&corrected) {
        format!("write `\"{corrected}\"`")
    } else {
        "write it whole, in braces and quotes; `mfa-gate members --workspace SLUG` lists it"
            .to_owned()
    };
    problems.push(span, format!("{} is not a uuid", shown(&value)), help);
    None
}

fn is_uuid(text: &str) -> bool {
    let Some(bare) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return false;
    };
    let lengths = bare.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && bare.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// The e-mail address that a text is, in lower-case ASCII: dot-atoms of RFC 5322 without `*`, which
/// somebody might take for a pattern, and a domain with a dot.
pub(crate) fn as_email(text: &str) -> Option<Box<str>> {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'+/=?^_`{|}~-".contains(c))
    };
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let (local, domain) = text.split_once('@')?;
    let is_one =
        local.split('.').all(is_atom) && domain.contains('.') && domain.split('.').all(is_label);
    is_one.then(|| text.to_ascii_lowercase().into())
}

/// An e-mail address, in lower-case ASCII.
pub(super) fn email(
    Spanned { value, span }: Spanned<String>,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    if let Some(email) = as_email(&value) {
        return Some(email);
    }
    let addresses: Vec<&str> = value
        .split([' ', ',', ';', '<', '>', ':'])
        .filter(|part| as_email(part).is_some())
        .collect();
    let help = match *addresses {
        [] => "write one whole address, such as `build-bot@acme.example`".to_owned(),
        [one] => format!("write the address alone: `{one}`"),
        _ => "write one address; each member needs an exemption of its own".to_owned(),
    };
    problems.push(span, format!("{} is not an e-mail address", shown(&value)), help);
    None
}

/// A workspace's slug, which becomes part of a URL's path.
pub(super) fn slug(
    Spanned { value, span }: Spanned<String>,
    problems: &mut Diagnostics,
) -> Option<String> {
    match check_slug(&value) {
        Ok(()) => Some(value),
        Err(help) => {
            problems.push(span, format!("{} is not a workspace slug", shown(&value)), help);
            None
        }
    }
}

/// Whether a text can be the slug of a workspace.
///
/// # Errors
/// What to write instead.
pub fn check_slug(text: &str) -> Result<(), String> {
    if is_slug(text) {
        return Ok(());
    }
    let lower = text.trim().to_ascii_lowercase();
    let path = lower.split_once("bitbucket.org/").map_or(&*lower, |(_, path)| path);
    let first = path.split('/').next().unwrap_or_default();
    let several: Vec<&str> = meant::words(text).collect();
    Err(if is_slug(first) && first != lower {
        format!("write `{first}`: a slug is the first part of bitbucket.org/SLUG/REPOSITORY")
    } else if is_slug(first) {
        format!("slugs are in lower case, without blanks: write `{first}`")
    } else if several.len() > 1 && several.iter().all(|slug| is_slug(slug)) {
        format!("name each workspace on its own: {}", listed(several))
    } else {
        "write the slug as it stands in https://bitbucket.org/SLUG/: lower-case letters, digits, \
         `_`, `-` and `.`"
            .into()
    })
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.'))
}

/// A date, `YYYY-MM-DD`.
pub(super) fn date(
    Spanned { value, span }: Spanned<String>,
    problems: &mut Diagnostics,
) -> Option<Date> {
    match read_date(&value) {
        Ok(date) => Some(date),
        Err(help) => {
            problems.push(span, format!("{} is not a valid date", shown(&value)), help);
            None
        }
    }
}

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
        return Err(format!(
            "there is no month {month:02}: write the date as `YYYY-MM-DD`, the month as `01` to `12`"
        ));
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
    use super::{Diagnostics, Spanned, account_id, date, email, slug, uuid};
    use crate::yaml::source::Span;

    fn accepts<T>(
        check: fn(Spanned<String>, &mut Diagnostics) -> Option<T>,
        right: &[&str],
        wrong: &[&str],
    ) {
        let span = Span { start: 0, end: 0 };
        for (texts, expected) in [(right, true), (wrong, false)] {
            for text in texts {
                let mut problems = Diagnostics::default();
                let found = check(Spanned { value: (*text).to_owned(), span }, &mut problems);
                assert_eq!(found.is_some(), expected, "{text:?}");
                assert_eq!(problems.is_empty(), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn ids_are_whole() {
        accepts(
            account_id,
            &["5b10ac8d82e05b22cc7d4ef5", "557058:ba8948b2-49da", "qm:a:b", "ug:x", "a.b_c"],
            &["", "a…", "a...", "a..b", ".", "a*", "a b", " a", "a@b", "{a}", "a\n", "é", "a/b"],
        );
        accepts(
            uuid,
            &["{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}"],
            &[
                "",
                "{}",
                "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
                "{0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0}",
                "{0f1e2d3c4b5a69788796a5b4c3d2e1f0}",
                "{0f1e2d3g-4b5a-6978-8796-a5b4c3d2e1f0}",
                "{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}}",
            ],
        );
    }

    #[test]
    fn addresses_and_slugs_are_no_patterns_and_no_paths() {
        accepts(
            email,
            &["a@b.cc", "A.b+c@x-y.example", "o'neil@a.b.c"],
            &[
                "",
                "@",
                "a@",
                "@b.cc",
                "a@b",
                "*@b.cc",
                "a@*.cc",
                "a b@c.dd",
                "a@b@c.dd",
                "a..b@c.dd",
                "a@b..cc",
                "<a@b.cc>",
                "\u{200b}a@b.cc",
            ],
        );
        accepts(
            slug,
            &["acme", "acme-labs", "a_b", "1.2", "_"],
            &["", "Acme", ".", "..", "a/b", "a b", "é", "a%2f", "{a}", "a?b"],
        );
    }

    #[test]
    fn days_are_on_the_calendar() {
        accepts(
            date,
            &["2026-08-01", "2028-02-29", "9999-12-31"],
            &[
                "",
                "2026",
                "2026-8-1",
                "2026-02-29",
                "2026-13-01",
                "2026-00-01",
                "2026-01-00",
                "20260801",
                "2026-08-01T00:00Z",
                "01.08.2026",
                "-2026-08-01",
                "2026-08-0a",
                "+026-08-01",
                "२०२६-08-01",
            ],
        );
    }
}
