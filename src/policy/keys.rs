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
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(super) takes: Takes,
    /// The key with a value.
    pub(super) example: &'static str,
    /// What it means, and the default, after a blank.
    pub(super) about: &'static str,
}

impl Key {
    /// Whether the key must be there: it has no default.
    pub(super) fn is_required(&self) -> bool {
        [&POLICY.version, &EXEMPTION.id, &EXEMPTION.reason, &EXEMPTION.expires]
            .iter()
            .any(|key| key.name == self.name)
    }
}

/// What a mapping may hold.
pub(super) struct Shape {
    /// Where such a mapping stands, for "belongs …".
    pub(super) place: &'static str,
    pub(super) keys: &'static [&'static Key],
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
        self.keys.iter().any(|key| {
            key.name == name && matches!(key.takes, Takes::Words(..) | Takes::Texts(Form::Slug))
        })
    }
}

/// Defines what a mapping may hold: what each key means and takes, and a value for the example. Each
/// key is a field of `$shape`, so that a misspelt one does not compile.
macro_rules! shape {
    ($shape:ident: $Keys:ident, $place:literal {
        $($(#[doc = $about:literal])+ $name:ident: $takes:expr => $value:literal,)+
    }) => {
        pub(crate) struct $Keys {
            pub(super) shape: Shape,
            $(pub(crate) $name: Key,)+
        }

        pub(crate) static $shape: $Keys = $Keys {
            shape: Shape { place: $place, keys: &[$(&$shape.$name),+] },
            $($name: Key {
                name: stringify!($name),
                takes: $takes,
                example: concat!(stringify!($name), ": ", $value),
                about: concat!($($about),+),
            },)+
        };
    };
}

shape! {
    POLICY: PolicyKeys, "at the top level" {
        /// The version of this format: 1.
        version: Takes::Version => "1",
        /// The slugs of the workspaces that are checked. Without this key the command line names
        /// them.
        workspaces: Takes::Texts(Form::Slug) => "[acme]",
        /// The proofs of a second factor that count; any one is enough. Default: `[bitbucket]`.
        accept: Takes::Words(words::<Source>(), 1) => "[bitbucket]",
        /// Who is looked at: the members, and with `repositories` also everyone else who has
        /// access to a repository. Default: `[members]`.
        coverage: Takes::Words(words::<Coverage>(), 1) => "[members, repositories]",
        /// Where the identity provider's roster comes from, or the headings and words of its file,
        /// where they are not the usual ones.
        roster: Takes::Mapping(&ROSTER.shape) => "{email: Email, mfa: MFA}",
        /// The level of each rule that differs from its default.
        rules: Takes::Rules => "{exemption-unused: warn}",
        /// What exemptions may look like, and how old a roster may be.
        limits: Takes::Mapping(&LIMITS.shape) => "{max_days: 90}",
        /// Which members are exempt, and until when.
        exemptions: Takes::Entries(&EXEMPTION.shape) => "[]",
    }
}

shape! {
    ROSTER: RosterKeys, "under `roster`" {
        /// Where the roster comes from: `entra` asks Microsoft Entra. Then there are no other keys.
        /// Default: the file of `--roster`.
        from: Takes::Word(words::<RosterFrom>()) => "entra",
        /// The heading of the Atlassian account ids.
        account_id: Takes::Text(Form::Line) => "Account ID",
        /// The heading of the e-mail addresses.
        email: Takes::Text(Form::Line) => "Email",
        /// The heading of the second factor.
        mfa: Takes::Text(Form::Line) => "MFA",
        /// The heading of single sign-on.
        sso: Takes::Text(Form::Line) => "SSO",
        /// The words in the column of the second factor for one that is registered. With this key
        /// or `disabled` no other words count; case does not matter. Default: true, yes, enabled,
        /// on, 1.
        enabled: Takes::Texts(Form::Line) => "[Capable]",
        /// The words in it for none that is registered. Default: false, no, disabled, off, 0.
        disabled: Takes::Texts(Form::Line) => "[Not Capable]",
    }
}

shape! {
    LIMITS: LimitKeys, "under `limits`" {
        /// The longest that an exemption may run, from `starts` to `expires`, in days. Every
        /// exemption must then have `starts`. Default: until 366 days from today.
        max_days: Takes::Number => "90",
        /// How many exemptions the policy may have. Default: any number.
        max_exemptions: Takes::Number => "5",
        /// How many days before its last day an exemption counts as expiring. Default: 14.
        warn_before_days: Takes::Number => "14",
        /// How old a roster may be, in days. Default: 7.
        roster_max_age_days: Takes::Number => "7",
        /// The optional fields that every exemption must have. Default: none.
        require: Takes::Words(words::<OptionalField>(), 0) => "[owner, ticket]",
        /// Whether an owner of a workspace may be exempt. Default: `allow`.
        admins: Takes::Word(words::<Admins>()) => "deny",
        /// How many members may own a workspace. Default: any number.
        max_owners: Takes::Number => "3",
    }
}

shape! {
    EXEMPTION: ExemptionKeys, "in an entry of `exemptions`" {
        /// The name of the exemption, unique in the policy.
        id: Takes::Text(Form::Line) => "EX-7",
        /// The whole Atlassian account id of the member.
        account_id: Takes::Text(Form::AccountId) => "\"ACCOUNT_ID\"",
        /// The member's Bitbucket uuid, in braces, instead of `account_id`.
        uuid: Takes::Text(Form::Uuid) => "\"{UUID}\"",
        /// The member's e-mail address: alone, or with an id for sources that do not know ids.
        email: Takes::Text(Form::Email) => "build-bot@acme.example",
        /// A name for people. It is never compared.
        name: Takes::Text(Form::Line) => "Build bot",
        /// The kind of exemption.
        category: Takes::Word(words::<Category>()) => "service-account",
        /// Why the member is exempt.
        reason: Takes::Text(Form::Paragraph) => "WHY",
        /// What protects the account instead of a second factor.
        compensating_controls: Takes::Texts(Form::Paragraph) => "[IP allowlist]",
        /// Who is responsible for the exemption.
        owner: Takes::Text(Form::Line) => "platform@acme.example",
        /// Who approved it.
        approved_by: Takes::Text(Form::Line) => "security@acme.example",
        /// Where it was discussed.
        ticket: Takes::Text(Form::Line) => "SEC-123",
        /// Its first day, UTC.
        starts: Takes::Date => "YYYY-MM-DD",
        /// Its last day. The exemption is valid until the end of that day, UTC.
        expires: Takes::Date => "YYYY-MM-DD",
        /// The slugs of the workspaces where it applies. Default: all workspaces of the policy.
        workspaces: Takes::Texts(Form::Slug) => "[acme]",
    }
}

/// The keys that select a member.
pub(super) static SELECTORS: [&Key; 3] = [&EXEMPTION.account_id, &EXEMPTION.uuid, &EXEMPTION.email];

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
    let elsewhere = [&POLICY.shape, &ROSTER.shape, &LIMITS.shape, &EXEMPTION.shape]
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
