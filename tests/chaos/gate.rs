//! The program under test, as `mfa-gate check` puts it together.

use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use mfa_gate::http::{Clock, Connection, Pace, Secrets};
use mfa_gate::judge::Run;
use mfa_gate::judge::{Judging, evaluate};
use mfa_gate::member::Source;
use mfa_gate::policy::{self, Policy, RosterColumns};
use mfa_gate::read;
use mfa_gate::read::atlassian::Organisation;
use mfa_gate::read::bitbucket::{Account, Credential, api_url};
use mfa_gate::read::entra::Tenant;
use mfa_gate::read::roster::{self, Roster};
use mfa_gate::read::{Members, Sources, Wanted};
use mfa_gate::reading::Reading;
use mfa_gate::report::{Options, Provenance, Report};
use tempfile::NamedTempFile;

use crate::elsewhere::Elsewhere;
use crate::microsoft::{SECRET, TENANT};
use crate::reception::KEY;
use crate::schedule::Schedule;
use crate::server::{Addresses, TOKEN};

const TODAY: Date = date(2026, 9, 1);

/// The policy of a schedule: whose word counts, and no exemptions.
fn policy(schedule: &Schedule) -> Policy {
    let accept: Vec<&str> = schedule.elsewhere.accept.iter().map(|source| source.id()).collect();
    let (slug, accept) = (schedule.slug, accept.join(", "));
    let mut text = format!("version: 1\nworkspaces: [{slug}]\naccept: [{accept}]\n");
    if schedule.elsewhere.tenant.is_some() {
        text += "roster: {from: entra}\n";
    }
    policy::parse("policy.yaml".into(), text.as_bytes()).unwrap()
}

/// The roster of a schedule, from a file as it is given to `--roster`.
fn roster(schedule: &Schedule) -> Option<Roster> {
    let elsewhere = &schedule.elsewhere;
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(elsewhere.roster.as_ref()?.csv().as_bytes()).unwrap();
    let counts = |source: &Source| matches!(source, Source::Roster | Source::Sso);
    let required: Vec<Source> = elsewhere.accept.iter().copied().filter(counts).collect();
    Some(roster::read(file.path(), &RosterColumns::default(), &required).unwrap())
}

/// Reads the workspaces of a run. What they have in common, the first one says. The one place that
/// knows how the reader is called.
pub(crate) fn read(addresses: &Addresses, schedules: &[Schedule]) -> Vec<Reading> {
    let schedule = &schedules[0];
    let slugs: Vec<Arc<str>> = schedules.iter().map(|schedule| schedule.slug.into()).collect();
    let environment = |name: &str| {
        let value = match name {
            "BITBUCKET_ACCESS_TOKEN" => TOKEN,
            "ATLASSIAN_ORG_ID" => "acme-org",
            "ATLASSIAN_API_KEY" => KEY,
            "ATLASSIAN_API_URL" => &addresses.organisation,
            "AZURE_TENANT_ID" => TENANT,
            "AZURE_CLIENT_ID" => "99999999-8888-7777-6666-555555555555",
            "AZURE_CLIENT_SECRET" => SECRET,
            "AZURE_AUTHORITY_HOST" => &addresses.login,
            "MFA_GATE_GRAPH_URL" => &addresses.graph,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let connection = Connection {
        concurrency: 1 + (schedule.seed % 8) as u8,
        timeout: schedule.timeout,
        deadline: schedule.deadline,
        ca_cert: None,
        secrets: Secrets::default(),
        clock: Clock::default(),
    };
    let credential = Credential::from_env(&environment).unwrap();
    let account = Account { api_url: api_url(&addresses.bitbucket).unwrap(), credential };
    let organisation = Organisation::from_env(&environment).unwrap();
    let tenant = Tenant::from_env(&environment).unwrap();
    let roster = roster(schedule);
    let sources = Sources {
        members: Members::Bitbucket(&account, &slugs),
        organisation: organisation.as_ref().filter(|_| schedule.elsewhere.organisation.is_some()),
        roster: roster.as_ref(),
        entra: tenant.as_ref().filter(|_| schedule.elsewhere.tenant.is_some()),
        connection: &connection,
    };
    let wanted = Wanted::proof(&schedule.elsewhere.accept);
    // The waits between tries are as the reader wants them, and pass a hundred times as fast.
    let pace = Pace {
        sleep: &|wait| Box::pin(tokio::time::sleep(wait / 100)),
        jitter: &|| 0.5,
        now: &SystemTime::now,
    };
    read::read(sources, wanted, pace, &|_| ()).unwrap().readings
}

/// Judges it by the policy of the schedule.
pub(crate) fn judge(reading: Reading, schedule: &Schedule) -> Report {
    let policy = policy(schedule);
    let Elsewhere { roster, tenant, .. } = &schedule.elsewhere;
    let roster_as_of = (roster.is_some() || tenant.is_some()).then_some(TODAY);
    let judging = Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of,
        clock: None,
    };
    let run = Run {
        checked_at: Timestamp::UNIX_EPOCH,
        today: TODAY,
        options: Options::default(),
        source: Provenance::default(),
        subject: None,
    };
    Report::new(run, &policy, evaluate(&policy, vec![reading], judging))
}
