//! Rows of members as Bitbucket sends them, now or when they were saved.
//!
//! Shape: <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/>.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::page::Rows;
use crate::completeness::{self, Inconsistency};
use crate::http::object::{Object, each};
use crate::member::{AccountStatus, Evidence, Kind, Member, TwoFactor};

/// Members, and what their rows have in common.
#[derive(Debug, Default)]
pub(crate) struct MemberRows {
    pub(crate) members: Vec<Arc<Member>>,
    /// The workspace that the rows name.
    pub(crate) slug: Slug,
    /// Whether the flag's key is on any row, with whatever value.
    flagged: bool,
    /// Whether a row has a `permission`.
    permissions: bool,
    /// The type of a row that is not that of members.
    pub(crate) other_type: Option<Box<str>>,
}

/// The type of the rows of members.
const MEMBERSHIP: &str = "workspace_membership";

/// The workspace that rows name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Slug {
    /// None: `fields=` can omit it.
    #[default]
    Unnamed,
    One(Box<str>),
    /// Several, or only some rows name one.
    Mixed,
}

impl Rows for MemberRows {
    const SPELLED_OUT: Option<&'static str> = Some(
        "next,previous,size,page,pagelen,values.user.type,values.user.uuid,\
         values.user.account_id,values.user.nickname,values.user.display_name,\
         values.user.account_status,values.user.has_2fa_enabled",
    );

    fn len(&self) -> usize {
        self.members.len()
    }

    fn lacks_flag(&self) -> bool {
        !self.members.is_empty() && !self.flagged
    }

    fn append(&mut self, mut more: Self) {
        self.slug = match (std::mem::take(&mut self.slug), more.slug) {
            (Slug::Unnamed, slug) | (slug, Slug::Unnamed) => slug,
            (Slug::One(one), Slug::One(other)) if one == other => Slug::One(one),
            (Slug::One(_) | Slug::Mixed, Slug::One(_) | Slug::Mixed) => Slug::Mixed,
        };
        self.members.append(&mut more.members);
        self.flagged |= more.flagged;
        self.permissions |= more.permissions;
        self.other_type = self.other_type.take().or(more.other_type);
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.members.iter().flat_map(|member| completeness::ids(member))
    }

    fn have_permissions(&self) -> bool {
        self.permissions
    }

    fn distinct(&self) -> Result<(), Inconsistency> {
        completeness::distinct_people(&self.members)
    }
}

impl<'de> Deserialize<'de> for MemberRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rows = MemberRows::default();
        each(deserializer, "a list of workspace members", |row: Row<'de>| rows.push(row))?;
        Ok(rows)
    }
}

impl MemberRows {
    fn push(&mut self, row: Row<'_>) {
        let slug = row.workspace.and_then(|Object(workspace)| workspace.slug);
        let slug = slug.map(|Text(slug)| slug);
        let Object(user) = row.user;
        self.permissions |= row.permission.is_some();
        if let Some(Text(kind)) = row.kind.filter(|Text(kind)| kind != MEMBERSHIP) {
            self.other_type = Some(kind.into());
        }
        self.slug = match (std::mem::take(&mut self.slug), slug) {
            (Slug::Unnamed, None) => Slug::Unnamed,
            (Slug::Unnamed, Some(slug)) if self.members.is_empty() => Slug::One(slug.into()),
            (Slug::One(one), Some(slug)) if *one == *slug => Slug::One(one),
            (Slug::Unnamed | Slug::One(_) | Slug::Mixed, _) => Slug::Mixed,
        };
        self.flagged |= match user.has_2fa_enabled {
            Flag::Absent => false,
            Flag::Null | Flag::Known(_) => true,
        };
        self.members.push(Arc::new(user.into()));
    }
}

#[derive(Deserialize)]
struct Row<'a> {
    user: Object<User>,
    #[serde(borrow, default)]
    workspace: Option<Object<Workspace<'a>>>,
    #[serde(default)]
    permission: Option<IgnoredAny>,
    #[serde(rename = "type", borrow, default)]
    kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Workspace<'a> {
    #[serde(borrow, default)]
    slug: Option<Text<'a>>,
}

/// Text that is borrowed where it has no escapes, also within an `Option`.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
pub(crate) struct User {
    #[serde(rename = "type", default)]
    kind: Option<Kind>,
    #[serde(default)]
    account_id: Option<Box<str>>,
    #[serde(default)]
    uuid: Option<Box<str>>,
    #[serde(default)]
    email: Option<Box<str>>,
    #[serde(default)]
    nickname: Option<Box<str>>,
    #[serde(default)]
    display_name: Option<Box<str>>,
    #[serde(default)]
    account_status: Option<AccountStatus>,
    #[serde(default)]
    has_2fa_enabled: Flag,
}

