//! What goes wrong with a list that is read from a server, and what to do about it.

use thiserror::Error;

use crate::completeness::Inconsistency;
use crate::failure::Problem;
use crate::http::{Host, RequestError};

/// Why a list could not be read to its end. Foreign text in it is masked and cut short.
#[derive(Debug, Error)]
pub(crate) enum ListError {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("the next page is said to be elsewhere, where nothing was sent: {0}")]
    Elsewhere(String),
    #[error("the pages go round in a circle: a `next` leads back to a page that was read")]
    Loop,
    #[error("there is no end to the pages")]
    Endless,
    #[error("the list was read twice and did not add up: {0}")]
    Inconsistency(#[from] Inconsistency),
}

impl ListError {
    /// The status of an answer that is not a success, where that is what went wrong.
    pub(crate) fn status(&self) -> Option<u16> {
        if let ListError::Request(error) = self { error.status() } else { None }
    }

    /// What went wrong when this server was asked for a list, and what to do next.
    pub(crate) fn explain(&self, host: &dyn Host) -> Problem {
        let set_by = host.set_by();
        let help = match self {
            ListError::Request(error) => return error.explain(host),
            ListError::Elsewhere(_) => {
                format!("Check {set_by}: `next` must lead to the same scheme, host, port and path.")
            }
            ListError::Loop | ListError::Endless => {
                format!("Try again. If it happens again, report it to {}.", host.name())
            }
            ListError::Inconsistency(inconsistency) => inconsistency.help(set_by),
        };
        Problem::new(self.to_string(), help)
    }
}
