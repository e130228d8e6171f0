//! What changed between an earlier run and this one. It informs; no verdict depends on it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Finding, JudgedExemption, JudgedMember, ListedMember, Outcome, Report, State, Verdict,
    in_whole_seconds,
};
use crate::member::shown_name;
use crate::reading::Coverage;
use crate::rule::Rule;
use crate::words::words;

/// What changed since an earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The run that this one is compared with.
    pub previous: Earlier,
    /// What was not a concern then; also an exemption that was one for another reason, such as one
    /// that has expired since.
    pub new: Vec<Concern>,
    /// What was a concern then and is none now, or an exemption that is a less serious one, and how
    /// it was settled.
    pub fixed: Vec<Concern>,
    /// What was a concern then and still is one.
    pub staying: Vec<Concern>,
    /// The workspaces that one of the two runs did not read to the end or was not asked to, or whose
    /// members they know by different ids; nothing is compared there.
    pub not_compared: Vec<Arc<str>>,
}

/// The report of an earlier run, by what cannot be changed without its being noticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviousReport {
    /// The SHA-256 of the report's bytes, in lower-case hexadecimal.
    pub sha256: Box<str>,
    /// When it read the members.
    #[serde(deserialize_with = "in_whole_seconds")]
    pub checked_at: Timestamp,
}

/// An earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// When it read the members.
    #[serde(deserialize_with = "in_whole_seconds")]
    pub checked_at: Timestamp,
    /// What it concluded.
    pub verdict: Verdict,
    /// The SHA-256 of its policy.
    pub policy_sha256: Box<str>,
}

/// A member or an exemption that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Concern {
    /// The rule: of this run, or for what is fixed that of the earlier one.
    pub rule: Rule,
    /// The workspace's slug, for a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Arc<str>>,
    /// The member's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<str>>,
    /// The member's shown name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// The exemption's id, for an exemption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Arc<str>>,
    /// How it was settled, for what is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

words! {
    /// How a concern came to an end.
    pub enum Settled {
        /// The member has a second factor now.
        Protected = "protected",
        /// An exemption excuses the member now.
        Exempt = "exempt",
        /// The account cannot log in any more.
        NotApplicable = "not_applicable",
        /// The member has left the workspace.
        Left = "left",
        /// The entry is gone from the policy.
        Removed = "removed",
        /// The entry is there still, and nothing is wrong with it.
        InOrder = "in_order",
        /// The entry is there still, and what is wrong with it is less serious.
        LessSerious = "less_serious",
    }
}

impl Settled {
    /// What happened, in words.
    pub fn words(self) -> &'static str {
        match self {
            Settled::Protected => "protected now",
            Settled::Exempt => "exempt now",
            Settled::NotApplicable => "the account cannot log in now",
            Settled::Left => "not in the workspace any more",
            Settled::Removed => "not in the policy any more",
            Settled::InOrder => "in order now",
            Settled::LessSerious => "less serious now",
        }
    }
}

impl Changes {
    /// What changed from one report to a later one. Workspaces are left out where one of the two
    /// did not read all members, or knows them by other ids, and exemptions where nothing could be
    /// said about them: what was not seen is neither new nor fixed.
    pub fn between(previous: &Report, current: &Report) -> Self {
        let (then, now) = (View::of(previous), View::of(current));
        let compared = then.compared_with(&now);
        let is_compared = |concern: &Concern| match (&concern.workspace, &concern.exemption) {
            (Some(slug), _) => compared.contains(&**slug),
            (None, Some(id)) => then.tells_of(id) && now.tells_of(id),
            (None, None) => false,
        };
        let was: HashMap<Subject<'_>, &Finding> =
            then.concerns().map(|finding| (now.subject_of(&then, finding), finding)).collect();
        let is: HashMap<Subject<'_>, &Finding> =
            now.concerns().map(|finding| (subject(finding), finding)).collect();
        let (mut new, mut staying) = (Vec::new(), Vec::new());
        for finding in now.concerns() {
            let concern = now.concern(finding);
            let known =
                was.get(&subject(finding)).is_some_and(|earlier| !is_another(finding, earlier));
            match is_compared(&concern) {
                true if known => staying.push(concern),
                true => new.push(concern),
                false => {}
            }
        }
        let fixed = then.concerns().filter_map(|earlier| {
            let settled = match is.get(&now.subject_of(&then, earlier)) {
                None if now.overlooks(&then, earlier) => return None,
                None => now.settled(&then, earlier),
                Some(finding) if is_less_serious(finding, earlier) => Settled::LessSerious,
                Some(_) => return None,
            };
            Some(Concern { settled: Some(settled), ..then.concern(earlier) })
        });
        let fixed = fixed.filter(is_compared).collect();
        let slugs = [previous, current].into_iter().flat_map(|report| &report.workspaces);
        let slugs: BTreeSet<Arc<str>> = slugs.map(|workspace| workspace.slug.clone()).collect();
        Changes {
            previous: Earlier {
                checked_at: previous.checked_at,
                verdict: previous.verdict,
                policy_sha256: previous.policy.sha256.clone(),
            },
            new,
            fixed,
            staying,
            not_compared: slugs.into_iter().filter(|slug| !compared.contains(&**slug)).collect(),
        }
    }
}

/// What a finding is about, whatever it says: a member of a workspace, or an exemption.
type Subject<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn subject(finding: &Finding) -> Subject<'_> {
    (finding.workspace.as_deref(), finding.key.as_deref(), finding.exemption.as_deref())
}

/// Whether an exemption is a concern for another reason than it was. A member is one or is none.
fn is_another(finding: &Finding, earlier: &Finding) -> bool {
    finding.exemption.is_some() && finding.rule != earlier.rule
}

