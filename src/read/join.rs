//! What other sources say, joined to the members that they say it about. Pure.

use std::collections::{HashMap, HashSet};

use super::atlassian::Directory;
use super::identity_provider::IdentityProvider;
use super::people::People;
use super::roster::Entry;
use crate::failure::Problem;
use crate::member::{Evidence, Member, Source, TwoFactor};

/// Whether a second factor is asked of a member and no accepted source has proven one yet.
pub(super) fn needs_proof(member: &Member, accept: &[Source]) -> bool {
    member.applicable() && member.evidence.joined(accept).0 != TwoFactor::Enabled
}

/// Notes what the organisation says of each member, and counts those that it knows. An account that
/// is not in its directory is unknown to it. By address only where a member has no id.
pub(super) fn note_directory<'m>(
    members: impl Iterator<Item = &'m mut Member>,
    directory: &Directory,
) -> usize {
    let mut known = 0;
    for member in members {
        let account = match (&member.account_id, &member.email) {
            (Some(id), _) => directory.account(id),
            (None, Some(email)) => directory.account_by_email(email),
            (None, None) => None,
        };
        known += usize::from(account.is_some());
        let said = account.map_or(TwoFactor::Unknown, |account| account.two_factor);
        member.evidence.atlassian = Some(said);
    }
    known
}

/// Notes what the identity provider says of each member, and gives the rows that are about one. A
/// member who is not in it is unknown to it, which is noted of members whose address is known, and
/// of all where it is `settled` that no other member has one of its addresses.
///
/// # Errors
/// [`Problem`] where two rows are about one member and disagree.
pub(super) fn note_roster(
    people: &mut People<'_>,
    provider: IdentityProvider<'_>,
    settled: bool,
) -> Result<HashSet<u64>, Problem> {
    let shown: HashSet<&str> =
        people.members().filter_map(|member| member.account_id.as_deref()).collect();
    let mut by_id: HashMap<&str, Vec<&Entry>> = HashMap::new();
    let mut by_address: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for entry in provider.entries() {
        // An id says whose row it is. An address counts only for a member who shows no id.
        if let Some(id) = entry.account_id.as_deref().filter(|id| shown.contains(id)) {
            by_id.entry(id).or_default().push(entry);
        } else if let Some(address) = entry.email.as_deref() {
            by_address.entry(address).or_default().push(entry);
        }
    }
    let answers = |source| provider.answers().contains(&source);
    let (has_mfa, has_sso) = (answers(Source::Roster), answers(Source::Sso));
    let mut matched = HashSet::new();
    for (person, addresses) in people.owners() {
        let is_known = person.member.applicable() && !person.is_stranger();
        let member = &mut *person.member;
        if settled || is_known {
            member.evidence.roster = has_mfa.then_some(TwoFactor::Unknown);
            member.evidence.sso = has_sso.then_some(TwoFactor::Unknown);
        }
        let id = member.account_id.as_deref();
        let named = id.and_then(|id| by_id.get(id)).into_iter().flatten();
        let addressed = addresses.iter().filter_map(|address| by_address.get(&**address)).flatten();
        let addressed = addressed.filter(|entry| id.is_none() || entry.account_id.is_none());
        let mut rows: Vec<&Entry> = named.chain(addressed).copied().collect();
        rows.sort_by_key(|entry| entry.line);
        let Evidence { roster: mfa, sso, .. } = &mut member.evidence;
        let mut before: Option<&Entry> = None;
        for entry in rows {
            let fits = agree(mfa, has_mfa.then_some(entry.mfa), before.is_none())
                & agree(sso, has_sso.then_some(entry.sso), before.is_none());
            if let (false, Some(before)) = (fits, before) {
                return Err(provider.contradiction(member, [before, entry]));
            }
            before = Some(entry);
            matched.insert(entry.line);
        }
        // A member who does not sign in through the identity provider may still have a second
        // factor.
        member.evidence.sso = member.evidence.sso.map(|_| member.evidence.of(Source::Sso));
    }
    Ok(matched)
}

