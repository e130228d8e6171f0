//! What is seen of credentials and sources, for somebody who wonders why nothing can be read.

use crate::failure::Problem;

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// As it should be.
    Ok,
    /// It works, but should be looked at.
    Warning,
    /// Workspaces cannot be read like that.
    Failed,
}

/// Something that was looked at. Its texts may be foreign: they are masked, and not yet escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// How it was found.
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

    /// Something that should be looked at.
    pub(crate) fn warning(
        subject: impl Into<String>,
        says: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let help = Some(help.into());
        Observation { grade: Grade::Warning, help, ..Observation::ok(subject, says) }
    }

    /// Something that must be mended.
    pub(crate) fn failed(subject: impl Into<String>, incomplete: Problem) -> Self {
        let Problem { what, help } = incomplete;
        Observation { grade: Grade::Failed, help: Some(help), ..Observation::ok(subject, what) }
    }
}
