//! What findings say, word by word, and how members are counted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;
use mfa_gate::judge::{Evaluation, Judging, evaluate};
use mfa_gate::member::{AccountStatus, Member, Role, Source, TwoFactor};
use mfa_gate::policy::{self, Admins, Policy};
use mfa_gate::reading::Reading;
use mfa_gate::report::{Outcome, Severity, State, Summary, Verdict};
use mfa_gate::rule::Rule;

use crate::{TODAY, live, read};

pub(super) fn judging() -> Judging {
    Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of: None,
        clock: None,
    }
}

/// A policy of `acme` and `beta`, with more lines.
pub(super) fn policy(more: &str) -> Policy {
    let text = format!("version: 1\nworkspaces: [acme, beta]\n{more}");
    policy::parse("policy.yaml".into(), text.as_bytes()).unwrap()
}

/// The lines of an exemption of a member by number.
pub(super) fn exempting(id: &str, number: usize, more: &str) -> String {
    let account = format!("557058:00000000-0000-4000-8000-{number:012}");
    format!("  - {{id: {id}, account_id: \"{account}\", reason: a test, {more}}}\n")
}

/// These members of `acme`, and one of `beta` who has a second factor.
pub(super) fn lists(members: Vec<Member>) -> Vec<Reading> {
    vec![read("acme", members), read("beta", vec![on(900)])]
}

pub(super) fn on(number: usize) -> Member {
    Member { role: Some(Role::Member), ..live::member(number, TwoFactor::Enabled) }
}

pub(super) fn off(number: usize) -> Member {
    Member { role: Some(Role::Member), ..live::member(number, TwoFactor::Disabled) }
}

pub(super) fn owner(member: Member) -> Member {
    Member { role: Some(Role::Owner), ..member }
}

/// The findings, a line each.
fn said(evaluation: &Evaluation) -> String {
    let lines = evaluation.findings.iter().map(|finding| {
        let member = [&finding.account_id, &finding.uuid].map(|id| id.as_deref().unwrap_or("-"));
        let about = [finding.workspace.as_deref(), finding.exemption.as_deref()];
        let about = about.map(|about| about.unwrap_or("-"));
        format!(
            "{}: {}\n  of {}, exemption {}, account {}, uuid {}, role {}\n",
            finding.rule.id(),
            finding.message,
            about[0],
            about[1],
            member[0],
            member[1],
            finding.role.map_or("-".into(), |role| format!("{role:?}")),
        )
    });
    lines.collect()
}

