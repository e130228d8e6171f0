//! `--redact`: people's names, ids and addresses replaced by pseudonyms.
//!
//! Policy and members are redacted before anyone is judged, so that whatever is said of them
//! afterwards, in every format, is said of pseudonyms. Nothing is searched for names: what people
//! wrote freely (reasons, controls, tickets, names of owners and approvers) is withheld whole, and
//! so is what a server or a file said in an error ([`crate::quote`]).

mod people;

use std::sync::Arc;

use ring::{hmac, rand::SystemRandom};

use self::people::{Kind, People};
use crate::ci::NAMED_BY_PEOPLE;
use crate::credential::value;
use crate::digest::hex;
use crate::env::REDACT_KEY;
use crate::failure::Failure;
use crate::member::Member;
use crate::policy::{Exemption, MemberId, Policy, Selector};
use crate::quote::Quotes;
use crate::reading::Reading;
use crate::report::{JudgedExemption, Provenance, Redaction, Report};

/// The shortest key, in bytes: a shorter one could be found by trying.
const SHORTEST_KEY: usize = 16;

/// What stands for text that people wrote freely: no search would find every name in it.
const WITHHELD: &str = "(withheld)";

/// What pseudonyms begin with.
const PERSON: &str = "person-";
const EXEMPTION: &str = "exemption-";
const TENANT: &str = "tenant-";

/// Replaces people by pseudonyms. A pseudonym follows from the key and the original alone, so that
/// one key gives one person the same pseudonym in every report.
pub(crate) struct Redactor {
    key: hmac::Key,
    /// Whether the key was made for this run.
    for_this_run: bool,
}

impl Redactor {
    /// One with the key that the environment holds, else with a random one.
    ///
    /// # Errors
    /// [`Failure::Usage`] where the key is too short, or none. No message holds it.
    pub(crate) fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let Some(key) = value(lookup, REDACT_KEY)? else {
            let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
            let key = key.map_err(|_| {
                Failure::incomplete(
                    "the system has no random numbers to make a key for --redact of",
                    format!("Set {REDACT_KEY}."),
                )
            })?;
            return Ok(Redactor { key, for_this_run: true });
        };
        if key.len() < SHORTEST_KEY {
            return Err(Failure::usage(
                format!("the key in {REDACT_KEY} is shorter than {SHORTEST_KEY} bytes"),
                "Set it to what `openssl rand -hex 32` prints; or unset it, for a key that is made \
                 for each run.",
            ));
        }
        Ok(Redactor { key: hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), for_this_run: false })
    }

    /// What a report says of it.
    pub(crate) fn redaction(&self) -> Redaction {
        Redaction { key_id: self.digits("key", "").into(), for_this_run: self.for_this_run }
    }

    /// Redacts all that members are judged by. The verdict stays what it is: whatever was equal
    /// still is, and nothing else.
    pub(crate) fn conceal(
        &self,
        policy: &mut Policy,
        readings: &mut [Reading],
        source: &mut Provenance,
    ) {
        let listed = readings.iter().filter_map(|reading| reading.members.as_ref().ok());
        let members = listed.flat_map(|roll| &roll.members).map(|member| member.ids());
        let exempted = policy.exemptions.iter().map(|exemption| exemption.selector.ids());
        let people = People::new(members.chain(exempted));
        for reading in readings {
            match &mut reading.members {
                Ok(list) => {
                    let members = list.members.iter_mut().map(Arc::make_mut);
                    members.for_each(|member| self.member(member, &people));
                }
                Err(problem) => *problem = problem.with(Quotes::Withheld),
            }
        }
        for exemption in &mut policy.exemptions {
            self.exemption(exemption, &people);
        }
        self.provenance(source);
    }

    /// What may be said of a failure: a policy's lines are people's own words, and a quote can name
    /// people.
    pub(crate) fn failure(failure: Failure) -> Failure {
        match failure {
            Failure::Rendered { bare: Some(bare), .. } => Failure::Usage(bare),
            Failure::Rendered { bare: None, .. } => Failure::usage(
                "what is wrong cannot be said without naming people",
                "Run it without --redact, where only you can see it.",
            ),
            Failure::Usage(problem) => Failure::Usage(problem.with(Quotes::Withheld)),
            Failure::Incomplete(problem) => Failure::Incomplete(problem.with(Quotes::Withheld)),
            Failure::Violations(problem) => Failure::Violations(problem.with(Quotes::Withheld)),
        }
    }

    /// The key stays what it is made of. Names are left out: the pseudonym stands for them too.
    fn member(&self, member: &mut Member, people: &People) {
        let Member { account_id, uuid, email, given_key, nickname, display_name, .. } = member;
        for (kind, id) in [(Kind::AccountId, account_id), (Kind::Uuid, uuid), (Kind::Email, email)]
        {
            *id = id.as_deref().map(|id| self.person(people.main(kind, id)));
        }
        *given_key = given_key.as_deref().map(|key| self.person((Kind::Row, key)));
        (*nickname, *display_name) = (None, None);
    }

    fn exemption(&self, exemption: &mut Exemption, people: &People) {
        let person = |kind, id: &str| self.person(people.main(kind, id));
        match &mut exemption.selector {
            Selector::Id { id, email } => {
                match id {
                    MemberId::AccountId(id) => *id = person(Kind::AccountId, id),
                    MemberId::Uuid(id) => *id = person(Kind::Uuid, id),
                }
                *email = email.as_deref().map(|email| person(Kind::Email, email));
            }
            Selector::Email(email) => *email = person(Kind::Email, email),
        }
        exemption.id = self.exemption_id(&exemption.id).into();
        exemption.name = None;
        exemption.reason = WITHHELD.into();
        exemption.compensating_controls.fill(WITHHELD.into());
        let Exemption { owner, approved_by, ticket, .. } = exemption;
        for text in [owner, approved_by, ticket].into_iter().flatten() {
            *text = WITHHELD.into();
        }
    }

    /// A digest without a key would let anyone try what a short file may have said.
    fn provenance(&self, source: &mut Provenance) {
        source.ci.retain(|name, _| !NAMED_BY_PEOPLE.contains(&&**name));
        let inputs = source.inputs.iter_mut().map(|input| (&mut input.path, &mut input.sha256));
        let roster = source.roster.iter_mut().map(|roster| (&mut roster.path, &mut roster.sha256));
        for (path, sha256) in inputs.chain(roster) {
            *path = WITHHELD.into();
            *sha256 = hex(self.tag("file", sha256));
        }
        if let Some(entra) = &mut source.entra {
            // A tenant's first domain is named after the person who made it.
            entra.tenant = format!("{TENANT}{}", self.digits("tenant", &entra.tenant)).into();
        }
    }

    /// The pseudonym of the person that an id names, in the form in which ids are compared.
    fn person(&self, (kind, id): (Kind, &str)) -> Box<str> {
        format!("{PERSON}{}", self.digits(kind.label(), id)).into()
    }

    /// What stands for an exemption's id, which may be made of a name.
    fn exemption_id(&self, id: &str) -> Box<str> {
        format!("{EXEMPTION}{}", self.digits("exemption", id)).into()
    }

    /// Sixteen hexadecimal digits that cannot be worked out without the key.
    fn digits(&self, kind: &str, text: &str) -> String {
        let first = self.tag(kind, text).as_ref().first_chunk().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }

    /// What the key makes of a text of some kind; of the same text of another kind it is another.
    fn tag(&self, kind: &str, text: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [kind, "\0", text] {
            context.update(part.as_bytes());
        }
        context.sign()
    }
}

