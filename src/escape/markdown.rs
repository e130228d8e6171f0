//! Markdown of GitHub, GitLab and Bitbucket: their syntax, and what their filters look for in the
//! text that comes of it.

use std::borrow::Cow;

use super::{then, visible};

/// A zero-width space, as an entity: it divides what must not be read together, and is not shown.
const GAP: &str = "&#8203;";

/// For running text and table cells in Markdown.
///
/// What is syntax gets a backslash or is written as an entity. That is not enough for what the
/// sites look for once escapes are undone: addresses of pages and people, mentions, references,
/// formulas and emoji. A gap breaks those.
pub fn markdown(text: &str) -> Cow<'_, str> {
    then(visible(text), |text| {
        let mut out = String::new();
        let mut done = 0;
        for (at, c) in text.char_indices() {
            let (before, rest) = text.split_at_checked(at).unwrap_or_default();
            if let Some(escape) = escape(before, c, rest.get(c.len_utf8()..).unwrap_or_default()) {
                out.push_str(before.get(done..).unwrap_or_default());
                escape.write(c, &mut out);
                done = at + c.len_utf8();
            }
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(out)
    })
}

/// What a character is written as.
enum Escape {
    Entity(&'static str),
    /// With a backslash before it.
    Backslash,
    /// With a gap after it.
    Gap,
    BackslashAndGap,
    /// With a backslash, between gaps: a formula needs a blank or punctuation around its dollars.
    BackslashAmidGaps,
}

impl Escape {
    fn write(self, c: char, out: &mut String) {
        let (before, after) = match self {
            Escape::Entity(entity) => return out.push_str(entity),
            Escape::Backslash => ("\\", ""),
            Escape::Gap => ("", GAP),
            Escape::BackslashAndGap => ("\\", GAP),
            Escape::BackslashAmidGaps => ("&#8203;\\", GAP),
        };
        out.push_str(before);
        out.push(c);
        out.push_str(after);
    }
}

/// How a character is escaped between what stands before and after it, if it has to be.
fn escape(before: &str, c: char, after: &str) -> Option<Escape> {
    let is_active = match c {
        '<' => return Some(Escape::Entity("&lt;")),
        '>' => return Some(Escape::Entity("&gt;")),
        '|' => return Some(Escape::Entity("&#124;")),
        // A gap between these two could be what is ticked in a list of tasks.
        '[' if after.starts_with(']') => return Some(Escape::Entity("&#91;")),
        // Links, footnotes, alerts and tables of contents. With a backslash, a formula of LaTeX.
        '[' => return Some(Escape::Entity("&#91;&#8203;")),
        ']' => return Some(Escape::Entity("&#93;")),
        // An epic of GitLab: &1.
        '&' => return Some(Escape::Entity("&amp;&#8203;")),
        // A blank at the start could make a block of code of the line.
        ' ' if before.is_empty() => return Some(Escape::Entity("&#32;")),
        // A formula of LaTeX.
        '\\' if after.starts_with(['(', '[', ')', ']']) => return Some(Escape::BackslashAndGap),
        // An iteration of GitLab.
        '*' if after.starts_with("iteration:") => return Some(Escape::BackslashAndGap),
        '\\' | '`' | '*' | '_' => return Some(Escape::Backslash),
        // References; labels; alerts of GitLab.
        '#' | '!' | '~' | '^' => return Some(Escape::BackslashAndGap),
        '$' => return Some(Escape::BackslashAmidGaps),
        // Mentions and e-mail addresses; milestones.
        '@' | '%' => return Some(Escape::Gap),
        // Inserted and marked text.
        '+' | '=' if before.ends_with(c) || after.starts_with(c) => return Some(Escape::Backslash),
        // Lists, lines, headings, definitions, directives, and GitLab's quick actions.
        '-' | '+' | '=' | '/' if before.is_empty() => return Some(Escape::Backslash),
        ':' if before.is_empty() => return Some(Escape::BackslashAndGap),
        '.' | ')' if is_list_number(before) && !after.starts_with(is_word) => {
            return Some(Escape::Backslash);
        }
        ':' => after.starts_with("//") || is_emoji(after),
        'w' | 'W' => after.get(..3).is_some_and(|after| after.eq_ignore_ascii_case("ww.")),
        // What GitLab shows as inserted or deleted.
        '{' => after.starts_with(['+', '-']),
        // An issue by its long name: GH-1, GL-1.
        '-' => after.starts_with(|c: char| c.is_ascii_digit()) && names_a_site(before),
        _ => false,
    };
    is_active.then_some(Escape::Gap)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// Whether a text that a full stop follows would begin a list.
fn is_list_number(text: &str) -> bool {
    (1..10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether what follows a colon makes an emoji of it, such as `:tada:`.
fn is_emoji(after: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let rest = after.trim_start_matches(is_part);
    rest.len() < after.len() && rest.starts_with(':')
}

fn names_a_site(before: &str) -> bool {
    let start = before.len().saturating_sub(2);
    before
        .get(start..)
        .is_some_and(|site| ["GH", "GL"].iter().any(|known| known.eq_ignore_ascii_case(site)))
}
