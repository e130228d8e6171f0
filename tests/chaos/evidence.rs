//! What a report may say of each member's proof, given what the sources said.

use std::collections::{BTreeMap, BTreeSet};

use mfa_gate::member::{Evidence, Source, TwoFactor};
use mfa_gate::report::{JudgedMember, Outcome, Report};

use crate::directory::Account;
use crate::history::{Flag, Person, account_id};
use crate::listing::{Asked, List, Page};
use crate::paging::Place;
use crate::provider::Provider;
use crate::reception::Told;
use crate::schedule::Schedule;
use crate::server::Log;
use crate::verdict::flagged;

/// What an organisation says, account by account, as a reader was told.
type Word = BTreeMap<String, TwoFactor>;

/// Checks what is reported of those people against everything that the sources said.
///
/// # Errors
/// What the report says and could have known to be wrong.
pub(crate) fn check(schedule: &Schedule, log: &Log, report: &Report) -> Result<(), String> {
    let elsewhere = &schedule.elsewhere;
    let ids: BTreeMap<String, usize> =
        schedule.history.everybody().into_iter().map(|id| (account_id(id), id)).collect();
    let applicable =
        || report.members.iter().filter(|judged| judged.outcome != Outcome::NotApplicable);
    let by_bitbucket =
        |judged: &JudgedMember| judged.member.evidence.bitbucket == Some(TwoFactor::Enabled);
    let served = log.served.iter().filter_map(|served| served.page.as_ref());
    let mut shown = served.flat_map(|page| &page.rows).filter(|person| person.logs_in());
    // Who had no second factor and left was asked about, and is not reported.
    let nobody_left = schedule.history.still() || shown.all(|person| person.flag == Flag::On);
    if elsewhere.accepts(Source::Bitbucket) && applicable().all(by_bitbucket) && nobody_left {
        nobody_else_was_asked(log)?;
    }
    let accepted_before = |source| source != Source::Roster && elsewhere.accepts(source);
    let protected_before = |judged: &JudgedMember| {
        let evidence = judged.member.evidence;
        Source::ALL
            .into_iter()
            .filter(|source| accepted_before(*source))
            .any(|source| evidence.said(source) == Some(TwoFactor::Enabled))
    };
    if log.tenant.any && schedule.history.still() && applicable().all(protected_before) {
        return Err("others protect everybody, and Microsoft Entra was asked".into());
    }
    if log.looked_up.iter().any(|it| it.absurd) {
        return Err("an answer was believed that does not say who has an address".into());
    }
    let asked = report.members.iter().any(|judged| judged.member.evidence.atlassian.is_some());
    let word = if asked { Some(last_word(&log.organisation.told)?) } else { None };
    let asked = report.members.iter().any(|judged| judged.member.evidence.roster.is_some());
    let provider = Provider::new(schedule, log, asked)?;
    for judged in &report.members {
        let key = judged.member.key();
        let id = *ids.get(key).ok_or_else(|| format!("nobody has ever heard of {key}"))?;
        follows(judged, &elsewhere.accept).map_err(|why| format!("{key}: {why}"))?;
        let evidence = judged.member.evidence;
        if let (Some(said), Some(word)) = (evidence.atlassian, &word) {
            let told = word.get(key).copied().unwrap_or(TwoFactor::Unknown);
            if told != said {
                return Err(format!("the organisation said {told:?} of {key}, and not {said:?}"));
            }
        }
        provider.agrees(id, judged).map_err(|why| format!("{key}: {why}"))?;
        if judged.outcome == Outcome::Violation {
            everybody_was_asked(schedule, id, evidence).map_err(|why| format!("{key}: {why}"))?;
            provider.accuses(log, id).map_err(|why| format!("{key}: {why}"))?;
        }
    }
    Ok(())
}

/// Checks that a workspace which is protected by Bitbucket alone bothered nobody else.
fn nobody_else_was_asked(log: &Log) -> Result<(), String> {
    if log.organisation.any || log.tenant.any {
        return Err("Bitbucket protects everybody, and another source was asked".into());
    }
    if !log.looked_up.is_empty() {
        return Err("Bitbucket protects everybody, and addresses were looked up".into());
    }
    Ok(())
}

/// Checks that a member's outcome follows from the evidence that is reported beside it.
fn follows(judged: &JudgedMember, accept: &[Source]) -> Result<(), String> {
    let member = &judged.member;
    let says = |source: &&Source| {
        let evidence = member.evidence;
        match source {
            Source::Bitbucket => evidence.bitbucket,
            Source::Atlassian => evidence.atlassian,
            Source::Roster => evidence.roster,
            // Who does not sign in that way may have a second factor all the same.
            Source::Sso => evidence.sso.filter(|&said| said == TwoFactor::Enabled),
        }
    };
    let first = |value| accept.iter().find(|source| says(source) == Some(value)).copied();
    let (two_factor, decided_by) = match (first(TwoFactor::Enabled), first(TwoFactor::Disabled)) {
        (Some(source), _) => (TwoFactor::Enabled, Some(source)),
        (None, Some(source)) => (TwoFactor::Disabled, Some(source)),
        (None, None) => (TwoFactor::Unknown, None),
    };
    if (member.two_factor, member.decided_by) != (two_factor, decided_by) {
        return Err(format!(
            "{:?} by {:?}, where {:?} makes {two_factor:?} by {decided_by:?}",
            member.two_factor, member.decided_by, member.evidence
        ));
    }
    let outcome = match two_factor {
        TwoFactor::Enabled => Outcome::Protected,
        TwoFactor::Disabled | TwoFactor::Unknown => Outcome::Violation,
    };
    if judged.outcome == outcome || judged.outcome == Outcome::NotApplicable {
        return Ok(());
    }
    Err(format!("{two_factor:?}, and {:?}", judged.outcome))
}