/// Whether an exemption is a concern for a less serious reason than it was, whatever `--strict` makes
/// of either.
fn is_less_serious(finding: &Finding, earlier: &Finding) -> bool {
    is_another(finding, earlier) && finding.rule.default_level() > earlier.rule.default_level()
}

/// A report, and ways to find things in it.
struct View<'a> {
    report: &'a Report,
    /// The members of each workspace, by each of their ids.
    members: HashMap<(&'a str, &'a str), &'a JudgedMember>,
    exemptions: HashMap<&'a str, &'a JudgedExemption>,
}

impl<'a> View<'a> {
    fn of(report: &'a Report) -> Self {
        let by_ids = |judged: &'a JudgedMember| {
            let known = judged.member.ids().each().into_iter().flatten();
            known.map(move |id| ((&*judged.member.workspace, id), judged))
        };
        View {
            report,
            members: report.members.iter().flat_map(by_ids).collect(),
            exemptions: report
                .exemptions
                .iter()
                .map(|exemption| (&*exemption.id, exemption))
                .collect(),
        }
    }

    /// The findings about members and exemptions.
    fn concerns(&self) -> impl Iterator<Item = &'a Finding> {
        let is_unread = |finding: &&Finding| finding.rule == Rule::WorkspaceIncomplete;
        self.report.findings.iter().filter(move |finding| !is_unread(finding))
    }

    fn member(&self, finding: &Finding) -> Option<&'a JudgedMember> {
        self.members.get(&(finding.workspace.as_deref()?, finding.key.as_deref()?)).copied()
    }

    /// The same member in this report, by any id that both have.
    fn same(&self, other: &ListedMember) -> Option<&'a JudgedMember> {
        let mut known = other.ids().each().into_iter().flatten();
        known.find_map(|id| self.members.get(&(&*other.workspace, id)).copied())
    }

    /// What a finding of an earlier report is about, by the key that this one has for it.
    fn subject_of<'f>(&self, earlier: &View<'f>, finding: &'f Finding) -> Subject<'f>
    where
        'a: 'f,
    {
        let current = earlier.member(finding).and_then(|judged| self.same(&judged.member));
        match current {
            Some(judged) => (finding.workspace.as_deref(), Some(judged.member.key()), None),
            None => subject(finding),
        }
    }

    fn concern(&self, finding: &Finding) -> Concern {
        let member = self.member(finding).map(|judged| &judged.member);
        let name = member.and_then(|member| shown_name([&member.display_name, &member.nickname]));
        Concern {
            rule: finding.rule,
            workspace: finding.workspace.clone(),
            key: finding.key.clone(),
            name: name.map(Into::into),
            exemption: finding.exemption.clone(),
            settled: None,
        }
    }

    /// Whether a concern is about a person who is not a member, and this run did not look for such.
    fn overlooks(&self, then: &View<'_>, earlier: &Finding) -> bool {
        let is_narrow = !self.report.policy.effective.coverage.contains(&Coverage::Repositories);
        let outsider = then.member(earlier).filter(|judged| judged.member.access.is_some());
        is_narrow && outsider.is_some_and(|judged| self.same(&judged.member).is_none())
    }

    /// How a concern of an earlier run was settled, which is none of this one.
    fn settled(&self, then: &View<'_>, earlier: &Finding) -> Settled {
        let current = then.member(earlier).and_then(|judged| self.same(&judged.member));
        match (&earlier.exemption, current.map(|judged| judged.outcome)) {
            (Some(id), _) if self.exemptions.contains_key(&**id) => Settled::InOrder,
            (Some(_), _) => Settled::Removed,
            // It was about the whole workspace.
            (None, None) if earlier.key.is_none() => Settled::InOrder,
            (None, Some(Outcome::Protected)) => Settled::Protected,
            (None, Some(Outcome::Exempt)) => Settled::Exempt,
            (None, Some(Outcome::NotApplicable)) => Settled::NotApplicable,
            // A member in violation is a concern of this run.
            (None, Some(Outcome::Violation) | None) => Settled::Left,
        }
    }

    /// Whether this run can say anything about an exemption: at least that it is not there.
    fn tells_of(&self, id: &str) -> bool {
        let unresolved = |exemption: &&JudgedExemption| exemption.state == State::Unresolved;
        !self.report.options.ignore_exemptions
            && self.exemptions.get(id).filter(|exemption| unresolved(exemption)).is_none()
    }

    /// The workspaces that both runs read to the end, where all members of both have one kind of id.
    fn compared_with(&self, other: &View<'a>) -> HashSet<&'a str> {
        let (own, others) = (self.common_ids(), other.common_ids());
        let shared = |slug: &str, own: [bool; 3]| {
            let theirs = others.get(slug).copied().unwrap_or_default();
            own.into_iter().zip(theirs).any(|(own, theirs)| own && theirs)
        };
        own.into_iter().filter(|(slug, own)| shared(slug, *own)).map(|(slug, _)| slug).collect()
    }

    /// Which ids all members have, of each workspace that was read to the end.
    fn common_ids(&self) -> HashMap<&'a str, [bool; 3]> {
        let complete = self.report.workspaces.iter().filter(|workspace| workspace.complete);
        let mut common: HashMap<&str, [bool; 3]> =
            complete.map(|workspace| (&*workspace.slug, [true; 3])).collect();
        for JudgedMember { member, .. } in &self.report.members {
            if let Some(common) = common.get_mut(&*member.workspace) {
                for (common, id) in common.iter_mut().zip(member.ids().each()) {
                    *common &= id.is_some();
                }
            }
        }
        common
    }
}
