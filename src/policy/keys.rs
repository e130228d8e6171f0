//! The keys of every mapping, and what to say of those that are none.

use super::node::Entry;
use super::problem::{Problems, shown};
use crate::rule::Rule;
use crate::suggest::{listed, nearest};

/// What a mapping may hold.
pub(super) struct Shape {
    /// Where such a mapping stands, for "belongs …".
    pub(super) place: &'static str,
    /// Every key, with what to write for it.
    pub(super) keys: &'static [(&'static str, &'static str)],
}

impl Shape {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().map(|(name, _)| *name)
    }

    /// What to write for a key.
    pub(super) fn example(&self, key: &str) -> &'static str {
        self.keys.iter().find(|(name, _)| *name == key).map_or("", |(_, example)| *example)
    }
}

pub(super) static POLICY: Shape = Shape {
    place: "at the top level",
    keys: &[
        ("version", "version: 1"),
        ("workspaces", "workspaces: [acme]"),
        ("accept", "accept: [bitbucket]"),
        ("roster", "roster: {email: Email, mfa: MFA}"),
        ("rules", "rules: {exemption-unused: warn}"),
        ("limits", "limits: {max_days: 90}"),
        ("exemptions", "exemptions: []"),
    ],
};

pub(super) static ROSTER: Shape = Shape {
    place: "under `roster`",
    keys: &[
        ("account_id", "account_id: Account ID"),
        ("email", "email: Email"),
        ("mfa", "mfa: MFA"),
        ("sso", "sso: SSO"),
    ],
};

pub(super) static LIMITS: Shape = Shape {
    place: "under `limits`",
    keys: &[
        ("max_days", "max_days: 90"),
        ("max_exemptions", "max_exemptions: 5"),
        ("warn_before_days", "warn_before_days: 14"),
        ("roster_max_age_days", "roster_max_age_days: 7"),
        ("require", "require: [owner, ticket]"),
        ("admins", "admins: deny"),
    ],
};

pub(super) static EXEMPTION: Shape = Shape {
    place: "in an entry of `exemptions`",
    keys: &[
        ("id", "id: EX-7"),
        ("account_id", "account_id: \"ACCOUNT_ID\""),
        ("uuid", "uuid: \"{UUID}\""),
        ("email", "email: build-bot@acme.example"),
        ("name", "name: Build bot"),
        ("category", "category: service-account"),
        ("reason", "reason: WHY"),
        ("compensating_controls", "compensating_controls: [IP allowlist]"),
        ("owner", "owner: platform@acme.example"),
        ("approved_by", "approved_by: security@acme.example"),
        ("ticket", "ticket: SEC-123"),
        ("starts", "starts: YYYY-MM-DD"),
        ("expires", "expires: YYYY-MM-DD"),
        ("workspaces", "workspaces: [acme]"),
    ],
};

/// What people call a member by, and what must not select one.
pub(super) const NAMES: [&str; 4] = ["nickname", "display_name", "username", "user"];

/// Why a name selects nobody, and what does.
pub(super) const NO_SELECTOR: &str = "names are neither unique nor fixed: whoever takes an exempt \
    name would be exempt. Write `account_id`; `mfa-gate members --workspace SLUG` lists it";

/// Reports an unknown key; returns the key of this mapping that was meant, if that is clear.
pub(super) fn report_unknown(
    entry: &Entry,
    shape: &'static Shape,
    problems: &mut Problems,
) -> Option<&'static str> {
    let elsewhere = [&POLICY, &ROSTER, &LIMITS, &EXEMPTION]
        .into_iter()
        .find(|other| other.names().any(|name| name == entry.key))
        .map(|other| other.place)
        .or_else(|| Rule::from_id(&entry.key).map(|_| "under `rules`"));
    let near = nearest(&entry.key, shape.names());
    let help = match (elsewhere, near) {
        (Some(place), _) => format!("`{}` belongs {place}", entry.key),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("the keys {} are {}", shape.place, listed(shape.names())),
    };
    problems.push(entry.key_span, format!("unknown key {}", shown(&entry.key)), help);
    near.filter(|_| elsewhere.is_none())
}
