//! Who has access to repositories of a workspace without being a member of it.
//!
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-get>

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::client::Client;
use super::credential::Credential;
use super::of_another;
use super::pages::{self, Listing};
use super::progress::ReadingProgress;
use crate::completeness::{self, Inconsistency};
use crate::failure::Problem;
use crate::http::object::Object;
use crate::member::{Access, Member, Permission, TwoFactor};
use crate::read::list_error::ListError;
use crate::read::page::Rows;
use crate::read::wire::User;
use crate::reading::{Coverage, MemberList};

/// The same hidden fields as for members, in case they are shown here too.
pub(crate) const ROWS: &str = "pagelen=100&fields=%2Bvalues.user.has_2fa_enabled,\
    %2Bvalues.user.account_status,-values.links,-values.user.links,-values.repository.links";

/// A page, row by row: one for each pair of a user and a repository.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Grants(Vec<Object<Row>>);

#[derive(Deserialize)]
struct Row {
    permission: Permission,
    user: Object<User>,
    repository: Object<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    uuid: Box<str>,
    #[serde(default)]
    full_name: Option<Box<str>>,
}

/// Asks for everybody who has access to a repository, each once.
///
/// # Errors
/// [`Problem`] where the list cannot be read to its end, or does not tell people apart.
pub(crate) async fn with_access(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> Result<Vec<Member>, Problem> {
    let people = match grants(client, slug, progress).await?.people() {
        // It may have changed while it was read.
        Err(Inconsistency::Twice(_) | Inconsistency::BothWays(_)) => {
            grants(client, slug, progress).await?.people()
        }
        people => people,
    };
    people.map_err(contradicted)
}

/// Reads every row.
async fn grants(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> Result<Grants, Problem> {
    let url = client.session.url(&["workspaces", slug, "permissions", "repositories"], Some(ROWS));
    let listed: Result<Listing<Grants>, ListError> = pages::list(client, &url, progress).await;
    let grants = listed.map_err(|error| unlisted(client, error))?.rows;
    let is_other = |name: &&str| name.split('/').next() != Some(slug);
    let other = grants.names().find(is_other).map(|name| client.session.excerpt(name));
    match other {
        Some(other) => Err(about(of_another(&format!("the repository {other}")))),
        None => Ok(grants),
    }
}

/// Adds to a list of members those people who are not on it.
///
/// # Errors
/// [`Problem`] where it cannot be told whether a person is on it.
pub(crate) fn add_outsiders(list: &mut MemberList, people: Vec<Member>) -> Result<(), Problem> {
    let members = list.members.iter();
    let known: HashSet<&str> = members.flat_map(completeness::ids).collect();
    let is_outside = |person: &Member| !completeness::ids(person).any(|id| known.contains(id));
    let outsiders: Vec<Member> = people.into_iter().filter(is_outside).collect();
    list.members.extend(outsiders);
    list.coverage = Coverage::ALL.to_vec();
    completeness::distinct_people(&list.members).map_err(contradicted)
}

impl Grants {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|Object(row)| row.repository.0.full_name.as_deref())
    }

    /// The people of the rows, each once, with what they may do.
    fn people(self) -> Result<Vec<Member>, Inconsistency> {
        let mut people: HashMap<Box<str>, Member> = HashMap::new();
        let mut granted: HashSet<(Box<str>, Box<str>)> = HashSet::new();
        for Object(row) in self.0 {
            let Object(user) = row.user;
            let mut person = Member::from(user);
            let Some(id) = completeness::ids(&person).next().map(Box::<str>::from) else {
                return Err(Inconsistency::Indistinct);
            };
            if !granted.insert((id.clone(), row.repository.0.uuid)) {
                return Err(Inconsistency::Twice(id));
            }
            let access = Access { repositories: 1, permission: row.permission };
            person.access = Some(access);
            match people.entry(id) {
                Entry::Vacant(entry) => drop(entry.insert(person)),
                Entry::Occupied(mut entry) => {
                    let [before, now] = [entry.get(), &person].map(|it| it.evidence.bitbucket);
                    if before != now && ![before, now].contains(&Some(TwoFactor::Unknown)) {
                        return Err(Inconsistency::BothWays(entry.key().clone()));
                    }
                    let known = entry.get_mut();
                    if before == Some(TwoFactor::Unknown) {
                        known.evidence = person.evidence;
                    }
                    let before = known.access.unwrap_or(access);
                    known.access = Some(Access {
                        repositories: before.repositories.saturating_add(1),
                        permission: before.permission.max(row.permission),
                    });
                }
            }
        }
        let people: Vec<Member> = people.into_values().collect();
        completeness::distinct_people(&people)?;
        Ok(people)
    }
}

impl Rows for Grants {
    // Whether the flag is shown here is not documented. Without it people are unknown to Bitbucket.
    const SPELLED_OUT: Option<&'static str> = None;
    const MOST_PAGES: u64 = 1_000;

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
        self.0.iter().map(|Object(row)| &*row.repository.0.uuid)
    }

    fn have_permissions(&self) -> bool {
        false
    }

    fn distinct(&self) -> Result<(), Inconsistency> {
        // One person comes once for each repository: see `people`.
        Ok(())
    }
}

/// What to say of a list that could not be read.
pub(crate) fn unlisted(client: &Client<'_>, error: ListError) -> Problem {
    let status = error.status();
    let is_endless = matches!(error, ListError::Endless);
    let problem = client.explain(error);
    let help = match status {
        Some(401 | 403) => scope(client.credential).into(),
        Some(_) | None => problem.help,
    };
    let what = if is_endless {
        format!("they fill more than {} pages", Grants::MOST_PAGES)
    } else {
        problem.what
    };
    about(Problem::new(
        what,
        format!("{help} Without `repositories` in `coverage` they are not read."),
    ))
}

fn contradicted(inconsistency: Inconsistency) -> Problem {
    about(Problem::new(inconsistency.to_string(), inconsistency.help("--api-url")))
}

fn about(problem: Problem) -> Problem {
    let what =
        format!("people with access to single repositories could not be listed: {}", problem.what);
    Problem { what, ..problem }
}

/// What a credential needs so that it may see them.
fn scope(credential: &Credential) -> &'static str {
    match credential {
        Credential::ApiToken { .. } => {
            "Make an API token that has the scope read:repository:bitbucket too, as an admin of the \
             workspace. Such a token can also read source code."
        }
        Credential::AccessToken(_) => {
            "Make a workspace access token with the scopes account and repository. Such a token can \
             also read source code."
        }
        Credential::Oauth { .. } => {
            "Give the OAuth consumer the permission Account: Read; its owner has to be an admin of \
             the workspace."
        }
    }
}
