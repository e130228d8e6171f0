//! Pages of directories that come as bytes, and not from a server: entry points for the fuzzer.

use serde::de::{Deserialize, DeserializeOwned};
use serde_json::Deserializer;
use serde_json::de::SliceRead;

use super::identity_provider::IdentityProvider;
use super::join::{note_directory, note_roster};
use super::people::People;
use super::{atlassian, entra};
use crate::completeness;
use crate::failure::Problem;
use crate::http::object::Object;
use crate::member::Member;
use crate::quote::excerpt;

/// Notes on members what an Atlassian organisation says of them, and counts those that it knows.
/// Its pages are JSON documents one after another, and are understood as those of a server are;
/// what follows the last page is not read.
///
/// # Errors
/// [`Problem`] where a page is not understood, none is the last one, or an account comes twice.
pub fn note_organisation(bytes: &[u8], members: &mut [Member]) -> Result<usize, Problem> {
    let mut documents = Deserializer::from_slice(bytes);
    let rows = rows(
        &mut documents,
        |page: atlassian::wire::Page| (page.next().is_none(), page.data),
        |row| &row.account_id,
    )?;
    Ok(note_directory(members.iter_mut(), &atlassian::Directory::new(rows)))
}

/// As [`note_organisation`], for a Microsoft Entra tenant: first the pages of its users, then those
/// of what they have registered. Counts its users that are members.
///
/// # Errors
/// As [`note_organisation`]; also where nothing is said of any user.
pub fn note_tenant(bytes: &[u8], members: &mut [Member]) -> Result<usize, Problem> {
    fn list<R: entra::wire::Row + DeserializeOwned>(
        documents: &mut Deserializer<SliceRead<'_>>,
    ) -> Result<Vec<R>, Problem> {
        rows(documents, |page: entra::wire::Page<R>| (page.next.is_none(), page.value), R::id)
    }
    let mut documents = Deserializer::from_slice(bytes);
    let users = list(&mut documents)?;
    let directory = entra::Directory::new(&users, &list(&mut documents)?)?;
    let provider = IdentityProvider::Entra(&directory);
    note_roster(&mut People::of(members), provider, true).map(|rows| rows.len())
}

/// The rows of the pages up to the last one. `read` tells whether a page is that, and gives its
/// rows.
fn rows<P: DeserializeOwned, R>(
    documents: &mut Deserializer<SliceRead<'_>>,
    read: impl Fn(P) -> (bool, Vec<Object<R>>),
    id: impl Fn(&R) -> &str,
) -> Result<Vec<R>, Problem> {
    let wrong = |why: String| Problem::new(excerpt(&why), "");
    let mut rows = Vec::new();
    loop {
        let Object(page) =
            Object::<P>::deserialize(&mut *documents).map_err(|error| wrong(error.to_string()))?;
        let (is_last, more) = read(page);
        rows.extend(more.into_iter().map(|Object(row)| row));
        if is_last {
            completeness::distinct(rows.iter().map(id), rows.len())
                .map_err(|inconsistency| wrong(inconsistency.to_string()))?;
            return Ok(rows);
        }
    }
}
