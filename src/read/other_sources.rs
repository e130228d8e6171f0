//! Evidence from the Atlassian organisation and the roster, fetched only where a member needs it.
//! What they do not say clears no member and accuses none.

use std::collections::HashSet;

use tokio::sync::OnceCell;

use super::atlassian::{self, Directory};
use super::bitbucket::{self, ReadingProgress};
use super::emails::AddressBook;
use super::join::{needs_proof, note_directory, note_roster};
use super::roster::{Entry, Roster};
use super::{DirectoryRead, Found, Wanted};
use crate::escape;
use crate::failure::Problem;
use crate::member::{Member, Source, TwoFactor};
use crate::quote::{all, excerpt};
use crate::reading::{Addresses, MemberList, Reading};

/// The other sources of a run, which all its workspaces share.
pub(super) struct OtherSources<'w, 's> {
    pub(super) wanted: Wanted<'w>,
    directory: Option<DirectoryOnDemand<'s>>,
    roster: Option<&'s Roster>,
}

/// What the other sources answered about the members of one workspace, apart from the evidence that
/// these show now.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Whether a member may have left since the list was read: an address has no owner, and
    /// a member needs proof whose address is not known.
    pub(super) may_have_left: bool,
    /// The positions of the roster's rows that are about a member; none where they were not all
    /// compared, since no member needs it.
    rows: Option<Vec<usize>>,
    /// How many members the organisation knows; none where it was not asked about them.
    known: Option<usize>,
    /// Whether a member still needs one more source.
    needed: bool,
}

/// The way back to Bitbucket, with where to note requests.
type Bitbucket<'a> = Option<(&'a bitbucket::Client<'a>, &'a ReadingProgress<'a>)>;

impl<'w, 's> OtherSources<'w, 's> {
    pub(super) fn new(
        wanted: Wanted<'w>,
        directory: Option<DirectoryOnDemand<'s>>,
        roster: Option<&'s Roster>,
    ) -> Self {
        OtherSources { wanted, directory, roster }
    }

    /// Whether a member needs one more source.
    fn is_needed_by(&self, member: &Member) -> bool {
        self.wanted.everything || needs_proof(member, self.wanted.accept)
    }

    /// Whether anybody needs one more source.
    fn is_needed(&self, members: &[Member]) -> bool {
        members.iter().any(|member| self.is_needed_by(member))
    }

    /// Adds what the other sources say about the members of a workspace, and the addresses that
    /// exemptions name.
    ///
    /// # Errors
    /// [`Problem`] where a member needs a source that could not be asked.
    pub(super) async fn complete(
        &self,
        slug: &str,
        list: &mut MemberList,
        bitbucket: Bitbucket<'_>,
    ) -> Result<Answers, Problem> {
        let named = (self.wanted.addresses)(slug);
        if self.directory.is_none() && self.roster.is_none() && named.is_empty() {
            return Ok(Answers::default());
        }
        let members = &mut list.members;
        if self.roster.is_some() {
            // A list may hold what an older roster said, of a day that no longer counts.
            members.iter_mut().for_each(|member| member.evidence.forget_roster());
        }
        let mut book = AddressBook::of(members);
        self.compare_roster(members, &book)?;
        let Asked { known, unread } = self.ask_organisation(members, &mut book, &named).await?;
        let client = bitbucket.ok_or(unread);
        self.look_up(slug, members, &mut book, &named, client).await?;
        self.refuse_contested(members, &book, &named)?;
        let rows = self.compare_roster(members, &book)?;
        self.refuse_hidden_ids(members)?;
        if !named.is_empty() && book.open(named.iter().copied()).is_empty() {
            book.show(members, &named);
            list.addresses = Addresses::LookedUp;
        }
        let mut strangers = book.strangers(&list.members);
        let may_have_left = book.has_unowned() && strangers.any(|member| self.is_needed_by(member));
        Ok(Answers { may_have_left, rows, known, needed: self.is_needed(&list.members) })
    }

    /// Notes what the roster says, and gives the rows that are about a member; none where it is
    /// not known yet whose all of its addresses are.
    fn compare_roster(
        &self,
        members: &mut [Member],
        book: &AddressBook,
    ) -> Result<Option<Vec<usize>>, Problem> {
        let Some(roster) = self.roster else { return Ok(None) };
        let known = book.strangers(members).next().is_none();
        let settled = known || book.open(decisive_emails(roster, members)).is_empty();
        let rows = note_roster(members, roster, book, settled)?;
        Ok(settled.then_some(rows))
    }

