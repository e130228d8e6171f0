//! What the policy makes of members: each state of an exemption and each finding by example, and what
//! must hold of every input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admissible;
mod any;
mod findings;
#[path = "../shared/live.rs"]
mod live;
mod properties;
mod states;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use mfa_gate::failure::Problem;
use mfa_gate::judge::Run;
use mfa_gate::judge::{Evaluation, Judging, evaluate};
use mfa_gate::location::Location;
use mfa_gate::member::{AccountStatus, Evidence, Kind, Member, Role, Source, TwoFactor};
use mfa_gate::policy::{
    Admins, Exemption, Levels, Limits, MemberId, Policy, RosterSource, Selector, WorkspaceEntry,
};
use mfa_gate::reading::{Addresses, Completeness, Coverage, MemberList, Origin, Reading, Walk};
use mfa_gate::report::{
    Changes, Concern, DirectoryRecord, Options, Outcome, Provenance, Report, RosterRecord,
    Severity, State, Verdict,
};
use mfa_gate::rule::{Level, Rule};
use proptest::prelude::*;

const TODAY: Date = date(2026, 9, 1);
const SLUGS: [&str; 3] = ["acme", "acme-labs", "beta"];

fn judging() -> Judging {
    Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of: Some(TODAY),
        clock: None,
    }
}

fn at_line(line: u32) -> Location {
    Location { path: "policy.yaml".into(), line, column: 3, end_line: line, end_column: 9 }
}

fn policy(exemptions: Vec<Exemption>) -> Policy {
    let entry =
        |(line, slug): (u32, &str)| WorkspaceEntry { slug: slug.into(), location: at_line(line) };
    Policy {
        path: "policy.yaml".into(),
        sha256: "0".repeat(64).into(),
        workspaces: (2..).zip(SLUGS).map(entry).collect(),
        coverage: vec![Coverage::Members],
        accept: vec![Source::Bitbucket],
        roster: RosterSource::default(),
        levels: Levels::default(),
        limits: Limits::default(),
        exemptions,
    }
}

fn account(number: usize) -> Box<str> {
    format!("557058:{number:04}").into()
}

fn member(number: usize, bitbucket: TwoFactor) -> Member {
    Member {
        account_id: Some(account(number)),
        uuid: Some(format!("{{{number:04}}}").into()),
        email: None,
        nickname: Some(format!("nick{number}").into()),
        display_name: Some(format!("Member {number}").into()),
        kind: Kind::User,
        account_status: Some(AccountStatus::Active),
        access: None,
        role: Some(Role::Member),
        given_key: None,
        evidence: Evidence { bitbucket: Some(bitbucket), ..Evidence::default() },
    }
}

fn exemption(line: u32, id: &str, number: usize, expires: Date) -> Exemption {
    Exemption {
        id: id.into(),
        selector: Selector::Id { id: MemberId::AccountId(account(number)), email: None },
        name: None,
        category: None,
        reason: "a test".into(),
        compensating_controls: Vec::new(),
        owner: None,
        approved_by: None,
        ticket: None,
        starts: None,
        expires,
        workspaces: Vec::new(),
        location: at_line(line),
    }
}

fn read(slug: &str, members: Vec<Member>) -> Reading {
    Reading {
        workspace: slug.into(),
        origin: Origin::Api,
        walk: Walk { reported_size: Some(members.len() as u64), ..Walk::default() },
        members: Ok(MemberList {
            members: members.into_iter().map(Arc::new).collect(),
            completeness: Completeness::Size,
            addresses: Addresses::AsShown,
            coverage: vec![Coverage::Members],
        }),
    }
}

fn unread(slug: &str) -> Reading {
    Reading {
        workspace: slug.into(),
        origin: Origin::Api,
        walk: Walk::default(),
        members: Err(Problem { what: "it was refused".into(), help: "Ask.".into() }),
    }
}

/// All of the policy's workspaces, the first with these members, the others with one who is fine.
fn all_read(members: Vec<Member>) -> Vec<Reading> {
    let fine = || vec![member(9000, TwoFactor::Enabled)];
    vec![read(SLUGS[0], members), read(SLUGS[1], fine()), read(SLUGS[2], fine())]
}

fn report(policy: &Policy, readings: Vec<Reading>, judging: Judging) -> Report {
    let run = Run {
        checked_at: Timestamp::UNIX_EPOCH,
        today: judging.today,
        options: Options {
            today: true,
            roster: judging.roster_as_of.is_some(),
            strict: judging.strict,
            ignore_exemptions: judging.ignore_exemptions,
            ..Options::default()
        },
        source: Provenance {
            api_url: Some("https://api.bitbucket.org/2.0".into()),
            atlassian: Some(DirectoryRecord {
                api_url: "https://api.atlassian.com/".into(),
                organisation: "an-organisation".into(),
                accounts: None,
                requests: 0,
            }),
            roster: judging.roster_as_of.map(|as_of| RosterRecord {
                path: "roster.csv".into(),
                sha256: "0".repeat(64),
                as_of,
                rows: 9,
                unmatched: None,
            }),
            ..Provenance::default()
        },
        subject: None,
    };
    Report::new(run, policy, evaluate(policy, readings, judging))
}

fn states(evaluation: &Evaluation) -> Vec<State> {
    evaluation.exemptions.iter().map(|judged| judged.state).collect()
}

fn rules(evaluation: &Evaluation) -> Vec<(Rule, Severity, u32)> {
    let shown = evaluation.findings.iter();
    shown.map(|finding| (finding.rule, finding.level, finding.location.line)).collect()
}
