//! Pages of a directory that come as bytes, and not from a server: a way in for the fuzzer.

use super::accounts;
use super::directory::Directory;
use super::wire::{Page, Row};
use crate::failure::Problem;
use crate::member::Member;
use crate::quote::excerpt;
use crate::read::join::note_directory;

/// Notes on members what a directory says of them, and counts those that it knows. Its pages are
/// JSON documents one after another, and are understood as those of a server are; what follows the
/// last page is not read.
///
/// # Errors
/// [`Problem`] where a page is not understood, none is the last one, or an account comes twice.
#[doc(hidden)]
pub fn note_pages(bytes: &[u8], members: &mut [Member]) -> Result<usize, Problem> {
    let mut rows: Vec<Row> = Vec::new();
    for page in serde_json::Deserializer::from_slice(bytes).into_iter::<Page>() {
        let page = page.map_err(|error| Problem::new(excerpt(&error.to_string()), ""))?;
        let is_last = page.next().is_none();
        rows.extend(page.data);
        if is_last {
            if let Some(id) = accounts::twice(&rows) {
                return Err(Problem::new(format!("{} is listed twice", excerpt(id)), ""));
            }
            return Ok(note_directory(members, &Directory::new(rows)));
        }
    }
    Err(Problem::new("no page is the last one", ""))
}
