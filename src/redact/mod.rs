//! `--redact`: people's names, ids and addresses replaced by pseudonyms.
//!
//! Policy and members are redacted before anybody is judged, so that whatever is said of them
//! afterwards, in every format, is said of pseudonyms: nothing has to be found again in messages.
//! Only what people wrote themselves, such as reasons, is searched for whom it mentions. What a
//! server or a file said in an error is not searched but withheld
//! ([`crate::read::excerpt::withhold`]), since it may name people of whom nothing is known.

mod lookalikes;
mod mentions;
mod words;

use std::collections::HashSet;

use ring::{hmac, rand::SystemRandom};

use self::lookalikes::address;
use self::mentions::Mentions;
use self::words::Folded;
use crate::failure::{Complaint, Failure};
use crate::member::Member;
use crate::policy::{Exemption, MemberId, Policy, Selector};
use crate::read::{Incomplete, Reading};
use crate::report::{Provenance, Redaction};
use crate::variable::{REDACT_KEY, value};

/// The shortest key, in bytes: a shorter one could be found by trying.
const SHORTEST_KEY: usize = 16;

/// What stands for the free text of an exemption that may name somebody who was not read.
const WITHHELD: &str = "(withheld: not every workspace that it applies to was read)";

/// What CI systems call branches and tags, which are often called after whoever made them.
const NAMED_BY_PEOPLE: [&str; 3] = ["BITBUCKET_BRANCH", "BITBUCKET_TAG", "GITHUB_REF"];

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
        let mut mentions = Mentions::within(written(policy, source));
        let mut read: HashSet<&str> = HashSet::new();
        for reading in readings {
            match &mut reading.members {
                Ok(roll) => {
                    read.insert(&reading.workspace);
                    for member in &mut roll.members {
                        self.member(member, &mut mentions);
                    }
                }
                Err(Incomplete { why, help }) => {
                    for text in [why, help] {
                        *text = self.unknown(text);
                    }
                }
            }
        }
        for exemption in &policy.exemptions {
            self.note(exemption, &mut mentions);
        }
        let slugs = policy.workspaces.iter().map(|entry| &*entry.slug);
        let unread: Vec<&str> = slugs.filter(|slug| !read.contains(slug)).collect();
        for exemption in &mut policy.exemptions {
            let all_read = !unread.iter().any(|slug| exemption.applies_to(slug));
            self.exemption(exemption, &mentions, all_read);
        }
        self.provenance(source, &mentions);
    }

    /// What may be said of a failure.
    pub(crate) fn failure(&self, failure: Failure) -> Failure {
        let redacted = |Complaint { what, help }| Complaint {
            what: self.unknown(&what),
            help: self.unknown(&help),
        };
        match failure {
            Failure::Usage(complaint) => Failure::Usage(redacted(complaint)),
            Failure::Incomplete(complaint) => Failure::Incomplete(redacted(complaint)),
            Failure::Rendered { bare: Some(bare), .. } => Failure::Usage(redacted(bare)),
            Failure::Rendered { bare: None, .. } => Failure::usage(
                "what is wrong cannot be said without naming people",
                "Run it without --redact, where only you can see it.",
            ),
        }
    }

    /// A text of this program's own, which holds what ids and addresses look like at most.
    fn unknown(&self, text: &str) -> String {
        Mentions::within([text]).replace(text, &|original| self.person(original))
    }

    /// The key stays what it is made of. Names are left out: the pseudonym stands for them too.
    fn member(&self, member: &mut Member, mentions: &mut Mentions) {
        let Member { account_id, uuid, email, row, .. } = member;
        for original in [account_id, uuid, email, row].into_iter().flatten() {
            let pseudonym = self.person(original);
            mentions.note_id(original, &pseudonym);
            *original = pseudonym;
        }
        for name in [member.nickname.take(), member.display_name.take()].into_iter().flatten() {
            mentions.note_name(&name, member.key());
        }
    }

    /// Notes whom an exemption names.
    fn note(&self, exemption: &Exemption, mentions: &mut Mentions) {
        let (account_id, uuid, email) = exemption.selector.parts();
        let selectors = [account_id, uuid, email].map(|own| own.map(|own| (own, self.person(own))));
        for (original, pseudonym) in selectors.iter().flatten() {
            mentions.note_id(original, pseudonym);
        }
        let selected = selectors.iter().flatten().map(|(_, pseudonym)| pseudonym).next();
        if let (Some(name), Some(pseudonym)) = (&exemption.name, selected) {
            mentions.note_name(name, pseudonym);
        }
        for who in [&exemption.owner, &exemption.approved_by].into_iter().flatten() {
            mentions.note_name(who, &self.someone(who));
        }
    }

    fn exemption(&self, exemption: &mut Exemption, mentions: &Mentions, all_read: bool) {
        match &mut exemption.selector {
            Selector::Id { id: MemberId::AccountId(id) | MemberId::Uuid(id), email } => {
                *id = self.person(id);
                *email = email.as_deref().map(|email| self.person(email));
            }
            Selector::Email(email) => *email = self.person(email),
        }
        exemption.name = None;
        for who in [&mut exemption.owner, &mut exemption.approved_by].into_iter().flatten() {
            *who = mentions.find(who).map_or_else(|| self.someone(who), Into::into);
        }
        let replace = |text: &str| mentions.replace(text, &|original| self.person(original));
        if !is_code(&exemption.id) || *replace(&exemption.id) != *exemption.id {
            exemption.id = format!("exemption-{}", self.digits("exemption", &exemption.id)).into();
        }
        if all_read {
            let Exemption { reason, compensating_controls, ticket, .. } = exemption;
            for text in std::iter::once(reason).chain(compensating_controls).chain(ticket) {
                *text = replace(text).into();
            }
        } else {
            exemption.reason = WITHHELD.into();
            exemption.compensating_controls.fill(WITHHELD.into());
            exemption.ticket = None;
        }
    }

    /// A digest without a key would let anybody try what a short file may have said.
    fn provenance(&self, source: &mut Provenance, mentions: &Mentions) {
        source.ci.retain(|name, _| !NAMED_BY_PEOPLE.contains(&&**name));
        let inputs = source.inputs.iter_mut().map(|own| (&mut own.path, &mut own.sha256));
        let roster = source.roster.iter_mut().map(|own| (&mut own.path, &mut own.sha256));
        for (path, sha256) in inputs.chain(roster) {
            *path = mentions.replace(path, &|original| self.person(original));
            *sha256 = hex(self.tag("file", sha256).as_ref());
        }
    }

    /// The pseudonym of whoever has an id, or an address, in the form in which they are compared.
    fn person(&self, original: &str) -> Box<str> {
        format!("person-{}", self.digits("person", original)).into()
    }

    /// The pseudonym of somebody of whom no more may be known than a name.
    fn someone(&self, who: &str) -> Box<str> {
        self.person(&address(who).unwrap_or_else(|| Folded::new(who).text))
    }

    /// Sixteen hexadecimal digits that nobody can tell of a text without the key.
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

/// What people wrote of which not all is replaced.
fn written<'t>(policy: &'t Policy, source: &'t Provenance) -> impl Iterator<Item = &'t str> {
    let of_exemptions = policy.exemptions.iter().flat_map(|own| {
        let others = [&own.ticket, &own.owner, &own.approved_by].into_iter().flatten();
        let texts = std::iter::once(&own.reason).chain(&own.compensating_controls).chain(others);
        texts.map(AsRef::as_ref).chain([&*own.id])
    });
    let inputs = source.inputs.iter().map(|own| &*own.path);
    let roster = source.roster.iter().map(|own| &*own.path);
    of_exemptions.chain(inputs).chain(roster)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an exemption's id is a mere number, such as `EX-7`, and no word or name.
fn is_code(id: &str) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
    };
    id.bytes().all(is_part) && id.bytes().any(|byte| byte.is_ascii_digit())
}
