//! Reports of live runs as `check` writes them, without a server.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mfa_gate::failure::Problem;
use mfa_gate::judge::{Judging, Run, evaluate};
use mfa_gate::member::{AccountStatus, Evidence, Kind, Member, TwoFactor};
use mfa_gate::policy;
use mfa_gate::reading::{Addresses, Completeness, Coverage, MemberList, Origin, Reading, Walk};
use mfa_gate::report::{Options, Provenance, Report};

/// The members of a workspace, or why they could not be read.
pub(crate) type Listed = Result<Vec<Member>, &'static str>;

/// A member by number.
pub(crate) fn member(number: usize, two_factor: TwoFactor) -> Member {
    Member {
        account_id: Some(format!("557058:00000000-0000-4000-8000-{number:012}").into()),
        uuid: Some(format!("{{00000000-0000-4000-8000-{number:012}}}").into()),
        email: None,
        nickname: Some(format!("member{number}").into()),
        display_name: Some(format!("Member {number}").into()),
        kind: Kind::User,
        account_status: Some(AccountStatus::Active),
        role: None,
        access: None,
        given_key: None,
        evidence: Evidence { bitbucket: Some(two_factor), ..Evidence::default() },
    }
}

/// The report of a live run over these workspaces.
pub(crate) fn report(policy: &str, at: Timestamp, workspaces: &[(&str, Listed)]) -> Report {
    judged(policy, at, workspaces, |_| ())
}

/// The same, of a run that was made in another way.
pub(crate) fn judged(
    policy: &str,
    at: Timestamp,
    workspaces: &[(&str, Listed)],
    change: impl FnOnce(&mut Run),
) -> Report {
    let policy = policy::parse("policy.yaml".into(), policy.as_bytes()).unwrap();
    let today = at.to_zoned(TimeZone::UTC).date();
    let api_url = Some("https://api.bitbucket.org/2.0".into());
    let source = Provenance { api_url, ..Provenance::default() };
    let mut run = Run { checked_at: at, today, options: Options::default(), source, subject: None };
    change(&mut run);
    let judging = Judging {
        today: run.today,
        ignore_exemptions: run.options.ignore_exemptions,
        strict: run.options.strict,
        roster_as_of: None,
        clock: None,
    };
    let readings = workspaces.iter().map(|(slug, listed)| reading(slug, listed, &policy.coverage));
    let readings = readings.collect();
    Report::new(run, &policy, evaluate(&policy, readings, judging))
}

fn reading(slug: &str, listed: &Listed, coverage: &[Coverage]) -> Reading {
    let list = |members: &Vec<Member>| MemberList {
        members: members.iter().cloned().map(Arc::new).collect(),
        completeness: Completeness::Size,
        addresses: Addresses::AsShown,
        coverage: coverage.to_vec(),
    };
    let problem = |why: &&str| Problem { what: (*why).into(), help: "Run it again.".into() };
    Reading {
        workspace: slug.into(),
        origin: Origin::Api,
        walk: Walk {
            requests: 2,
            walks: 1,
            reported_size: listed.as_ref().ok().map(|listed| own_members(listed)),
            duration: Duration::from_millis(350),
        },
        members: listed.as_ref().map(list).map_err(problem),
    }
}

/// How many of those that are listed are members, as Bitbucket counts them.
fn own_members(listed: &[Member]) -> u64 {
    listed.iter().filter(|member| member.access.is_none()).count() as u64
}