/// The flag: old recordings show `null` both for "off" and for "not visible to you", so only
/// `false` means off.
#[derive(Clone, Copy, Default)]
enum Flag {
    #[default]
    Absent,
    Null,
    Known(bool),
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::<bool>::deserialize(deserializer)? {
            Some(value) => Flag::Known(value),
            None => Flag::Null,
        })
    }
}

impl From<Flag> for TwoFactor {
    fn from(flag: Flag) -> Self {
        match flag {
            Flag::Known(true) => TwoFactor::Enabled,
            Flag::Known(false) => TwoFactor::Disabled,
            Flag::Absent | Flag::Null => TwoFactor::Unknown,
        }
    }
}

impl From<User> for Member {
    fn from(user: User) -> Self {
        // An empty id would make all members without one the same member.
        let id = |id: Option<Box<str>>| id.filter(|id| !id.is_empty());
        // A uuid and an address are the same one in capitals; an account id is opaque.
        let any_case = |text: Option<Box<str>>| {
            id(text).map(|mut text| {
                text.make_ascii_lowercase();
                text
            })
        };
        Member {
            account_id: id(user.account_id),
            uuid: any_case(user.uuid),
            email: any_case(user.email),
            nickname: user.nickname,
            display_name: user.display_name,
            // `fields=` can omit the type; a member is a person unless it is said otherwise.
            kind: user.kind.unwrap_or(Kind::User),
            account_status: user.account_status,
            role: None,
            access: None,
            given_key: None,
            evidence: Evidence {
                bitbucket: Some(user.has_2fa_enabled.into()),
                ..Evidence::default()
            },
        }
    }
}

/// Gives members that have nothing else to be named by their place on the list.
pub(crate) fn name_by_row(members: &mut [Arc<Member>]) {
    for (member, row) in members.iter_mut().map(Arc::make_mut).zip(1..) {
        if member.key().is_empty() {
            let name = member.display_name.as_deref().or(member.nickname.as_deref());
            member.given_key = Some(row_key(row, name.unwrap_or_default()));
        }
    }
}

/// What a member without id and address is named by.
pub(crate) fn row_key(row: u64, name: &str) -> Box<str> {
    format!("row {row}: {name}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::bitbucket::page::Page;

    fn page(text: &str) -> Result<Page<MemberRows>, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn flags(text: &str) -> Vec<TwoFactor> {
        let members = page(text).unwrap().values.members;
        members.iter().filter_map(|member| member.evidence.bitbucket).collect()
    }

    #[test]
    fn the_flag_has_three_values() {
        let text = r#"{"values":[{"user":{"has_2fa_enabled":true}},
            {"user":{"has_2fa_enabled":false}},{"user":{"has_2fa_enabled":null}},{"user":{}}]}"#;
        assert_eq!(
            flags(text),
            [TwoFactor::Enabled, TwoFactor::Disabled, TwoFactor::Unknown, TwoFactor::Unknown]
        );
        for other in ["\"yes\"", "1", "[]", "{}"] {
            let text = format!(r#"{{"values":[{{"user":{{"has_2fa_enabled":{other}}}}}]}}"#);
            assert!(page(&text).is_err(), "{other}");
        }
    }

    #[test]
    fn an_absent_flag_is_told_from_null() {
        let lacks = |text| page(text).unwrap().values.lacks_flag();
        assert!(lacks(r#"{"values":[{"user":{}},{"user":{}}]}"#));
        assert!(!lacks(r#"{"values":[{"user":{}},{"user":{"has_2fa_enabled":null}}]}"#));
        assert!(!lacks(r#"{"values":[]}"#));
    }

    #[test]
    fn the_workspace_of_the_rows() {
        let slug = |text: String| page(&text).unwrap().values.slug;
        let row = |slug: &str| format!(r#"{{"user":{{}},"workspace":{{"slug":"{slug}"}}}}"#);
        let (a, b, none) = (row("a"), row("b"), r#"{"user":{}}"#);
        let of = |rows: &[&str]| slug(format!(r#"{{"values":[{}]}}"#, rows.join(",")));
        assert_eq!(of(&[&a, &a]), Slug::One("a".into()));
        assert_eq!(of(&[none, none]), Slug::Unnamed);
        assert_eq!(of(&[&a, &b]), Slug::Mixed);
        assert_eq!(of(&[none, &a]), Slug::Mixed);
        assert_eq!(of(&[&a, none, &a]), Slug::Mixed);
    }

    #[test]
    fn a_member_without_ids_is_named_by_row() {
        let mut members = page(r#"{"values":[{"user":{"uuid":"","display_name":"Ada"}}]}"#)
            .unwrap()
            .values
            .members;
        name_by_row(&mut members);
        assert_eq!(members[0].key(), "row 1: Ada");
    }
}
