//! Where a report's facts come from, and how far they can be relied on.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Options, Report};
use crate::hosts::{ATLASSIAN_API, BITBUCKET_API, MicrosoftCloud};
use crate::reading::Origin;
use crate::roster_kind::RosterKind;
use crate::unique;
use crate::words::words;

words! {
    /// How far a report can be relied on.
    pub enum Assurance {
        /// The default hosts, the real clock, no file in place of the API.
        Live = "live",
        /// The members came from a file.
        Offline = "offline",
        /// Another API host, or a day that was given.
        Simulated = "simulated",
    }
}

impl Assurance {
    /// How far a run can be relied on.
    pub(crate) fn of(options: &Options, source: &Provenance) -> Self {
        if options.today || source.is_elsewhere() {
            Assurance::Simulated
        } else if options.members {
            Assurance::Offline
        } else {
            Assurance::Live
        }
    }
}

impl Report {
    /// The day on which the members were read, UTC.
    pub(crate) fn day_of_reading(&self) -> Date {
        self.checked_at.to_zoned(TimeZone::UTC).date()
    }

    /// Whether a report is live, and nothing in it says otherwise.
    pub fn is_live(&self) -> bool {
        self.assurance == Assurance::Live
            && Assurance::of(&self.options, &self.source) == Assurance::Live
            && self.source.inputs.is_empty()
            && self.source.api_url.is_some()
            && (self.source.atlassian.is_some()
                || self.members.iter().all(|judged| judged.member.evidence.atlassian.is_none()))
            && self.workspaces.iter().all(|workspace| workspace.source == Origin::Api)
            && self.today == self.day_of_reading()
    }
}

/// Where the members came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The base address of the API that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
    /// The kind of credential that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_kind: Option<CredentialKind>,
    /// The files that were read in place of an API.
    pub inputs: Vec<Input>,
    /// The Atlassian organisation, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atlassian: Option<DirectoryRecord>,
    /// The identity provider's roster, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<RosterRecord>,
    /// The Microsoft Entra tenant, where it was asked for the roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entra: Option<EntraRecord>,
    /// How far the machine's clock was from the servers', as far as their answers tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockGap>,
    /// What the CI system says about the run, by the names of its own variables.
    #[serde(deserialize_with = "unique::map")]
    pub ci: BTreeMap<String, String>,
}

impl Provenance {
    /// Whether another server was asked than Bitbucket and Atlassian themselves.
    pub fn is_elsewhere(&self) -> bool {
        self.api_url.as_ref().is_some_and(|url| url != BITBUCKET_API)
            || self.atlassian.as_ref().is_some_and(|asked| !asked.is_at_default())
            || self.entra.as_ref().is_some_and(|asked| !asked.is_at_microsoft())
    }

    /// What kind of roster there was.
    pub(crate) fn roster_kind(&self) -> RosterKind {
        match (&self.entra, &self.roster) {
            (Some(_), None) => RosterKind::Entra,
            (_, Some(_)) | (None, None) => RosterKind::Export,
        }
    }

    /// The day that the identity provider's word is of, where there is any; the older one of two.
    /// What a live run asked is of the day that it is judged by.
    pub(crate) fn roster_as_of(&self, today: Date) -> Option<Date> {
        let is_live = self.inputs.is_empty();
        let roster = self.roster.as_ref().map(|roster| roster.as_of);
        let entra = self.entra.as_ref().map(|asked| if is_live { today } else { asked.day() });
        roster.into_iter().chain(entra).min()
    }
}

/// How far the clock of the machine was from those of the servers that were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockGap {
    /// By how many seconds it was ahead at least; behind, where that is negative.
    pub ahead_s: i64,
}

impl ClockGap {
    /// Whether it is to be said: clocks that are further apart will now and then disagree about the
    /// day.
    pub fn is_notable(self) -> bool {
        self.ahead_s.unsigned_abs() > 5 * 60
    }

