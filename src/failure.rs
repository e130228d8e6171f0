//! How a command ends: with an exit code, or with a failure that names one.

use std::fmt;

use crate::escape;
use crate::quote::Quotes;

/// The exit codes, the same for every command and format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is wrong.
    Success,
    /// There are violations.
    Violations,
    /// Usage, configuration or policy is wrong; nothing was asked of any server.
    Usage,
    /// It could not be found out.
    Incomplete,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Violations => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
        }
    }
}

/// Why a command ended without doing what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The command line, the environment or an input file is wrong: exit code 2.
    Usage(Problem),
    /// It could not be found out, or not be written: exit code 3.
    Incomplete(Problem),
    /// It could not be done, and violations were seen all the same: exit code 1, since a pipeline
    /// that tolerates 3 must never tolerate a violation.
    Violations(Problem),
    /// As [`Failure::Usage`], about a file of which it shows lines.
    Rendered {
        /// The whole message, several lines long.
        message: String,
        /// The same without anything of the file, for readers who may not see it.
        bare: Option<Problem>,
    },
}

/// What is wrong and what to do about it. Quotes in it are marked: see [`crate::quote`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What could not be done, with what: without a capital and a full stop.
    pub what: String,
    /// What to do next: a sentence.
    pub help: String,
}

impl Problem {
    /// What is wrong, and what to do next.
    pub fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Problem { what: what.into(), help: help.into() }
    }

    /// The same with its quotes shown or withheld.
    #[must_use]
    pub fn with(&self, quotes: Quotes) -> Self {
        Problem::new(quotes.resolve(&self.what), quotes.resolve(&self.help))
    }

    /// What is wrong, and on a line below it what to do, for a terminal. Quotes stay marked.
    pub(crate) fn lines(&self) -> String {
        let (what, help) = (escape::terminal(&self.what), escape::terminal(&self.help));
        if help.is_empty() { what.into() } else { format!("{what}\n  help: {help}") }
    }

    /// A list without members: every workspace has an owner, so the list is not what is there.
    pub(crate) fn no_members() -> Self {
        Problem::new(
            "no members at all were listed",
            "Every workspace has at least its owner: check the slug, and that the credential \
             belongs to an owner of the workspace.",
        )
    }
}

/// A reason or an advice as a sentence.
pub(crate) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let end = if reason.ends_with(['.', '?']) { "" } else { "." };
    first.into_iter().chain(letters).collect::<String>() + end
}

/// The address of a page of `docs/` as this version has it: the binary comes without them.
pub(crate) fn docs(page: &str) -> String {
    const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    format!("{REPOSITORY}/blob/v{VERSION}/docs/{page}")
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Usage(problem)
            | Failure::Incomplete(problem)
            | Failure::Violations(problem) => problem,
            Failure::Rendered { message, .. } => Problem::new(message, ""),
        }
    }
}

impl Failure {
    /// A failure with exit code 2.
    pub fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Usage(Problem::new(what, help))
    }

    /// A failure with exit code 3.
    pub fn incomplete(what: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Incomplete(Problem::new(what, help))
    }

    /// The same where violations were seen: what would be 3 is 1 then.
    #[must_use]
    pub fn with_violations(self) -> Self {
        match self {
            Failure::Incomplete(problem) => Failure::Violations(problem),
            Failure::Usage(_) | Failure::Violations(_) | Failure::Rendered { .. } => self,
        }
    }

    /// A failure with exit code 2 that is said in several lines.
    pub fn rendered(message: String) -> Self {
        Failure::Rendered { message, bare: None }
    }

    /// The exit code that goes with it.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) | Failure::Rendered { .. } => Exit::Usage,
            Failure::Incomplete(_) => Exit::Incomplete,
            Failure::Violations(_) => Exit::Violations,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(problem)
            | Failure::Incomplete(problem)
            | Failure::Violations(problem) => {
                write!(formatter, "error: {}", problem.with(Quotes::Shown).lines())
            }
            Failure::Rendered { message, .. } => formatter.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}

/// What is said of a document that ends in the middle.
pub(crate) const CUT_SHORT: &str = "it was cut short";

/// Why a text is not the JSON that it should be.
pub(crate) fn unparsed(error: &serde_json::Error) -> String {
    match (error.is_eof(), error.line(), error.column()) {
        (false, ..) => error.to_string(),
        (true, 0 | 1, 0) => "it is empty".into(),
        (true, line, column) => format!("{CUT_SHORT}, at line {line} column {column}"),
    }
}
