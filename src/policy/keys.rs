//! The keys of every mapping, and what to say of those that are none.

use super::{Admins, Category, OptionalField};
use crate::member::Source;
use crate::rule::Rule;
use crate::suggest::{listed, nearest};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::Entry;

/// What a key takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Version,
    Number,
    Text,
    AccountId,
    Uuid,
    Email,
    Date,
    /// One of a few words.
    Word(Words),
    /// A list of some of a few words.
    Words(Words),
    /// A list of workspaces.
    Slugs,
    /// A list of texts.
    Texts,
    Mapping,
    /// A list of mappings.
    Entries,
}

/// The words that a key takes.
pub(super) type Words = fn() -> Vec<&'static str>;

/// A key, and what to write for it.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    pub(super) name: &'k str,
    pub(super) takes: Takes,
    /// The key with a value.
    pub(super) example: &'k str,
}

const fn key(name: &'static str, takes: Takes, example: &'static str) -> Key<'static> {
    Key { name, takes, example }
}

/// What a mapping may hold.
pub(super) struct Shape {
    /// Where such a mapping stands, for "belongs …".
    pub(super) place: &'static str,
    keys: &'static [Key<'static>],
}

impl Shape {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().map(|key| key.name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Whether a key takes a list of words.
    pub(super) fn takes_words(&self, name: &str) -> bool {
        let is_one =
            |key: &Key<'_>| key.name == name && matches!(key.takes, Takes::Words(_) | Takes::Slugs);
        self.keys.iter().any(is_one)
    }

    /// A key of this mapping, by its name.
    pub(super) fn key(&self, name: &'static str) -> Key<'static> {
        let known = self.keys.iter().find(|key| key.name == name);
        known.copied().unwrap_or(key(name, Takes::Text, name))
    }
}

fn sources() -> Vec<&'static str> {
    Source::ALL.map(Source::id).to_vec()
}

fn optional_fields() -> Vec<&'static str> {
    OptionalField::ALL.map(OptionalField::id).to_vec()
}

fn admins() -> Vec<&'static str> {
    [Admins::Deny, Admins::Allow].map(Admins::id).to_vec()
}

fn categories() -> Vec<&'static str> {
    Category::ALL.map(Category::id).to_vec()
}

pub(super) static POLICY: Shape = Shape {
    place: "at the top level",
    keys: &[
        key("version", Takes::Version, "version: 1"),
        key("workspaces", Takes::Slugs, "workspaces: [acme]"),
        key("accept", Takes::Words(sources), "accept: [bitbucket]"),
        key("roster", Takes::Mapping, "roster: {email: Email, mfa: MFA}"),
        key("rules", Takes::Mapping, "rules: {exemption-unused: warn}"),
        key("limits", Takes::Mapping, "limits: {max_days: 90}"),
        key("exemptions", Takes::Entries, "exemptions: []"),
    ],
};

pub(super) static ROSTER: Shape = Shape {
    place: "under `roster`",
    keys: &[
        key("account_id", Takes::Text, "account_id: Account ID"),
        key("email", Takes::Text, "email: Email"),
        key("mfa", Takes::Text, "mfa: MFA"),
        key("sso", Takes::Text, "sso: SSO"),
    ],
};

pub(super) static LIMITS: Shape = Shape {
    place: "under `limits`",
    keys: &[
        key("max_days", Takes::Number, "max_days: 90"),
        key("max_exemptions", Takes::Number, "max_exemptions: 5"),
        key("warn_before_days", Takes::Number, "warn_before_days: 14"),
        key("roster_max_age_days", Takes::Number, "roster_max_age_days: 7"),
        key("require", Takes::Words(optional_fields), "require: [owner, ticket]"),
        key("admins", Takes::Word(admins), "admins: deny"),
    ],
};

pub(super) static EXEMPTION: Shape = Shape {
    place: "in an entry of `exemptions`",
    keys: &[
        key("id", Takes::Text, "id: EX-7"),
        key("account_id", Takes::AccountId, "account_id: \"ACCOUNT_ID\""),
        key("uuid", Takes::Uuid, "uuid: \"{UUID}\""),
        key("email", Takes::Email, "email: build-bot@acme.example"),
        key("name", Takes::Text, "name: Build bot"),
        key("category", Takes::Word(categories), "category: service-account"),
        key("reason", Takes::Text, "reason: WHY"),
        key("compensating_controls", Takes::Texts, "compensating_controls: [IP allowlist]"),
        key("owner", Takes::Text, "owner: platform@acme.example"),
        key("approved_by", Takes::Text, "approved_by: security@acme.example"),
        key("ticket", Takes::Text, "ticket: SEC-123"),
        key("starts", Takes::Date, "starts: YYYY-MM-DD"),
        key("expires", Takes::Date, "expires: YYYY-MM-DD"),
        key("workspaces", Takes::Slugs, "workspaces: [acme]"),
    ],
};

/// The keys that must be there: those without a default.
pub(super) const REQUIRED: [&str; 4] = ["version", "id", "reason", "expires"];

/// What people call a member by, and what must not select one.
pub(super) const NAMES: [&str; 4] = ["nickname", "display_name", "username", "user"];

/// Why a name selects nobody, and what does.
pub(super) const NO_SELECTOR: &str = "names are neither unique nor fixed: anyone who takes an \
    exempt name would be exempt. Write `account_id`; `mfa-gate members --workspace SLUG` lists it";

/// Reports an unknown key; returns the key of this mapping that was meant, if that is clear.
pub(super) fn report_unknown(
    entry: &Entry,
    shape: &'static Shape,
    problems: &mut Diagnostics,
) -> Option<&'static str> {
    let elsewhere = [&POLICY, &ROSTER, &LIMITS, &EXEMPTION]
        .into_iter()
        .find(|other| other.has(&entry.key))
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
