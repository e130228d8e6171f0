//! CSV: one row a member, with whatever is known of it: who it is and what to do about it first. A
//! cell that is empty was not said.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use ::csv::Writer;

use super::summary;
use crate::escape;
use crate::member::{AccountStatus, Role, Source, TwoFactor};
use crate::report::{JudgedExemption, JudgedMember, ListedMember, Outcome, Report};

/// Without it, spreadsheets take UTF-8 for the letters of another age.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

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
    let mut table = Table::new(JUDGEMENT, out)?;
    let exemptions = summary::exemptions(report);
    for judged in &report.members {
        let until = until(judged, &exemptions);
        table.row(&judged.member, judgement(judged, &until))?;
    }
    table.0.flush()
}

/// Writes members without any judgement.
pub(super) fn write_members(members: &[ListedMember], out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new([], out)?;
    for member in members {
        table.row(member, [])?;
    }
    table.0.flush()
}

/// What the policy makes of a member, in the order of [`JUDGEMENT`].
fn judgement<'a>(judged: &'a JudgedMember, until: &'a str) -> [&'a str; JUDGEMENT.len()] {
    let rule = match judged.outcome {
        Outcome::Violation => judged.member.rule().id(),
        Outcome::Protected | Outcome::Exempt | Outcome::NotApplicable => "",
    };
    [judged.outcome.id(), rule, until, judged.exemption.as_deref().unwrap_or_default()]
}

/// The last day on which an exemption excuses the member.
fn until(judged: &JudgedMember, exemptions: &HashMap<&str, &JudgedExemption>) -> Cow<'static, str> {
    let exemption = judged.exemption.as_deref().and_then(|id| exemptions.get(id));
    exemption.map_or(Cow::Borrowed(""), |exemption| exemption.expires.to_string().into())
}

/// A table with a row a member.
struct Table<'a>(Writer<&'a mut dyn io::Write>);

impl<'a> Table<'a> {
    fn new<const N: usize>(judgement: [&str; N], out: &'a mut dyn io::Write) -> io::Result<Self> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut writer = Writer::from_writer(out);
        writer.write_record(WHO.into_iter().chain(judgement).chain(KNOWN)).map_err(io_error)?;
        Ok(Table(writer))
    }

    fn row<const N: usize>(
        &mut self,
        member: &ListedMember,
        judgement: [&str; N],
    ) -> io::Result<()> {
        let who = [summary::shown_name(member).unwrap_or_default(), &member.key, &member.workspace];
        let access = member.access.map(|access| access.to_string());
        for text in who.into_iter().chain(judgement).chain(known(member, &access)) {
            self.0.write_field(escape::cell(text).as_bytes()).map_err(io_error)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(io_error)
    }
}

/// The error of the stream itself, so that a reader that went away is seen to have.
fn io_error(error: ::csv::Error) -> io::Error {
    let said = error.to_string();
    let ::csv::ErrorKind::Io(error) = error.into_kind() else { return io::Error::other(said) };
    error
}

/// What is known of a member, in the order of [`KNOWN`].
fn known<'a>(member: &'a ListedMember, access: &'a Option<String>) -> [&'a str; KNOWN.len()] {
    let [bitbucket, atlassian, roster, sso] =
        Source::ALL.map(|source| member.evidence.said(source).map_or("", two_factor));
    [
        two_factor(member.two_factor),
        member.decided_by.map_or("", Source::id),
        bitbucket,
        atlassian,
        roster,
        sso,
        member.role.map_or("", role),
        access.as_deref().unwrap_or_default(),
        member.email.as_deref().unwrap_or_default(),
        member.kind.as_str(),
        member.account_status.as_ref().map_or("", AccountStatus::as_str),
        member.account_id.as_deref().unwrap_or_default(),
        member.uuid.as_deref().unwrap_or_default(),
        member.nickname.as_deref().unwrap_or_default(),
        member.display_name.as_deref().unwrap_or_default(),
    ]
}

/// The name that the JSON form uses.
fn two_factor(value: TwoFactor) -> &'static str {
    match value {
        TwoFactor::Enabled => "enabled",
        TwoFactor::Disabled => "disabled",
        TwoFactor::Unknown => "unknown",
    }
}

/// The name that the JSON form uses.
fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Member => "member",
    }
}
