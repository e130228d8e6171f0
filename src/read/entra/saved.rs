//! Pages of a tenant that come as bytes, and not from a server: an entry point for the fuzzer.

use serde::de::DeserializeOwned;
use serde_json::Deserializer;

use super::directory::Directory;
use super::pages::twice;
use super::wire::{Page, Registration, Row, User};
use crate::failure::Problem;
use crate::http::object::Object;
use crate::member::Member;
use crate::quote::excerpt;
use crate::read::emails::AddressBook;
use crate::read::identity_provider::IdentityProvider;
use crate::read::join::note_roster;

/// Notes on members what a tenant says of them, and counts its users that are members. The pages
/// are JSON documents, one after another: those of the users to the last page, then those of what
/// they have registered. They are understood as those of a server are; what follows is not read.
///
/// # Errors
/// [`Problem`] where a page is not understood, a list has no last page, a row comes twice, or
/// nothing is said of any user.
#[doc(hidden)]
pub fn note_pages(bytes: &[u8], members: &mut [Member]) -> Result<usize, Problem> {
    let mut documents = Deserializer::from_slice(bytes);
    let users: Vec<User> = list(&mut documents)?;
    let registrations: Vec<Registration> = list(&mut documents)?;
    let directory = Directory::new(&users, &registrations)?;
    let book = AddressBook::of(members);
    let provider = IdentityProvider::Entra(&directory);
    note_roster(members, provider, &book, true).map(|rows| rows.len())
}

fn list<'b, R: Row + DeserializeOwned>(
    documents: &mut Deserializer<serde_json::de::SliceRead<'b>>,
) -> Result<Vec<R>, Problem> {
    use serde::Deserialize;

    let mut rows: Vec<R> = Vec::new();
    loop {
        let page = Object::<Page<R>>::deserialize(&mut *documents);
        let Object(page) = page.map_err(|error| Problem::new(excerpt(&error.to_string()), ""))?;
        rows.extend(page.value.into_iter().map(|Object(row)| row));
        if page.next.is_none() {
            break;
        }
    }
    match twice(&rows) {
        Some(id) => Err(Problem::new(format!("{} is listed twice", excerpt(id)), "")),
        None => Ok(rows),
    }
}
