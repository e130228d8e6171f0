//! The keys of a policy: what each takes, an example, and what it means. Reading, messages and the
//! JSON Schema all use this table.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::values::Form;
use super::{Admins, Category, OptionalField};
use crate::member::Source;
use crate::reading::Coverage;
use crate::rule::Rule;
use crate::suggest::{listed, nearest};
use crate::words::{Word, words};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::Entry;

/// What a key takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// The version of the format.
    Version,
    /// A whole number.
    Number,
    /// One text.
    Text(Form),
    /// A list of texts; of slugs at least one, and none twice.
    Texts(Form),
    /// A date.
    Date,
    /// One of a few words.
    Word(Words),
    /// A list of at least so many of a few words, none twice.
    Words(Words, usize),
    /// Rules and their levels.
    Rules,
    /// A mapping.
    Mapping(&'static Shape),
    /// A list of mappings.
    Entries(&'static Shape),
}

/// The words that a key takes.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) all: fn() -> Vec<&'static str>,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
}

const fn words<T: Word + JsonSchema>() -> Words {
    Words {
        all: || T::ALL.iter().map(|word| word.id()).collect(),
        schema: SchemaGenerator::subschema_for::<T>,
    }
}

words! {
    /// Where a roster comes from that is not a file.
    pub(super) enum RosterFrom {
        Entra = "entra",
    }
}

/// A key, and what to write for it.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// The key with a value.
    pub(super) example: &'static str,
    /// What it means, and the default.
    pub(super) about: &'static str,
}

const fn key(name: &'static str, takes: Takes, example: &'static str, about: &'static str) -> Key {
    Key { name, takes, example, about }
}

/// What a mapping may hold.
pub(super) struct Shape {
    /// Where such a mapping stands, for "belongs …".
    pub(super) place: &'static str,
    pub(super) keys: &'static [Key],
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
        let is_one = |key: &Key| {
            key.name == name && matches!(key.takes, Takes::Words(..) | Takes::Texts(Form::Slug))
        };
        self.keys.iter().any(is_one)
    }

    /// A key of this mapping, by its name.
    pub(super) fn key(&self, name: &'static str) -> Key {
        let known = self.keys.iter().find(|key| key.name == name);
        known.copied().unwrap_or(key(name, Takes::Text(Form::Line), name, ""))
    }
}

pub(super) static POLICY: Shape = Shape {
    place: "at the top level",
    keys: &[
        key("version", Takes::Version, "version: 1", "The version of this format: 1."),
        key(
            "workspaces",
            Takes::Texts(Form::Slug),
            "workspaces: [acme]",
            "The slugs of the workspaces that are checked. Without this key the command line names \
             them.",
        ),
        key(
            "accept",
            Takes::Words(words::<Source>(), 1),
            "accept: [bitbucket]",
            "The proofs of a second factor that count; any one is enough. Default: `[bitbucket]`.",
        ),
        key(
            "coverage",
            Takes::Words(words::<Coverage>(), 1),
            "coverage: [members, repositories]",
            "Who is looked at: the members, and with `repositories` also everybody else who has \
             access to a repository. Default: `[members]`.",
        ),
        key(
            "roster",
            Takes::Mapping(&ROSTER),
            "roster: {email: Email, mfa: MFA}",
            "Where the identity provider's roster comes from, or the headings and words of its file, \
             where they are not the usual ones.",
        ),
        key(
            "rules",
            Takes::Rules,
            "rules: {exemption-unused: warn}",
            "The level of each rule that differs from its default.",
        ),
        key(
            "limits",
            Takes::Mapping(&LIMITS),
            "limits: {max_days: 90}",
            "What exemptions may look like, and how old a roster may be.",
        ),
        key(
            "exemptions",
            Takes::Entries(&EXEMPTION),
            "exemptions: []",
            "Which members are exempt, and until when.",
        ),
    ],
};

pub(super) static ROSTER: Shape = Shape {
    place: "under `roster`",
    keys: &[
        key(
            "from",
            Takes::Word(words::<RosterFrom>()),
            "from: entra",
            "Where the roster comes from: `entra` asks Microsoft Entra. Then there are no other \
             keys. Default: the file of `--roster`.",
        ),
        key(
            "account_id",
            Takes::Text(Form::Line),
            "account_id: Account ID",
            "The heading of the Atlassian account ids.",
        ),
        key(
            "email",
            Takes::Text(Form::Line),
            "email: Email",
            "The heading of the e-mail addresses.",
        ),
        key("mfa", Takes::Text(Form::Line), "mfa: MFA", "The heading of the second factor."),
        key("sso", Takes::Text(Form::Line), "sso: SSO", "The heading of single sign-on."),
        key(
            "enabled",
            Takes::Texts(Form::Line),
            "enabled: [Capable]",
            "The words in the column of the second factor for one that is registered. With this \
             key or `disabled` no other words count; case does not matter. Default: true, yes, \
             enabled, on, 1.",
        ),
        key(
            "disabled",
            Takes::Texts(Form::Line),
            "disabled: [Not Capable]",
            "The words in it for none that is registered. Default: false, no, disabled, off, 0.",
        ),
    ],
};

