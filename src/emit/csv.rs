//! CSV: one row a member, with whatever is known of it: who it is and what to do about it first. A
//! cell that is empty was not said.

use std::io;

use ::csv::Writer;

use super::summary;
use super::summary::Exemptions;
use crate::escape;
use crate::member::{AccountStatus, Role, Source, TwoFactor};
use crate::report::{ListedMember, Outcome, Report};

/// Without it, spreadsheets take UTF-8 for the letters of another age.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The headings of who a member is.
const WHO: [&str; 3] = ["name", "key", "workspace"];

/// The headings of what the policy makes of a member.
const JUDGEMENT: [&str; 4] = ["outcome", "rule", "until", "exemption"];

/// The headings of what is known of a member.
const KNOWN: [&str; 15] = [
    "two_factor",
    "decided_by",
    "bitbucket",
    "atlassian",
    "roster",
    "sso",
    "role",
    "access",
    "email",
    "kind",
    "account_status",
    "account_id",
    "uuid",
    "nickname",
    "display_name",
];

/// Writes the members and what the policy makes of them.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new(WHO.into_iter().chain(JUDGEMENT).chain(KNOWN), out)?;
    let exemptions = Exemptions::of(report);
    for judged in &report.members {
        let (rule, until) = match judged.outcome {
            Outcome::Violation => (judged.member.rule().id(), String::new()),
            Outcome::Exempt => ("", exemptions.excuse(judged).until()),
            Outcome::Protected | Outcome::NotApplicable => ("", String::new()),
        };
        let exemption = judged.exemption.as_deref().unwrap_or_default();
        table.member(&judged.member, [judged.outcome.id(), rule, &until, exemption])?;
    }
    table.finish()
}

/// Writes members without any judgement.
pub(super) fn write_members(members: &[ListedMember], out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new(WHO.into_iter().chain(KNOWN), out)?;
    for member in members {
        table.member(member, [])?;
    }
    table.finish()
}

/// A table for spreadsheets.
pub(super) struct Table<'a>(Writer<&'a mut dyn io::Write>);

impl<'a> Table<'a> {
    pub(super) fn new(
        headings: impl IntoIterator<Item = &'static str>,
        out: &'a mut dyn io::Write,
    ) -> io::Result<Self> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut table = Table(Writer::from_writer(out));
        table.row(headings)?;
        Ok(table)
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) -> io::Result<()> {
        for text in cells {
            self.0.write_field(escape::cell(text.as_ref()).as_bytes()).map_err(io_error)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(io_error)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn member<const N: usize>(
        &mut self,
        member: &ListedMember,
        judgement: [&str; N],
    ) -> io::Result<()> {
        let who =
            [summary::shown_name(member).unwrap_or_default(), member.key(), &member.workspace];
        let access = member.access.map(|access| access.to_string()).unwrap_or_default();
        self.row(who.into_iter().chain(judgement).chain(known(member, &access)))
    }
}

/// The error of the stream itself, so that a reader that went away is seen to have.
fn io_error(error: ::csv::Error) -> io::Error {
    let said = error.to_string();
    let ::csv::ErrorKind::Io(error) = error.into_kind() else { return io::Error::other(said) };
    error
}

/// What is known of a member, in the order of [`KNOWN`].
fn known<'a>(member: &'a ListedMember, access: &'a str) -> [&'a str; KNOWN.len()] {
    let text = |text: &'a Option<Box<str>>| text.as_deref().unwrap_or_default();
    let [bitbucket, atlassian, roster, sso] =
        Source::ALL.map(|source| member.evidence.said(source).map_or("", TwoFactor::id));
    [
        member.two_factor.id(),
        member.decided_by.map_or("", Source::id),
        bitbucket,
        atlassian,
        roster,
        sso,
        member.role.map_or("", Role::id),
        access,
        text(&member.email),
        member.kind.as_str(),
        member.account_status.as_ref().map_or("", AccountStatus::as_str),
        text(&member.account_id),
        text(&member.uuid),
        text(&member.nickname),
        text(&member.display_name),
    ]
}