    /// The addresses that it matters to know the owners of: those that exemptions name, and those
    /// of the roster where a member who needs it has an address that is not known.
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

    /// Asks the organisation where its word counts and a member needs it, or where it may know the
    /// owner of an address.
    async fn ask_organisation(
        &self,
        members: &mut [Member],
        book: &mut AddressBook,
        named: &[&str],
    ) -> Result<Asked, Problem> {
        let Some(directory) = &self.directory else { return Ok(Asked::default()) };
        let counts = self.wanted.accept.contains(&Source::Atlassian);
        let needed = counts && self.is_needed(members);
        if !needed && self.open_addresses(members, book, named).is_empty() {
            return Ok(Asked::default());
        }
        match directory.read().await {
            Ok(directory) => {
                let known = needed.then(|| note_directory(members, directory));
                book.add_directory(members, directory);
                Ok(Asked { known, unread: None })
            }
            Err(problem) if needed => Err(problem.clone()),
            Err(problem) => {
                log::warn!("{}", escape::terminal(&problem.what));
                Ok(Asked { known: None, unread: Some(problem.clone()) })
            }
        }
    }

    /// Looks up at Bitbucket the owners of the addresses that no other source could tell.
    async fn look_up(
        &self,
        slug: &str,
        members: &[Member],
        book: &mut AddressBook,
        named: &[&str],
        bitbucket: Result<(&bitbucket::Client<'_>, &ReadingProgress<'_>), Option<Problem>>,
    ) -> Result<(), Problem> {
        let open = self.open_addresses(members, book, named);
        if open.is_empty() {
            return Ok(());
        }
        let unread = match bitbucket {
            Ok((client, progress)) => {
                let found = bitbucket::look_up(client, slug, &open, progress).await?;
                return book.add_found(members, &open, &found);
            }
            Err(unread) => unread,
        };
        if open.iter().all(|email| named.contains(email)) {
            // An exemption by an address that a file does not show is judged with the exemptions.
            return Ok(());
        }
        let why = "the roster names people by e-mail address, and the members file does not give \
                   everybody's address";
        Err(match unread {
            Some(Problem { what: unread, help }) => Problem::new(format!("{why}; {unread}"), help),
            None if book.strangers(members).any(|member| member.account_id.is_none()) => {
                Problem::new(why, READ_THE_API)
            }
            None => Problem::new(
                why,
                "Use a roster with account ids, set ATLASSIAN_ORG_ID and ATLASSIAN_API_KEY, or \
                 read the workspace from Bitbucket's API.",
            ),
        })
    }

    /// Refuses a roster that says by account id alone who is protected, where a member who needs
    /// that shows none: the row may be theirs.
    fn refuse_hidden_ids(&self, members: &[Member]) -> Result<(), Problem> {
        let hides = |member: &Member| member.account_id.is_none() && self.is_needed_by(member);
        let Some(roster) = self.roster.filter(|_| members.iter().any(hides)) else { return Ok(()) };
        let shown: HashSet<&str> =
            members.iter().filter_map(|member| member.account_id.as_deref()).collect();
        let counts =
            |source, said| self.wanted.accept.contains(&source) && said == TwoFactor::Enabled;
        let protects =
            |entry: &&Entry| counts(Source::Roster, entry.mfa) || counts(Source::Sso, entry.sso);
        let by_id_alone = |entry: &Entry| {
            entry.email.is_none()
                && entry.account_id.as_deref().is_some_and(|id| !shown.contains(id))
        };
        if !roster.entries().iter().filter(protects).any(by_id_alone) {
            return Ok(());
        }
        Err(Problem::new(
            "the roster names people by account id alone, and not every member's is shown",
            "Use a roster with ids and e-mail addresses, or read the workspace from \
             Bitbucket's API.",
        ))
    }

    /// Refuses an address that matters and that several members are said to have.
    fn refuse_contested(
        &self,
        members: &[Member],
        book: &AddressBook,
        named: &[&str],
    ) -> Result<(), Problem> {
        let roster = self.roster.filter(|_| self.is_needed(members)).into_iter();
        let of_rows = roster.flat_map(|roster| decisive_emails(roster, members));
        match book.contested(named.iter().copied().chain(of_rows)) {
            None => Ok(()),
            Some(email) => Err(Problem::new(
                format!("two members are said to have the e-mail address {}", excerpt(email)),
                "Name them by account id in the policy and in the roster, and omit the address.",
            )),
        }
    }

