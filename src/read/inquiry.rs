//! What the sources beside Bitbucket say about the members of each workspace of a run. Each is
//! asked only where somebody needs it, and what cannot be told clears nobody and accuses nobody.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use tokio::sync::OnceCell;

use super::ask::{DirectoryWalk, Found, Wanted};
use super::atlassian::{self, Directory, Organisation};
use super::bitbucket::{self, Journal};
use super::http::{Connection, Deadline, Pace};
use super::join::{AddressBook, needs_proof, note_directory, note_roster};
use super::roster::{Entry, Roster};
use super::{Addresses, Incomplete, Reading, Roll};
use crate::escape;
use crate::failure::Failure;
use crate::member::{Member, Source};

/// The other sources of a run, and what came of them so far.
pub(super) struct Inquiry<'w, 's> {
    pub(super) wanted: Wanted<'w>,
    directory: Option<DirectoryOnDemand<'s>>,
    roster: Option<&'s Roster>,
    /// The rows of the roster that are about a member; none once a workspace was not compared.
    matched: RefCell<Option<HashSet<usize>>>,
    /// How many members the organisation knows; none until it is asked.
    known: Cell<Option<usize>>,
}

/// The way back to Bitbucket, with where to note requests.
type Bitbucket<'a> = Option<(&'a bitbucket::Client<'a>, &'a Journal<'a>)>;

impl<'w, 's> Inquiry<'w, 's> {
    pub(super) fn new(
        wanted: Wanted<'w>,
        directory: Option<DirectoryOnDemand<'s>>,
        roster: Option<&'s Roster>,
    ) -> Self {
        let matched = RefCell::new(roster.map(|_| HashSet::new()));
        Inquiry { wanted, directory, roster, matched, known: Cell::new(None) }
    }

    /// Whether somebody needs one more source.
    fn is_needed_by(&self, member: &Member) -> bool {
        self.wanted.everything || needs_proof(member, self.wanted.accept)
    }

    /// Adds what the other sources say about the members of a workspace, and the addresses that
    /// exemptions name.
    ///
    /// # Errors
    /// [`Incomplete`] where somebody needs what a source could not be asked.
    pub(super) async fn complete(
        &self,
        slug: &str,
        roll: &mut Roll,
        bitbucket: Bitbucket<'_>,
    ) -> Result<(), Incomplete> {
        let named = (self.wanted.addresses)(slug);
        if self.directory.is_none() && self.roster.is_none() && named.is_empty() {
            return Ok(());
        }
        let members = &mut roll.members;
        if self.roster.is_some() {
            // A list may hold what an older roster said, whose day nobody looks at any more.
            members.iter_mut().for_each(|member| member.evidence.forget_roster());
        }
        let mut book = AddressBook::of(members)?;
        self.compare_roster(members, &book)?;
        self.ask_organisation(members, &mut book, &named).await?;
        self.look_up(slug, members, &mut book, &named, bitbucket).await?;
        let rows = self.compare_roster(members, &book)?;
        self.note_matched(rows);
        if !named.is_empty() && book.open(named.iter().copied()).is_empty() {
            book.show(members, &named);
            roll.addresses = Addresses::LookedUp;
        }
        Ok(())
    }

    /// Notes what the roster says, and gives the rows that are about a member; none where it is
    /// not known yet whose all of its addresses are.
    fn compare_roster(
        &self,
        members: &mut [Member],
        book: &AddressBook,
    ) -> Result<Option<Vec<usize>>, Incomplete> {
        let Some(roster) = self.roster else { return Ok(None) };
        let known = book.strangers(members).next().is_none();
        let settled = known || book.open(decisive_emails(roster, members)).is_empty();
        let rows = note_roster(members, roster, book, settled)?;
        Ok(settled.then_some(rows))
    }

    /// The addresses that it matters to know the owners of: those that exemptions name, and those
    /// of the roster where somebody who needs it has an address that is not known.
    fn open_addresses<'e>(
        &self,
        members: &[Member],
        book: &AddressBook,
        named: &[&'e str],
    ) -> Vec<&'e str>
    where
        's: 'e,
    {
        let strangers = book.strangers(members).any(|member| self.is_needed_by(member));
        let roster = self.roster.filter(|_| strangers).into_iter();
        let of_rows = roster.flat_map(|roster| decisive_emails(roster, members));
        book.open(named.iter().copied().chain(of_rows))
    }

