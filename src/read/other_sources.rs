//! Evidence from the Atlassian organisation and the identity provider, fetched only where a member
//! needs it. What they do not say clears no member and accuses none.

use std::collections::HashSet;

use super::atlassian;
use super::bitbucket::Workspace;
use super::emails::AddressBook;
use super::entra;
use super::identity_provider::IdentityProvider;
use super::join::{needs_proof, note_directory, note_roster};
use super::on_demand::OnDemand;
use super::roster::Roster;
use super::{Found, Wanted};
use crate::escape;
use crate::failure::Problem;
use crate::member::{Member, Source};
use crate::quote::excerpt;
use crate::reading::{Addresses, MemberList, Reading};

/// The other sources of a run, which all its workspaces share.
pub(super) struct OtherSources<'w, 's> {
    pub(super) wanted: Wanted<'w>,
    pub(super) organisation: Option<OnDemand<atlassian::Client<'s>>>,
    /// An identity provider's export.
    pub(super) export: Option<&'s Roster>,
    pub(super) entra: Option<OnDemand<entra::Client<'s>>>,
}

/// What the other sources answered about the members of one workspace, apart from the evidence that
/// these show now.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Whether a member may have left since the list was read: an address has no owner, and
    /// a member needs proof whose address is not known.
    pub(super) may_have_left: bool,
    /// The identity provider's rows that are about a member; none where they were not all compared,
    /// since no member needs it.
    rows: Option<HashSet<u64>>,
    /// How many members the organisation knows; none where it was not asked about them.
    known: Option<usize>,
    /// Whether a member still needs one more source.
    needed: bool,
}

/// What came of asking the organisation about the members of one workspace.
struct Asked {
    /// How many of them it knows; none where its word does not count.
    known: Option<usize>,
    /// Why it could not be read, where that may not matter.
    unread: Option<Problem>,
}

impl OtherSources<'_, '_> {
    /// Whether a member needs one more source.
    fn is_needed_by(&self, member: &Member) -> bool {
        self.wanted.everything || needs_proof(member, self.wanted.accept)
    }

    /// Whether a source counts and any member needs one more.
    fn is_needed(&self, source: Source, members: &[Member]) -> bool {
        self.wanted.accept.contains(&source)
            && members.iter().any(|member| self.is_needed_by(member))
    }

    /// Adds what the other sources say about the members of a workspace, and the addresses that
    /// exemptions name.
    ///
    /// # Errors
    /// [`Problem`] where a member needs a source that could not be asked.
    pub(super) async fn complete(
        &self,
        list: &mut MemberList,
        slug: &str,
        workspace: Option<&Workspace<'_>>,
    ) -> Result<Answers, Problem> {
        let named = (self.wanted.addresses)(slug);
        let has_roster = self.export.is_some() || self.entra.is_some();
        if self.organisation.is_none() && !has_roster && named.is_empty() {
            return Ok(Answers::default());
        }
        let members = &mut list.members;
        if has_roster {
            // A list may hold what an older roster said, of a day that no longer counts.
            members.iter_mut().for_each(|member| member.evidence.forget_roster());
        }
        let mut book = AddressBook::of(members);
        let export = self.export.map(IdentityProvider::Export);
        self.compare(export, members, &book)?;
        let asked = self.ask_organisation(export, members, &mut book, &named).await?;
        let provider = match export {
            Some(export) => Some(export),
            None => self.ask_entra(members).await?,
        };
        self.compare(provider, members, &book)?;
        let asked = match asked {
            Some(asked) => Some(asked),
            // It may know whose the addresses of Entra's users are.
            None => self.ask_organisation(provider, members, &mut book, &named).await?,
        };
        let (known, unread) = asked.map_or((None, None), |asked| (asked.known, asked.unread));
        let workspace = workspace.ok_or(unread);
        self.look_up(provider, members, &mut book, &named, workspace).await?;
        self.refuse_contested(provider, members, &book, &named)?;
        let rows = self.compare(provider, members, &book)?;
        self.refuse_hidden_ids(provider, members)?;
        if !named.is_empty() && book.open(named.iter().copied()).is_empty() {
            book.show(members, &named);
            list.addresses = Addresses::LookedUp;
        }
        let mut strangers = book.strangers(&list.members);
        let may_have_left = book.has_unowned() && strangers.any(|member| self.is_needed_by(member));
        let needed = list.members.iter().any(|member| self.is_needed_by(member));
        Ok(Answers { may_have_left, rows, known, needed })
    }

    /// Notes what the identity provider says, and gives the rows that are about a member; none
    /// where it is not known yet who owns each of its addresses.
    fn compare(
        &self,
        provider: Option<IdentityProvider<'_>>,
        members: &mut [Member],
        book: &AddressBook,
    ) -> Result<Option<HashSet<u64>>, Problem> {
        let Some(provider) = provider else { return Ok(None) };
        let known = book.strangers(members).next().is_none();
        let settled = known || book.open(provider.decisive_emails(members)).is_empty();
        let rows = note_roster(members, provider, book, settled)?;
        Ok(settled.then_some(rows))
    }