#[test]
fn each_finding_says_what_was_seen() {
    let exemptions = [
        exempting("EX-OWNER", 1, "expires: 2026-10-01"),
        exempting("EX-LONG", 2, "expires: 2030-01-01"),
        exempting("EX-OLD", 3, "expires: 2026-08-31"),
        exempting("EX-LATER", 4, "starts: 2026-09-02, expires: 2026-10-01"),
        exempting("EX-ENDING", 5, "expires: 2026-09-05"),
        exempting("EX-NEEDLESS", 6, "expires: 2026-10-01"),
        "  - {id: EX-NONE, uuid: \"{00000000-0000-4000-8000-000000000099}\", reason: a test, \
         expires: 2026-10-01}\n"
            .into(),
    ];
    let head = "limits: {admins: deny, max_owners: 1}\nrules: {two-factor-unknown: deny}\n";
    let policy = policy(&format!("{head}exemptions:\n{}", exemptions.concat()));
    let unknown = Member { role: None, ..live::member(7, TwoFactor::Unknown) };
    let members = vec![owner(off(1)), off(2), off(3), off(4), off(5), owner(on(6)), unknown];
    let members = members
        .into_iter()
        .map(|member| Member { role: member.role.or(Some(Role::Member)), ..member });
    let evaluation = evaluate(&policy, lists(members.collect()), judging());
    insta::assert_snapshot!(said(&evaluation), @r"
    two-factor-disabled: Owner Member 1 (557058:00000000-0000-4000-8000-000000000001) in acme: no second factor seen by: bitbucket; exemption EX-OWNER may not cover an owner
      of acme, exemption -, account 557058:00000000-0000-4000-8000-000000000001, uuid {00000000-0000-4000-8000-000000000001}, role Owner
    too-many-owners: the workspace acme has 2 owners, and `limits.max_owners` allows 1
      of acme, exemption -, account -, uuid -, role -
    two-factor-disabled: Member 2 (557058:00000000-0000-4000-8000-000000000002) in acme: no second factor seen by: bitbucket; exemption EX-LONG is over the limit
      of acme, exemption -, account 557058:00000000-0000-4000-8000-000000000002, uuid {00000000-0000-4000-8000-000000000002}, role Member
    two-factor-disabled: Member 3 (557058:00000000-0000-4000-8000-000000000003) in acme: no second factor seen by: bitbucket; exemption EX-OLD ended on 2026-08-31
      of acme, exemption -, account 557058:00000000-0000-4000-8000-000000000003, uuid {00000000-0000-4000-8000-000000000003}, role Member
    two-factor-disabled: Member 4 (557058:00000000-0000-4000-8000-000000000004) in acme: no second factor seen by: bitbucket; exemption EX-LATER starts on 2026-09-02
      of acme, exemption -, account 557058:00000000-0000-4000-8000-000000000004, uuid {00000000-0000-4000-8000-000000000004}, role Member
    two-factor-unknown: Member 7 (557058:00000000-0000-4000-8000-000000000007) in acme: second factor unknown to: bitbucket
      of acme, exemption -, account 557058:00000000-0000-4000-8000-000000000007, uuid {00000000-0000-4000-8000-000000000007}, role Member
    exemption-expired: exemption EX-OLD (557058:00000000-0000-4000-8000-000000000003) ended on 2026-08-31, and is still needed
      of -, exemption EX-OLD, account 557058:00000000-0000-4000-8000-000000000003, uuid -, role -
    exemption-over-limit: exemption EX-LONG (557058:00000000-0000-4000-8000-000000000002) ends on 2030-01-01, 1218 days from today; without `limits.max_days` the limit is 366
      of -, exemption EX-LONG, account 557058:00000000-0000-4000-8000-000000000002, uuid -, role -
    exemption-not-allowed: exemption EX-OWNER (557058:00000000-0000-4000-8000-000000000001) covers an owner, which `limits.admins` forbids
      of -, exemption EX-OWNER, account 557058:00000000-0000-4000-8000-000000000001, uuid -, role -
    exemption-expiring: exemption EX-ENDING (557058:00000000-0000-4000-8000-000000000005) ends on 2026-09-05
      of -, exemption EX-ENDING, account 557058:00000000-0000-4000-8000-000000000005, uuid -, role -
    exemption-unneeded: exemption EX-NEEDLESS (557058:00000000-0000-4000-8000-000000000006) is not needed: the member has a second factor, or does not log in
      of -, exemption EX-NEEDLESS, account 557058:00000000-0000-4000-8000-000000000006, uuid -, role -
    exemption-unused: exemption EX-NONE ({00000000-0000-4000-8000-000000000099}) is unused: its workspaces have no such member
      of -, exemption EX-NONE, account -, uuid {00000000-0000-4000-8000-000000000099}, role -
    ");
}

#[test]
fn an_exemption_over_a_limit_says_which_one() {
    let in_30 = "starts: 2026-09-01, expires: 2026-10-01";
    let mut said_of = Vec::new();
    for (limits, exemptions) in [
        (
            "max_days: 30",
            ["starts: 2026-09-01, expires: 2026-09-20", "starts: 2026-09-01, expires: 2026-10-02"],
        ),
        ("max_days: 30, max_exemptions: 1", [in_30, in_30]),
        ("max_exemptions: 1", ["expires: 2027-09-02", "expires: 2027-09-02"]),
        ("max_exemptions: 1", ["expires: 2026-10-01", "expires: 2027-09-03"]),
    ] {
        let [one, other] = exemptions;
        let exemptions = exempting("ONE", 1, one) + &exempting("OTHER", 2, other);
        let policy = policy(&format!("limits: {{{limits}}}\nexemptions:\n{exemptions}"));
        let evaluation = evaluate(&policy, lists(vec![off(1), off(2)]), judging());
        let findings = evaluation.findings.iter().filter(|finding| finding.exemption.is_some());
        said_of.extend(findings.map(|finding| format!("{limits}: {}\n", finding.message)));
    }
    insta::assert_snapshot!(said_of.concat(), @r"
    max_days: 30: exemption OTHER (557058:00000000-0000-4000-8000-000000000002) runs for 31 days, 2026-09-01 to 2026-10-02; the limit is 30
    max_days: 30, max_exemptions: 1: exemption OTHER (557058:00000000-0000-4000-8000-000000000002) is one too many: the limit is 1, and those that end last do not count
    max_exemptions: 1: exemption OTHER (557058:00000000-0000-4000-8000-000000000002) is one too many: the limit is 1, and those that end last do not count
    max_exemptions: 1: exemption OTHER (557058:00000000-0000-4000-8000-000000000002) ends on 2027-09-03, 367 days from today; without `limits.max_days` the limit is 366
    ");
}

#[test]
fn where_several_sources_were_asked_each_is_quoted() {
    let policy = policy("accept: [bitbucket, atlassian, sso]\n");
    let mut members = [1, 2, 3].map(off);
    for (member, said) in
        members.iter_mut().zip([None, Some(TwoFactor::Unknown), Some(TwoFactor::Disabled)])
    {
        member.evidence.atlassian = said;
    }
    let evaluation = evaluate(
        &policy,
        lists(members.to_vec()),
        Judging { roster_as_of: Some(TODAY), ..judging() },
    );
    let messages: Vec<&str> = evaluation.findings.iter().map(|own| &*own.message).collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    Member 1 (557058:00000000-0000-4000-8000-000000000001) in acme: no second factor seen by: bitbucket (off), atlassian (not asked), sso (not asked)
    Member 2 (557058:00000000-0000-4000-8000-000000000002) in acme: no second factor seen by: bitbucket (off), atlassian (unknown), sso (not asked)
    Member 3 (557058:00000000-0000-4000-8000-000000000003) in acme: no second factor seen by: bitbucket (off), atlassian (off), sso (not asked)
    ");
}

#[test]
fn only_an_exemption_that_a_member_depends_on_is_worth_a_finding() {
    let exemptions = [
        exempting("OLD", 1, "expires: 2026-08-31"),
        exempting("LONG", 2, "expires: 2030-01-01"),
        exempting("ENDING", 3, "expires: 2026-09-05"),
        exempting("VALID", 4, "expires: 2026-10-01"),
    ];
    let mut policy = policy(&format!("exemptions:\n{}", exemptions.concat()));
    // All of them are about one member.
    let selector = policy.exemptions[0].selector.clone();
    policy.exemptions.iter_mut().for_each(|exemption| exemption.selector = selector.clone());
    let evaluation = evaluate(&policy, lists(vec![off(1)]), judging());
    assert_eq!(evaluation.members[0].exemption.as_deref(), Some("VALID"));
    assert_eq!(said(&evaluation), "");

    // Both workspaces are meant by the first, and only the second by the one that excuses.
    policy.limits.admins = Admins::Deny;
    policy.exemptions.truncate(2);
    for exemption in &mut policy.exemptions {
        exemption.expires = date(2026, 10, 1);
    }
    policy.exemptions[1].workspaces = vec!["beta".into()];
    let readings = vec![read("acme", vec![owner(on(1))]), read("beta", vec![off(1)])];
    let evaluation = evaluate(&policy, readings, judging());
    let states: Vec<State> = evaluation.exemptions.iter().map(|judged| judged.state).collect();
    assert_eq!(states, [State::NotAllowed, State::Active]);
    assert_eq!(said(&evaluation), "");
}

#[test]
fn an_exemption_of_one_workspace_excuses_no_member_of_the_next() {
    let exemptions = exempting("ONE", 1, "workspaces: [acme], expires: 2026-10-01");
    let policy = policy(&format!("exemptions:\n{exemptions}"));
    let readings = vec![read("acme", vec![on(0), off(1)]), read("beta", vec![off(1), on(2)])];
    let outcomes: Vec<Outcome> = evaluate(&policy, readings, judging())
        .members
        .iter()
        .map(|judged| judged.outcome)
        .collect();
    use Outcome::{Exempt, Protected, Violation};
    assert_eq!(outcomes, [Protected, Exempt, Violation, Protected]);
}

#[test]
fn an_exemption_is_needed_as_often_as_it_may_be() {
    let exemption = exempting("ONE", 1, "expires: 2026-10-01");
    let policy = policy(&format!("limits: {{admins: deny}}\nexemptions:\n{exemption}"));
    for (member, state) in [(off(1), State::Active), (owner(off(1)), State::NotAllowed)] {
        let readings = ["acme", "beta"].map(|slug| read(slug, vec![member.clone()])).to_vec();
        assert_eq!(evaluate(&policy, readings, judging()).exemptions[0].state, state);
    }
}

#[test]
fn owners_are_counted_in_each_workspace() {
    let policy = policy("limits: {max_owners: 1}\n");
    let gone = |member| Member { account_status: Some(AccountStatus::Closed), ..member };
    let owners = |acme: Vec<Member>, beta: Vec<Member>| -> Vec<String> {
        let evaluation = evaluate(&policy, vec![read("acme", acme), read("beta", beta)], judging());
        evaluation.findings.into_iter().map(|finding| finding.message).collect()
    };
    let two = "the workspace acme has 2 owners, and `limits.max_owners` allows 1";
    assert_eq!(owners(vec![owner(on(1)), owner(on(2)), on(3)], vec![on(4)]), [two]);
    assert!(owners(vec![on(1), owner(on(2))], vec![owner(on(3)), on(4)]).is_empty());
    assert!(owners(vec![owner(on(1)), gone(owner(on(2))), on(3)], vec![on(4)]).is_empty());
}

#[test]
fn a_workspace_with_owners_too_many_fails_by_the_level_of_its_rule() {
    let policy = policy("limits: {max_owners: 1}\nrules: {too-many-owners: deny}\n");
    let evaluation = evaluate(&policy, lists(vec![owner(on(1)), owner(on(2))]), judging());
    let findings = evaluation.findings.iter().map(|finding| (finding.rule, finding.level));
    assert_eq!(findings.collect::<Vec<_>>(), [(Rule::TooManyOwners, Severity::Error)]);
}

#[test]
fn a_workspace_that_was_not_read_says_why() {
    let mut unread = read("acme", Vec::new());
    unread.members =
        Err(mfa_gate::failure::Problem { what: "it was refused".into(), help: "Ask.".into() });
    let evaluation = evaluate(&policy(""), vec![unread], judging());
    let finding = evaluation.findings.first().unwrap();
    assert_eq!(finding.message, "the workspace acme could not be checked: it was refused");
    assert_eq!(finding.help, "Ask.");
}

#[test]
fn exit_zero_forgives_violations_and_not_what_was_not_read() {
    let at: Timestamp = "2026-09-01T12:00:00Z".parse().unwrap();
    let text = "version: 1\nworkspaces: [acme, beta]\n";
    let run = |beta: live::Listed, exit_zero: bool| {
        let lists = [("acme", Ok(vec![off(1)])), ("beta", beta)];
        let report = if exit_zero {
            live::judged(text, at, &lists, |run| run.options.exit_zero = true)
        } else {
            live::report(text, at, &lists)
        };
        assert_eq!(report.verdict, Verdict::Violations);
        assert_eq!(report.exit().code(), report.exit_code);
        report.exit_code
    };
    assert_eq!(run(Ok(vec![on(2)]), false), 1);
    assert_eq!(run(Ok(vec![on(2)]), true), 0);
    assert_eq!(run(Err("it was refused"), false), 1);
    assert_eq!(run(Err("it was refused"), true), 3);
}

#[test]
fn members_and_findings_are_counted() {
    let at: Timestamp = "2026-09-01T12:00:00Z".parse().unwrap();
    let exemptions =
        exempting("ONE", 1, "expires: 2026-10-01") + &exempting("TWO", 99, "expires: 2026-10-01");
    let head = "version: 1\nworkspaces: [acme]\naccept: [bitbucket, roster]\n";
    let rules = "rules: {two-factor-unknown: deny, exemption-unused: warn}\n";
    let gone = Member { account_status: Some(AccountStatus::Closed), ..off(4) };
    let mut by_roster = live::member(5, TwoFactor::Unknown);
    let mut by_both = on(6);
    for member in [&mut by_roster, &mut by_both] {
        member.evidence.roster = Some(TwoFactor::Enabled);
    }
    let unknown = live::member(7, TwoFactor::Unknown);
    let members = vec![off(1), off(2), on(3), gone, by_roster, by_both, unknown, on(8)];
    let policy = policy::parse(
        "policy.yaml".into(),
        format!("{head}{rules}exemptions:\n{exemptions}").as_bytes(),
    )
    .unwrap();
    let evaluation = evaluate(
        &policy,
        vec![read("acme", members)],
        Judging { roster_as_of: Some(TODAY), ..judging() },
    );
    let run = mfa_gate::judge::Run {
        checked_at: at,
        today: TODAY,
        options: Default::default(),
        source: Default::default(),
        subject: None,
    };
    let summary = mfa_gate::report::Report::new(run, &policy, evaluation).summary;
    let protected_by = BTreeMap::from([(Source::Bitbucket, 3), (Source::Roster, 1)]);
    assert_eq!(
        summary,
        Summary {
            members: 8,
            protected: 4,
            exempt: 1,
            violations: 2,
            unknown: 1,
            not_applicable: 1,
            errors: 2,
            warnings: 1,
            protected_by,
            protected_by_roster_alone: 1,
        }
    );
}
