//! What a report may say of an identity provider's word, given what the provider said: in the rows of
//! a file, or in the answers of a tenant.

use std::collections::{BTreeMap, BTreeSet};

use mfa_gate::member::{Source, TwoFactor};
use mfa_gate::report::{JudgedMember, Outcome};

use crate::graph::{Asked, Page};
use crate::microsoft::Told;
use crate::paging::Place;
use crate::schedule::Schedule;
use crate::server::Log;
use crate::tenant::{List, User, Word, word};

/// What the identity provider of a schedule said.
pub(crate) struct Provider<'a> {
    schedule: &'a Schedule,
    /// What the tenant said, as it was sent; none where it was not asked.
    told: Option<Word>,
}

impl<'a> Provider<'a> {
    /// # Errors
    /// Why a reader who was sent these pages must not believe that it read the whole tenant.
    pub(crate) fn new(schedule: &'a Schedule, log: &Log, asked: bool) -> Result<Self, String> {
        let told = schedule.elsewhere.tenant.is_some() && asked;
        let told = told.then(|| last_word(&log.tenant.told)).transpose()?;
        Ok(Provider { schedule, told })
    }

    /// Whether a row of a file or the tenant says so of a member.
    fn says(&self, id: usize, source: Source, said: bool) -> bool {
        let word = if said { TwoFactor::Enabled } else { TwoFactor::Disabled };
        let of_tenant = self.told.as_ref().is_some_and(|told| told.get(&id) == Some(&word));
        let roster = self.schedule.elsewhere.roster.as_ref();
        source == Source::Roster && of_tenant
            || roster.is_some_and(|roster| roster.ever_says(id, source, said))
    }

    /// Whether it clears a member, by a source that the policy accepts.
    fn clears(&self, id: usize) -> bool {
        let accepts = |source: &Source| self.schedule.elsewhere.accepts(*source);
        let mut counting = [Source::Roster, Source::Sso].into_iter().filter(accepts);
        counting.any(|source| self.says(id, source, true))
    }

    /// Whether a reader can know which member each of its rows is about.
    fn tells_all(&self) -> bool {
        let elsewhere = &self.schedule.elsewhere;
        let by_id = elsewhere.roster.as_ref().is_some_and(|roster| roster.needs_no_lookup());
        let clear = elsewhere.roster.as_ref().is_none_or(|roster| roster.is_clear());
        by_id || self.schedule.history.still() && elsewhere.lookup.is_right() && clear
    }

    /// Checks what a report says that the provider says of a member.
    pub(crate) fn agrees(&self, id: usize, judged: &JudgedMember) -> Result<(), String> {
        let evidence = judged.member.evidence;
        for (source, said) in [(Source::Roster, evidence.roster), (Source::Sso, evidence.sso)] {
            let fits = match said {
                Some(TwoFactor::Enabled) => self.says(id, source, true),
                // No single sign-on is no word on a second factor.
                Some(TwoFactor::Disabled) => {
                    source == Source::Roster && self.says(id, source, false)
                }
                Some(TwoFactor::Unknown) => {
                    let is_told = self.says(id, source, true)
                        || source == Source::Roster && self.says(id, source, false);
                    // An account that does not log in is not asked about.
                    let asked = judged.outcome != Outcome::NotApplicable;
                    !is_told || !self.tells_all() || !asked
                }
                None => true,
            };
            if !fits {
                return Err(format!("the provider did not say {} {said:?}", source.id()));
            }
        }
        Ok(())
    }

    /// Checks that a member who is accused is not cleared by what it said, nor by what a tenant that
    /// did not fail would have said; also that the member had not left when Bitbucket was asked for
    /// the owners of addresses.
    pub(crate) fn accuses(&self, log: &Log, id: usize) -> Result<(), String> {
        if self.tells_all() && self.clears(id) {
            return Err("accused, and the identity provider says otherwise".into());
        }
        let elsewhere = &self.schedule.elsewhere;
        let tenant = elsewhere.tenant.as_ref().filter(|tenant| tenant.harmless());
        let clears = tenant.is_some_and(|it| it.word().get(&id) == Some(&TwoFactor::Enabled));
        if self.tells_all() && clears && elsewhere.accepts(Source::Roster) {
            return Err("accused, and Microsoft Entra says otherwise".into());
        }
        let gone = |tick| !self.schedule.history.ids(tick).contains(&id);
        if self.clears(id) && log.looked_up.last().is_some_and(|last| gone(last.tick)) {
            return Err("accused, and gone before the last look-up of addresses".into());
        }
        Ok(())
    }
}

/// What a tenant said when it was read last, each list from the first page to the last.
///
/// # Errors
/// Why a reader who was sent these pages must not believe that it read the whole tenant.
fn last_word(told: &[Told]) -> Result<Word, String> {
    Ok(word(&rows(told, List::Users)?, &rows(told, List::Registrations)?))
}

/// The rows of a list, page by page as the links lead.
fn rows(told: &[Told], list: List) -> Result<Vec<User>, String> {
    let first = Asked { list, place: Place::Start };
    let starts = |told: &Told| told.asked == first && told.page.is_some();
    let start = told.iter().rposition(starts);
    let start = start.ok_or_else(|| format!("the tenant's {list:?} were not sent"))?;
    let whole = told[start..].iter().filter_map(|told| Some((told.asked, told.page.as_ref()?)));
    let pages: BTreeMap<Asked, &Page> = whole.collect();
    let (mut rows, mut seen, mut ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut place = Some(Place::Start);
    while let Some(next) = place {
        if !seen.insert(next) {
            return Err("the tenant's links lead round, and were believed".into());
        }
        let asked = Asked { list, place: next };
        let page = pages.get(&asked).ok_or_else(|| format!("{asked:?} was not read"))?;
        if page.absurd {
            return Err(format!("{asked:?} was believed, which is no page"));
        }
        rows.extend(page.rows.iter().copied());
        place = page.next;
    }
    match rows.iter().find(|user: &&User| !ids.insert(user.id)) {
        Some(user) => Err(format!("{user:?} was listed twice, and believed")),
        None => Ok(rows),
    }
}
