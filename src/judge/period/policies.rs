//! The policies over the period: which were in force, which followed which, and which workspaces they
//! wanted looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Period, difference};
use crate::policy::{Exemption, Selector};
use crate::report::{AuditedPolicy, EffectivePolicy, JudgedExemption, PolicyChange, Report};

/// The policies so far, by digest.
#[derive(Debug, Default)]
pub(super) struct Policies {
    known: BTreeMap<Arc<str>, Known>,
    /// The exemptions of each policy file, by its digest.
    exempting: HashMap<Arc<str>, Vec<Exemption>>,
    /// The policy of the last look at each workspace.
    of_workspace: HashMap<Arc<str>, Arc<Applied>>,
    /// When each workspace was named for the first time.
    named: BTreeMap<Arc<str>, Timestamp>,
    /// When a policy took the place of one that names a workspace, and does not name it; until it is
    /// named again.
    dropped: HashMap<Arc<str>, Dropped>,
    latest: Option<Arc<Applied>>,
    /// The first report of all.
    first: Option<Timestamp>,
    /// What changed, by the policies before and after, and when that was counted last.
    changes: BTreeMap<(Arc<str>, Arc<str>), (PolicyChange, Timestamp)>,
}

#[derive(Debug)]
struct Known {
    /// The last report with it.
    last: Timestamp,
    /// As it is listed, once a report of the period used it.
    audited: Option<AuditedPolicy>,
    applied: Arc<Applied>,
}

/// A policy as the first report with it has it.
#[derive(Debug)]
struct Applied {
    sha256: Arc<str>,
    effective: EffectivePolicy,
    exemptions: Vec<JudgedExemption>,
}

/// A workspace that a new policy does not name.
#[derive(Debug)]
struct Dropped {
    at: Timestamp,
    /// The two policies, where the new one has none of the workspaces before it. If the workspace is
    /// named again, the one did not take the place of the other: both are used.
    unless_named: Option<(Arc<str>, Arc<str>)>,
}

impl Policies {
    /// A digest, kept once.
    pub(super) fn digest(&self, sha256: &str) -> Arc<str> {
        self.known.get_key_value(sha256).map_or_else(|| sha256.into(), |(own, _)| Arc::clone(own))
    }

    /// Whether a report has the exemptions that the reports before it have of the same policy file.
    /// Rules and limits are not compared: another version may have other defaults.
    pub(super) fn agree_with(&mut self, report: &Report) -> bool {
        let mut exemptions = report.applied_policy().without_places().exemptions;
        if report.redaction.is_some() {
            // Which of a member's ids the pseudonym is made of depends on what was read.
            let nobody = || Selector::Email("".into());
            exemptions.iter_mut().for_each(|exemption| exemption.selector = nobody());
        }
        let sha256 = self.digest(&report.policy.sha256);
        *self.exempting.entry(sha256).or_insert_with(|| exemptions.clone()) == exemptions
    }

    /// Notes which workspaces the policy of a live run names, whether or not they could be read.
    pub(super) fn name(&mut self, at: Timestamp, report: &Report) {
        self.first.get_or_insert(at);
        for slug in &report.policy.effective.workspaces {
            self.named.entry(Arc::clone(slug)).or_insert(at);
            let dropped = self.dropped.remove(slug);
            if let Some(pair) = dropped.and_then(|dropped| dropped.unless_named) {
                self.changes.remove(&pair);
            }
        }
    }

