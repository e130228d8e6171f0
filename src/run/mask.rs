//! The secrets of a run masked in what it read, before anything is said of it: a server can send
//! them back as a member's name.

use std::borrow::Cow;
use std::sync::Arc;

use crate::failure::Problem;
use crate::http::Secrets;
use crate::member::{AccountStatus, Kind, Member};
use crate::policy::Policy;
use crate::reading::Reading;
use crate::report::Provenance;

/// The longest name, id or address of a member, in bytes. A search for secrets takes some ninety
/// times as much memory as the text, and every report repeats it.
const LONGEST: usize = 1 << 14;

/// Masks what is known of the members. One whose id or address holds a secret cannot be named, and
/// cannot be told from others once it is masked: then the workspace is not judged.
pub(crate) fn readings(readings: &mut [Reading], secrets: &Secrets) {
    for reading in readings {
        let members = match &mut reading.members {
            Ok(roll) => &mut roll.members,
            Err(Problem { what, help }) => {
                text(what, secrets);
                text(help, secrets);
                continue;
            }
        };
        let too_long = members
            .iter()
            .flat_map(|member| texts(member))
            .map(str::len)
            .find(|length| *length > LONGEST);
        if let Some(bytes) = too_long {
            reading.members = Err(Problem::new(
                format!("a name, id or address of a member has {bytes} bytes"),
                format!(
                    "No real one has more than {LONGEST}: check who answers there, or who made the \
                     file."
                ),
            ));
            continue;
        }
        if members.iter().any(|member| is_named_by_a_secret(member, secrets)) {
            reading.members = Err(Problem::new(
                "the id or address of a member holds a secret of this run",
                "It is not shown. Check who answers there, and whether a password is \
                 part of an ordinary address. Replace a token that a server sent back.",
            ));
            continue;
        }
        for member in members.iter_mut().map(Arc::make_mut) {
            let names = [&mut member.nickname, &mut member.display_name, &mut member.given_key];
            names.into_iter().flatten().for_each(|name| boxed(name, secrets));
            if let Kind::Other(kind) = &mut member.kind {
                boxed(kind, secrets);
            }
            if let Some(AccountStatus::Other(status)) = &mut member.account_status {
                boxed(status, secrets);
            }
        }
    }
}

/// What a member is called, and what else is said of it in words.
fn texts(member: &Member) -> impl Iterator<Item = &str> {
    let Member { account_id, uuid, email, nickname, display_name, given_key, .. } = member;
    let known = [account_id, uuid, email, nickname, display_name, given_key].into_iter().flatten();
    let status = member.account_status.as_ref().map(AccountStatus::as_str);
    known.map(AsRef::as_ref).chain([member.kind.as_str()]).chain(status)
}

fn is_named_by_a_secret(member: &Member, secrets: &Secrets) -> bool {
    let ids = [&member.account_id, &member.uuid, &member.email];
    ids.into_iter().flatten().any(|id| matches!(secrets.masked(id), Cow::Owned(_)))
}

/// Masks what people wrote in a policy. Ids, addresses and slugs stay: they are matched.
pub(crate) fn policy(policy: &mut Policy, secrets: &Secrets) {
    for exemption in &mut policy.exemptions {
        let optional = [
            &mut exemption.name,
            &mut exemption.owner,
            &mut exemption.approved_by,
            &mut exemption.ticket,
        ];
        let written = optional.into_iter().flatten().chain(&mut exemption.compensating_controls);
        written.chain([&mut exemption.reason]).for_each(|words| boxed(words, secrets));
    }
}

/// Masks what is said of where the members came from.
pub(crate) fn provenance(source: &mut Provenance, secrets: &Secrets) {
    let inputs = source.inputs.iter_mut().map(|input| &mut input.path);
    let roster = source.roster.iter_mut().map(|roster| &mut roster.path);
    inputs.chain(roster).chain(source.ci.values_mut()).for_each(|words| text(words, secrets));
}

fn text(words: &mut String, secrets: &Secrets) {
    if let Cow::Owned(masked) = secrets.masked(words) {
        *words = masked;
    }
}

fn boxed(words: &mut Box<str>, secrets: &Secrets) {
    if let Cow::Owned(masked) = secrets.masked(words) {
        *words = masked.into();
    }
}
