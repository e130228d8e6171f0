//! Whether an unknown second factor is a fact about the member, or about the credential: Bitbucket
//! shows `has_2fa_enabled` to admins of the workspace only, and says `null` or nothing to others.

use std::sync::Arc;

use super::join::needs_proof;
use crate::failure::Problem;
use crate::member::{Member, Source, TwoFactor};

/// What Bitbucket says the caller is in the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Owner,
    /// A member with another permission.
    Other(String),
    /// It was not asked, or did not say; why not, where it was asked.
    NoAnswer(Option<String>),
}

/// Why the caller is not known, at the end of a sentence.
pub(crate) fn because(why: Option<String>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

const HELP: &str = "Use the credential of an owner of the workspace, one of its admins.";

/// Whether it matters what the caller is: Bitbucket's word counts, and it says nothing of a
/// member who needs a second factor and is protected by no other source.
pub(crate) fn needs_asking(members: &[Arc<Member>], accept: &[Source]) -> bool {
    accept.contains(&Source::Bitbucket)
        && members.iter().any(|member| {
            needs_proof(member, accept)
                && member.evidence.of(Source::Bitbucket) == TwoFactor::Unknown
        })
}

/// Whether the members can be judged, given what the caller is; an error where the unknown ones
/// say more about the credential than about themselves.
pub(crate) fn judge(
    members: &[Arc<Member>],
    accept: &[Source],
    caller: Caller,
) -> Result<(), Problem> {
    if !needs_asking(members, accept) {
        return Ok(());
    }
    let any_known =
        members.iter().any(|member| member.evidence.of(Source::Bitbucket) != TwoFactor::Unknown);
    match (caller, any_known) {
        (Caller::Other(permission), _) => Err(Problem::new(
            format!(
                "this credential does not see the two-factor status of other members: its \
                 permission in the workspace is `{permission}`, not `owner`"
            ),
            HELP,
        )),
        (Caller::Owner, false) => Err(Problem::new(
            "Bitbucket did not show the flag of any member, although the credential belongs to an \
             owner of the workspace",
            "Try the API token of a workspace admin: other kinds of credentials may not be shown \
             the two-factor status.",
        )),
        (Caller::NoAnswer(why), false) => Err(Problem::new(
            format!(
                "no member's two-factor status is known, and whether an owner of the workspace \
                 asked for it is not known either{}",
                because(why)
            ),
            HELP,
        )),
        (Caller::Owner | Caller::NoAnswer(_), true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::{AccountStatus, Evidence, Kind};

    fn member(bitbucket: TwoFactor) -> Member {
        Member {
            account_id: Some("557058:a".into()),
            evidence: Evidence { bitbucket: Some(bitbucket), ..Evidence::default() },
            ..Member::nobody()
        }
    }

    const BITBUCKET: &[Source] = &[Source::Bitbucket];

    #[test]
    fn it_matters_only_where_a_member_needs_bitbuckets_word() {
        let unknown = member(TwoFactor::Unknown);
        let mut by_roster = unknown.clone();
        by_roster.evidence.roster = Some(TwoFactor::Enabled);
        let app = Member { kind: Kind::AppUser, ..unknown.clone() };
        let closed = Member { account_status: Some(AccountStatus::Closed), ..unknown.clone() };
        let both = &[Source::Bitbucket, Source::Roster];
        for (one, accept, asks) in [
            (unknown.clone(), BITBUCKET, true),
            (member(TwoFactor::Enabled), BITBUCKET, false),
            (member(TwoFactor::Disabled), BITBUCKET, false),
            (unknown, &[Source::Roster], false),
            (by_roster.clone(), both, false),
            (by_roster, BITBUCKET, true),
            (app, BITBUCKET, false),
            (closed, BITBUCKET, false),
        ] {
            let members = [Arc::new(one)];
            assert_eq!(needs_asking(&members, accept), asks, "{members:?} by {accept:?}");
            let judged = judge(&members, accept, Caller::Other("member".into()));
            assert_eq!(judged.is_err(), asks);
        }
    }

    #[test]
    fn what_each_caller_means() {
        let none = [member(TwoFactor::Unknown)].map(Arc::new);
        let some = [member(TwoFactor::Enabled), member(TwoFactor::Unknown)].map(Arc::new);
        let why =
            |members: &[Arc<Member>], caller| judge(members, BITBUCKET, caller).unwrap_err().what;

        assert!(why(&none, Caller::Other("member".into())).contains("`member`, not `owner`"));
        assert!(why(&some, Caller::Other("member".into())).contains("does not see"));
        assert!(why(&none, Caller::Owner).contains("did not show the flag of any member"));
        assert!(
            why(&none, Caller::NoAnswer(None)).contains("no member's two-factor status is known")
        );
        assert_eq!(judge(&some, BITBUCKET, Caller::Owner), Ok(()));
        assert_eq!(judge(&some, BITBUCKET, Caller::NoAnswer(None)), Ok(()));
    }
}