    /// The next report, with the workspaces that it looked at.
    pub(super) fn note(
        &mut self,
        at: Timestamp,
        report: &Report,
        looked_at: &[&Arc<str>],
        start: Timestamp,
    ) {
        let sha256 = self.digest(&report.policy.sha256);
        let is_new = !self.known.contains_key(&sha256);
        let known = self.known.entry(Arc::clone(&sha256)).or_insert_with(|| Known {
            last: at,
            audited: None,
            applied: Arc::new(Applied {
                sha256,
                effective: report.policy.effective.clone(),
                exemptions: report.exemptions.clone(),
            }),
        });
        known.last = at;
        if at >= start {
            known.use_at(at, report);
        }
        let applied = Arc::clone(&known.applied);
        let mut before: Vec<Arc<Applied>> = Vec::new();
        for slug in looked_at {
            before.extend(self.of_workspace.insert(Arc::clone(slug), Arc::clone(&applied)));
        }
        // A policy of other workspaces: of one that was renamed, say.
        let is_of_others = before.is_empty() && is_new;
        if is_of_others {
            before.extend(self.latest.clone());
        }
        before.sort_unstable_by(|a, b| a.sha256.cmp(&b.sha256));
        before.dedup_by(|a, b| a.sha256 == b.sha256);
        for earlier in before.iter().filter(|_| is_new) {
            let pair = || (Arc::clone(&earlier.sha256), Arc::clone(&applied.sha256));
            let replaced = earlier.effective.workspaces.iter();
            for slug in replaced.filter(|slug| !applied.effective.workspaces.contains(slug)) {
                let dropped = || Dropped { at, unless_named: is_of_others.then(pair) };
                self.dropped.entry(Arc::clone(slug)).or_insert_with(dropped);
            }
        }
        for earlier in before {
            if earlier.sha256 != applied.sha256 && at >= start {
                self.change(at, &earlier, &applied);
            }
        }
        self.latest = Some(applied);
    }

    fn change(&mut self, at: Timestamp, before: &Applied, after: &Applied) {
        let pair = (Arc::clone(&before.sha256), Arc::clone(&after.sha256));
        let change = || PolicyChange {
            at,
            from: Arc::clone(&before.sha256),
            to: Arc::clone(&after.sha256),
            times: 1,
            rules: difference::rules(&before.effective, &after.effective),
            settings: difference::settings(&before.effective, &after.effective),
            exemptions: difference::exemptions(&before.exemptions, &after.exemptions),
        };
        let (change, counted) = self.changes.entry(pair).or_insert_with(|| (change(), at));
        // Where each workspace has a run of its own, all of them follow one change.
        if self.known.get(&before.sha256).is_some_and(|known| known.last > *counted) {
            change.times += 1;
            *counted = at;
        }
    }

    /// The policies that the period used, the first one first.
    pub(super) fn audited(&self, period: &Period) -> Vec<AuditedPolicy> {
        let allowed = &period.policy_sha256;
        let used = self.known.values().filter_map(|known| known.audited.clone());
        let mut used: Vec<AuditedPolicy> = used
            .map(|policy| AuditedPolicy {
                allowed: (!allowed.is_empty())
                    .then(|| allowed.iter().any(|sha256| **sha256 == *policy.sha256)),
                ..policy
            })
            .collect();
        used.sort_by(|a, b| (a.first, &a.sha256).cmp(&(b.first, &b.sha256)));
        used
    }

    /// What changed, the earliest first.
    pub(super) fn changes(self) -> Vec<PolicyChange> {
        let changes = self.changes.into_values();
        let mut changes: Vec<PolicyChange> = changes.map(|(change, _)| change).collect();
        changes.sort_by(|a, b| (a.at, &a.from, &a.to).cmp(&(b.at, &b.from, &b.to)));
        changes
    }

    /// From when until when each workspace was to be looked at, as far as that is in the period.
    ///
    /// One that a later policy added counts from that policy's first look. It counts until a new
    /// policy that does not name it takes the place of one that does: of the last one by which a
    /// workspace of the new policy was looked at, or of the last one of all, where the new policy has
    /// none of these workspaces (one was renamed, say). Policies that are used side by side do not
    /// drop the workspaces of each other.
    pub(super) fn scope(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> BTreeMap<Arc<str>, (Timestamp, Timestamp)> {
        let scope = self.named.iter().map(|(slug, &first)| {
            let from = if Some(first) == self.first { start } else { first.max(start) };
            let until = self.dropped.get(slug).map_or(end, |dropped| end.min(dropped.at));
            (Arc::clone(slug), (from, until))
        });
        scope.filter(|(_, (from, until))| from < until).collect()
    }
}

impl Known {
    fn use_at(&mut self, at: Timestamp, report: &Report) {
        let applied = &self.applied;
        let audited = self.audited.get_or_insert_with(|| AuditedPolicy {
            sha256: Arc::clone(&applied.sha256),
            path: Arc::clone(&report.policy.path),
            first: at,
            last: at,
            reports: 0,
            allowed: None,
            effective: applied.effective.clone(),
            exemptions: applied.exemptions.len() as u64,
        });
        audited.last = at;
        audited.reports += 1;
    }
}
