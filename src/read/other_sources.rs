//! Evidence from the Atlassian organisation and the identity provider, fetched only where a member
//! needs it. What they do not say clears no member and accuses none.

use std::collections::HashSet;
use std::sync::Arc;

use super::atlassian;
use super::bitbucket::Workspace;
use super::entra;
use super::identity_provider::IdentityProvider;
use super::join::{needs_proof, note_directory, note_roster};
use super::on_demand::OnDemand;
use super::people::People;
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

impl OtherSources<'_, '_> {
    /// Whether a member needs one more source.
    fn is_needed_by(&self, member: &Member) -> bool {
        self.wanted.everything || needs_proof(member, self.wanted.accept)
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
        if has_roster {
            // A list may hold what an older roster said, of a day that no longer counts.
            list.members
                .iter_mut()
                .for_each(|member| Arc::make_mut(member).evidence.forget_roster());
        }
        let provider = self.export.map(IdentityProvider::Export);
        let people = People::of(list.members.iter_mut().map(Arc::make_mut));
        let mut joining = Joining { others: self, people, named, provider, organisation: None };
        joining.compare()?;
        joining.ask_organisation().await?;
        joining.ask_entra().await?;
        joining.compare()?;
        // It may know whose the addresses of Entra's users are.
        joining.ask_organisation().await?;
        joining.look_up(workspace).await?;
        joining.refuse_contested()?;
        let rows = joining.compare()?;
        joining.refuse_hidden_ids()?;
        if joining.show_named() {
            list.addresses = Addresses::LookedUp;
        }
        Ok(joining.answers(rows))
    }
}

/// The people of one workspace, while the other sources are asked about them.
struct Joining<'a, 'w, 's, 'm> {
    others: &'a OtherSources<'w, 's>,
    people: People<'m>,
    /// The addresses that exemptions name.
    named: Vec<&'w str>,
    /// The identity provider, once it was read.
    provider: Option<IdentityProvider<'a>>,
    /// What came of asking the organisation, once it was asked.
    organisation: Option<Asked>,
}

/// What came of asking the organisation.
enum Asked {
    /// How many of the people it knows; none where its word does not count.
    Read(Option<usize>),
    /// Why it could not be read, where that may not matter.
    Unread(Problem),
}

impl Joining<'_, '_, '_, '_> {
    /// Whether a member needs one more source.
    fn is_any_needed(&self) -> bool {
        self.people.members().any(|member| self.others.is_needed_by(member))
    }

    /// Whether a source counts and a member needs one more.
    fn is_needed(&self, source: Source) -> bool {
        self.others.wanted.accept.contains(&source) && self.is_any_needed()
    }

    /// Whether a member needs one more source and their address is not known.
    fn has_needing_stranger(&self) -> bool {
        self.people.strangers().any(|member| self.others.is_needed_by(member))
    }

    /// The addresses of the identity provider that may tell whose a row is.
    fn of_rows(&self) -> Vec<&str> {
        let mut asked = self.people.members().filter(|member| member.applicable());
        let all_have_ids = asked.all(|member| member.account_id.is_some());
        let provider = self.provider.into_iter();
        provider.flat_map(|provider| provider.decisive_addresses(all_have_ids)).collect()
    }

    /// Notes what the identity provider says, and gives the rows that are about a member; none
    /// where it is not known yet who owns each of its addresses.
    fn compare(&mut self) -> Result<Option<HashSet<u64>>, Problem> {
        let Some(provider) = self.provider else { return Ok(None) };
        let settled = self.people.strangers().next().is_none()
            || self.people.open(self.of_rows().into_iter()).is_empty();
        let rows = note_roster(&mut self.people, provider, settled)?;
        Ok(settled.then_some(rows))
    }

    /// The addresses that it matters to know the owners of: those that exemptions name, and those
    /// of the identity provider where a member who needs it has an address that is not known.
    fn open_addresses(&self) -> Vec<&str> {
        let of_rows = if self.has_needing_stranger() { self.of_rows() } else { Vec::new() };
        self.people.open(self.named.iter().copied().chain(of_rows))
    }

