//! What Bitbucket answers, apart from members.
//!
//! Permissions: <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-get>.

use serde::{Deserialize, Deserializer};

use crate::completeness::{self, Inconsistency};
use crate::http::object::Object;
use crate::read::page::Rows;
use crate::read::visibility::Caller;

/// The permission of an admin of a workspace.
const OWNER: &str = "owner";

/// The answer of `/user/workspaces/{workspace}/permission`. Bitbucket's OpenAPI document calls it a
/// membership, and does not promise that it states the permission.
#[derive(Deserialize)]
pub(crate) struct OwnPermission {
    #[serde(default)]
    permission: Option<Box<str>>,
}

impl OwnPermission {
    /// What the caller is; foreign text is shown as `excerpt` has it.
    pub(crate) fn caller(&self, excerpt: impl Fn(&str) -> String) -> Caller {
        match self.permission.as_deref() {
            Some(OWNER) => Caller::Owner,
            Some(other) => Caller::Other(excerpt(other).into()),
            None => Caller::NoAnswer,
        }
    }
}

/// Rows of `/workspaces/{workspace}/permissions`.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Permissions(Vec<Object<Permission>>);

#[derive(Deserialize)]
struct Permission {
    permission: Box<str>,
    user: Object<Account>,
    #[serde(default)]
    workspace: Option<Object<Workspace>>,
}

#[derive(Deserialize)]
struct Workspace {
    #[serde(default)]
    slug: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(deserialize_with = "lower_case")]
    uuid: Box<str>,
}

/// A uuid as members have it, whatever case it comes in.
fn lower_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<str>, D::Error> {
    let mut uuid = Box::<str>::deserialize(deserializer)?;
    uuid.make_ascii_lowercase();
    Ok(uuid)
}

impl Permissions {
    /// The uuids of the owners. Others are left out, should the server ignore the filter.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &str> {
        self.rows().filter(|row| &*row.permission == OWNER).map(|row| &*row.user.0.uuid)
    }

    fn rows(&self) -> impl Iterator<Item = &Permission> {
        self.0.iter().map(|Object(row)| row)
    }

    /// A workspace that a row names and that is not this one.
    pub(crate) fn other_workspace(&self, slug: &str) -> Option<&str> {
        let mut named = self.rows().filter_map(|row| row.workspace.as_ref()?.0.slug.as_deref());
        named.find(|named| *named != slug)
    }
}

impl Rows for Permissions {
    const SPELLED_OUT: Option<&'static str> = None;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn lacks_flag(&self) -> bool {
        false
    }

    fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows().map(|row| &*row.user.0.uuid)
    }

    fn have_permissions(&self) -> bool {
        false
    }

    fn distinct(&self) -> Result<(), Inconsistency> {
        completeness::distinct(self.ids(), self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_rows_that_are_objects() {
        let owners = |text: &str| serde_json::from_str::<Permissions>(text);
        let row = r#"[{"permission":"owner","user":{"uuid":"{1}"}}]"#;
        assert!(owners(row).unwrap().owners().eq(["{1}"]));
        for text in [r#"[["owner",{"uuid":"{1}"}]]"#, r#"[{"permission":"owner","user":["{1}"]}]"#]
        {
            assert!(owners(text).is_err(), "{text}");
        }
    }
}