/// Checks that every accepted source was asked about a member who is accused, and that the organisation
/// would not clear them.
fn everybody_was_asked(schedule: &Schedule, id: usize, evidence: Evidence) -> Result<(), String> {
    let elsewhere = &schedule.elsewhere;
    for &source in &elsewhere.accept {
        if evidence.said(source).is_none() {
            return Err(format!("accused, and {} was not asked", source.id()));
        }
    }
    let organisation = elsewhere.organisation.as_ref();
    let harmless = organisation
        .filter(|organisation| organisation.harmless() && elsewhere.accepts(Source::Atlassian));
    let account = harmless.and_then(|it| it.directory.at(0).iter().find(|own| own.id == id));
    if account.and_then(|account| account.two_step()) == Some(true) {
        return Err("accused, and the organisation says otherwise".into());
    }
    Ok(())
}

/// What the organisation said when it was read for the last time, from the first page to the last.
///
/// # Errors
/// Why nobody who was told this may believe to have heard it out.
fn last_word(told: &[Told]) -> Result<Word, String> {
    let whole = |told: &&Told| told.page.is_some();
    let starts = |told: &Told| {
        (told.asked.list, told.asked.place) == (List::All, Place::Start) && told.page.is_some()
    };
    let start = told.iter().rposition(starts).ok_or("the organisation's directory was not sent")?;
    let search = told[start].asked.search;
    let mut pages: BTreeMap<Asked, &Page> = BTreeMap::new();
    for told in told[start..].iter().filter(whole) {
        pages.extend(told.page.as_ref().map(|page| (told.asked, page)));
    }
    let filtered = pages.keys().any(|asked| asked.list != List::All);
    let lists = if filtered { &[List::With, List::Without][..] } else { &[List::All] };
    let mut word = Word::new();
    for list in lists {
        for (account, flag) in rows(&pages, search, *list)? {
            let said = match list {
                List::All => flag,
                List::With => Some(true),
                List::Without => Some(false),
            };
            let said = said.filter(|_| account.two_step().is_some());
            let said = said.map_or(TwoFactor::Unknown, |said| {
                if said { TwoFactor::Enabled } else { TwoFactor::Disabled }
            });
            if word.insert(account.account_id(), said).is_some() {
                return Err(format!("{} was listed twice, and believed", account.account_id()));
            }
        }
    }
    Ok(word)
}

/// The rows of a list, page by page as the cursors lead.
fn rows(
    pages: &BTreeMap<Asked, &Page>,
    search: bool,
    list: List,
) -> Result<Vec<(Account, Option<bool>)>, String> {
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    let mut place = Some(Place::Start);
    while let Some(next) = place {
        if !seen.insert(next) {
            return Err("the organisation's cursors lead round, and were believed".into());
        }
        let asked = Asked { search, list, place: next };
        let page = pages.get(&asked).ok_or_else(|| format!("{asked:?} was not read"))?;
        if page.body["links"].is_null() && page.rows.len() >= 100 {
            return Err("a full page that tells no end was believed to be the last".into());
        }
        rows.extend(&page.rows);
        place = page.next;
    }
    Ok(rows)
}

/// What the sources that count know of somebody, where nothing goes wrong.
pub(crate) fn truth(schedule: &Schedule, person: &Person) -> TwoFactor {
    let elsewhere = &schedule.elsewhere;
    let says = |&source: &Source| match source {
        Source::Bitbucket => flagged(person.flag),
        Source::Atlassian => {
            let organisation = elsewhere.organisation.as_ref();
            let mut accounts = organisation.iter().flat_map(|it| it.directory.at(0));
            let account = accounts.find(|account| account.id == person.id);
            match account.and_then(|account| account.two_step()) {
                Some(true) => TwoFactor::Enabled,
                Some(false) => TwoFactor::Disabled,
                None => TwoFactor::Unknown,
            }
        }
        Source::Roster if elsewhere.tenant.is_some() => {
            let tenant = elsewhere.tenant.as_ref();
            let said = tenant.and_then(|tenant| tenant.word().get(&person.id).copied());
            said.unwrap_or(TwoFactor::Unknown)
        }
        Source::Roster | Source::Sso => {
            let roster = elsewhere.roster.as_ref();
            let says = |said| roster.is_some_and(|it| it.ever_says(person.id, source, said));
            match (says(true), says(false) && source == Source::Roster) {
                (true, _) => TwoFactor::Enabled,
                (false, true) => TwoFactor::Disabled,
                (false, false) => TwoFactor::Unknown,
            }
        }
    };
    let said: Vec<TwoFactor> = elsewhere.accept.iter().map(says).collect();
    let known = [TwoFactor::Enabled, TwoFactor::Disabled].into_iter();
    known.into_iter().find(|value| said.contains(value)).unwrap_or(TwoFactor::Unknown)
}