    /// Whether nothing can be judged by such a clock.
    pub fn is_too_wide(self) -> bool {
        self.ahead_s.unsigned_abs() > 60 * 60
    }

    /// The wider one of two.
    pub(crate) fn wider(self, other: Self) -> Self {
        if self.ahead_s.unsigned_abs() < other.ahead_s.unsigned_abs() { other } else { self }
    }
}

impl fmt::Display for ClockGap {
    /// Fits after "the machine's clock is".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let apart = SignedDuration::from_secs(self.ahead_s.saturating_abs());
        match self.ahead_s {
            0 => formatter.write_str("as those of the servers that were asked"),
            1.. => write!(formatter, "{apart:#} ahead of those of the servers that were asked"),
            _ => write!(formatter, "{apart:#} behind those of the servers that were asked"),
        }
    }
}

/// Something through which others could answer in the place of the servers that were asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirection {
    /// The option or variable that names it.
    pub by: String,
    /// What it names: an address without user and password, or a path; missing where the report is
    /// redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl fmt::Display for Redirection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => write!(formatter, "{} ({to})", self.by),
            None => formatter.write_str(&self.by),
        }
    }
}

words! {
    /// The kind of a Bitbucket credential.
    pub enum CredentialKind {
        /// E-mail address and API token.
        ApiToken = "api-token",
        /// A workspace access token.
        AccessToken = "access-token",
        /// An OAuth consumer.
        Oauth = "oauth",
    }
}

/// A commit, or whatever else a run vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// The name of what it is a commit of, such as `git+https://bitbucket.org/acme/shop`.
    pub name: Box<str>,
    /// What the digest is: `gitCommit`, or the name of a hash function.
    pub algorithm: Box<str>,
    /// The digest, in lower-case hexadecimal.
    pub digest: Box<str>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The file, relative to the root of the repository that it is in, with forward slashes.
    pub path: String,
    /// The SHA-256 of its bytes, in lower-case hexadecimal; redacted, a pseudonym of that.
    pub sha256: String,
}

/// An Atlassian organisation that was asked for its directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryRecord {
    /// The base address of the API that was asked.
    pub api_url: String,
    /// The organisation's id.
    pub organisation: Box<str>,
    /// How many managed accounts it lists; missing where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u64>,
    /// How many requests it took, every try counted.
    pub requests: u32,
}

impl DirectoryRecord {
    /// Whether it was Atlassian itself that was asked.
    pub fn is_at_default(&self) -> bool {
        self.api_url.trim_end_matches('/') == ATLASSIAN_API
    }
}

/// A Microsoft Entra tenant that was asked which of its users have registered a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntraRecord {
    /// The address that the token came from.
    pub login_url: String,
    /// The address of Microsoft Graph.
    pub graph_url: String,
    /// The tenant's id or domain; redacted, a pseudonym of that.
    pub tenant: Box<str>,
    /// When it was asked, UTC.
    #[serde(deserialize_with = "super::in_whole_seconds")]
    pub read_at: Timestamp,
    /// How many users it lists with what they have registered; missing where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// How many requests Microsoft Graph got, every try counted.
    pub requests: u32,
}

impl EntraRecord {
    /// Whether it was Microsoft itself that was asked, in one of its clouds.
    pub fn is_at_microsoft(&self) -> bool {
        MicrosoftCloud::is_one(&self.login_url, &self.graph_url)
    }

    /// The day on which it was asked, UTC.
    fn day(&self) -> Date {
        self.read_at.to_zoned(TimeZone::UTC).date()
    }
}

/// An identity provider's roster that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RosterRecord {
    /// The file, relative to the root of the repository that it is in, with forward slashes.
    pub path: String,
    /// The SHA-256 of its bytes, in lower-case hexadecimal; redacted, a pseudonym of that.
    pub sha256: String,
    /// The day that it is of.
    pub as_of: Date,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them are about no member; missing where not all could be compared, or no
    /// member needed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmatched: Option<u64>,
}
