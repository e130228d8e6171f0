//! Scalars: of which type they are, and where they end.

use granit_parser::ScalarStyle;

use super::node::Value;
use super::source::Span;

/// The type of a scalar by YAML 1.2's core schema (chapter 10.3.2 of the specification); `no` and
/// `off` are text.
pub(crate) fn resolve(text: String, style: ScalarStyle) -> Value {
    match style {
        ScalarStyle::Plain => match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Value::Boolean(text),
            plain if is_number(plain) => Value::Number(text),
            _ => Value::Text(text),
        },
        ScalarStyle::SingleQuoted
        | ScalarStyle::DoubleQuoted
        | ScalarStyle::Literal
        | ScalarStyle::Folded => Value::Text(text),
    }
}

fn is_number(text: &str) -> bool {
    let all = |digits: &str, is_digit: fn(char) -> bool| {
        !digits.is_empty() && digits.chars().all(is_digit)
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |c| c.is_digit(8));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |c| c.is_ascii_hexdigit());
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF")
        // The same grammar as Rust's, which also knows words.
        || (!text.contains(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E')
            && text.parse::<f64>().is_ok())
}

/// A block scalar goes on to the next token: blank lines are not part of the value's place.
pub(crate) fn trimmed(text: &str, span: Span, style: ScalarStyle) -> Span {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => {
            let content = text.get(span.start..span.end).unwrap_or_default().trim_end();
            if content.is_empty() {
                // Nothing but the indicator is there to be marked.
                let header = text.get(..span.start).unwrap_or_default().trim_end();
                let indicator = header.chars().next_back().map_or(0, char::len_utf8);
                return Span { start: header.len() - indicator, end: header.len() };
            }
            Span { start: span.start, end: span.start + content.len() }
        }
        ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => span,
    }
}

#[cfg(test)]
mod tests {
    use granit_parser::ScalarStyle;

    use super::{Value, resolve};

    #[test]
    fn plain_scalars_have_the_types_of_the_core_schema() {
        let plain = |text: &str| resolve(text.to_owned(), ScalarStyle::Plain);
        for text in ["", "~", "null", "Null", "NULL"] {
            assert!(matches!(plain(text), Value::Null), "{text}");
        }
        for text in ["true", "True", "TRUE", "false", "False", "FALSE"] {
            assert!(matches!(plain(text), Value::Boolean(_)), "{text}");
        }
        let numbers =
            "0 7 -7 +7 007 1.5 .5 5. 1e3 5E-3 0o17 0xfF .inf -.INF .nan 557058012345678901234567";
        for text in numbers.split(' ') {
            assert!(matches!(plain(text), Value::Number(_)), "{text}");
        }
        let texts =
            "no off yes nULL inf nan infinity 1_000 12:30 2026-10-29 0o8 0x -.nan e5 - . 5b10ac";
        for text in texts.split(' ') {
            assert!(matches!(plain(text), Value::Text(_)), "{text}");
        }
    }

    #[test]
    fn quoted_scalars_are_text() {
        for style in [
            ScalarStyle::SingleQuoted,
            ScalarStyle::DoubleQuoted,
            ScalarStyle::Literal,
            ScalarStyle::Folded,
        ] {
            for text in ["", "~", "true", "7"] {
                assert!(matches!(resolve(text.to_owned(), style), Value::Text(_)), "{text}");
            }
        }
    }
}
