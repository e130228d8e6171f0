//! What is told to others once a report is made: the commit's page at Bitbucket, a channel at Slack.
//! Whatever goes wrong here is a warning, and changes no verdict.

pub(crate) mod insights;
pub(crate) mod slack;

use crate::emit::summary;
use crate::escape::visible;
use crate::report::{Report, Severity};

/// What to do about the errors of a report, in a line a rule. No member is named.
fn what_to_do(report: &Report) -> Vec<String> {
    let errors = summary::by_rule(report).filter(|(level, ..)| *level == Severity::Error);
    errors
        .map(|(_, rule, found)| format!("{} × {}: {}", found.len(), rule.title(), rule.help()))
        .collect()
}

/// As much of a text as fits, with what is hidden in it made visible: it never spans lines.
fn cut(text: &str, longest: usize) -> String {
    shorten(visible(text).into_owned(), longest)
}

/// As much as fits of lines, each with what is hidden in it made visible.
fn cut_lines(lines: &[impl AsRef<str>], longest: usize) -> String {
    let lines: Vec<_> = lines.iter().map(|line| visible(line.as_ref())).collect();
    shorten(lines.join("\n"), longest)
}

fn shorten(text: String, longest: usize) -> String {
    let mut ends = text.char_indices().map(|(at, _)| at).skip(longest.saturating_sub(1));
    match (ends.next(), ends.next()) {
        (Some(end), Some(_)) => format!("{}…", text.get(..end).unwrap_or_default()),
        (_, None) | (None, _) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, cut_lines};

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut("a\nb\u{1b}", 20), "a\\u{a}b\\u{1b}");
        assert_eq!(cut_lines(&["a\rb", "c"], 20), "a\\u{d}b\nc");
        assert_eq!(cut("", 3), "");
    }
}
