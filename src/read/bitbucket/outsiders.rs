//! Who has access to repositories of a workspace without being a member of it.
//!
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-get>

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use super::page::{Page, Rows};
use super::pages::Listing;
use super::rows::User;
use super::workspace::Workspace;
use crate::completeness::{self, Inconsistency};
use crate::failure::Problem;
use crate::http::object::Object;
use crate::member::{Access, Member, Permission, Source, TwoFactor};
use crate::read::list_error::ListError;
use crate::reading::{Coverage, MemberList};

/// The same hidden fields as for members, in case they are shown here too, which is not documented.
/// Without them people are unknown to Bitbucket.
const ROWS: &str = "pagelen=100&fields=%2Bvalues.user.has_2fa_enabled,\
    %2Bvalues.user.account_status,-values.links,-values.user.links,-values.repository.links";

/// A page, row by row: one for each pair of a user and a repository.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Grants(Vec<Object<Row>>);

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

impl Workspace<'_> {
    /// Asks for the people who have access to a repository, each once.
    ///
    /// # Errors
    /// [`Problem`] where the list cannot be read to its end, or does not tell people apart.
    pub(crate) async fn people_with_access(&self) -> Result<Vec<Arc<Member>>, Problem> {
        let people = match self.grants().await?.people() {
            // It may have changed while it was read.
            Err(Inconsistency::Twice(_) | Inconsistency::BothWays(_)) => {
                self.grants().await?.people()
            }
            people => people,
        };
        let session = &self.client.session;
        people.map_err(|why| contradicted(&why.quoting(|text| session.excerpt(text))))
    }

    /// Reads every row.
    async fn grants(&self) -> Result<Grants, Problem> {
        let listed: Result<Listing<Grants>, ListError> = self.list(&self.grants_url()).await;
        let grants = listed.map_err(|error| self.unlisted(error))?.rows;
        let is_other = |name: &&str| name.split('/').next() != Some(self.slug);
        let other = grants.names().find(is_other);
        match other.map(|other| self.of_another("the repository", other)) {
            Some(problem) => Err(about(problem)),
            None => Ok(grants),
        }
    }

    /// Asks for the first page of that list, which shows whether the rest may be read.
    ///
    /// # Errors
    /// As [`Workspace::people_with_access`].
    pub(crate) async fn try_people_with_access(&self) -> Result<(), Problem> {
        let page: Result<(Page<Grants>, _), _> = self.get(&self.grants_url()).await;
        page.map(|_| ()).map_err(|error| self.unlisted(error.into()))
    }

    fn grants_url(&self) -> Url {
        self.url(&["permissions", "repositories"], ROWS)
    }

    /// What to say of a list that could not be read.
    fn unlisted(&self, error: ListError) -> Problem {
        let what = match &error {
            ListError::Endless => Some(format!("they fill more than {} pages", Grants::MOST_PAGES)),
            ListError::Request(_)
            | ListError::Elsewhere(_)
            | ListError::Loop
            | ListError::Inconsistency(_) => None,
        };
        let help = match error.status() {
            Some(401 | 403) => Some(self.client.credential.words().repositories.to_owned()),
            Some(_) | None => None,
        };
        let problem = self.client.explain(error);
        about(Problem::new(
            what.unwrap_or(problem.what),
            format!(
                "{} Without `repositories` in `coverage` they are not read.",
                help.unwrap_or(problem.help)
            ),
        ))
    }
}

/// Adds to a list of members those people who are not on it.
///
/// # Errors
/// [`Problem`] where it cannot be told whether a person is on it.
pub(crate) fn add_outsiders(
    list: &mut MemberList,
    people: Vec<Arc<Member>>,
) -> Result<(), Problem> {
    let members = list.members.iter();
    let known: HashSet<&str> = members.flat_map(|member| completeness::ids(member)).collect();
    let is_outside = |person: &Arc<Member>| !completeness::ids(person).any(|id| known.contains(id));
    let outsiders: Vec<Arc<Member>> = people.into_iter().filter(is_outside).collect();
    list.members.extend(outsiders);
    list.coverage = Coverage::ALL.to_vec();
    completeness::distinct_people(&list.members).map_err(|why| contradicted(&why))
}

fn contradicted(inconsistency: &Inconsistency) -> Problem {
    about(Problem::new(inconsistency.to_string(), inconsistency.help("--api-url")))
}

impl Grants {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|Object(row)| row.repository.0.full_name.as_deref())
    }

    /// The people of the rows, each once, with what they may do.
    fn people(self) -> Result<Vec<Arc<Member>>, Inconsistency> {
        let mut people: HashMap<Box<str>, (Member, Access)> = HashMap::new();
        let mut granted: HashSet<(Box<str>, Box<str>)> = HashSet::new();
        for Object(row) in self.0 {
            let Object(user) = row.user;
            let person = Member::from(user);
            let Some(id) = completeness::ids(&person).next().map(Box::<str>::from) else {
                return Err(Inconsistency::Indistinct);
            };
            if !granted.insert((id.clone(), row.repository.0.uuid)) {
                return Err(Inconsistency::Twice(id));
            }
            let (evidence, none) =
                (person.evidence, Access { repositories: 0, permission: row.permission });
            let (known, access) = people.entry(id.clone()).or_insert((person, none));
            let [before, now] = [known.evidence, evidence].map(|said| said.of(Source::Bitbucket));
            if before != now && ![before, now].contains(&TwoFactor::Unknown) {
                return Err(Inconsistency::BothWays(id));
            }
            if before == TwoFactor::Unknown {
                known.evidence = evidence;
            }
            access.repositories = access.repositories.saturating_add(1);
            access.permission = access.permission.max(row.permission);
        }
        let people = people.into_values();
        let people = people.map(|(person, access)| Member { access: Some(access), ..person });
        let people: Vec<Arc<Member>> = people.map(Arc::new).collect();
        completeness::distinct_people(&people)?;
        Ok(people)
    }
}

impl Rows for Grants {
    const MOST_PAGES: u64 = 1_000;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    fn distinct(&self) -> Result<(), Inconsistency> {
        // One person comes once for each repository: see `people`.
        Ok(())
    }
}

fn about(problem: Problem) -> Problem {
    let what =
        format!("people with access to single repositories could not be listed: {}", problem.what);
    Problem { what, ..problem }
}