/// Whether a report that says that it is redacted is: everybody in it is known by pseudonyms
/// alone, and what people wrote or called something is withheld.
pub(crate) fn is_redacted(report: &Report) -> bool {
    let members = report.members.iter().map(|judged| &judged.member).all(|member| {
        let ids = [&member.account_id, &member.uuid, &member.email, &member.given_key];
        let nameless = member.nickname.is_none() && member.display_name.is_none();
        nameless && ids.into_iter().flatten().all(|id| is_person(id))
    });
    let exemptions = report.exemptions.iter().all(|exemption| {
        let ids = [&exemption.account_id, &exemption.uuid, &exemption.email].into_iter().flatten();
        let JudgedExemption { reason, owner, approved_by, ticket, .. } = exemption;
        let texts = [owner, approved_by, ticket].into_iter().flatten();
        let texts = texts.chain([reason]).chain(&exemption.compensating_controls);
        exemption.name.is_none()
            && is_exemption(&exemption.id)
            && ids.map(AsRef::as_ref).all(is_person)
            && texts.map(AsRef::as_ref).all(|text: &str| text == WITHHELD)
    });
    let concerns =
        report.changes.iter().flat_map(|changes| [&changes.new, &changes.fixed, &changes.staying]);
    let changes = concerns.flatten().all(|concern| {
        concern.name.is_none()
            && concern.key.as_deref().is_none_or(is_person)
            && concern.exemption.as_deref().is_none_or(is_exemption)
    });
    let source = &report.source;
    let files = source.inputs.iter().map(|input| &input.path);
    let mut files = files.chain(source.roster.iter().map(|roster| &roster.path));
    let origin = files.all(|path| path == WITHHELD)
        && source.entra.as_ref().is_none_or(|entra| is_pseudonym(&entra.tenant, TENANT))
        && NAMED_BY_PEOPLE.iter().all(|name| !source.ci.contains_key(*name))
        && report.options.redirected_by.iter().all(|redirection| redirection.to.is_none());
    report.redaction.is_some() && members && exemptions && changes && origin
}

fn is_person(id: &str) -> bool {
    is_pseudonym(id, PERSON)
}

fn is_exemption(id: &str) -> bool {
    is_pseudonym(id, EXEMPTION)
}

/// Whether a text is a word and [`Redactor::digits`].
fn is_pseudonym(text: &str, word: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(word).is_some_and(|digits| digits.len() == 16 && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests;