pub(super) static LIMITS: Shape = Shape {
    place: "under `limits`",
    keys: &[
        key(
            "max_days",
            Takes::Number,
            "max_days: 90",
            "The longest that an exemption may run, from `starts` to `expires`, in days. Every \
             exemption must then have `starts`. Default: until 366 days from today.",
        ),
        key(
            "max_exemptions",
            Takes::Number,
            "max_exemptions: 5",
            "How many exemptions the policy may have. Default: any number.",
        ),
        key(
            "warn_before_days",
            Takes::Number,
            "warn_before_days: 14",
            "How many days before its last day an exemption counts as expiring. Default: 14.",
        ),
        key(
            "roster_max_age_days",
            Takes::Number,
            "roster_max_age_days: 7",
            "How old a roster may be, in days. Default: 7.",
        ),
        key(
            "require",
            Takes::Words(words::<OptionalField>(), 0),
            "require: [owner, ticket]",
            "The optional fields that every exemption must have. Default: none.",
        ),
        key(
            "admins",
            Takes::Word(words::<Admins>()),
            "admins: deny",
            "Whether an owner of a workspace may be exempt. Default: `allow`.",
        ),
        key(
            "max_owners",
            Takes::Number,
            "max_owners: 3",
            "How many members may own a workspace. Default: any number.",
        ),
    ],
};

pub(super) static EXEMPTION: Shape = Shape {
    place: "in an entry of `exemptions`",
    keys: &[
        key(
            "id",
            Takes::Text(Form::Line),
            "id: EX-7",
            "The name of the exemption, unique in the policy.",
        ),
        key(
            "account_id",
            Takes::Text(Form::AccountId),
            "account_id: \"ACCOUNT_ID\"",
            "The whole Atlassian account id of the member.",
        ),
        key(
            "uuid",
            Takes::Text(Form::Uuid),
            "uuid: \"{UUID}\"",
            "The member's Bitbucket uuid, in braces, instead of `account_id`.",
        ),
        key(
            "email",
            Takes::Text(Form::Email),
            "email: build-bot@acme.example",
            "The member's e-mail address: alone, or with an id for sources that do not know ids.",
        ),
        key(
            "name",
            Takes::Text(Form::Line),
            "name: Build bot",
            "A name for people. It is never compared.",
        ),
        key(
            "category",
            Takes::Word(words::<Category>()),
            "category: service-account",
            "The kind of exemption.",
        ),
        key("reason", Takes::Text(Form::Paragraph), "reason: WHY", "Why the member is exempt."),
        key(
            "compensating_controls",
            Takes::Texts(Form::Paragraph),
            "compensating_controls: [IP allowlist]",
            "What protects the account instead of a second factor.",
        ),
        key(
            "owner",
            Takes::Text(Form::Line),
            "owner: platform@acme.example",
            "Who is responsible for the exemption.",
        ),
        key(
            "approved_by",
            Takes::Text(Form::Line),
            "approved_by: security@acme.example",
            "Who approved it.",
        ),
        key("ticket", Takes::Text(Form::Line), "ticket: SEC-123", "Where it was discussed."),
        key("starts", Takes::Date, "starts: YYYY-MM-DD", "Its first day, UTC."),
        key(
            "expires",
            Takes::Date,
            "expires: YYYY-MM-DD",
            "Its last day. The exemption is valid until the end of that day, UTC.",
        ),
        key(
            "workspaces",
            Takes::Texts(Form::Slug),
            "workspaces: [acme]",
            "The slugs of the workspaces where it applies. Default: all workspaces of the policy.",
        ),
    ],
};

/// The keys that must be there: those without a default.
pub(super) const REQUIRED: [&str; 4] = ["version", "id", "reason", "expires"];

/// What people call a member, and what must not select one.
pub(super) const NAMES: [&str; 4] = ["nickname", "display_name", "username", "user"];

/// Why a name selects no member, and what does.
pub(super) const NO_SELECTOR: &str = "names are not unique and can change, so anyone could take \
    the name of an exempt member. Write `account_id`; `mfa-gate members --workspace SLUG` lists it";

/// Reports an unknown key; returns the key of this mapping that was meant, if that is clear.
pub(super) fn report_unknown(
    entry: &Entry,
    shape: &'static Shape,
    diagnostics: &mut Diagnostics,
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
    diagnostics.push(entry.key_span, format!("unknown key {}", shown(&entry.key)), help);
    near.filter(|_| elsewhere.is_none())
}
