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

use jiff::civil::Date;

pub(crate) use admissible::{outdated, wrong_clock};
pub(crate) use states::{is_too_long, standings};
pub(crate) use wording::standing;

pub use self::merge::Clash;
pub use self::period::{Auditor, Filed, MixedPseudonyms, Period};
pub use self::report::Run;
pub use self::saved::{Contradiction, Refusal};
use crate::member::{Member, Role, Source, TwoFactor};
use crate::policy::{Exemption, Policy};
use crate::reading::Reading;
use crate::report::{ClockGap, Finding, Outcome, State};
use findings::Finder;
use matching::Index;
use states::{Calendar, Sightings};

/// The day and the flags that an evaluation depends on.
#[derive(Clone, Copy, Debug)]
pub struct Judging {
    /// The day that exemptions are judged by, UTC.
    pub today: Date,
    /// Judge as if the policy had no exemptions.
    pub ignore_exemptions: bool,
    /// Make errors of warnings.
    pub strict: bool,
    /// The day that the roster is of, where there is one.
    pub roster_as_of: Option<Date>,
    /// How far the clock that told the day was from those of the servers; none where the day was
    /// given.
    pub clock: Option<ClockGap>,
}

/// What the policy makes of what was read.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// What was read. A workspace that says too little to be judged has become incomplete.
    pub readings: Vec<Reading>,
    /// For each reading one judgement a member, in the same order; none where it is incomplete.
    pub judgements: Vec<Vec<Judgement>>,
    /// The state of each exemption, in the order of the policy; empty where they are ignored.
    pub states: Vec<State>,
    /// What was found: errors first, then by workspace, key and rule; findings about exemptions
    /// after those about members.
    pub findings: Vec<Finding>,
}

/// What the policy makes of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What the accepted sources say together.
    pub two_factor: TwoFactor,
    /// The source that decided.
    pub decided_by: Option<Source>,
    /// The outcome.
    pub outcome: Outcome,
    /// The position in the policy of the exemption that excuses the member.
    pub exemption: Option<usize>,
}

/// Judges every member of every workspace that was read to the end, and every exemption.
///
/// An exemption without workspaces applies to all of `policy.workspaces`, so these are to be
/// filled in where the file names none.
pub fn evaluate(policy: &Policy, readings: Vec<Reading>, judging: Judging) -> Evaluation {
    let exemptions: &[Exemption] = if judging.ignore_exemptions { &[] } else { &policy.exemptions };
    let readings: Vec<Reading> =
        readings.into_iter().map(|it| admitted(policy, exemptions, it, judging)).collect();

    let mut roll_call = RollCall::new(exemptions);
    for reading in &readings {
        roll_call.read(policy, exemptions, reading);
    }
    let calendar = Calendar::new(policy, exemptions, judging.today, &readings);
    let states = calendar.states(exemptions, &roll_call.sightings);
    roll_call.excuse(&states);

    let findings =
        Finder::new(policy, exemptions, &states, &readings, judging).all(&roll_call.needing);
    Evaluation { judgements: roll_call.judgements, states, findings, readings }
}

/// A member without proof, and the exemptions that are about it.
struct Needing {
    /// The position of its workspace among the readings.
    workspace: usize,
    /// Its position among the members there.
    member: usize,
    two_factor: TwoFactor,
    exemptions: Vec<usize>,
    excused_by: Option<usize>,
}

/// Every member, judged by its evidence first and by the exemptions once their states are known.
struct RollCall {
    judgements: Vec<Vec<Judgement>>,
    needing: Vec<Needing>,
    /// What was seen of the members that each exemption is about.
    sightings: Vec<Sightings>,
}

impl RollCall {
    fn new(exemptions: &[Exemption]) -> Self {
        RollCall {
            judgements: Vec::new(),
            needing: Vec::new(),
            sightings: vec![Sightings::default(); exemptions.len()],
        }
    }

    /// Judges the members of the next workspace by their evidence.
    fn read(&mut self, policy: &Policy, exemptions: &[Exemption], reading: &Reading) {
        let workspace = self.judgements.len();
        let index = Index::new(exemptions, &reading.workspace);
        let mut judgements = Vec::with_capacity(members(reading).len());
        for (position, member) in members(reading).iter().enumerate() {
            let judgement = unexcused(member, &policy.accept);
            let needs = judgement.outcome == Outcome::Violation;
            let matching = index.matching(member);
            for &exemption in &matching {
                if let Some(seen) = self.sightings.get_mut(exemption) {
                    seen.any = true;
                    seen.needing |= needs;
                    seen.owner |= member.role == Some(Role::Owner);
                }
            }
            if needs {
                self.needing.push(Needing {
                    workspace,
                    member: position,
                    two_factor: judgement.two_factor,
                    exemptions: matching,
                    excused_by: None,
                });
            }
            judgements.push(judgement);
        }
        self.judgements.push(judgements);
    }

    /// Excuses whoever a valid exemption is about.
    fn excuse(&mut self, states: &[State]) {
        for needing in &mut self.needing {
            needing.excused_by = excuse(&needing.exemptions, states);
            let judgement = self
                .judgements
                .get_mut(needing.workspace)
                .and_then(|workspace| workspace.get_mut(needing.member));
            if let (Some(judgement), Some(_)) = (judgement, needing.excused_by) {
                judgement.outcome = Outcome::Exempt;
                judgement.exemption = needing.excused_by;
            }
        }
    }
}

/// The reading, unless its members say too little to be judged.
fn admitted(
    policy: &Policy,
    exemptions: &[Exemption],
    mut reading: Reading,
    judging: Judging,
) -> Reading {
    if let Ok(roll) = &reading.members {
        let refusal = admissible::refusal(policy, exemptions, &reading.workspace, roll)
            .or_else(|| outdated(policy, judging.roster_as_of, judging.today))
            .or_else(|| judging.clock.and_then(wrong_clock));
        if let Some(refusal) = refusal {
            reading.members = Err(refusal);
        }
    }
    reading
}

fn members(reading: &Reading) -> &[Member] {
    reading.members.as_ref().map(|roll| roll.members.as_slice()).unwrap_or_default()
}

/// What a member is before any exemption is looked at.
fn unexcused(member: &Member, accept: &[Source]) -> Judgement {
    let (two_factor, decided_by) = member.evidence.joined(accept);
    let outcome = match (member.applicable(), two_factor) {
        (false, _) => Outcome::NotApplicable,
        (true, TwoFactor::Enabled) => Outcome::Protected,
        (true, TwoFactor::Disabled | TwoFactor::Unknown) => Outcome::Violation,
    };
    Judgement { two_factor, decided_by, outcome, exemption: None }
}

/// The exemption that excuses a member: of those about it the first active one, else the first
/// that is valid still.
fn excuse(about: &[usize], states: &[State]) -> Option<usize> {
    let state = |position: &usize| states.get(*position).copied().unwrap_or(State::Unresolved);
    about
        .iter()
        .find(|position| state(position) == State::Active)
        .or_else(|| about.iter().find(|position| state(position).excuses()))
        .copied()
}
