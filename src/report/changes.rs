//! What changed between an earlier run and this one. It informs; no verdict depends on it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Finding, JudgedExemption, JudgedMember, ListedMember, Outcome, Report, State, Verdict,
};
use crate::member::shown_name;
use crate::rule::Rule;

/// What changed since an earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The run that this one is compared with.
    pub previous: Earlier,
    /// What was no concern then; also an exemption that was a lesser one, such as one that has
    /// run out since.
    pub new: Vec<Concern>,
    /// What was a concern then and is none now, and how it was settled.
    pub fixed: Vec<Concern>,
    /// What was a concern then and still is one.
    pub staying: Vec<Concern>,
    /// The workspaces that one of the two runs did not read to the end, or was not asked to; nothing
    /// is compared there.
    pub not_compared: Vec<Arc<str>>,
}

/// An earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Earlier {
    /// When it read the members.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub checked_at: Timestamp,
    /// What it concluded.
    pub verdict: Verdict,
    /// The SHA-256 of its policy.
    pub policy_sha256: Box<str>,
}

/// A member or an exemption that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// How a concern came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// The member has a second factor now.
    Protected,
    /// An exemption excuses the member now.
    Exempt,
    /// Nobody logs in with the account any more.
    NotApplicable,
    /// The member has left the workspace.
    Left,
    /// The entry is gone from the policy.
    Removed,
    /// The entry is there still, and nothing is wrong with it.
    InOrder,
}

impl Settled {
    /// What happened, in words.
    pub fn words(self) -> &'static str {
        match self {
            Settled::Protected => "protected now",
            Settled::Exempt => "exempt now",
            Settled::NotApplicable => "nobody logs in with it now",
            Settled::Left => "not in the workspace any more",
            Settled::Removed => "not in the policy any more",
            Settled::InOrder => "in order now",
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
            then.concerns().map(|finding| (subject(finding), finding)).collect();
        let is: HashSet<Subject<'_>> = now.concerns().map(subject).collect();
        let (mut new, mut staying) = (Vec::new(), Vec::new());
        for finding in now.concerns() {
            let concern = now.concern(finding);
            let known =
                was.get(&subject(finding)).is_some_and(|earlier| !is_worse(finding, earlier));
            match is_compared(&concern) {
                true if known => staying.push(concern),
                true => new.push(concern),
                false => {}
            }
        }
        let gone = then.concerns().filter(|finding| !is.contains(&subject(finding)));
        let fixed = gone.map(|finding| Concern {
            settled: Some(now.settled(finding)),
            ..then.concern(finding)
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

/// Whom or what a finding is about, whatever it says: a member of a workspace, or an exemption.
type Subject<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn subject(finding: &Finding) -> Subject<'_> {
    (finding.workspace.as_deref(), finding.key.as_deref(), finding.exemption.as_deref())
}

/// Whether an exemption is a graver concern than it was. A member is one or is none.
fn is_worse(finding: &Finding, earlier: &Finding) -> bool {
    finding.exemption.is_some() && finding.rule != earlier.rule && finding.level < earlier.level
}

/// What kind of id a member is known by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum KeyKind {
    AccountId,
    Uuid,
    Email,
    /// A row of a file, which is another one in the next file.
    Row,
}

fn key_kind(member: &ListedMember) -> KeyKind {
    match (&member.account_id, &member.uuid, &member.email) {
        (Some(_), _, _) => KeyKind::AccountId,
        (None, Some(_), _) => KeyKind::Uuid,
        (None, None, Some(_)) => KeyKind::Email,
        (None, None, None) => KeyKind::Row,
    }
}

/// A report, and ways to find things in it.
struct View<'a> {
    report: &'a Report,
    members: HashMap<(&'a str, &'a str), &'a JudgedMember>,
    exemptions: HashMap<&'a str, &'a JudgedExemption>,
}

impl<'a> View<'a> {
    fn of(report: &'a Report) -> Self {
        let member =
            |judged: &'a JudgedMember| ((&*judged.member.workspace, &*judged.member.key), judged);
        View {
            report,
            members: report.members.iter().map(member).collect(),
            exemptions: report.exemptions.iter().map(|own| (&*own.id, own)).collect(),
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

    fn concern(&self, finding: &Finding) -> Concern {
        let member = self.member(finding).map(|judged| &judged.member);
        let name = member.and_then(|own| shown_name([&own.display_name, &own.nickname]));
        Concern {
            rule: finding.rule,
            workspace: finding.workspace.clone(),
            key: finding.key.clone(),
            name: name.map(Into::into),
            exemption: finding.exemption.clone(),
            settled: None,
        }
    }

    /// How a concern of an earlier run was settled, which is none of this one.
    fn settled(&self, earlier: &Finding) -> Settled {
        match (&earlier.exemption, self.member(earlier).map(|judged| judged.outcome)) {
            (Some(id), _) if self.exemptions.contains_key(&**id) => Settled::InOrder,
            (Some(_), _) => Settled::Removed,
            (None, Some(Outcome::Protected)) => Settled::Protected,
            (None, Some(Outcome::Exempt)) => Settled::Exempt,
            (None, Some(Outcome::NotApplicable)) => Settled::NotApplicable,
            // A member in violation is a concern of this run.
            (None, Some(Outcome::Violation) | None) => Settled::Left,
        }
    }

    /// Whether this run can say anything about an exemption: at least that it is not there.
    fn tells_of(&self, id: &str) -> bool {
        let unresolved = |own: &&JudgedExemption| own.state == State::Unresolved;
        !self.report.options.ignore_exemptions
            && self.exemptions.get(id).filter(|own| unresolved(own)).is_none()
    }

    /// The workspaces that both runs read to the end, by ids that can be compared.
    fn compared_with(&self, other: &View<'a>) -> HashSet<&'a str> {
        let (own, others) = (self.key_kinds(), other.key_kinds());
        own.into_iter()
            .filter(|(slug, own)| {
                others.get(slug).is_some_and(|theirs| {
                    let rows = own.contains(&KeyKind::Row) || theirs.contains(&KeyKind::Row);
                    !rows && !own.is_disjoint(theirs)
                })
            })
            .map(|(slug, _)| slug)
            .collect()
    }

    /// By what kinds of ids the members of each workspace are known that was read to the end.
    fn key_kinds(&self) -> HashMap<&'a str, HashSet<KeyKind>> {
        let complete = self.report.workspaces.iter().filter(|workspace| workspace.complete);
        let mut kinds: HashMap<&str, HashSet<KeyKind>> =
            complete.map(|workspace| (&*workspace.slug, HashSet::new())).collect();
        for JudgedMember { member, .. } in &self.report.members {
            if let Some(kinds) = kinds.get_mut(&*member.workspace) {
                kinds.insert(key_kind(member));
            }
        }
        kinds
    }
}