/// Notes one more answer. Whether it agrees with the one before, unless there was none; where one
/// of the two says nothing, the other counts.
fn agree(noted: &mut Option<TwoFactor>, said: Option<TwoFactor>, first: bool) -> bool {
    match (*noted, said) {
        (_, None) => true,
        (Some(before), Some(said)) if !first && before != TwoFactor::Unknown => {
            said == TwoFactor::Unknown || said == before
        }
        (_, Some(said)) => {
            *noted = Some(said);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::RosterColumns;
    use crate::read::roster::Roster;

    /// A member with one of a few ids and one of a few addresses, or without.
    fn member(id: Option<u8>, email: Option<u8>) -> Member {
        Member {
            account_id: id.map(|id| format!("557058:{id}").into()),
            email: email.map(|email| format!("m{email}@acme.example").into()),
            evidence: Evidence { bitbucket: Some(TwoFactor::Disabled), ..Evidence::default() },
            ..Member::nobody()
        }
    }

    /// Members, no two of which have an id or an address in common.
    fn members() -> impl Strategy<Value = Vec<Member>> {
        let member = |number: u8| {
            (any::<bool>(), any::<bool>(), Just(number)).prop_map(|(id, email, number)| {
                // Whose an address is has nothing to do with the number of its owner's id.
                member(id.then_some(number), email.then_some((number + 1) % 4))
            })
        };
        (0..4_u8).map(member).collect::<Vec<_>>()
    }

    /// A row of a roster: whose it is, and what it says.
    type Line = (Option<u8>, Option<u8>, &'static str, &'static str);

    fn lines() -> impl Strategy<Value = Vec<Line>> {
        let word = || prop_oneof![3 => Just("yes"), 1 => Just("no"), 3 => Just("")];
        let line = (prop::option::of(0..5_u8), prop::option::of(0..7_u8), word(), word());
        prop::collection::vec(line, 1..8)
    }

    /// The roster of some rows; none where it contradicts itself already.
    fn roster(lines: &[Line]) -> Option<Roster> {
        let mut text = "account_id,email,mfa,sso\n".to_owned();
        for (id, email, mfa, sso) in lines {
            let id = id.map(|id| format!("557058:{id}")).unwrap_or_default();
            let email = email.map(|email| format!("M{email}@acme.example")).unwrap_or_default();
            text += &format!("{id},{email},{mfa},{sso}\n");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        crate::read::roster::read(file.path(), &RosterColumns::default(), &[]).ok()
    }

    /// What the roster makes of the members, and how many of its rows are about one.
    fn joined(
        mut members: Vec<Member>,
        roster: &Roster,
        settled: bool,
    ) -> Result<(Vec<Member>, usize), Problem> {
        let provider = IdentityProvider::Export(roster);
        let rows = note_roster(&mut People::of(&mut members), provider, settled)?;
        Ok((members, rows.len()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn joining_twice_changes_nothing(
            members in members(), lines in lines(), settled in any::<bool>(),
        ) {
            let Some(roster) = roster(&lines) else { return Ok(()) };
            let Ok((once, rows)) = joined(members, &roster, settled) else { return Ok(()) };
            prop_assert_eq!(joined(once.clone(), &roster, settled), Ok((once, rows)));
        }

        #[test]
        fn the_order_of_rows_does_not_matter(
            members in members(),
            (lines, shuffled) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        ) {
            let rosters = (roster(&lines), roster(&shuffled));
            prop_assert_eq!(rosters.0.is_some(), rosters.1.is_some());
            let (Some(one), Some(other)) = rosters else { return Ok(()) };
            let (one, other) = (joined(members.clone(), &one, true), joined(members, &other, true));
            // Which of three lines that contradict each other are named first may differ.
            prop_assert_eq!(one.ok(), other.ok());
        }

        #[test]
        fn no_member_is_cleared_without_a_row(
            members in members(), lines in lines(), settled in any::<bool>(),
        ) {
            let Some(roster) = roster(&lines) else { return Ok(()) };
            let Ok((after, _)) = joined(members.clone(), &roster, settled) else { return Ok(()) };
            prop_assert_eq!(after.len(), members.len());
            // What a row says of another account says nothing of this one.
            let says_yes = |named: &Member, column: fn(&Line) -> &str| {
                let may_be_about = |line: &&Line| {
                    let id = self::member(line.0, None).account_id;
                    id.is_none() || named.account_id.is_none() || id == named.account_id
                };
                lines.iter().filter(may_be_about).any(|line| column(line) == "yes")
            };
            for (before, member) in members.iter().zip(&after) {
                let named = lines.iter().any(|(id, email, ..)| {
                    let row = self::member(*id, *email);
                    let by_id = row.account_id.is_some() && row.account_id == member.account_id;
                    let by_email = row.email.is_some() && row.email == member.email;
                    // A row with an id is about no member who shows another.
                    by_id || by_email && (row.account_id.is_none() || member.account_id.is_none())
                });
                let said = [member.evidence.roster, member.evidence.sso];
                let unknown = (settled || member.email.is_some()).then_some(TwoFactor::Unknown);
                prop_assert!(named || said == [unknown; 2], "{:?} by {:?}", member, lines);
                prop_assert!(said[0] != Some(TwoFactor::Enabled) || says_yes(member, |line| line.2));
                prop_assert!(said[1] != Some(TwoFactor::Enabled) || says_yes(member, |line| line.3));
                // Nothing else is touched.
                let evidence = Evidence { roster: None, sso: None, ..member.evidence };
                prop_assert_eq!(&Member { evidence, ..member.clone() }, before);
            }
        }

        #[test]
        fn a_row_is_about_the_member_who_has_its_id(named in 0..6_u8, other in 0..6_u8) {
            let members = vec![member(Some(named), Some(0)), member(None, Some(1))];
            let roster = roster(&[(Some(other), Some(0), "yes", "")]).unwrap();
            let (after, rows) = joined(members, &roster, true).unwrap();
            let expected = if named == other { TwoFactor::Enabled } else { TwoFactor::Unknown };
            prop_assert_eq!(after[0].evidence.roster, Some(expected));
            prop_assert_eq!(after[1].evidence.roster, Some(TwoFactor::Unknown));
            prop_assert_eq!(rows, usize::from(named == other));
        }
    }

    #[test]
    fn rows_that_disagree_are_named_with_their_lines() {
        let roster = roster(&[(Some(1), None, "yes", ""), (None, Some(2), "no", "")]).unwrap();
        let why = joined(vec![member(Some(1), Some(2))], &roster, true).unwrap_err().what;
        assert!(why.contains("line 2 and line 3") && why.contains("557058:1"), "{why}");
        // Of two people they disagree about nothing.
        let two = vec![member(Some(1), None), member(None, Some(2))];
        assert_eq!(joined(two, &roster, true).unwrap().1, 2);
    }
}
