//! What excuses a member who is exempt.

use std::collections::HashMap;

use crate::report::{JudgedExemption, JudgedMember, ListedMember, Outcome, Report};

/// The exemptions of a report, to find the one that excuses a member.
pub(crate) struct Exemptions<'a>(HashMap<&'a str, (usize, &'a JudgedExemption)>);

/// What excuses a member.
#[derive(Clone, Copy)]
pub(crate) struct Excuse<'a> {
    /// The id of the exemption.
    pub(crate) id: &'a str,
    /// The exemption, with its place in the policy, from 1. Only an edited report has none: the
    /// member is listed all the same.
    pub(crate) entry: Option<(usize, &'a JudgedExemption)>,
}

impl<'a> Exemptions<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        let places = (1..).zip(&report.exemptions);
        Exemptions(places.map(|(place, exemption)| (&*exemption.id, (place, exemption))).collect())
    }

    /// What excuses a member who is exempt.
    pub(crate) fn excuse(&self, judged: &'a JudgedMember) -> Excuse<'a> {
        let id = judged.exemption.as_deref().unwrap_or_default();
        Excuse { id, entry: self.0.get(id).copied() }
    }
}

impl Excuse<'_> {
    /// Why the member is exempt, and until when.
    pub(crate) fn why(self) -> String {
        match self.entry {
            Some((_, JudgedExemption { expires, reason, .. })) => {
                format!("exempt by {} until {expires}: {reason}", self.id)
            }
            None => format!("exempt by {}", self.id),
        }
    }

    /// The last day on which the member is exempt.
    pub(crate) fn until(self) -> String {
        self.entry.map(|(_, exemption)| exemption.expires.to_string()).unwrap_or_default()
    }
}

/// The members who are exempt, each with what excuses them.
pub(crate) fn exempt(report: &Report) -> impl Iterator<Item = (&ListedMember, Excuse<'_>)> {
    let exemptions = Exemptions::of(report);
    let exempt = report.members.iter().filter(|judged| judged.outcome == Outcome::Exempt);
    exempt.map(move |judged| (&judged.member, exemptions.excuse(judged)))
}
