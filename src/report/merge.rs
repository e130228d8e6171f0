//! Several reports of one policy, side by side: what one run over all of their workspaces would
//! have reported.

use std::collections::HashSet;
use std::fmt;

use jiff::civil::Date;

use super::{Provenance, Report, Tool};
use crate::policy::Policy;

/// Why a report does not go with those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// It was made in another way, or of the same workspace: no verdict is over both.
    Setup(String),
    /// It was judged by another day, so that they are not of one point in time.
    Day {
        /// Its own day.
        own: Date,
        /// The day of those before it.
        others: Date,
    },
}

impl fmt::Display for Clash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Clash::Setup(why) => formatter.write_str(why),
            Clash::Day { own, others } => {
                write!(formatter, "it was judged by {own}, and those before it by {others}")
            }
        }
    }
}

impl Report {
    /// Puts another report beside this one. Both are to be [judged again](Report::judged_again)
    /// before, since two wrong counts could add up, and so is the whole after it, since only then
    /// it is known of an exemption whether anybody needs it.
    ///
    /// # Errors
    /// Where the other one does not go with this one: made with another policy or other options,
    /// from another server, on another day, or about the same workspace.
    pub fn merge(&mut self, other: Report) -> Result<(), Clash> {
        self.setup_clash(&other).map_or(Ok(()), |why| Err(Clash::Setup(why)))?;
        if self.today != other.today {
            return Err(Clash::Day { own: other.today, others: self.today });
        }
        self.tool = Tool::this();
        self.assurance = self.assurance.max(other.assurance);
        // The whole is as old as the oldest part of it.
        self.checked_at = self.checked_at.min(other.checked_at);
        self.options.members |= other.options.members;
        self.options.roster |= other.options.roster;
        self.options.today |= other.options.today;
        self.options.workspace.extend(other.options.workspace);
        // It was given to the parts, so that they would not fail before there was a whole.
        self.options.exit_zero = false;
        self.source.merge(other.source);
        if self.subject != other.subject {
            self.subject = None;
        }
        add_new(&mut self.policy.effective.workspaces, other.policy.effective.workspaces);
        self.complete &= other.complete;
        self.summary.members = self.summary.members.saturating_add(other.summary.members);
        self.workspaces.extend(other.workspaces);
        add_new(&mut self.workspaces_not_checked, other.workspaces_not_checked);
        let checked: HashSet<&str> = self.workspaces.iter().map(|own| &*own.slug).collect();
        self.workspaces_not_checked.retain(|slug| !checked.contains(&**slug));
        self.members.extend(other.members);
        self.findings.extend(other.findings);
        self.changes = None;
        Ok(())
    }

    /// In what the other report was made otherwise, first of all things that a verdict depends on.
    fn setup_clash(&self, other: &Report) -> Option<String> {
        let repeated = other
            .workspaces
            .iter()
            .find(|theirs| self.workspaces.iter().any(|own| own.slug == theirs.slug));
        let given = |flag: &str, own: bool| {
            format!(
                "it was made {} {flag}, unlike those before it",
                if own { "with" } else { "without" }
            )
        };
        let (options, others) = (&self.options, &other.options);
        if let Some(workspace) = repeated {
            Some(format!("one before it is about the workspace {} too", workspace.slug))
        } else if self.policy.sha256 != other.policy.sha256 {
            Some(format!(
                "its policy has the SHA-256 {}, and that of those before it {}",
                other.policy.sha256, self.policy.sha256
            ))
        } else if options.strict != others.strict {
            Some(given("--strict", others.strict))
        } else if options.ignore_exemptions != others.ignore_exemptions {
            Some(given("--ignore-exemptions", others.ignore_exemptions))
        } else if self.redaction != other.redaction {
            Some("its names, ids and addresses are not replaced by the same pseudonyms".into())
        } else if everywhere(self.applied_policy()) != everywhere(other.applied_policy()) {
            Some("it says something else about the same policy: one of them was changed".into())
        } else {
            self.source.clash(&other.source)
        }
    }
}

/// A policy, wherever it applies: reports on single workspaces each name their own where the
/// policy names none.
fn everywhere(policy: Policy) -> Policy {
    Policy { workspaces: Vec::new(), ..policy }
}

impl Provenance {
    /// In what two reports have other sources, which one report cannot say.
    fn clash(&self, other: &Provenance) -> Option<String> {
        let differ = |own: Option<&str>, other: Option<&str>| {
            own.zip(other).is_some_and(|(own, other)| own != other)
        };
        let organisation = |source: &Provenance| {
            source.atlassian.as_ref().map(|own| format!("{} {}", own.api_url, own.organisation))
        };
        let roster = |source: &Provenance| {
            source.roster.as_ref().map(|own| format!("{} {}", own.sha256, own.as_of))
        };
        let what = if differ(self.api_url.as_deref(), other.api_url.as_deref()) {
            "another API"
        } else if differ(organisation(self).as_deref(), organisation(other).as_deref()) {
            "another Atlassian organisation"
        } else if differ(roster(self).as_deref(), roster(other).as_deref()) {
            "another roster"
        } else {
            return None;
        };
        Some(format!("it was made with {what} than those before it"))
    }

    /// Adds the sources of a report that [goes with](Provenance::clash) this one.
    fn merge(&mut self, other: Provenance) {
        self.api_url = self.api_url.take().or(other.api_url);
        if self.credential_kind != other.credential_kind {
            self.credential_kind = None;
        }
        add_new(&mut self.inputs, other.inputs);
        self.atlassian = match (self.atlassian.take(), other.atlassian) {
            (Some(mut own), Some(other)) => {
                own.accounts = own.accounts.or(other.accounts);
                own.requests = own.requests.saturating_add(other.requests);
                Some(own)
            }
            (own, other) => own.or(other),
        };
        self.roster = match (self.roster.take(), other.roster) {
            (Some(mut own), Some(_)) => {
                // A row about a member of one workspace is about nobody in the others.
                own.unmatched = None;
                Some(own)
            }
            (own, other) => own.or(other),
        };
        // Several jobs of one pipeline share what is said of the pipeline.
        self.ci.retain(|name, value| other.ci.get(name) == Some(value));
    }
}

/// Adds what is not there yet.
fn add_new<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !to.contains(&item) {
            to.push(item);
        }
    }
}
