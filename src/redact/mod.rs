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
use crate::report::{Provenance, Redaction, Report};
use crate::variable::{REDACT_KEY, value};

/// The shortest key, in bytes: a shorter one could be found by trying.
const SHORTEST_KEY: usize = 16;

/// What stands for the free text of an exemption that may name somebody of whom no name is known.
const WITHHELD: &str = "(withheld: whom it is about was not seen everywhere)";

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
        let selected: HashSet<Box<str>> = policy.exemptions.iter().flat_map(selectors).collect();
        let mut seen: HashSet<Box<str>> = HashSet::new();
        for reading in readings {
            match &mut reading.members {
                Ok(roll) => {
                    read.insert(&reading.workspace);
                    for member in &mut roll.members {
                        let ids = [&member.account_id, &member.uuid, &member.email];
                        let ids = ids.into_iter().flatten().filter(|id| selected.contains(*id));
                        seen.extend(ids.cloned());
                        self.member(member, &mut mentions);
                    }
                }
                Err(Incomplete { why, help }) => {
                    for text in [why, help] {
                        let mut named = Mentions::within([&**text]);
                        for exemption in &policy.exemptions {
                            named.note_id(&exemption.id, &self.exemption_id(&exemption.id));
                        }
                        *text = named.replace(text, &|original| self.person(original));
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
            let known = all_read && selectors(exemption).iter().any(|id| seen.contains(id));
            self.exemption(exemption, &mentions, known);
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

    fn exemption(&self, exemption: &mut Exemption, mentions: &Mentions, known: bool) {
        match &mut exemption.selector {
            Selector::Id { id: MemberId::AccountId(id) | MemberId::Uuid(id), email } => {
                *id = self.person(id);
                *email = email.as_deref().map(|email| self.person(email));
            }
            Selector::Email(email) => *email = self.person(email),
        }
        exemption.name = None;
        exemption.id = self.exemption_id(&exemption.id).into();
        for who in [&mut exemption.owner, &mut exemption.approved_by].into_iter().flatten() {
            *who = mentions.find(who).map_or_else(|| self.someone(who), Into::into);
        }
        let replace = |text: &str| mentions.replace(text, &|original| self.person(original));
        if known {
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

    /// What stands for an exemption's id, which may be made of a name.
    fn exemption_id(&self, id: &str) -> Box<str> {
        format!("exemption-{}", self.digits("exemption", id)).into()
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

/// The ids and addresses that an exemption selects by.
fn selectors(exemption: &Exemption) -> Vec<Box<str>> {
    let (account_id, uuid, email) = exemption.selector.parts();
    [account_id, uuid, email].into_iter().flatten().map(Into::into).collect()
}

/// What people wrote of which not all is replaced.
fn written<'t>(policy: &'t Policy, source: &'t Provenance) -> impl Iterator<Item = &'t str> {
    let of_exemptions = policy.exemptions.iter().flat_map(|own| {
        let others = [&own.ticket, &own.owner, &own.approved_by].into_iter().flatten();
        let texts = std::iter::once(&own.reason).chain(&own.compensating_controls).chain(others);
        texts.map(AsRef::as_ref)
    });
    let inputs = source.inputs.iter().map(|own| &*own.path);
    let roster = source.roster.iter().map(|own| &*own.path);
    of_exemptions.chain(inputs).chain(roster)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether nobody is named in a report that says so: whoever it lists, and whomever it exempts, is
/// known by pseudonyms alone.
pub(crate) fn is_redacted(report: &Report) -> bool {
    let is_pseudonym = |id: &str| id.starts_with("person-");
    let members = report.members.iter().map(|judged| &judged.member).all(|own| {
        let ids = [&own.account_id, &own.uuid, &own.email].into_iter().flatten();
        let nameless = own.nickname.is_none() && own.display_name.is_none();
        nameless && is_pseudonym(&own.key) && ids.map(AsRef::as_ref).all(is_pseudonym)
    });
    let exemptions = report.exemptions.iter().all(|own| {
        let ids = [&own.account_id, &own.uuid, &own.email].into_iter().flatten();
        own.name.is_none() && ids.map(AsRef::as_ref).all(is_pseudonym)
    });
    report.redaction.is_some() && members && exemptions
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::evaluate::{Judging, evaluate};
    use crate::member::{Evidence, Role, TwoFactor};
    use crate::read::{Addresses, Completeness, Origin, Roll, Walk};

    /// Ids and addresses that are easily taken for each other.
    const SELECTORS: [&str; 5] = [
        "account_id: a",
        "account_id: A",
        "uuid: \"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}\"",
        "email: Ada@acme.example",
        "account_id: b\n    email: a@acme.example",
    ];

    fn member() -> impl Strategy<Value = Member> {
        let id = select(vec![None, Some("a"), Some("A"), Some("b"), Some("ada@acme.example")]);
        let uuid = select(vec![
            None,
            Some("{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}"),
            Some("{0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0}"),
        ]);
        let email = select(vec![None, Some("ada@acme.example"), Some("a@acme.example")]);
        (id, uuid, email, any::<bool>(), any::<bool>()).prop_map(|(id, uuid, email, on, owns)| {
            let said = if on { TwoFactor::Enabled } else { TwoFactor::Disabled };
            Member {
                account_id: id.map(Into::into),
                uuid: uuid.map(Into::into),
                email: email.map(Into::into),
                nickname: Some("a".into()),
                role: Some(if owns { Role::Owner } else { Role::Member }),
                row: (id.or(uuid).or(email).is_none()).then(|| "row 2 Ada".into()),
                evidence: Evidence { bitbucket: Some(said), ..Evidence::default() },
                ..Member::nobody()
            }
        })
    }

    fn policy(selectors: &[&str]) -> Policy {
        let rest = "reason: a\n    expires: 2026-10-01";
        let entry = |(number, own)| format!("  - id: a{number}\n    {own}\n    {rest}\n");
        let entries: String = selectors.iter().enumerate().map(entry).collect();
        let head = "version: 1\nworkspaces: [acme]\nlimits: {admins: deny}\nexemptions:";
        let text =
            if entries.is_empty() { format!("{head} []") } else { format!("{head}\n{entries}") };
        crate::policy::parse("policy.yaml".into(), text.as_bytes()).unwrap()
    }

    proptest! {
        #[test]
        fn pseudonyms_are_judged_as_people_are(
            members in prop::collection::vec(member(), 0..6),
            selectors in prop::sample::subsequence(&SELECTORS, 0..=5),
        ) {
            let mut policy = policy(&selectors);
            let (completeness, addresses) = (Completeness::Asserted, Addresses::AsShown);
            let mut readings = vec![Reading {
                workspace: "acme".into(),
                origin: Origin::SavedPages,
                walk: Walk::default(),
                members: Ok(Roll { members, completeness, addresses }),
            }];
            let judging = Judging {
                today: date(2026, 9, 1),
                ignore_exemptions: false,
                strict: false,
                roster_as_of: None,
            };
            let people = evaluate(&policy, readings.clone(), judging);
            let redactor = Redactor::from_env(&|_| None).unwrap();
            redactor.conceal(&mut policy, &mut readings, &mut Provenance::default());
            let pseudonyms = evaluate(&policy, readings, judging);
            prop_assert_eq!(people.judgements, pseudonyms.judgements);
            prop_assert_eq!(people.states, pseudonyms.states);
            let mut rules = [people.findings, pseudonyms.findings]
                .map(|all| all.iter().map(|own| own.rule).collect::<Vec<_>>());
            rules.iter_mut().for_each(|rules| rules.sort_unstable());
            prop_assert_eq!(&rules[0], &rules[1]);
        }
    }
}
