//! The forms of single texts: ids, addresses, slugs and free text. Each check reports what is wrong
//! and returns `None`.

use crate::escape::is_hidden;
use crate::suggest::{listed, words};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::Spanned;

/// What a text must look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Free text on one line.
    Line,
    /// Free text, with or without line breaks.
    Paragraph,
    /// An Atlassian account id.
    AccountId,
    /// A Bitbucket uuid.
    Uuid,
    /// An e-mail address.
    Email,
    /// The slug of a workspace.
    Slug,
}

impl Form {
    /// The form as a regular expression, for the schema. It accepts what [`Form::check`] accepts.
    pub(super) fn pattern(self) -> &'static str {
        match self {
            Form::Line => {
                r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
            }
            Form::Paragraph => {
                r"^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$"
            }
            Form::AccountId => r"^[A-Za-z0-9_:-]+(\.[A-Za-z0-9_:-]+)*$",
            Form::Uuid => r"^\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}$",
            Form::Email => {
                r"^[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
            }
            Form::Slug => "^[a-z0-9_-][a-z0-9_.-]*$",
        }
    }

    /// A text of this form; `what` names it in messages.
    pub(super) fn check(
        self,
        Spanned { value, span }: Spanned<String>,
        what: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Box<str>> {
        let of_form = |noun: &str, checked: Result<Box<str>, String>| {
            checked.map_err(|help| (format!("{} is not {noun}", shown(&value)), help))
        };
        let checked = match self {
            Form::Line if value.contains(['\n', '\r']) => {
                Err((format!("{what} holds a line break"), "write it on one line".to_owned()))
            }
            Form::Line => visible(&value, what),
            // The line breaks at the end belong to the block scalar, not to the text.
            Form::Paragraph => visible(value.trim_end_matches('\n'), what),
            Form::AccountId => of_form("an account id", account_id(&value)),
            Form::Uuid => of_form("a uuid", uuid(&value)),
            Form::Email => of_form("an e-mail address", email(&value)),
            Form::Slug => {
                of_form("a workspace slug", check_slug(&value).map(|()| value.as_str().into()))
            }
        };
        checked.map_err(|(message, help)| diagnostics.push(span, message, help)).ok()
    }

    /// Whether any words will do.
    pub(super) fn is_free(self) -> bool {
        matches!(self, Form::Line | Form::Paragraph)
    }
}

/// Text with something to see in it; else what is wrong, and what to do.
fn visible(text: &str, what: &str) -> Result<Box<str>, (String, String)> {
    if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n') {
        let message = format!("{what} holds the control character U+{:04X}", u32::from(control));
        return Err((message, "delete it".into()));
    }
    if text.chars().all(|c| c.is_whitespace() || is_hidden(c)) {
        return Err((format!("{what} is blank"), "write some text".into()));
    }
    Ok(text.into())
}

/// Whether a cell of a table is the word that is meant: blanks around it, and the case of Latin
/// letters, do not matter.
pub(crate) fn is_cell(cell: &str, word: &str) -> bool {
    cell.trim().eq_ignore_ascii_case(word.trim())
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
/// documentation, whole; else what to write instead.
fn account_id(text: &str) -> Result<Box<str>, String> {
    if is_account_id(text) {
        return Ok(text.into());
    }
    Err(if is_account_id(text.trim()) {
        format!("write `{}`, without spaces", text.trim())
    } else if text.contains('@') {
        "an e-mail address belongs under `email`".into()
    } else if text.contains(['{', '}']) {
        "an id in braces belongs under `uuid`".into()
    } else {
        "write the whole id, in letters, digits, `:`, `-` and `_`; `mfa-gate members --workspace \
         SLUG` lists it"
            .into()
    })
}

/// A Bitbucket uuid in braces and lower case, as the API writes it; else what to write instead.
fn uuid(text: &str) -> Result<Box<str>, String> {
    if is_uuid(text) {
        return Ok(text.into());
    }
    let bare = text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let corrected = format!("{{{bare}}}");
    Err(if is_uuid(&corrected) {
        format!("write `\"{corrected}\"`")
    } else {
        "write the whole uuid, in braces and quotes; `mfa-gate members --workspace SLUG` lists it"
            .into()
    })
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
/// could be taken for a pattern, and a domain with a dot.
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

/// An e-mail address, in lower-case ASCII; else what to write instead.
fn email(text: &str) -> Result<Box<str>, String> {
    as_email(text).ok_or_else(|| {
        let parts = text.split([' ', ',', ';', '<', '>', ':']);
        let addresses: Vec<&str> = parts.filter(|part| as_email(part).is_some()).collect();
        match *addresses {
            [] => "write one whole address, such as `build-bot@acme.example`".into(),
            [one] => format!("write the address alone: `{one}`"),
            [..] => "write one address; each member needs a separate exemption".into(),
        }
    })
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
    let several: Vec<&str> = words(text).collect();
    Err(if is_slug(first) && first != lower {
        format!("write `{first}`: a slug is the first part of bitbucket.org/SLUG/REPOSITORY")
    } else if is_slug(first) {
        format!("slugs are in lower case, without spaces: write `{first}`")
    } else if several.len() > 1 && several.iter().all(|slug| is_slug(slug)) {
        format!("write each workspace as a separate entry: {}", listed(several))
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

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::yaml::diagnostics::Diagnostics;
    use crate::yaml::source::{Span, Spanned};

    fn accepts(form: Form, right: &[&str], wrong: &[&str]) {
        let span = Span { start: 0, end: 0 };
        for (texts, expected) in [(right, true), (wrong, false)] {
            for text in texts {
                let mut diagnostics = Diagnostics::default();
                let text = Spanned { value: (*text).to_owned(), span };
                let found = form.check(text.clone(), "it", &mut diagnostics);
                assert_eq!(found.is_some(), expected, "{text:?}");
                assert_eq!(diagnostics.is_empty(), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn ids_are_whole() {
        accepts(
            Form::AccountId,
            &["5b10ac8d82e05b22cc7d4ef5", "557058:ba8948b2-49da", "qm:a:b", "ug:x", "a.b_c"],
            &["", "a…", "a...", "a..b", ".", "a*", "a b", " a", "a@b", "{a}", "a\n", "é", "a/b"],
        );
        accepts(
            Form::Uuid,
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
    fn addresses_and_slugs_are_not_patterns_or_paths() {
        accepts(
            Form::Email,
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
            Form::Slug,
            &["acme", "acme-labs", "a_b", "1.2", "_"],
            &["", "Acme", ".", "..", "a/b", "a b", "é", "a%2f", "{a}", "a?b"],
        );
    }
}
