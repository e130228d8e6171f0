//! What must hold of every input.

use std::collections::BTreeSet;

use super::any::*;
use super::*;

/// The errors about members: who is concerned, and by which rule.
fn accused(report: &Report) -> Vec<(Rule, String, String)> {
    let errors = report.findings.iter().filter(|finding| finding.level == Severity::Error);
    errors
        .filter_map(|finding| {
            let key = finding.key.as_deref()?;
            Some((finding.rule, finding.workspace.as_deref()?.to_owned(), key.to_owned()))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_member_has_one_outcome_and_unknown_stays_unknown(
        policy in any_policy(), readings in any_readings(), strict: bool, ignore_exemptions: bool,
    ) {
        let judging = Judging { strict, ignore_exemptions, ..judging() };
        let evaluation = evaluate(&policy, readings.clone(), judging);
        let complete = |slug: &str| {
            evaluation.workspaces.iter().any(|workspace| &*workspace.slug == slug && workspace.complete)
        };
        let mut expected: Vec<(Arc<str>, Arc<Member>)> = Vec::new();
        for reading in readings.into_iter().filter(|reading| complete(&reading.workspace)) {
            let members = reading.members.unwrap().members.into_iter();
            expected.extend(members.map(|member| (reading.workspace.clone(), member)));
        }
        expected.sort_by(|a, b| (&a.0, a.1.key()).cmp(&(&b.0, b.1.key())));
        prop_assert_eq!(evaluation.members.len(), expected.len());
        for (judged, (workspace, member)) in evaluation.members.iter().zip(&expected) {
            prop_assert_eq!(&judged.member.workspace, workspace);
            prop_assert_eq!(&judged.member.member, member);
            let said: Vec<TwoFactor> =
                policy.accept.iter().map(|source| member.evidence.of(*source)).collect();
            let enabled = said.contains(&TwoFactor::Enabled);
            let disabled = said.contains(&TwoFactor::Disabled);
            prop_assert_eq!(judged.outcome == Outcome::Protected, enabled && member.applicable());
            let is_unknown = !enabled && !disabled;
            prop_assert_eq!(judged.member.two_factor == TwoFactor::Unknown, is_unknown);
            prop_assert_eq!(judged.member.decided_by.is_none(), is_unknown);
            prop_assert_eq!(judged.outcome == Outcome::Exempt, judged.exemption.is_some());
            let about = |finding: &&mfa_gate::report::Finding| {
                finding.key.as_deref() == Some(member.key())
                    && finding.workspace.as_ref() == Some(workspace)
            };
            let rules: Vec<Rule> =
                evaluation.findings.iter().filter(about).map(|finding| finding.rule).collect();
            let expected = match (judged.outcome, disabled) {
                (Outcome::Violation, true) => vec![Rule::TwoFactorDisabled],
                (Outcome::Violation, false) => vec![Rule::TwoFactorUnknown],
                _ => vec![],
            };
            prop_assert_eq!(rules, expected);
        }
    }

    #[test]
    fn adding_an_exemption_creates_no_violation_elsewhere(
        policy in plain_policy(), added in any_exemption(7), readings in any_readings(),
    ) {
        let mut more = policy.clone();
        more.exemptions.push(added);
        let before = report(&policy, readings.clone(), judging());
        let after = report(&more, readings, judging());
        let was_accused = accused(&before);
        for accusation in accused(&after) {
            prop_assert!(was_accused.contains(&accusation), "{accusation:?} is new");
        }
        for finding in &after.findings {
            let own = finding.exemption.as_deref() == Some("EX-7");
            let known = before.findings.iter().any(|other| {
                other.rule == finding.rule && other.key == finding.key
                    && other.workspace == finding.workspace && other.exemption == finding.exemption
            });
            prop_assert!(
                finding.level == Severity::Warning || own || known, "{finding:?} is new"
            );
        }
    }

    #[test]
    fn removing_an_exemption_turns_no_failing_run_green(
        policy in plain_policy(), readings in any_readings(), which in any::<proptest::sample::Index>(),
    ) {
        prop_assume!(!policy.exemptions.is_empty());
        let mut fewer = policy.clone();
        fewer.exemptions.remove(which.index(policy.exemptions.len()));
        let before = report(&policy, readings.clone(), judging());
        let after = report(&fewer, readings, judging());
        prop_assert!(before.exit_code == 0 || after.exit_code != 0);
    }

    #[test]
    fn compliant_means_nobody_is_unprotected_without_a_valid_exemption(
        policy in any_policy(), readings in any_readings(), strict: bool,
    ) {
        let judging = Judging { strict, ..judging() };
        let report = report(&policy, readings.clone(), judging);
        let unprotected = |member: &Member| {
            member.applicable() && member.evidence.joined(&policy.accept).0 != TwoFactor::Enabled
        };
        let excused = |slug: &str, member: &Member| policy.exemptions.iter().any(|exemption| {
            let named = match &exemption.selector {
                Selector::Id { id: MemberId::AccountId(id), .. } => member.account_id.as_ref() == Some(id),
                Selector::Id { id: MemberId::Uuid(id), .. } => member.uuid.as_ref() == Some(id),
                Selector::Email(_) => false,
            };
            named && exemption.applies_to(slug)
                && exemption.expires >= TODAY
                && exemption.starts.is_none_or(|starts| starts <= TODAY)
                && (policy.limits.admins == Admins::Allow || member.role != Some(Role::Owner))
        });
        if report.verdict == Verdict::Compliant {
            prop_assert!(report.complete && report.exit_code == 0);
            for reading in &readings {
                let roll = reading.members.as_ref().expect("a compliant run read everything");
                prop_assert!(!roll.members.is_empty());
                for member in &roll.members {
                    prop_assert!(!unprotected(member) || excused(&reading.workspace, member));
                }
            }
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(
        policy in any_policy(), readings in any_readings(), rotation in 0usize..8,
    ) {
        let mut shuffled = readings.clone();
        shuffled.rotate_left(1);
        for reading in &mut shuffled {
            if let Ok(roll) = &mut reading.members {
                roll.members.reverse();
                let middle = rotation.min(roll.members.len());
                roll.members.rotate_left(middle);
            }
        }
        prop_assert_eq!(report(&policy, readings, judging()), report(&policy, shuffled, judging()));
    }

    #[test]
    fn a_report_judged_again_says_the_same(
        policy in any_policy(), readings in any_readings(), strict: bool,
    ) {
        let original = report(&policy, readings, Judging { strict, ..judging() });
        let text = serde_json::to_string(&original).unwrap();
        let saved: Report = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&saved, &original);
        prop_assert_eq!(saved.judged_again(), Ok(original.clone()));
        prop_assert_eq!(Report::from_saved(text.as_bytes()), Ok(original));
    }

    #[test]
    fn reports_on_single_workspaces_merge_into_the_report_on_all(
        policy in any_policy(), readings in any_readings(), strict: bool, ignore_exemptions: bool,
        first in 0usize..3,
    ) {
        let judging = Judging { strict, ignore_exemptions, ..judging() };
        let mut whole = report(&policy, readings.clone(), judging);
        // Each part asked the organisation for itself.
        if let Some(asked) = &mut whole.source.atlassian { asked.requests = 3; }
        whole.options.workspace = SLUGS.map(Arc::from).into();
        whole.options.workspace.rotate_left(first);
        let mut parts: Vec<Report> = readings
            .iter()
            .map(|reading| {
                let mut part = report(&policy, vec![reading.clone()], judging);
                part.options.workspace = vec![reading.workspace.clone()];
                if let Some(asked) = &mut part.source.atlassian { asked.requests = 1; }
                part.judged_again().expect("it says what is true")
            })
            .collect();
        parts.rotate_left(first);
        let first = parts.remove(0);
        let merged = Report::merged(first, parts.into_iter().map(|part| ((), part)).collect()).expect("they have one policy");
        prop_assert_eq!(merged.judged_again(), Ok(merged.clone()));
        prop_assert_eq!(merged, whole);
    }

    #[test]
    fn every_concern_is_new_fixed_or_staying_where_both_runs_know(
        before in any_policy(), after in any_policy(),
        then in any_readings(), now in any_readings(), strict: bool,
    ) {
        let previous = report(&before, then, judging());
        let current = report(&after, now, Judging { strict, ..judging() });
        let changes = Changes::between(&previous, &current);
        let read = |report: &Report, slug: &str| {
            report.workspaces.iter().any(|own| &*own.slug == slug && own.complete)
        };
        for workspace in &current.workspaces {
            let slug = &*workspace.slug;
            let both = read(&previous, slug) && read(&current, slug);
            prop_assert_eq!(changes.not_compared.iter().any(|own| &**own == slug), !both);
            let of = |concerns: &[Concern]| -> Vec<String> {
                let own = concerns.iter().filter(|own| own.workspace.as_deref() == Some(slug));
                own.map(|own| own.key.as_deref().unwrap().to_owned()).collect()
            };
            let (new, fixed, staying) = (of(&changes.new), of(&changes.fixed), of(&changes.staying));
            if !both {
                prop_assert!(new.is_empty() && fixed.is_empty() && staying.is_empty());
                continue;
            }
            let unprotected = |report: &Report| -> BTreeSet<String> {
                let own = report.members.iter().filter(|own| &*own.member.workspace == slug);
                own.filter(|own| own.outcome == Outcome::Violation)
                    .map(|own| own.member.key().to_string())
                    .collect()
            };
            let (then, now) = (unprotected(&previous), unprotected(&current));
            let sorted = |keys: Vec<String>| keys.into_iter().collect::<BTreeSet<_>>();
            prop_assert_eq!(sorted(new), &now - &then);
            prop_assert_eq!(sorted(fixed), &then - &now);
            prop_assert_eq!(sorted(staying), &now & &then);
        }
        let same = Changes::between(&current, &current);
        prop_assert!(same.new.is_empty() && same.fixed.is_empty());
    }
}
