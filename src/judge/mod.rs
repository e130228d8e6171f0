//! What the policy makes of what was read: a pure function of policy, readings and the day.

mod admissible;
mod again;
mod contradiction;
mod findings;
mod matching;
mod merge;
mod period;
mod report;
mod saved;
mod states;
mod wording;

use std::sync::Arc;

use jiff::civil::Date;

pub(crate) use admissible::{outdated, wrong_clock};
pub(crate) use states::{is_too_long, standings};
pub(crate) use wording::exemption as standing;

pub use self::merge::Clash;
pub use self::period::{Auditor, Filed, MixedPseudonyms, Period};
pub use self::report::Run;
pub use self::saved::{Contradiction, Refusal};
use crate::member::{Member, Role, Source, TwoFactor};
use crate::policy::Policy;
use crate::reading::{MemberList, Reading};
use crate::report::{
    ClockGap, Finding, JudgedExemption, JudgedMember, ListedMember, Outcome, State, Workspace,
};
use findings::Finder;
use matching::Index;
use states::{Candidate, States};

/// The day and the flags that a judgement depends on.
#[derive(Clone, Copy, Debug)]
pub struct Judging {
    /// The day that exemptions are judged by, UTC.
    pub today: Date,
    /// Judge as if the policy had no exemptions.
    pub ignore_exemptions: bool,
    /// Treat warnings as errors.
    pub strict: bool,
    /// The day of the roster, where there is one.
    pub roster_as_of: Option<Date>,
    /// How far the machine's clock differs from the servers'; none where the day was given.
    pub clock: Option<ClockGap>,
}

/// What the policy makes of what was read.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The workspaces, by slug. One that says too little to be judged is incomplete.
    pub workspaces: Vec<Workspace>,
    /// The members of the complete workspaces, by workspace and key.
    pub members: Vec<JudgedMember>,
    /// The exemptions, in the order of the policy; empty where they are ignored.
    pub exemptions: Vec<JudgedExemption>,
    /// The findings: errors first, owners before others, then by workspace, key and rule; findings
    /// about exemptions after those about members.
    pub findings: Vec<Finding>,
}

/// Judges every member of every workspace that was read to the end, and every exemption.
///
/// An exemption without workspaces applies to all of `policy.workspaces`, so these are to be
/// filled in where the file names none.
pub fn evaluate(policy: &Policy, mut readings: Vec<Reading>, judging: Judging) -> Evaluation {
    readings.sort_by(|a, b| a.workspace.cmp(&b.workspace));
    let candidates = Candidate::all(policy, judging);
    let finder = Finder::new(policy, judging);
    let mut findings = Vec::new();
    let mut workspaces = Vec::with_capacity(readings.len());
    let listed = |reading: &Reading| reading.members.as_ref().map_or(0, |list| list.members.len());
    let mut members = Vec::with_capacity(readings.iter().map(listed).sum());
    for mut reading in readings {
        reading.members = reading.members.and_then(|list| {
            admissible::check(policy, judging, &Index::new(&candidates, &reading.workspace), list)
        });
        workspaces.push(finder.workspace(&reading));
        match reading.members {
            Ok(MemberList { members: mut list, .. }) => {
                list.sort_unstable_by(|a, b| a.key().cmp(b.key()));
                let judged = |member| by_evidence(&reading.workspace, member, &policy.accept);
                members.extend(list.into_iter().map(judged));
            }
            Err(problem) => findings.push(finder.unread(&reading.workspace, problem)),
        }
    }

    let by_workspace = members.chunk_by(|a, b| a.member.workspace == b.member.workspace);
    findings.extend(by_workspace.filter_map(|members| finder.about_owners(members)));
    let mut cases = cases(&mut members, &candidates);
    let states = States::new(policy, &workspaces);
    for case in &mut cases {
        case.excuse(&states);
    }
    findings.extend(cases.iter().filter_map(|case| finder.about_member(case, &states)));
    let judged = candidates.iter().map(|candidate| (candidate, states.of(candidate)));
    findings.extend(judged.clone().filter_map(|(one, state)| finder.about_exemption(one, state)));
    findings.sort_by(|a, b| findings::order(a).cmp(&findings::order(b)));
    let exemptions =
        judged.map(|(one, state)| JudgedExemption::new(one.exemption, state)).collect();
    Evaluation { workspaces, members, exemptions, findings }
}

/// What a member is by its evidence, before any exemption is looked at.
fn by_evidence(workspace: &Arc<str>, member: Arc<Member>, accept: &[Source]) -> JudgedMember {
    let logs_in = member.applicable();
    let member = ListedMember::new(workspace, member, accept);
    let outcome = match (logs_in, member.two_factor) {
        (false, _) => Outcome::NotApplicable,
        (true, TwoFactor::Enabled) => Outcome::Protected,
        (true, TwoFactor::Disabled | TwoFactor::Unknown) => Outcome::Violation,
    };
    JudgedMember { member, outcome, exemption: None }
}

/// A member without proof, and the exemptions that are about it, in the order of the policy.
struct Case<'c, 'p> {
    judged: &'c mut JudgedMember,
    candidates: Vec<&'c Candidate<'p>>,
}

/// The members without proof. Of each member it is noted what the exemptions about it have to do
/// with. Members of one workspace stand together.
fn cases<'c, 'p>(
    members: &'c mut [JudgedMember],
    candidates: &'c [Candidate<'p>],
) -> Vec<Case<'c, 'p>> {
    let mut cases = Vec::new();
    for workspace in members.chunk_by_mut(|a, b| a.member.workspace == b.member.workspace) {
        let Some(first) = workspace.first() else { continue };
        let index = Index::new(candidates, &first.member.workspace);
        for judged in workspace {
            let candidates = index.matching(judged.member.ids());
            let is_unproven = judged.outcome == Outcome::Violation;
            for candidate in &candidates {
                candidate.saw(is_unproven, judged.member.role == Some(Role::Owner));
            }
            if is_unproven {
                cases.push(Case { judged, candidates });
            }
        }
    }
    cases
}

impl Case<'_, '_> {
    /// Excuses the member where an exemption about it is valid: by the first active one, else by
    /// the first that is valid still. Notes which exemptions that depends on.
    fn excuse(&mut self, states: &States<'_>) {
        let of = |wanted: fn(State) -> bool| {
            self.candidates.iter().find(move |candidate| wanted(states.of(candidate)))
        };
        match of(|state| state == State::Active).or_else(|| of(State::excuses)) {
            Some(candidate) => {
                candidate.decides();
                self.judged.outcome = Outcome::Exempt;
                self.judged.exemption = Some(candidate.exemption.id.clone());
            }
            None => self.candidates.iter().for_each(|candidate| candidate.decides()),
        }
    }
}
