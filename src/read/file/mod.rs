//! Members from a file in place of the API: `--members FILE`.

mod export;
mod json_stream;
mod pages;
mod snapshot;
mod wire;

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use self::json_stream::JsonStream;
use self::wire::{Saved, SavedDocument};
use super::file_error::{Expected, FileError};
use super::reader::DigestingReader;
use super::text::Text;
use crate::failure::{Failure, Problem};
use crate::files;
use crate::quote::excerpt;
use crate::reading::{MemberList, Origin, Reading, Selection, Walk};
use crate::report::{EntraRecord, RosterRecord};

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// One reading for each selected workspace, in the order of the selection; by slug where every
    /// workspace is selected.
    pub readings: Vec<Reading>,
    /// When the members were read, where the file says so; the oldest of several.
    pub read_at: Option<Timestamp>,
    /// The SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Which rosters the evidence of the members comes from, as far as the file has such.
    pub roster: RosterOrigins,
}

/// Which rosters the evidence of members comes from; of several of one kind the oldest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RosterOrigins {
    /// An identity provider's export.
    #[serde(default, rename = "roster")]
    pub export: Option<RosterRecord>,
    /// A Microsoft Entra tenant.
    #[serde(default)]
    pub entra: Option<EntraRecord>,
}

/// Bytes read at once: a page of a hundred members has some 70 KB, so that few of them are parsed
/// twice because the first try ended in the middle.
const CHUNK: usize = 1 << 20;

/// The largest file, in bytes: half a million members.
const LARGEST: u64 = 256 << 20;

/// A file with members, in the words of its messages.
const EXPECTED: Expected = Expected {
    name: "members file",
    option: "--members",
    takes: "It takes what `mfa-gate members --report json` writes, pages of Bitbucket's API as \
        saved by curl, or Bitbucket's own user export: a CSV with the columns Public Name, Email \
        Address, Last Login (UTC), Has 2SV and On Plan.",
};

/// Reads the members of workspaces from a file.
///
/// Three kinds of files are told apart by their content: the JSON of `mfa-gate members`, pages of
/// [Bitbucket's API] as saved by curl (one object, an array of them, or several one after another),
/// and Bitbucket's user export, a CSV.
///
/// # Errors
/// [`Failure::Usage`] where the file cannot be read or is not understood, or where its rows name
/// no workspace and not exactly one is selected. A file that is understood but does not hold the
/// whole of a workspace makes an incomplete [`Reading`].
///
/// [Bitbucket's API]: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get
pub fn read(path: &Path, selection: &Selection) -> Result<FileRead, Failure> {
    let mut start = String::new();
    let found = files::open_or_stdin(path, LARGEST).map_err(FileError::from).and_then(|file| {
        let text = Text::open(DigestingReader::new(file)?)?;
        let mut documents = JsonStream::new(text, CHUNK);
        let first = documents.sniff()?;
        start = excerpt(&String::from_utf8_lossy(documents.first_bytes()));
        if documents.first_bytes().contains(&0) {
            return Err(FileError::not_text());
        }
        match first {
            None => Err(FileError::content("it is empty")),
            Some(b'{' | b'[') => {
                let found = from_json(&mut documents, selection)?;
                Ok((found, documents.into_parts().1.into_inner().sha256()?))
            }
            Some(_) => {
                let (rest, mut text) = documents.into_parts();
                let found = export::read(rest.as_slice().chain(&mut text), selection)?;
                Ok((found, text.into_inner().sha256()?))
            }
        }
    });
    let (found, sha256) = found.map_err(|error| error.failure(&EXPECTED, path, &start))?;
    let (read_at, roster) = (found.read_at, found.roster.clone());
    Ok(FileRead { readings: found.select(selection), read_at, sha256, roster })
}

fn from_json<R: BufRead>(
    documents: &mut JsonStream<R>,
    selection: &Selection,
) -> Result<Contents, FileError> {
    let mut gathered = pages::SavedPages::default();
    let mut listed = snapshot::Snapshots::default();
    while let Some(document) = documents.next::<SavedDocument>()? {
        match Saved::try_from(document)? {
            Saved::Page(page) => gathered.add(page, selection)?,
            Saved::Snapshot(snapshot) => listed.add(snapshot, selection)?,
        }
    }
    match (gathered.is_empty(), listed.is_empty()) {
        (true, true) => Err(FileError::content("it holds no page and no list of members")),
        (false, true) => Ok(gathered.conclude()),
        (true, false) => Ok(listed.conclude()),
        (false, false) => Err(FileError::content(
            "it mixes pages of the API with the output of `mfa-gate members`",
        )),
    }
}

/// The workspaces that a file holds.
struct Contents {
    origin: Origin,
    read_at: Option<Timestamp>,
    roster: RosterOrigins,
    workspaces: BTreeMap<Arc<str>, Held>,
}

/// What a file holds of one workspace.
struct Held {
    members: Result<MemberList, Problem>,
    reported_size: Option<u64>,
}

impl Contents {
    fn select(mut self, selection: &Selection) -> Vec<Reading> {
        let slugs = match selection {
            Selection::Slugs(slugs) => slugs.clone(),
            Selection::All => self.workspaces.keys().cloned().collect(),
        };
        let readings = slugs.into_iter().map(|workspace| {
            let held = self.workspaces.remove(&workspace).unwrap_or_else(|| {
                let missing = Problem::new(
                    "the members file holds nothing of it",
                    "Add the workspace's members to the file, or narrow the run with --workspace.",
                );
                Held { members: Err(missing), reported_size: None }
            });
            let members = held.members.and_then(|list| {
                if list.members.is_empty() { Err(Problem::no_members()) } else { Ok(list) }
            });
            let walk = Walk { reported_size: held.reported_size, ..Walk::default() };
            Reading { workspace, origin: self.origin, walk, members }
        });
        readings.collect()
    }
}

/// The one selected workspace, for rows that name none.
fn only(selection: &Selection) -> Result<&Arc<str>, FileError> {
    let selected = match selection {
        Selection::Slugs(slugs) => match slugs.as_slice() {
            [slug] => return Ok(slug),
            _ => format!("{} are selected", slugs.len()),
        },
        Selection::All => "none is selected".into(),
    };
    Err(FileError::known(
        format!("its rows do not say which workspace they are of, and {selected}"),
        "Name the one workspace that the file is of with --workspace.",
    ))
}

/// Whether a workspace is wanted.
fn wants(selection: &Selection, slug: &str) -> bool {
    match selection {
        Selection::Slugs(slugs) => slugs.iter().any(|wanted| &**wanted == slug),
        Selection::All => true,
    }
}
