//! Several reports of one policy, side by side: what one run over all of their workspaces would
//! have reported.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use thiserror::Error;

use crate::policy::Policy;
use crate::report::{JudgedExemption, Provenance, Report};

/// Why a report does not go with those before it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Clash {
    /// It was made in another way, or of the same workspace: no verdict is over both.
    #[error("{0}")]
    Setup(String),
    /// It was judged by another day, so that they are not of one point in time.
    #[error("it was judged by {day}, and those before it by {before}")]
    Day {
        /// The day of this report.
        day: Date,
        /// The day of those before it.
        before: Date,
    },
}

impl Report {
    /// One report over several, each of them [judged again](Report::judged_again) before: what one
    /// run over all of their workspaces would have reported. Only the whole shows which exemptions
    /// are needed. Each of the others comes with something to name it by.
    ///
    /// # Errors
    /// The first one that does not go with those before it, and why: made with another policy or
    /// other options, from another server, on another day, or about the same workspace.
    pub fn merged<Name>(
        first: Report,
        others: Vec<(Name, Report)>,
    ) -> Result<Report, (Name, Clash)> {
        if others.is_empty() {
            return Ok(first);
        }
        let mut whole = first;
        for (name, other) in others {
            whole.merge(other).map_err(|clash| (name, clash))?;
        }
        Ok(whole.rejudged())
    }

    fn merge(&mut self, mut other: Report) -> Result<(), Clash> {
        share_pseudonyms(self, &mut other);
        self.setup_clash(&other).map_or(Ok(()), |why| Err(Clash::Setup(why)))?;
        if self.today != other.today {
            return Err(Clash::Day { day: other.today, before: self.today });
        }
        // The whole is as old as the oldest part of it.
        self.checked_at = self.checked_at.min(other.checked_at);
        self.options.members |= other.options.members;
        self.options.roster |= other.options.roster;
        self.options.today |= other.options.today;
        self.options.workspace.extend(other.options.workspace);
        add_new(&mut self.options.redirected_by, other.options.redirected_by);
        // It was given to the parts, so that they would not fail before there was a whole.
        self.options.exit_zero = false;
        self.source.merge(other.source);
        if self.subject != other.subject {
            self.subject = None;
        }
        add_new(&mut self.policy.effective.workspaces, other.policy.effective.workspaces);
        self.workspaces.extend(other.workspaces);
        self.members.extend(other.members);
        self.findings.extend(other.findings);
        self.previous = None;
        self.changes = None;
        Ok(())
    }

    /// Whether both say the same of the policy: of the people it exempts and how, not where it was
    /// found. Reports on single workspaces each name their own where the policy names none.
    fn has_the_policy_of(&self, other: &Report) -> bool {
        let said = |report: &Report| {
            let policy = report.applied_policy().without_places();
            Policy { workspaces: Vec::new(), ..policy }
        };
        said(self) == said(other)
    }

    /// In what the other report was made otherwise, first of all things that a verdict depends on.
    fn setup_clash(&self, other: &Report) -> Option<String> {
        let repeated = other
            .workspaces
            .iter()
            .find(|theirs| self.workspaces.iter().any(|ours| ours.slug == theirs.slug));
        let given = |flag: &str, is_given: bool| {
            format!(
                "it was made {} {flag}, unlike those before it",
                if is_given { "with" } else { "without" }
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
        } else if !self.has_the_policy_of(other) {
            Some("it says something else about the same policy: one of them was changed".into())
        } else {
            self.source.clash(&other.source)
        }
    }
}

/// Lets two redacted reports name the person of an exemption by one pseudonym. It is made of the
/// best id that is known of the person, and a report that did not see them knows no other id than
/// the one that the exemption selects by.
fn share_pseudonyms(one: &mut Report, other: &mut Report) {
    if one.redaction.is_none() || one.redaction != other.redaction {
        return;
    }
    let seen = |report: &Report| -> HashSet<Box<str>> {
        let ids = report.members.iter().flat_map(|judged| judged.member.ids().each());
        ids.flatten().map(Into::into).collect()
    };
    let (seen_by_one, seen_by_other) = (seen(one), seen(other));
    let mut others: HashMap<Arc<str>, &mut JudgedExemption> =
        other.exemptions.iter_mut().map(|theirs| (theirs.id.clone(), theirs)).collect();
    for own in &mut one.exemptions {
        // One that only one report has makes the merge fail: they have not one policy.
        let Some(theirs) = others.get_mut(&own.id) else { continue };
        match (selects_one_of(own, &seen_by_one), selects_one_of(theirs, &seen_by_other)) {
            (true, false) => theirs.select_as(own),
            (false, true) => own.select_as(theirs),
            (true, true) | (false, false) => {}
        }
    }
}

fn selects_one_of(exemption: &JudgedExemption, seen: &HashSet<Box<str>>) -> bool {
    exemption.ids().each().into_iter().flatten().any(|id| seen.contains(id))
}

impl JudgedExemption {
    fn select_as(&mut self, other: &JudgedExemption) {
        self.account_id.clone_from(&other.account_id);
        self.uuid.clone_from(&other.uuid);
        self.email.clone_from(&other.email);
    }
}

impl Provenance {
    /// In what two reports have other sources, which one report cannot say.
    fn clash(&self, other: &Provenance) -> Option<String> {
        let what = if differ(&self.api_url, &other.api_url, |url| url) {
            "another API"
        } else if differ(&self.atlassian, &other.atlassian, |asked| {
            (&asked.api_url, &asked.organisation)
        }) {
            "another Atlassian organisation"
        } else if differ(&self.roster, &other.roster, |read| (&read.sha256, read.as_of)) {
            "another roster"
        } else if differ(&self.entra, &other.entra, |asked| {
            (&asked.login_url, &asked.graph_url, &asked.tenant)
        }) {
            "another Microsoft Entra tenant"
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
        // Where one run could not read a list to the end, the whole does not know either.
        self.atlassian = joined(self.atlassian.take(), other.atlassian, |own, other| {
            own.accounts = own.accounts.filter(|_| own.accounts == other.accounts);
            own.requests = own.requests.saturating_add(other.requests);
        });
        self.roster = joined(self.roster.take(), other.roster, |own, _| {
            // A row about a member of one workspace is about no member of the others.
            own.unmatched = None;
        });
        self.entra = joined(self.entra.take(), other.entra, |own, other| {
            own.rows = own.rows.filter(|_| own.rows == other.rows);
            own.requests = own.requests.saturating_add(other.requests);
            own.read_at = own.read_at.min(other.read_at);
        });
        let clock = joined(self.clock, other.clock, |own, other| *own = own.wider(*other));
        // The workspaces of a part whose clock was wrong say so themselves: the others are judged.
        self.clock = clock.filter(|gap| !gap.is_too_wide());
        // Several jobs of one pipeline share what is said of the pipeline.
        self.ci.retain(|name, value| other.ci.get(name) == Some(value));
    }
}

/// Whether both are known and differ in what tells one from another.
fn differ<'a, T, K: PartialEq>(
    own: &'a Option<T>,
    other: &'a Option<T>,
    key: impl Fn(&'a T) -> K,
) -> bool {
    own.as_ref().zip(other.as_ref()).is_some_and(|(own, other)| key(own) != key(other))
}

/// The one that there is; where there are both, the first with what the other adds.
fn joined<T>(own: Option<T>, other: Option<T>, add: impl FnOnce(&mut T, &T)) -> Option<T> {
    match (own, other) {
        (Some(mut own), Some(other)) => {
            add(&mut own, &other);
            Some(own)
        }
        (own, other) => own.or(other),
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

#[cfg(test)]
mod tests;