    /// The addresses that it matters to know the owners of: those that exemptions name, and those
    /// of the identity provider where a member who needs it has an address that is not known.
    fn open_addresses<'e>(
        &self,
        provider: Option<IdentityProvider<'e>>,
        members: &[Member],
        book: &AddressBook,
        named: &[&'e str],
    ) -> Vec<&'e str> {
        let strangers = book.strangers(members).any(|member| self.is_needed_by(member));
        let provider = provider.filter(|_| strangers).into_iter();
        let of_rows = provider.flat_map(|provider| provider.decisive_emails(members));
        book.open(named.iter().copied().chain(of_rows))
    }

    /// Asks the organisation where its word counts and a member needs it, or where it may know the
    /// owner of an address; none where neither is so.
    async fn ask_organisation(
        &self,
        provider: Option<IdentityProvider<'_>>,
        members: &mut [Member],
        book: &mut AddressBook,
        named: &[&str],
    ) -> Result<Option<Asked>, Problem> {
        let Some(organisation) = &self.organisation else { return Ok(None) };
        let needed = self.is_needed(Source::Atlassian, members);
        if !needed && self.open_addresses(provider, members, book, named).is_empty() {
            return Ok(None);
        }
        match organisation.read().await {
            Ok(directory) => {
                let known = needed.then(|| note_directory(members, directory));
                book.add_directory(members, directory);
                Ok(Some(Asked { known, unread: None }))
            }
            Err(problem) if needed => Err(problem.clone()),
            Err(problem) => {
                log::warn!("{}", escape::terminal(&problem.what));
                Ok(Some(Asked { known: None, unread: Some(problem.clone()) }))
            }
        }
    }

    /// Asks Microsoft Entra where its word counts and a member needs it.
    async fn ask_entra(&self, members: &[Member]) -> Result<Option<IdentityProvider<'_>>, Problem> {
        let entra = self.entra.as_ref().filter(|_| self.is_needed(Source::Roster, members));
        let Some(entra) = entra else { return Ok(None) };
        entra.read().await.map(IdentityProvider::Entra).map(Some).map_err(Clone::clone)
    }

    /// Looks up at Bitbucket the owners of the addresses that no other source could tell.
    async fn look_up(
        &self,
        provider: Option<IdentityProvider<'_>>,
        members: &[Member],
        book: &mut AddressBook,
        named: &[&str],
        workspace: Result<&Workspace<'_>, Option<Problem>>,
    ) -> Result<(), Problem> {
        let open = self.open_addresses(provider, members, book, named);
        if open.is_empty() {
            return Ok(());
        }
        let unread = match workspace {
            Ok(workspace) => {
                let found = workspace.look_up(&open).await?;
                return book.add_found(members, &open, &found);
            }
            Err(unread) => unread,
        };
        if open.iter().all(|email| named.contains(email)) {
            // An exemption by an address that a file does not show is judged with the exemptions.
            return Ok(());
        }
        let why = "the roster names people by e-mail address, and the members file does not give \
                   every member's address";
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
    fn refuse_hidden_ids(
        &self,
        provider: Option<IdentityProvider<'_>>,
        members: &[Member],
    ) -> Result<(), Problem> {
        let hides = |member: &Member| member.account_id.is_none() && self.is_needed_by(member);
        let Some(provider) = provider.filter(|_| members.iter().any(hides)) else { return Ok(()) };
        let shown: HashSet<&str> =
            members.iter().filter_map(|member| member.account_id.as_deref()).collect();
        if !provider.protects_by_other_id(self.wanted.accept, |id| shown.contains(id)) {
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
        provider: Option<IdentityProvider<'_>>,
        members: &[Member],
        book: &AddressBook,
        named: &[&str],
    ) -> Result<(), Problem> {
        let needed = members.iter().any(|member| self.is_needed_by(member));
        let provider = provider.filter(|_| needed).into_iter();
        let of_rows = provider.flat_map(|provider| provider.decisive_emails(members));
        match book.contested(named.iter().copied().chain(of_rows)) {
            None => Ok(()),
            Some(email) => Err(Problem::new(
                format!("two members are said to have the e-mail address {}", excerpt(email)),
                "Name them by account id in the policy and in the roster, and omit the address.",
            )),
        }
    }

    /// The identity provider, as far as it was read.
    fn provider(&self) -> Option<IdentityProvider<'_>> {
        let directory = || self.entra.as_ref().and_then(OnDemand::directory);
        let export = self.export.map(IdentityProvider::Export);
        export.or_else(|| directory().map(IdentityProvider::Entra))
    }

    /// What was found out, once every workspace was read. A source that knows no member at all is
    /// not about these workspaces, so no member is judged by its silence.
    pub(super) fn conclude(self, found: Vec<(Reading, Answers)>) -> Found {
        let all_read = found.iter().all(|(reading, _)| reading.members.is_ok());
        let answers = || found.iter().map(|(_, answers)| answers);
        let matched: HashSet<u64> =
            answers().flat_map(|answers| &answers.rows).flatten().copied().collect();
        let all_compared = answers().all(|answers| answers.rows.is_some());
        let needs_roster = answers().any(|answers| answers.needed && answers.rows.is_some());
        let known = answers().filter_map(|answers| answers.known).reduce(|sum, more| sum + more);
        let provider = self.provider().filter(|_| matched.is_empty() && needs_roster);
        let lists = found.iter().flat_map(|(reading, _)| &reading.members);
        let nameless = lists.flat_map(|list| &list.members).all(|member| {
            !member.applicable() || member.account_id.is_none() && member.email.is_none()
        });
        let by_directory = (known == Some(0)).then(|| no_member_known(nameless));
        let strange = by_directory
            .or_else(|| provider.map(IdentityProvider::no_row_matches))
            .filter(|_| all_read);
        let readings = found.into_iter().map(|(reading, answers)| match &strange {
            Some(strange) if answers.needed => Reading { members: Err(strange.clone()), ..reading },
            Some(_) | None => reading,
        });
        let compared = self.export.is_some() && all_read && all_compared;
        Found {
            readings: readings.collect(),
            organisation: self.organisation.as_ref().and_then(OnDemand::taken),
            entra: self.entra.as_ref().and_then(OnDemand::taken),
            roster_matched: compared.then_some(matched.len() as u64),
        }
    }
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
