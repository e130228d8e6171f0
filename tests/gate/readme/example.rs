//! `docs/example/audit`: a month of small reports of an invented company, each naming the one before
//! it. Somebody is exposed for some days, an exemption is extended, and the schedule stands still once.

use std::fs;

use jiff::Timestamp;
use mfa_gate::member::{Member, Role, TwoFactor};
use mfa_gate::report::PreviousReport;
use sha2::{Digest, Sha256};

use super::{compare, root};
use crate::live;

const FOLDER: &str = "docs/example/audit";

/// The people of both workspaces. The last but one is a bot, the last one comes on the seventh.
const NAMES: [&str; 7] = ["Ada", "Grace", "Katherine", "Edsger", "Barbara", "Build bot", "Alan"];

fn policy(expires: &str, more: &str) -> String {
    format!(
        "version: 1\nworkspaces: [acme, acme-labs]\n{more}exemptions:\n  - id: EX-1\n    account_id: \
         \"557058:00000000-0000-4000-8000-000000000005\"\n    name: Build bot\n    category: \
         service-account\n    reason: Its second factor moves to the new vault.\n    owner: \
         platform@acme.example\n    approved_by: security@acme.example\n    ticket: SEC-123\n    \
         starts: 2026-08-01\n    expires: {expires}\n"
    )
}

fn member(number: usize, day: i8) -> Member {
    let is_on = match number {
        5 => false,
        // Set up on the fourth day.
        6 => day > 10,
        _ => true,
    };
    let two_factor = if is_on { TwoFactor::Enabled } else { TwoFactor::Disabled };
    let mut member = live::member(number, two_factor);
    member.display_name = Some(NAMES[number].into());
    member.nickname = None;
    member.role = Some(if number == 0 { Role::Owner } else { Role::Member });
    member
}

/// The members of both workspaces on a day.
fn members(day: i8) -> [(&'static str, live::Listed); 2] {
    let acme = (0..7).filter(|number| *number != 6 || day >= 7).filter(|number| *number != 4);
    let labs = [0, 1, 4].into_iter();
    [
        ("acme", Ok(acme.map(|number| member(number, day)).collect())),
        ("acme-labs", Ok(labs.map(|number| member(number, day)).collect())),
    ]
}

#[test]
fn the_month_of_reports_is_what_the_program_writes() {
    let first = policy("2026-09-20", "");
    let second = policy("2026-10-29", "limits: {max_days: 90}\n");
    let mut previous = None;
    let mut names = Vec::new();
    // The last day of August says how September began.
    for (month, day) in [(8, 31)].into_iter().chain((1..=30).map(|day| (9, day))) {
        // The token was revoked on one day, and renewed two days later.
        if matches!(day, 22 | 23) {
            continue;
        }
        let at: Timestamp = format!("2026-{month:02}-{day:02}T05:23:00Z").parse().unwrap();
        let policy = if month == 9 && day >= 15 { &second } else { &first };
        let seen = members(if month == 8 { 0 } else { day });
        let mut report = live::report(policy, at, &seen);
        report.previous = previous;
        let text = super::super::audit::json(&report);
        let name = format!("{FOLDER}/2026-{month:02}-{day:02}.json");
        if std::env::var_os("MFA_GATE_BLESS").is_some() {
            fs::create_dir_all(root().join(FOLDER)).unwrap();
        }
        compare(&name, &fs::read_to_string(root().join(&name)).unwrap_or_default(), &text);
        let digest = Sha256::digest(&text);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        previous = Some(PreviousReport { sha256: digest.into(), checked_at: at });
        names.push(name);
    }
    assert_eq!(fs::read_dir(root().join(FOLDER)).unwrap().count(), names.len());
}
