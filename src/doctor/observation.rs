//! What the doctor saw, and how it is shown.

use crate::emit::console::Style;
use crate::emit::wrap::wrap;
use crate::escape::terminal;
use crate::failure::Problem;
use crate::quote::Quotes;

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// Seen to be as it should be.
    Ok,
    /// It could not be seen.
    Unknown,
    /// It works, but should be looked at.
    Warning,
    /// `check` ends with exit code 2 or 3 like that.
    Failed,
}

/// Something that was looked at. Its texts may be foreign: they are masked, and not yet escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    pub grade: Grade,
    /// What was looked at.
    pub subject: String,
    /// What was seen.
    pub says: String,
    /// What to do: a sentence.
    pub help: Option<String>,
}

impl Observation {
    /// Something that is as it should be.
    pub(crate) fn ok(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Observation { grade: Grade::Ok, subject: subject.into(), says: says.into(), help: None }
    }

    /// Something that could not be seen.
    pub(crate) fn unknown(
        subject: impl Into<String>,
        says: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let help = Some(help.into());
        Observation { grade: Grade::Unknown, help, ..Observation::ok(subject, says) }
    }

    /// Something that should be looked at.
    pub(crate) fn warning(
        subject: impl Into<String>,
        says: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Observation { grade: Grade::Warning, ..Observation::unknown(subject, says, help) }
    }

    /// Something that must be fixed.
    pub(crate) fn failed(subject: impl Into<String>, problem: impl Into<Problem>) -> Self {
        let Problem { what, help } = problem.into();
        Observation { grade: Grade::Failed, ..Observation::unknown(subject, what, help) }
    }
}

/// The width of the first column: the longest grade, and a blank.
const COLUMN: usize = 9;

/// Observations as a person reads them; where there is to be quiet, those alone that ask for
/// something to be done.
pub(crate) fn render(observations: &[Observation], style: Style) -> String {
    let mut text = String::new();
    for Observation { grade, subject, says, help } in observations {
        let word = match grade {
            Grade::Ok | Grade::Unknown if style.quiet => continue,
            Grade::Ok => "ok",
            Grade::Unknown => "unknown",
            Grade::Warning => "warning",
            Grade::Failed => "failed",
        };
        let seen = format!("{subject}: {}", Quotes::Shown.resolve(says));
        let seen = wrap(&terminal(&seen), style.width, COLUMN, COLUMN);
        text += &format!("{word:<COLUMN$}{seen}\n");
        if let Some(help) = help {
            let help = wrap(&terminal(help), style.width, COLUMN + 6, COLUMN + 2);
            text += &format!("{:COLUMN$}help: {help}\n", "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn at(width: usize) -> String {
        let long = "557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9, ".repeat(3);
        let observations = [
            Observation::ok(
                "credential",
                format!("the API token of {long}and of \u{6728}\u{6751}"),
            ),
            Observation::unknown(
                "expiry",
                "Bitbucket does not tell when it expires",
                "Look the day up, and enter it in a calendar.",
            ),
            Observation::warning(
                "connection",
                "HTTPS_PROXY (http://proxy.acme.example:8080) could answer in place of a server",
                "Look at it: the certificates of this machine decide which answers are taken for \
                 those of Bitbucket.",
            ),
            Observation::failed(
                "acme: second factor",
                Problem::new("N".repeat(100), "Use the credential of an owner of the workspace."),
            ),
        ];
        render(&observations, Style { width, ..Style::default() })
    }

    #[test]
    fn at_60_columns() {
        insta::assert_snapshot!(at(60), @r"
        ok       credential: the API token of
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9,
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9,
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9, and of
                 木村
        unknown  expiry: Bitbucket does not tell when it expires
                 help: Look the day up, and enter it in a calendar.
        warning  connection: HTTPS_PROXY
                 (http://proxy.acme.example:8080) could answer in
                 place of a server
                 help: Look at it: the certificates of this machine
                   decide which answers are taken for those of
                   Bitbucket.
        failed   acme: second factor:
                 NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN
                 help: Use the credential of an owner of the
                   workspace.
        ");
    }

    #[test]
    fn at_80_columns() {
        insta::assert_snapshot!(at(80), @r"
        ok       credential: the API token of
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9,
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9,
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9, and of 木村
        unknown  expiry: Bitbucket does not tell when it expires
                 help: Look the day up, and enter it in a calendar.
        warning  connection: HTTPS_PROXY (http://proxy.acme.example:8080) could answer
                 in place of a server
                 help: Look at it: the certificates of this machine decide which answers
                   are taken for those of Bitbucket.
        failed   acme: second factor:
                 NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN
                 help: Use the credential of an owner of the workspace.
        ");
    }

    #[test]
    fn at_120_columns() {
        insta::assert_snapshot!(at(120), @r"
        ok       credential: the API token of 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9,
                 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9, 557058:1f0c2b3d-4e5f-6071-8293-a4b5c6d7e8f9, and of 木村
        unknown  expiry: Bitbucket does not tell when it expires
                 help: Look the day up, and enter it in a calendar.
        warning  connection: HTTPS_PROXY (http://proxy.acme.example:8080) could answer in place of a server
                 help: Look at it: the certificates of this machine decide which answers are taken for those of Bitbucket.
        failed   acme: second factor:
                 NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN
                 help: Use the credential of an owner of the workspace.
        ");
    }

    #[test]
    fn only_a_word_is_wider_than_the_terminal() {
        for width in 40..150 {
            for line in at(width).lines() {
                let words = line.split_whitespace().count();
                assert!(line.width() <= width || words == 1, "{width}: {line}");
            }
        }
    }
}
