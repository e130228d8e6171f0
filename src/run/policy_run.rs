//! The members of a run, read as its policy wants them and judged by it.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};

use super::collect::{Collector, Facts};
use super::workspaces::select;
use super::{Context, mask, roster};
use crate::cli::{PolicyArgs, SourceArgs};
use crate::env::POLICY;
use crate::failure::Failure;
use crate::judge::{Evaluation, Judging, evaluate, outdated};
use crate::location::Location;
use crate::policy::{self, Admins, Exemption, Policy, RosterSource, WorkspaceEntry};
use crate::read::{Roles, Wanted};
use crate::redact::Redactor;
use crate::report::{Provenance, Redirection};

/// The policy for a command that can do without: the one that is named, else `policy.yaml` where
/// there is one.
///
/// # Errors
/// [`Failure::Usage`] where it cannot be used, and where the one that is named is missing.
pub(crate) fn optional_policy(
    args: &PolicyArgs,
    context: &Context<'_>,
) -> Result<Option<Policy>, Failure> {
    let pin = context.policy_pin(args.policy_sha256.as_ref())?;
    let path = context.policy_path(args.policy.as_ref());
    let is_named = args.policy.is_some() || (context.env)(POLICY).is_some();
    if !is_named && path.try_exists().is_ok_and(|exists| !exists) {
        return Ok(None);
    }
    policy::load(&path, pin.as_deref()).map(Some)
}

/// How the members are judged, in addition to the policy.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// The day that the command line gives in place of today.
    pub(crate) given_day: Option<Date>,
    pub(crate) ignore_exemptions: bool,
    pub(crate) strict: bool,
    /// Whether the owners of a workspace must be known, even if the policy does not need it.
    pub(crate) roles: Roles,
}

impl Terms {
    /// By the policy as it is, today.
    pub(crate) const PLAIN: Self =
        Terms { given_day: None, ignore_exemptions: false, strict: false, roles: Roles::Unasked };
}

/// A policy, and where the members come from that it judges. All that can be wrong with what was
/// typed is known once this is made.
pub(crate) struct PolicyRun<'a> {
    policy: Policy,
    terms: Terms,
    pub(crate) today: Date,
    pub(crate) collector: Collector<'a>,
    context: &'a Context<'a>,
}

/// What the policy makes of the members, and where these came from.
pub(crate) struct Judged {
    /// The policy, with the workspaces of the run where it lists none.
    pub(crate) policy: Policy,
    pub(crate) evaluation: Evaluation,
    /// When the members were read, where that was not now.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) source: Provenance,
    /// Through what others could have answered.
    pub(crate) redirected_by: Vec<Redirection>,
}

impl<'a> PolicyRun<'a> {
    pub(crate) fn new(
        policy: Policy,
        args: &'a SourceArgs,
        terms: Terms,
        context: &'a Context<'a>,
    ) -> Result<Self, Failure> {
        let today = terms.given_day.unwrap_or_else(|| context.today());
        let selection = select(&policy.workspaces, &args.members, context)?;
        let accept = Some(&*policy.accept);
        let roster = roster::find(&args.roster, &policy.roster, accept, today, context.env)?;
        let collector = Collector::new(&args.members, &args.connect, selection, roster, context)?;
        collector.demand_sources(&policy.accept)?;
        Ok(PolicyRun { policy, terms, today, collector, context })
    }

    /// Reads what is needed to judge the members.
    pub(crate) fn collect(&self) -> Result<Facts, Failure> {
        let exemptions = self.exemptions();
        let addresses = |slug: &str| {
            let applying = exemptions.iter().filter(|exemption| exemption.applies_to(slug));
            applying.filter_map(|exemption| exemption.selector.address_alone()).collect()
        };
        let limits = &self.policy.limits;
        let forbids_owners = limits.admins == Admins::Deny && !exemptions.is_empty();
        let needs_roles = forbids_owners || limits.max_owners.is_some();
        let wanted = Wanted {
            roles: if needs_roles { Roles::Required } else { self.terms.roles },
            addresses: &addresses,
            coverage: &self.policy.coverage,
            ..Wanted::proof(&self.policy.accept)
        };
        let as_of = self.collector.roster_as_of();
        let refused = as_of.and_then(|_| outdated(&self.policy, as_of, self.today));
        self.collector.collect(wanted, refused)
    }

    /// Judges what was read, with pseudonyms in place of people where there is a redactor.
    pub(crate) fn judge(&self, facts: Facts, redactor: Option<&Redactor>) -> Judged {
        let Facts { mut readings, read_at, mut source, redirected_by } = facts;
        let mut policy = self.policy.clone();
        if policy.workspaces.is_empty() {
            let start = Location::start_of(policy.path.clone());
            let entry = |slug| WorkspaceEntry { slug, location: start.clone() };
            let read = readings.iter().map(|reading| Arc::clone(&reading.workspace));
            policy.workspaces = read.map(entry).collect();
        }
        // An export in the file of `--members` is not called Microsoft Entra.
        if source.roster.is_some() {
            policy.roster = RosterSource::default();
        }
        mask::policy(&mut policy, self.context.secrets);
        if let Some(redactor) = redactor {
            redactor.conceal(&mut policy, &mut readings, &mut source);
        }
        let judging = Judging {
            today: self.today,
            ignore_exemptions: self.terms.ignore_exemptions,
            strict: self.terms.strict,
            roster_as_of: source.roster_as_of(self.today),
            // The clock has no say in a day that was given.
            clock: source.clock.filter(|_| self.terms.given_day.is_none()),
        };
        let evaluation = evaluate(&policy, readings, judging);
        Judged { policy, evaluation, read_at, source, redirected_by }
    }

    fn exemptions(&self) -> &[Exemption] {
        if self.terms.ignore_exemptions { &[] } else { &self.policy.exemptions }
    }
}