    /// What was found out, once every workspace was read. A source that knows no member at all is
    /// not about these workspaces, so no member is judged by its silence.
    pub(super) fn conclude(self, found: Vec<(Reading, Answers)>) -> Found {
        let all_read = found.iter().all(|(reading, _)| reading.members.is_ok());
        let answers = || found.iter().map(|(_, answers)| answers);
        let matched: HashSet<usize> =
            answers().flat_map(|answers| &answers.rows).flatten().copied().collect();
        let all_compared = answers().all(|answers| answers.rows.is_some());
        let needs_roster = answers().any(|answers| answers.needed && answers.rows.is_some());
        let known = answers().filter_map(|answers| answers.known).reduce(|sum, more| sum + more);
        let by_roster = self.roster.filter(|_| matched.is_empty() && needs_roster);
        let lists = found.iter().flat_map(|(reading, _)| &reading.members);
        let nameless = lists.flat_map(|list| &list.members).all(|member| {
            !member.applicable() || member.account_id.is_none() && member.email.is_none()
        });
        let by_directory = (known == Some(0)).then(|| no_member_known(nameless));
        let strange = by_directory.or(by_roster.map(no_row_matches)).filter(|_| all_read);
        let readings = found.into_iter().map(|(reading, answers)| match &strange {
            Some(strange) if answers.needed => Reading { members: Err(strange.clone()), ..reading },
            Some(_) | None => reading,
        });
        let compared = self.roster.is_some() && all_read && all_compared;
        Found {
            readings: readings.collect(),
            directory: self.directory.as_ref().and_then(DirectoryOnDemand::walk),
            roster_matched: compared.then_some(matched.len() as u64),
        }
    }
}

/// What came of asking the organisation about the members of one workspace.
#[derive(Default)]
struct Asked {
    /// How many of them it knows; none where its word does not count.
    known: Option<usize>,
    /// Why it could not be read, where that may not matter.
    unread: Option<Problem>,
}

/// The addresses of a roster that may tell whose a row is: where a row has an account id, that does,
/// unless there are members without one.
fn decisive_emails<'r>(roster: &'r Roster, members: &[Member]) -> impl Iterator<Item = &'r str> {
    let mut asked = members.iter().filter(|member| member.applicable());
    let all_have_ids = asked.all(|member| member.account_id.is_some());
    let decisive = move |entry: &&Entry| !(all_have_ids && entry.account_id.is_some());
    roster.entries().iter().filter(decisive).filter_map(|entry| entry.email.as_deref())
}

fn no_row_matches(roster: &Roster) -> Problem {
    Problem::new(
        format!(
            "none of the {} rows of the roster {} is about a member",
            roster.rows,
            all(&roster.path)
        ),
        "Check that it is the roster of these people: its account ids or e-mail addresses have to \
         be those of their Atlassian accounts.",
    )
}

/// What helps where a list shows neither account ids nor e-mail addresses.
const READ_THE_API: &str = "Read the workspace from Bitbucket's API, or save its pages with the \
    account ids of the members: `fields=` without `+` omits them.";

/// `nameless` says whether the members show nothing that the organisation could know them by.
fn no_member_known(nameless: bool) -> Problem {
    if nameless {
        let why = "the Atlassian organisation knows people by account id and e-mail address, and \
                   no member's is shown";
        return Problem::new(why, READ_THE_API);
    }
    Problem::new(
        "the Atlassian organisation does not know a single member",
        "Check ATLASSIAN_ORG_ID: it has to be the organisation that manages the members' accounts. \
         If none does, take `atlassian` out of `accept`.",
    )
}

/// The directory of an organisation, which is read when a workspace needs it first; the others wait
/// for that.
pub(super) struct DirectoryOnDemand<'a> {
    client: atlassian::Client<'a>,
    read: OnceCell<Result<Directory, Problem>>,
}

impl<'a> DirectoryOnDemand<'a> {
    pub(super) fn new(client: atlassian::Client<'a>) -> Self {
        DirectoryOnDemand { client, read: OnceCell::new() }
    }

    async fn read(&self) -> Result<&Directory, &Problem> {
        self.read.get_or_init(|| Directory::read(&self.client)).await.as_ref()
    }

    /// What reading it took; none where it was not asked.
    fn walk(&self) -> Option<DirectoryRead> {
        let accounts = self.read.get()?.as_ref().ok().map(|directory| directory.len() as u64);
        Some(DirectoryRead { accounts, requests: self.client.requests() })
    }
}