    /// Asks the organisation where its word counts and somebody needs it, or where it may know
    /// whose an address is.
    async fn ask_organisation(
        &self,
        members: &mut [Member],
        book: &mut AddressBook,
        named: &[&str],
    ) -> Result<(), Incomplete> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let counts = self.wanted.accept.contains(&Source::Atlassian);
        let is_silent = |member: &Member| member.evidence.said(Source::Atlassian).is_none();
        let needed =
            counts && members.iter().any(|member| is_silent(member) && self.is_needed_by(member));
        if !needed && self.open_addresses(members, book, named).is_empty() {
            return Ok(());
        }
        match directory.read().await {
            Ok(directory) => {
                if needed {
                    let known = note_directory(members, directory);
                    self.known.set(Some(self.known.get().unwrap_or_default() + known));
                }
                book.add_directory(members, directory)
            }
            Err(incomplete) if needed => Err(incomplete.clone()),
            Err(incomplete) => {
                let why = escape::terminal(&incomplete.why);
                tracing::warn!("{why}; Bitbucket is asked for addresses instead");
                Ok(())
            }
        }
    }

    /// Looks up at Bitbucket whose the addresses are that nobody else could tell.
    async fn look_up(
        &self,
        slug: &str,
        members: &[Member],
        book: &mut AddressBook,
        named: &[&str],
        bitbucket: Bitbucket<'_>,
    ) -> Result<(), Incomplete> {
        let open = self.open_addresses(members, book, named);
        if open.is_empty() {
            return Ok(());
        }
        if let Some((client, journal)) = bitbucket {
            let found = bitbucket::look_up(client, slug, &open, journal).await?;
            return book.add_found(members, &open, &found);
        }
        if open.iter().all(|email| named.contains(email)) {
            // An exemption by an address that a file does not show is judged with the exemptions.
            return Ok(());
        }
        Err(Incomplete::new(
            "the roster names people by e-mail address, and the members file does not show \
             everybody's",
            "Use a roster with account ids, set ATLASSIAN_ORG_ID and ATLASSIAN_API_KEY, or read \
             the workspace from Bitbucket's API.",
        ))
    }

    fn note_matched(&self, rows: Option<Vec<usize>>) {
        let mut matched = self.matched.borrow_mut();
        match (&mut *matched, rows) {
            (Some(matched), Some(rows)) => matched.extend(rows),
            (_, None) => *matched = None,
            (None, Some(_)) => {}
        }
    }

    /// What was found out, once every workspace was read. A source that knows nobody at all is not
    /// about these workspaces, so nobody is judged by its silence.
    pub(super) fn conclude(self, mut readings: Vec<Reading>) -> Found {
        let all_read = readings.iter().all(|reading| reading.members.is_ok());
        let matched = self.matched.borrow().as_ref().map(HashSet::len);
        let strange_roster = self.roster.filter(|_| matched == Some(0)).map(no_row_matches);
        let strange_directory = (self.known.get() == Some(0)).then(nobody_is_known);
        for reading in &mut readings {
            let Ok(roll) = &reading.members else { continue };
            let needed = roll.members.iter().any(|member| self.is_needed_by(member));
            let strange = strange_directory.as_ref().filter(|_| needed).or(strange_roster.as_ref());
            if let Some(strange) = strange {
                reading.members = Err(strange.clone());
            }
        }
        Found {
            readings,
            directory: self.directory.and_then(|directory| directory.walk()),
            roster_matched: matched.filter(|_| all_read).map(|matched| matched as u64),
        }
    }
}

/// The addresses of a roster that may tell whose a row is: where a row has an account id, that does,
/// unless there are members without one.
fn decisive_emails<'r>(roster: &'r Roster, members: &[Member]) -> impl Iterator<Item = &'r str> {
    let mut asked = members.iter().filter(|member| member.applicable());
    let all_have_ids = asked.all(|member| member.account_id.is_some());
    let decisive = move |entry: &&Entry| !(all_have_ids && entry.account_id.is_some());
    roster.entries().iter().filter(decisive).filter_map(|entry| entry.email.as_deref())
}

fn no_row_matches(roster: &Roster) -> Incomplete {
    Incomplete::new(
        format!("none of the {} rows of the roster {} is about a member", roster.rows, roster.path),
        "Check that it is the roster of these people: its account ids or e-mail addresses have to \
         be those of their Atlassian accounts.",
    )
}

fn nobody_is_known() -> Incomplete {
    Incomplete::new(
        "the Atlassian organisation does not know a single member",
        "Check ATLASSIAN_ORG_ID: it has to be the organisation that manages the members' accounts. \
         If none does, take `atlassian` out of `accept`.",
    )
}

/// The directory of an organisation, which is read when it is needed first.
pub(super) struct DirectoryOnDemand<'a> {
    organisation: &'a Organisation,
    connection: &'a Connection,
    deadline: Deadline,
    pace: Pace<'a>,
    read: OnceCell<(Result<Directory, Incomplete>, u32)>,
}

impl<'a> DirectoryOnDemand<'a> {
    pub(super) fn new(
        organisation: &'a Organisation,
        connection: &'a Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Self {
        DirectoryOnDemand { organisation, connection, deadline, pace, read: OnceCell::new() }
    }

    async fn read(&self) -> Result<&Directory, &Incomplete> {
        let (read, _) = self.read.get_or_init(|| self.ask()).await;
        read.as_ref()
    }

    async fn ask(&self) -> (Result<Directory, Incomplete>, u32) {
        let Self { organisation, connection, deadline, pace, .. } = *self;
        match atlassian::Client::new(organisation, connection, deadline, pace) {
            Ok(client) => (Directory::read(&client).await, client.requests()),
            Err(Failure::Usage(complaint) | Failure::Incomplete(complaint)) => {
                (Err(Incomplete::new(complaint.what, complaint.help)), 0)
            }
            Err(Failure::Rendered(message)) => (Err(Incomplete::new(message, "")), 0),
        }
    }

    /// What reading it took; none where it was not asked.
    fn walk(&self) -> Option<DirectoryWalk> {
        let (read, requests) = self.read.get()?;
        let accounts = read.as_ref().ok().map(|directory| directory.len() as u64);
        Some(DirectoryWalk { accounts, requests: *requests })
    }
}
