//! What may prove a second factor beside Bitbucket, and whose word counts.

use mfa_gate::member::Source;

use crate::dice::Dice;
use crate::history::History;
use crate::lookup::Lookup;
use crate::organisation::Organisation;
use crate::roster::Roster;
use crate::tenant::Tenant;

/// Which sources there are. It is made first, since members that Bitbucket protects need no other.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    seed: u64,
    accept: Vec<Source>,
    organisation: bool,
    roster: bool,
    tenant: bool,
}

/// The sources beside Bitbucket.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    /// The sources whose word counts, in the order of the policy.
    pub(crate) accept: Vec<Source>,
    /// The organisation that there is a key for.
    pub(crate) organisation: Option<Organisation>,
    pub(crate) roster: Option<Roster>,
    /// The tenant from which the roster comes where there is no file.
    pub(crate) tenant: Option<Tenant>,
    /// How Bitbucket answers whose the addresses in either of them are.
    pub(crate) lookup: Lookup,
}

impl Plan {
    /// Half of the schedules have nothing but Bitbucket.
    pub(crate) fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(&[seed, 10]);
        if dice.percent(50) {
            return Plan {
                seed,
                accept: vec![Source::Bitbucket],
                organisation: false,
                roster: false,
                tenant: false,
            };
        }
        let (organisation, provider) =
            dice.pick(&[(true, false), (false, true), (false, true), (true, true)]);
        let tenant = provider && dice.percent(50);
        let roster = provider && !tenant;
        let mut accept = Vec::new();
        accept.extend(tenant.then_some(Source::Roster));
        if roster {
            let (mfa, sso) =
                dice.pick(&[(true, false), (true, false), (false, true), (true, true)]);
            accept.extend(mfa.then_some(Source::Roster));
            accept.extend(sso.then_some(Source::Sso));
        }
        // A key alone is there to tell whose an address is.
        if organisation && dice.percent(85) {
            accept.push(Source::Atlassian);
        }
        if accept.is_empty() || dice.percent(80) {
            accept.push(Source::Bitbucket);
        }
        for last in 1..accept.len() {
            accept.swap(last, dice.of(0..=last));
        }
        Plan { seed, accept, organisation, roster, tenant }
    }

    /// Whether there is anything beside Bitbucket.
    fn any(&self) -> bool {
        self.organisation || self.roster || self.tenant
    }

    /// How many members in a hundred have no proof at Bitbucket, where others may have it.
    pub(crate) fn unprotected(&self) -> Option<usize> {
        let dice = &mut Dice::new(&[self.seed, 11]);
        self.any().then(|| dice.pick(&[0, 20, 60, 60, 100, 100]))
    }

    /// Whether somebody leaves between the list and the look-up of addresses.
    pub(crate) fn loses_somebody(&self) -> bool {
        (self.roster || self.tenant) && Dice::new(&[self.seed, 15]).percent(30)
    }

    /// Whether Bitbucket is left in peace, so that what goes wrong is the doing of the others.
    pub(crate) fn spares_bitbucket(&self) -> bool {
        self.any() && Dice::new(&[self.seed, 14]).percent(65)
    }
}

impl Elsewhere {
    pub(crate) fn new(plan: Plan, history: &History) -> Self {
        let Plan { seed, accept, organisation, roster, tenant } = plan;
        let (dice, everybody) = (|part| Dice::new(&[seed, part]), history.everybody());
        Elsewhere {
            organisation: organisation.then(|| Organisation::new(&mut dice(12), &everybody)),
            roster: roster.then(|| Roster::new(&mut dice(13), &everybody, &accept)),
            tenant: tenant.then(|| Tenant::new(&mut dice(17), &everybody)),
            lookup: Lookup::new(&mut dice(18)),
            accept,
        }
    }

    pub(crate) fn accepts(&self, source: Source) -> bool {
        self.accept.contains(&source)
    }

    /// Whether there is nothing beside Bitbucket.
    pub(crate) fn is_empty(&self) -> bool {
        self.organisation.is_none() && self.roster.is_none() && self.tenant.is_none()
    }

    /// Whether it may be waited for in vain.
    pub(crate) fn stuck(&self) -> bool {
        self.organisation.as_ref().is_some_and(Organisation::stuck)
            || self.tenant.as_ref().is_some_and(Tenant::stuck)
    }
}
