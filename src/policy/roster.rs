//! The identity provider's roster in a policy: where it comes from, and what its columns are called.

use super::fields::{Field, Fields};
use super::is_cell;
use super::keys::{Key, ROSTER, RosterFrom};
use super::values::Form;
use crate::roster_kind::RosterKind;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::Mapping;
use crate::yaml::quotes::{Quoting, word};
use crate::yaml::source::Spanned;

/// Where the identity provider's roster comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterSource {
    /// From the file of `--roster`, which has these columns.
    File(RosterColumns),
    /// From Microsoft Entra, which is asked by the run itself.
    Entra,
}

impl RosterSource {
    /// What kind of roster it is.
    pub(crate) fn kind(&self) -> RosterKind {
        match self {
            RosterSource::File(_) => RosterKind::Export,
            RosterSource::Entra => RosterKind::Entra,
        }
    }
}

impl Default for RosterSource {
    fn default() -> Self {
        RosterSource::File(RosterColumns::default())
    }
}

/// What the columns of an identity provider's export are called, and what their words mean.
/// Without a heading the usual ones count, and without any words the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterColumns {
    /// The heading of the account ids.
    pub account_id: Option<Box<str>>,
    /// The heading of the e-mail addresses.
    pub email: Option<Box<str>>,
    /// The heading of the second factor.
    pub mfa: Option<Box<str>>,
    /// The heading of single sign-on.
    pub sso: Option<Box<str>>,
    /// The words in the column of the second factor for one that is registered.
    pub enabled: Vec<Box<str>>,
    /// The words in it for none that is registered.
    pub disabled: Vec<Box<str>>,
}

impl RosterColumns {
    /// Whether the words in the column of the second factor are listed.
    pub(crate) fn has_words(&self) -> bool {
        !self.enabled.is_empty() || !self.disabled.is_empty()
    }

    /// These columns and words as the line of a policy.
    pub(crate) fn to_yaml(&self) -> String {
        let headings = [
            (ROSTER.account_id, &self.account_id),
            (ROSTER.email, &self.email),
            (ROSTER.mfa, &self.mfa),
            (ROSTER.sso, &self.sso),
        ];
        let word = |text: &str| word(text, Quoting::Needed);
        let headings = headings.into_iter().filter_map(|(key, heading)| {
            Some(format!("{}: {}", key.name, word(heading.as_deref()?)))
        });
        let words = [(ROSTER.enabled, &self.enabled), (ROSTER.disabled, &self.disabled)]
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(key, words)| {
                let words: Vec<_> = words.iter().map(|text| word(text)).collect();
                format!("{}: [{}]", key.name, words.join(", "))
            });
        format!("roster: {{{}}}", headings.chain(words).collect::<Vec<_>>().join(", "))
    }
}

/// Where the mapping under `roster` says that it comes from.
pub(super) fn source(mapping: Mapping, diagnostics: &mut Diagnostics) -> RosterSource {
    let mut fields = Fields::open(mapping, &ROSTER.shape, diagnostics);
    let from: Field<RosterFrom> = fields.word(ROSTER.from, "value of `from`");
    let columns = columns(&mut fields);
    match from.given() {
        None => RosterSource::File(columns),
        Some(Spanned { value: RosterFrom::Entra, span }) => {
            if columns != RosterColumns::default() {
                diagnostics.push(
                    *span,
                    "`from: entra` reads no file, so there are no headings and words",
                    "delete the other keys under `roster`, or delete `from` to read a file",
                );
            }
            RosterSource::Entra
        }
    }
}

fn columns(fields: &mut Fields<'_>) -> RosterColumns {
    let mut heading = |key| fields.text(key).optional().flatten();
    let mut columns = RosterColumns {
        account_id: heading(ROSTER.account_id),
        email: heading(ROSTER.email),
        mfa: heading(ROSTER.mfa),
        sso: heading(ROSTER.sso),
        ..RosterColumns::default()
    };
    let mut seen = Vec::new();
    columns.enabled = roster_words(fields, ROSTER.enabled, &mut seen);
    columns.disabled = roster_words(fields, ROSTER.disabled, &mut seen);
    columns
}

/// The words of one meaning, none of which was `seen` before: a word with two meanings has none.
fn roster_words(
    fields: &mut Fields<'_>,
    key: Key,
    seen: &mut Vec<Spanned<Box<str>>>,
) -> Vec<Box<str>> {
    let Key { name, .. } = key;
    let help = format!("write the words, as in `{name}: [WORD]`, or delete the key");
    fields.refuse_empty(key, &format!("`{name}` is empty"), &help);
    let Field::Given(Spanned { value: list, .. }) = fields.list(key) else { return Vec::new() };
    let mut words = Vec::new();
    for item in list.items {
        let span = item.span;
        let what = format!("an entry of `{name}`");
        let Some(word) = Form::Line.check(item, &what, fields.diagnostics) else { continue };
        if let Some(first) = seen.iter().find(|other| is_cell(&other.value, &word)) {
            let message = format!("{} comes twice under `roster`", shown(&word));
            let related = (first.span, "first here");
            fields.diagnostics.push_related(span, message, "delete one of the two", related);
            continue;
        }
        seen.push(Spanned { value: word.clone(), span });
        words.push(word);
    }
    words
}
