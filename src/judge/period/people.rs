//! The members of each workspace over the period: when they were there, and when they were exposed.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::member::{TwoFactor, shown_name};
use crate::reading::Coverage;
use crate::report::{
    Ended, Exposure, JudgedMember, Outcome, OutcomeCounts, Person, Stay, Workspace,
};

/// Everyone who was a member at a look so far.
#[derive(Debug)]
pub(super) struct People {
    /// The first moment of the period.
    start: Timestamp,
    workspaces: HashMap<Arc<str>, Members>,
}

/// The members of one workspace.
#[derive(Debug, Default)]
struct Members {
    /// By name: the key under which a member was seen first.
    known: HashMap<Arc<str>, Followed>,
    /// The name for each id of a member. One whose account id was not shown at every look is found
    /// by the uuid.
    names: HashMap<Box<str>, Arc<str>>,
    /// The looks so far.
    looks: Looks,
}

/// The looks at one workspace, each with its time and whether it looked at people with access to
/// single repositories too.
#[derive(Debug, Default)]
struct Looks(Vec<(Timestamp, bool)>);

impl Looks {
    /// The first look after this one that would have seen a member, or someone who is none.
    fn after(&self, number: usize, outsider: bool) -> Option<Timestamp> {
        let mut later = self.0.iter().skip(number + 1);
        later.find(|(_, sees_outsiders)| *sees_outsiders || !outsider).map(|(at, _)| *at)
    }

    /// The last look so far that would have.
    fn last(&self, outsider: bool) -> Option<Timestamp> {
        let mut earlier = self.0.iter().rev();
        earlier.find(|(_, sees_outsiders)| *sees_outsiders || !outsider).map(|(at, _)| *at)
    }

    /// When the look with this number was.
    fn at(&self, number: usize) -> Option<Timestamp> {
        self.0.get(number).map(|(at, _)| *at)
    }
}

/// A member, as far as the looks so far go.
#[derive(Debug)]
struct Followed {
    person: Person,
    /// The number of the last look at which this was there.
    last_look: usize,
    /// Whether this was no member then, so that only some looks would see it again.
    outsider: bool,
    /// The exposure that was not seen to end.
    open: Option<Exposure>,
}

impl People {
    pub(super) fn new(start: Timestamp) -> Self {
        People { start, workspaces: HashMap::new() }
    }

    /// The next look at a workspace.
    pub(super) fn look(&mut self, at: Timestamp, checked: &Workspace, members: &[&JudgedMember]) {
        let workspace = self.workspaces.entry(Arc::clone(&checked.slug)).or_default();
        let mut looks = std::mem::take(&mut workspace.looks);
        let look = ThisLook { number: looks.0.len(), before: &looks, at, start: self.start };
        for judged in members {
            let followed = workspace.follow(judged, look.number);
            followed.see(judged, &look);
        }
        looks.0.push((at, checked.coverage.contains(&Coverage::Repositories)));
        workspace.looks = looks;
    }

    /// Everyone who was a member at a look of the period, by workspace and key.
    pub(super) fn finish(self) -> Vec<Person> {
        let mut people = Vec::new();
        for Members { known, looks, .. } in self.workspaces.into_values() {
            let followed = known.into_values();
            people.extend(followed.filter_map(|followed| followed.finish(&looks, self.start)));
        }
        people.sort_unstable_by(|a, b| (&a.workspace, &a.key).cmp(&(&b.workspace, &b.key)));
        people
    }
}

impl Members {
    /// The member as it is known, by its account id or by its uuid.
    fn follow(&mut self, judged: &JudgedMember, number: usize) -> &mut Followed {
        let member = &judged.member;
        let others = [member.account_id.as_deref(), member.uuid.as_deref()].into_iter().flatten();
        let ids = [member.key()].into_iter().chain(others);
        let known = ids.clone().find_map(|id| self.names.get(id).cloned());
        let name = known.unwrap_or_else(|| Arc::from(member.key()));
        for id in ids {
            if !self.names.contains_key(id) {
                self.names.insert(id.into(), Arc::clone(&name));
            }
        }
        self.known.entry(name).or_insert_with(|| Followed {
            person: Person {
                workspace: Arc::clone(&member.workspace),
                key: member.key().into(),
                account_id: None,
                uuid: None,
                name: None,
                role: None,
                stays: Vec::new(),
                looks: OutcomeCounts::default(),
                exposures: Vec::new(),
            },
            last_look: number,
            outsider: false,
            open: None,
        })
    }
}

