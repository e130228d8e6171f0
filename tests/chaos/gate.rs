//! The program under test, as `mfa-gate check` puts it together.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::date;
use mfa_gate::evaluate::{Judging, evaluate};
use mfa_gate::member::Source;
use mfa_gate::policy::{self, Policy};
use mfa_gate::read::Reading;
use mfa_gate::read::bitbucket::{self, Connect, Credential, Wanted, api_url};
use mfa_gate::report::{Assurance, Options, Provenance, Report, Run};

use crate::schedule::Schedule;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    policy::parse("policy.yaml".into(), b"version: 1\nworkspaces: [acme]\n").unwrap()
});

/// Reads the workspace from a server. The one place that knows how the reader is called.
pub(crate) fn read(base: &str, schedule: &Schedule) -> Reading {
    let token = |name: &str| (name == "BITBUCKET_ACCESS_TOKEN").then(|| "s3cret".to_owned());
    let connect = Connect {
        api_url: api_url(base).unwrap(),
        timeout: schedule.timeout,
        deadline: schedule.deadline,
        ca_cert: None,
        credential: Credential::from_env(&token).unwrap(),
    };
    let wanted = Wanted { accept: &POLICY.accept, roles: false };
    bitbucket::read(&connect, &["acme".into()], wanted).unwrap().remove(0)
}

/// Judges it by a policy without exemptions.
pub(crate) fn judge(reading: Reading) -> Report {
    assert_eq!(POLICY.accept, [Source::Bitbucket]);
    let today = date(2026, 9, 1);
    let judging = Judging { today, ignore_exemptions: false, strict: false };
    let run = Run {
        checked_at: Timestamp::UNIX_EPOCH,
        today,
        assurance: Assurance::Simulated,
        options: Options::default(),
        source: Provenance::default(),
        workspaces_not_checked: Vec::new(),
    };
    Report::new(run, &POLICY, evaluate(&POLICY, vec![reading], judging))
}