    /// Asks the organisation, once, where its word counts and a member needs it, or where it may
    /// know the owner of an address.
    async fn ask_organisation(&mut self) -> Result<(), Problem> {
        let Some(organisation) = &self.others.organisation else { return Ok(()) };
        let needed = self.is_needed(Source::Atlassian);
        if self.organisation.is_some() || !needed && self.open_addresses().is_empty() {
            return Ok(());
        }
        self.organisation = Some(match organisation.read().await {
            Ok(directory) => {
                let known = needed.then(|| note_directory(self.people.members_mut(), directory));
                self.people.add_directory(directory);
                Asked::Read(known)
            }
            Err(problem) if needed => return Err(problem.clone()),
            Err(problem) => {
                log::warn!("{}", escape::terminal(&problem.what));
                Asked::Unread(problem.clone())
            }
        });
        Ok(())
    }

    /// Asks Microsoft Entra where its word counts and a member needs it.
    async fn ask_entra(&mut self) -> Result<(), Problem> {
        if let Some(entra) = &self.others.entra
            && self.provider.is_none()
            && self.is_needed(Source::Roster)
        {
            self.provider =
                Some(IdentityProvider::Entra(entra.read().await.map_err(Clone::clone)?));
        }
        Ok(())
    }

    /// Looks up at Bitbucket the owners of the addresses that no other source could tell.
    async fn look_up(&mut self, workspace: Option<&Workspace<'_>>) -> Result<(), Problem> {
        let open: Vec<String> = self.open_addresses().into_iter().map(str::to_owned).collect();
        let open: Vec<&str> = open.iter().map(String::as_str).collect();
        if open.is_empty() {
            return Ok(());
        }
        if let Some(workspace) = workspace {
            let found = workspace.look_up(&open).await?;
            return self.people.add_found(&open, &found);
        }
        if open.iter().all(|address| self.named.contains(address)) {
            // An exemption by an address that a file does not show is judged with the exemptions.
            return Ok(());
        }
        let why = "the roster names people by e-mail address, and the members file does not give \
                   every member's address";
        Err(match &self.organisation {
            Some(Asked::Unread(Problem { what, help })) => {
                Problem::new(format!("{why}; {what}"), help)
            }
            Some(Asked::Read(_)) | None
                if self.people.strangers().any(|member| member.account_id.is_none()) =>
            {
                Problem::new(why, READ_THE_API)
            }
            Some(Asked::Read(_)) | None => Problem::new(
                why,
                "Use a roster with account ids, set ATLASSIAN_ORG_ID and ATLASSIAN_API_KEY, or \
                 read the workspace from Bitbucket's API.",
            ),
        })
    }

    /// Refuses a roster that says by account id alone who is protected, where a member who needs
    /// that shows none: the row may be theirs.
    fn refuse_hidden_ids(&self) -> Result<(), Problem> {
        let hides =
            |member: &Member| member.account_id.is_none() && self.others.is_needed_by(member);
        let Some(provider) = self.provider.filter(|_| self.people.members().any(hides)) else {
            return Ok(());
        };
        let shown: HashSet<&str> =
            self.people.members().filter_map(|member| member.account_id.as_deref()).collect();
        if !provider.protects_by_other_id(self.others.wanted.accept, |id| shown.contains(id)) {
            return Ok(());
        }
        Err(Problem::new(
            "the roster names people by account id alone, and not every member's is shown",
            "Use a roster with ids and e-mail addresses, or read the workspace from \
             Bitbucket's API.",
        ))
    }

    /// Refuses an address that matters and that several members are said to have.
    fn refuse_contested(&self) -> Result<(), Problem> {
        let of_rows = if self.is_any_needed() { self.of_rows() } else { Vec::new() };
        match self.people.contested(self.named.iter().copied().chain(of_rows)) {
            None => Ok(()),
            Some(address) => Err(Problem::new(
                format!("two members are said to have the e-mail address {}", excerpt(address)),
                "Name them by account id in the policy and in the roster, and omit the address.",
            )),
        }
    }

    /// Lets the members show the addresses that exemptions name, once all their owners are known.
    fn show_named(&mut self) -> bool {
        let known = self.people.open(self.named.iter().copied()).is_empty();
        if known {
            self.people.show(&self.named);
        }
        known && !self.named.is_empty()
    }

    fn answers(&self, rows: Option<HashSet<u64>>) -> Answers {
        let known = match self.organisation {
            Some(Asked::Read(known)) => known,
            Some(Asked::Unread(_)) | None => None,
        };
        let may_have_left = self.people.has_unowned() && self.has_needing_stranger();
        Answers { may_have_left, rows, known, needed: self.is_any_needed() }
    }
}

impl OtherSources<'_, '_> {
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