/// A look, and what is to be known about it of the one before.
struct ThisLook<'a> {
    number: usize,
    before: &'a Looks,
    at: Timestamp,
    start: Timestamp,
}

impl Followed {
    fn see(&mut self, judged: &JudgedMember, look: &ThisLook<'_>) {
        let was_away = look.before.after(self.last_look, self.outsider).is_some();
        if was_away {
            self.leave(look.before);
        }
        let outsider = judged.member.access.is_some();
        // One who did not leave was seen before; the looks since then would not have shown it.
        let seen = look.before.at(self.last_look).filter(|_| !was_away);
        let look_before = seen.or_else(|| look.before.last(outsider));
        (self.last_look, self.outsider) = (look.number, outsider);
        self.describe(judged);
        if look.at >= look.start {
            self.count(judged, look.at, was_away);
        }
        let ended = match judged.outcome {
            Outcome::Violation => return self.expose(judged, look.at, look_before),
            Outcome::Protected => Ended::Protected,
            Outcome::Exempt => Ended::Exempt,
            Outcome::NotApplicable => Ended::NotApplicable,
        };
        self.close(Some((look.at, ended)));
    }

    /// Names and role are those of the last look.
    fn describe(&mut self, judged: &JudgedMember) {
        let (person, member) = (&mut self.person, &judged.member);
        let name = shown_name([&member.display_name, &member.nickname]);
        update(&mut person.name, name);
        update(&mut person.account_id, member.account_id.as_deref());
        update(&mut person.uuid, member.uuid.as_deref());
        if *person.key != *member.key() {
            person.key = member.key().into();
        }
        person.role = member.role;
    }

    fn count(&mut self, judged: &JudgedMember, at: Timestamp, was_away: bool) {
        match self.person.stays.last_mut() {
            Some(stay) if !was_away => stay.last = at,
            Some(_) | None => self.person.stays.push(Stay { first: at, last: at }),
        }
        let counts = &mut self.person.looks;
        let count = match (judged.outcome, judged.member.two_factor) {
            (Outcome::Protected, _) => &mut counts.protected,
            (Outcome::Exempt, _) => &mut counts.exempt,
            (Outcome::NotApplicable, _) => &mut counts.not_applicable,
            (Outcome::Violation, TwoFactor::Unknown) => &mut counts.unknown,
            (Outcome::Violation, TwoFactor::Enabled | TwoFactor::Disabled) => {
                &mut counts.unprotected
            }
        };
        *count += 1;
    }

    fn expose(&mut self, judged: &JudgedMember, at: Timestamp, look_before: Option<Timestamp>) {
        let exposure = self.open.get_or_insert(Exposure {
            first_seen: at,
            last_seen: at,
            looks: 0,
            unknown: 0,
            look_before,
            look_after: None,
            at_least_s: 0,
            at_most_s: None,
            ended: None,
        });
        exposure.last_seen = at;
        exposure.looks += 1;
        exposure.unknown += u64::from(judged.member.two_factor == TwoFactor::Unknown);
    }

    /// Notes that this was not there any more at the look after the last one.
    fn leave(&mut self, looks: &Looks) {
        let after = looks.after(self.last_look, self.outsider);
        self.close(after.map(|at| (at, Ended::Left)));
    }

    fn close(&mut self, end: Option<(Timestamp, Ended)>) {
        let Some(mut exposure) = self.open.take() else { return };
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs();
        exposure.at_least_s = seconds(exposure.first_seen, exposure.last_seen);
        if let Some((at, ended)) = end {
            (exposure.look_after, exposure.ended) = (Some(at), Some(ended));
            exposure.at_most_s = exposure.look_before.map(|before| seconds(before, at));
        }
        self.person.exposures.push(exposure);
    }

    fn finish(mut self, looks: &Looks, start: Timestamp) -> Option<Person> {
        self.leave(looks);
        // One that was not seen within the period does not belong to it.
        self.person.exposures.retain(|exposure| exposure.last_seen >= start);
        (!self.person.stays.is_empty()).then_some(self.person)
    }
}

/// Sets a text, without a copy where it is the same.
fn update(text: &mut Option<Box<str>>, now: Option<&str>) {
    if text.as_deref() != now {
        *text = now.map(Into::into);
    }
}
