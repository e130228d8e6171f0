//! What readers call the sources, by the kind of roster there is.

use crate::member::Source;
use crate::words::words;

const ENTRA: &str = "Microsoft Entra";

words! {
    /// What kind of roster a run has. Readers know one that is Microsoft Entra by that name.
    #[derive(Default)]
    pub enum RosterKind {
        /// An identity provider's export.
        #[default]
        Export = "export",
        /// Microsoft Entra, which is asked by the run itself.
        Entra = "entra",
    }
}

impl RosterKind {
    /// Whether it is an export.
    pub(crate) fn is_export(&self) -> bool {
        *self == RosterKind::Export
    }

    /// What findings call a source: as the policy does, except for Microsoft Entra.
    pub(crate) fn name_in_findings(self, source: Source) -> &'static str {
        match (source, self) {
            (Source::Roster, RosterKind::Entra) => ENTRA,
            (Source::Bitbucket | Source::Atlassian | Source::Roster | Source::Sso, _) => {
                source.id()
            }
        }
    }

    /// A source as the heading of a column.
    pub(crate) fn heading(self, source: Source) -> &'static str {
        match (source, self) {
            (Source::Bitbucket, _) => "Bitbucket",
            (Source::Atlassian, _) => "Atlassian",
            (Source::Roster, RosterKind::Export) => "Roster",
            (Source::Roster, RosterKind::Entra) => ENTRA,
            (Source::Sso, _) => "SSO",
        }
    }

    /// What protects a member, by the source that proves it.
    pub(crate) fn protection(self, source: Source) -> &'static str {
        match (source, self) {
            (Source::Bitbucket, _) => "Bitbucket",
            (Source::Atlassian, _) => "Atlassian account",
            (Source::Roster, RosterKind::Export) => "roster",
            (Source::Roster, RosterKind::Entra) => ENTRA,
            (Source::Sso, _) => "delegated to the identity provider",
        }
    }

    /// The roster within a sentence.
    pub(crate) fn in_a_sentence(self) -> &'static str {
        match self {
            RosterKind::Export => "the roster",
            RosterKind::Entra => ENTRA,
        }
    }
}
