//! The policy: what is accepted as proof, who is exempt and until when.
//!
//! The types of this file are valid by construction: [`load`] makes them from YAML or reports
//! every problem of the file at once.

mod dates;
mod edit;
mod exemption;
mod fields;
mod keys;
mod lists;
mod load;
mod meant;
mod overlap;
mod roster;
mod rules;
mod schema;
mod validate;
mod values;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use self::dates::read_date;
pub use self::edit::{Document, EditError, snippet};
pub(crate) use self::keys::{LIMITS, POLICY};
pub use self::load::{check_digest, load, parse, schema, with_other_extension};
pub use self::roster::{RosterColumns, RosterSource};
pub use self::values::check_slug;
pub(crate) use self::values::{as_email, is_account_id, is_cell, is_usual_account_id};
pub use self::write::FirstPolicy;
pub use crate::yaml::diagnostics::Warning;

use crate::location::Location;
use crate::member::{Ids, Source};
use crate::reading::Coverage;
use crate::rule::{Level, Rule};
use crate::unique;
use crate::words::words;

/// A policy that was read and found valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The file as it was named, with forward slashes.
    pub path: Arc<str>,
    /// The SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: Box<str>,
    /// The workspaces it is about; empty where the key is missing and the run names them.
    pub workspaces: Vec<WorkspaceEntry>,
    /// The sources whose proof counts, in order of preference; never empty, no source twice.
    pub accept: Vec<Source>,
    /// Who is looked at; always the members.
    pub coverage: Vec<Coverage>,
    /// Where the identity provider's roster comes from.
    pub roster: RosterSource,
    /// The level of every rule.
    pub levels: Levels,
    /// What exemptions may look like.
    pub limits: Limits,
    /// The exemptions, in the order of the file.
    pub exemptions: Vec<Exemption>,
}

impl Policy {
    /// The same policy with another path for its file.
    pub(crate) fn named(mut self, path: Arc<str>) -> Self {
        self.places().for_each(|place| place.path.clone_from(&path));
        Policy { path, ..self }
    }

    /// Every place in it.
    fn places(&mut self) -> impl Iterator<Item = &mut Location> {
        let of_workspaces = self.workspaces.iter_mut().map(|entry| &mut entry.location);
        let of_exemptions = self.exemptions.iter_mut().map(|exemption| &mut exemption.location);
        of_workspaces.chain(of_exemptions)
    }

    /// What it says alone: without its path, its digest and the places in it.
    pub(crate) fn without_places(mut self) -> Self {
        let nowhere = Location::start_of("".into());
        self.places().for_each(|place| place.clone_from(&nowhere));
        Policy { path: "".into(), sha256: "".into(), ..self }
    }
}

/// An entry of `workspaces`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceEntry {
    /// The workspace's slug.
    pub slug: Arc<str>,
    /// Where it is written.
    pub location: Location,
}

/// The level of every rule that a policy can set; complete, defaults included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Levels(#[serde(deserialize_with = "as_claimed")] BTreeMap<Rule, Level>);

impl Levels {
    /// The level of a rule. A level that the rule does not allow is ignored, so that not even an
    /// edited report can switch a two-factor rule off.
    pub fn of(&self, rule: Rule) -> Level {
        let level = self.0.get(&rule).filter(|level| rule.allowed_levels().contains(level));
        level.copied().unwrap_or_else(|| rule.default_level())
    }

    /// Without levels that no policy can set.
    pub(crate) fn allowed(&self) -> Self {
        Levels::from(self.0.clone())
    }
}

/// The levels in a report. A rule that the report does not have gets its default: an earlier version
/// may not have known the rule.
fn as_claimed<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Rule, Level>, D::Error> {
    let Levels(mut levels) = Levels::default();
    levels.extend(unique::map::<D, Rule, Level>(deserializer)?);
    Ok(levels)
}

impl From<BTreeMap<Rule, Level>> for Levels {
    /// The defaults, with the given levels that are allowed.
    fn from(set: BTreeMap<Rule, Level>) -> Self {
        let given = Levels(set);
        Levels(Rule::settable().map(|rule| (rule, given.of(rule))).collect())
    }
}

impl Default for Levels {
    fn default() -> Self {
        Levels::from(BTreeMap::new())
    }
}

