//! Members from files, through the library: what is understood, what is complete, and what is
//! said where it is not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod any_text;
mod export;
mod pages;
mod rows;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use mfa_gate::failure::{Exit, Failure, Problem};
use mfa_gate::http::{Clock, Connection, Pace, Secrets};
use mfa_gate::member::{Member, Source};
use mfa_gate::quote::Quotes;
use mfa_gate::read;
use mfa_gate::read::file::FileRead;
use mfa_gate::read::{Members, Sources, Wanted, file};
use mfa_gate::reading::{Reading, Selection};
use serde_json::{Value, json};

fn read_bytes(content: &[u8], selection: &Selection) -> Result<FileRead, Failure> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let read = file::read(file.path(), selection)?;
    let connection = Connection {
        concurrency: 1,
        timeout: Duration::MAX,
        deadline: Duration::MAX,
        ca_cert: None,
        secrets: Secrets::default(),
        clock: Clock::default(),
    };
    let sources = Sources {
        members: Members::Listed(read.readings),
        organisation: None,
        roster: None,
        entra: None,
        connection: &connection,
    };
    let found = read::read(sources, Wanted::proof(&[Source::Bitbucket]), Pace::real(), &|_| ())?;
    Ok(FileRead { readings: found.readings, ..read })
}

fn slugs(slugs: &[&str]) -> Selection {
    Selection::Slugs(slugs.iter().map(|&slug| Arc::from(slug)).collect())
}

/// The one reading of `acme`.
fn acme(content: &str) -> Reading {
    let read = read_bytes(content.as_bytes(), &slugs(&["acme"])).unwrap();
    <[Reading; 1]>::try_from(read.readings).unwrap().into_iter().next().unwrap()
}

fn members(content: &str) -> Vec<Arc<Member>> {
    acme(content).members.unwrap().members
}

fn incomplete(content: &str) -> Problem {
    acme(content).members.unwrap_err().with(Quotes::Shown)
}

/// The message of a failure, which has to be one of exit code 2.
fn refused(content: &[u8], selection: &Selection) -> String {
    let failure = read_bytes(content, selection).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage, "{failure}");
    failure.to_string()
}

fn row(number: usize, slug: &str) -> Value {
    json!({
        "type": "workspace_membership",
        "user": {
            "type": "user",
            "uuid": format!("{{{number}}}"),
            "account_id": format!("557058:{number}"),
            "nickname": format!("m{number}"),
            "display_name": format!("Member {number}"),
            "account_status": "active",
            "has_2fa_enabled": true,
        },
        "workspace": {"type": "workspace", "slug": slug, "name": "Acme"},
    })
}

/// The address of a page.
fn link(slug: &str, number: usize) -> String {
    format!("https://api.bitbucket.org/2.0/workspaces/{slug}/members?pagelen=100&page={number}")
}

/// Saved pages of `total` members, `pagelen` on each.
fn pages(slug: &str, total: usize, pagelen: usize) -> Vec<Value> {
    let count = total.div_ceil(pagelen);
    let page = |number: usize| {
        let rows = (number - 1) * pagelen..(number * pagelen).min(total);
        let mut page = json!({
            "values": rows.map(|index| row(index, slug)).collect::<Vec<_>>(),
            "size": total, "page": number, "pagelen": pagelen,
        });
        if number < count {
            page["next"] = link(slug, number + 1).into();
        }
        if number > 1 {
            page["previous"] = link(slug, number - 1).into();
        }
        page
    };
    (1..=count).map(page).collect()
}

fn concatenated(pages: &[Value]) -> String {
    pages.iter().map(|page| format!("{page}\n")).collect()
}
