//! Which lists, rosters and clocks say too little to judge by.

use jiff::ToSpan;
use jiff::civil::Date;
use mfa_gate::judge::{Evaluation, Judging, evaluate};
use mfa_gate::member::{Member, Source, TwoFactor};
use mfa_gate::policy::{Policy, RosterSource};
use mfa_gate::reading::Addresses;
use mfa_gate::report::ClockGap;

use crate::findings::{judging, lists, on, policy};
use crate::{TODAY, live};

/// Why `acme` could not be judged, and what to do.
fn refusal(evaluation: &Evaluation) -> Option<(String, String)> {
    let why = evaluation.workspaces.first().unwrap().error.clone()?;
    let finding = evaluation.findings.iter().find(|own| own.workspace.as_deref() == Some("acme"));
    Some((why, finding.unwrap().help.clone()))
}

#[test]
fn a_roster_counts_as_long_as_the_policy_says() {
    let day = |days: i64| TODAY.checked_add(days.days()).unwrap();
    let listed = |source: Option<Source>| {
        let mut member = on(1);
        match source {
            Some(Source::Roster) => member.evidence.roster = Some(TwoFactor::Enabled),
            Some(Source::Sso) => member.evidence.sso = Some(TwoFactor::Enabled),
            Some(Source::Bitbucket | Source::Atlassian) | None => {}
        }
        lists(vec![member])
    };
    let told = |policy: &Policy, source, roster_as_of: Option<Date>| {
        let evaluation = evaluate(policy, listed(source), Judging { roster_as_of, ..judging() });
        refusal(&evaluation)
    };
    let limits = "limits: {roster_max_age_days: 7}\n";
    for accept in ["roster", "sso"] {
        let mut policy = policy(&format!("accept: [bitbucket, {accept}]\n{limits}"));
        for source in [Some(Source::Roster), Some(Source::Sso), None] {
            for days in [-8, 2] {
                assert!(told(&policy, source, Some(day(days))).is_some(), "{days}");
            }
            for days in [-7, 0, 1] {
                assert_eq!(told(&policy, source, Some(day(days))), None, "{days}");
            }
            assert_eq!(told(&policy, source, None).is_some(), source.is_some());
        }
        policy.roster = RosterSource::Entra;
        assert!(told(&policy, None, Some(day(-8))).is_some());
    }
    let indifferent = policy(&format!("accept: [bitbucket]\n{limits}"));
    assert_eq!(told(&indifferent, Some(Source::Roster), None), None);

    let mut policy = policy(&format!("accept: [bitbucket, roster]\n{limits}"));
    let mut words = String::new();
    for source in [policy.roster.clone(), RosterSource::Entra] {
        policy.roster = source;
        for as_of in [None, Some(day(-8)), Some(day(2))] {
            let (why, help) = told(&policy, Some(Source::Roster), as_of).unwrap();
            words += &format!("{why}\n  {help}\n");
        }
    }
    insta::assert_snapshot!(words, @r"
    the date of the roster is not known
      Give --roster-as-of with the date on which it was exported.
    the roster of 2026-08-24 is 8 days old, and at most 7 are allowed
      Export the roster again, and give its date with --roster-as-of.
    the roster is dated 2026-09-03, and today is 2026-09-01
      Export the roster again, and give its date with --roster-as-of.
    it is not known when Microsoft Entra was asked
      Ask it again: omit --members, or write the members file anew with `mfa-gate members --policy FILE --report json=FILE`.
    Microsoft Entra was asked 8 days ago, on 2026-08-24, and at most 7 are allowed
      Ask it again: omit --members, or write the members file anew with `mfa-gate members --policy FILE --report json=FILE`.
    Microsoft Entra was asked on 2026-09-03, and today is 2026-09-01
      Ask it again: omit --members, or write the members file anew with `mfa-gate members --policy FILE --report json=FILE`.
    ");
}

#[test]
fn a_clock_that_is_an_hour_off_judges_nobody() {
    let told = |ahead_s: i64| {
        let clock = Some(ClockGap { ahead_s });
        refusal(&evaluate(&policy(""), lists(vec![on(1)]), Judging { clock, ..judging() }))
    };
    for seconds in [-3600, 0, 3600] {
        assert_eq!(told(seconds), None);
    }
    for seconds in [-3601, 3601] {
        let (why, _) = told(seconds).unwrap();
        assert!(why.starts_with("the clock of this machine is wrong"), "{why}");
    }
}

/// A member who shows these ids: `a` for the account id, `u` for the uuid, `e` for the address.
fn showing(number: usize, ids: &str) -> Member {
    let member = on(number);
    Member {
        account_id: member.account_id.filter(|_| ids.contains('a')),
        uuid: member.uuid.filter(|_| ids.contains('u')),
        email: Some(format!("{number}@acme.example").into()).filter(|_| ids.contains('e')),
        ..member
    }
}

#[test]
fn an_exemption_needs_ids_that_all_members_show() {
    let other = live::member(99, TwoFactor::Enabled);
    let account = format!("account_id: \"{}\"", other.account_id.unwrap());
    let uuid = format!("uuid: \"{}\"", other.uuid.unwrap());
    let email = "email: 99@acme.example";
    let selectors = [
        account.clone(),
        uuid.clone(),
        email.to_owned(),
        format!("{account}, {email}"),
        format!("{uuid}, {email}"),
    ];
    let mut words = String::new();
    for shown in
        [["aue", "aue"], ["aue", "ue"], ["aue", "ae"], ["aue", "a"], ["ae", "ue"], ["a", "u"]]
    {
        words += &format!("{}:", shown.join(" and "));
        for selector in &selectors {
            let entry =
                format!("  - {{id: ONE, {selector}, reason: a test, expires: 2026-10-01}}\n");
            let policy = policy(&format!("exemptions:\n{entry}"));
            let members = [showing(1, shown[0]), showing(2, shown[1])].to_vec();
            let told = refusal(&evaluate(&policy, lists(members), judging()));
            let help = told.map_or("fine".into(), |(_, help)| {
                help.split_whitespace().take(4).collect::<Vec<_>>().join(" ")
            });
            words += &format!(" {help};");
        }
        words += "\n";
    }
    insta::assert_snapshot!(words, @r"
    aue and aue: fine; fine; fine; fine; fine;
    aue and ue: Use `uuid` instead of; fine; fine; fine; fine;
    aue and ae: fine; Use `account_id` instead of; fine; fine; fine;
    aue and a: fine; Use `account_id` instead of; Add the member's account_id; fine; Use `account_id` instead of;
    ae and ue: Add the member's e-mail; Add the member's e-mail; fine; fine; fine;
    a and u: Add the member's e-mail; Add the member's e-mail; Add the member's account_id; Read the workspace from; Read the workspace from;
    ");
}

#[test]
fn a_member_who_shows_the_id_settles_who_an_exemption_is_about() {
    let entry = "  - {id: ONE, email: 1@acme.example, reason: a test, expires: 2026-10-01}\n";
    let policy = policy(&format!("exemptions:\n{entry}"));
    let told = |numbers: [usize; 2], addresses: Addresses| {
        let members = [showing(numbers[0], "aue"), showing(numbers[1], "a")].to_vec();
        let mut readings = lists(members);
        readings[0].members.as_mut().unwrap().addresses = addresses;
        // The members of the other workspace are settled by looking them up.
        readings[1].members.as_mut().unwrap().addresses = Addresses::LookedUp;
        refusal(&evaluate(&policy, readings, judging())).map(|(why, _)| why)
    };
    assert_eq!(told([1, 2], Addresses::AsShown), None);
    assert_eq!(told([3, 2], Addresses::LookedUp), None);
    let why = told([3, 2], Addresses::AsShown).unwrap();
    assert!(why.contains("exemption ONE is about, since the e-mail address of some"), "{why}");
}