/// What exemptions may look like, and how old a roster may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest an exemption may run, from `starts` to `expires`, in days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_days: Option<u32>,
    /// How many exemptions the policy may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_exemptions: Option<u32>,
    /// How many days before its last day an exemption counts as expiring.
    pub warn_before_days: u32,
    /// How old a roster may be, in days.
    pub roster_max_age_days: u32,
    /// The optional fields that every exemption must have.
    pub require: Vec<OptionalField>,
    /// Whether a workspace owner may be exempted.
    pub admins: Admins,
    /// How many members may own a workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_owners: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_days: None,
            max_exemptions: None,
            warn_before_days: 14,
            roster_max_age_days: 7,
            require: Vec::new(),
            admins: Admins::Allow,
            max_owners: None,
        }
    }
}

words! {
    /// Whether a workspace owner may be exempted.
    pub enum Admins {
        /// An exemption for an owner has no effect.
        Deny = "deny",
        /// Owners can be exempt like any other member.
        Allow = "allow",
    }
}

words! {
    /// A field of an exemption that `limits.require` can require.
    pub enum OptionalField {
        /// `name`
        Name = "name",
        /// `category`
        Category = "category",
        /// `compensating_controls`
        CompensatingControls = "compensating_controls",
        /// `owner`
        Owner = "owner",
        /// `approved_by`
        ApprovedBy = "approved_by",
        /// `ticket`
        Ticket = "ticket",
        /// `starts`
        Starts = "starts",
    }
}

/// Permission for one member to have no second factor, until a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// Its name, unique in the policy.
    pub id: Arc<str>,
    /// Which member it is for.
    pub selector: Selector,
    /// A name for people; never matched.
    pub name: Option<Box<str>>,
    /// The kind of exemption.
    pub category: Option<Category>,
    /// Why the member is exempt.
    pub reason: Box<str>,
    /// What protects the account instead of a second factor.
    pub compensating_controls: Vec<Box<str>>,
    /// Who is responsible for it.
    pub owner: Option<Box<str>>,
    /// Who approved it.
    pub approved_by: Option<Box<str>>,
    /// Where it was discussed.
    pub ticket: Option<Box<str>>,
    /// Its first day.
    pub starts: Option<Date>,
    /// Its last day: valid until the end of it, UTC.
    pub expires: Date,
    /// The slugs of the workspaces it applies to; empty for all of the policy's.
    pub workspaces: Vec<Arc<str>>,
    /// From the entry's first key to the end of its last value.
    pub location: Location,
}

impl Exemption {
    /// Whether it applies to a workspace.
    pub fn applies_to(&self, slug: &str) -> bool {
        self.workspaces.is_empty() || self.workspaces.iter().any(|listed| **listed == *slug)
    }

    /// The member that it is for, for people: the name, and the id or address.
    pub(crate) fn member(&self) -> String {
        let (Selector::Id { id: MemberId::AccountId(selected) | MemberId::Uuid(selected), .. }
        | Selector::Email(selected)) = &self.selector;
        match &self.name {
            Some(name) => format!("{name}, {selected}"),
            None => selected.to_string(),
        }
    }
}

/// Which member an exemption is for. Names select no member: they are not unique and can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// By an id; the e-mail address, in lower-case ASCII, is for sources that do not know ids.
    Id {
        /// The id, whole and exact.
        id: MemberId,
        /// The e-mail address, if there is one.
        email: Option<Box<str>>,
    },
    /// By an e-mail address alone, in lower-case ASCII.
    Email(Box<str>),
}

impl Selector {
    /// The e-mail address, if it selects by that alone.
    pub fn address_alone(&self) -> Option<&str> {
        match self {
            Selector::Id { .. } => None,
            Selector::Email(email) => Some(email),
        }
    }

    /// What it selects by.
    pub fn ids(&self) -> Ids<'_> {
        let (id, email) = match self {
            Selector::Id { id, email } => (Some(id), email.as_deref()),
            Selector::Email(email) => (None, Some(&**email)),
        };
        match id {
            Some(MemberId::AccountId(id)) => Ids { account_id: Some(id), uuid: None, email },
            Some(MemberId::Uuid(id)) => Ids { account_id: None, uuid: Some(id), email },
            None => Ids { email, ..Ids::default() },
        }
    }
}

/// An id of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberId {
    /// An Atlassian account id.
    AccountId(Box<str>),
    /// A Bitbucket uuid, in braces, in lower case.
    Uuid(Box<str>),
}

words! {
    /// The kind of exemption.
    pub enum Category {
        /// An account that only machines use.
        ServiceAccount = "service-account",
        /// An account for emergencies.
        BreakGlass = "break-glass",
        /// Something else protects the account.
        Mitigated = "mitigated",
        /// The risk was accepted.
        Waiver = "waiver",
        /// The member, or the pipeline step, is new.
        Onboarding = "onboarding",
    }
}
