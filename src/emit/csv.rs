//! CSV: one row a member, with whatever is known of it. A cell that is empty was not said.

use std::io;

use ::csv::Writer;

use crate::escape;
use crate::member::{AccountStatus, Role, Source, TwoFactor};
use crate::report::{ListedMember, Report};

/// The headings of what is known of a member.
const MEMBER: [&str; 16] = [
    "workspace",
    "key",
    "account_id",
    "uuid",
    "email",
    "kind",
    "role",
    "account_status",
    "nickname",
    "display_name",
    "two_factor",
    "decided_by",
    "bitbucket",
    "atlassian",
    "roster",
    "sso",
];

/// Writes the members and what the policy makes of them.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    writer.write_record(MEMBER.into_iter().chain(["outcome", "exemption"]))?;
    for judged in &report.members {
        let exemption = judged.exemption.as_deref().unwrap_or_default();
        write_row(&mut writer, cells(&judged.member), [judged.outcome.id(), exemption])?;
    }
    writer.flush()
}

/// Writes members without any judgement.
pub(super) fn write_members(members: &[ListedMember], out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    writer.write_record(MEMBER)?;
    for member in members {
        write_row(&mut writer, cells(member), [])?;
    }
    writer.flush()
}

fn write_row<const N: usize>(
    writer: &mut Writer<&mut dyn io::Write>,
    member: [&str; MEMBER.len()],
    judgement: [&str; N],
) -> io::Result<()> {
    for text in member.into_iter().chain(judgement) {
        writer.write_field(escape::cell(text).as_bytes())?;
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(())
}

/// What is known of a member, in the order of [`MEMBER`].
fn cells(member: &ListedMember) -> [&str; MEMBER.len()] {
    let [bitbucket, atlassian, roster, sso] =
        Source::ALL.map(|source| member.evidence.said(source).map_or("", two_factor));
    [
        &member.workspace,
        &member.key,
        member.account_id.as_deref().unwrap_or_default(),
        member.uuid.as_deref().unwrap_or_default(),
        member.email.as_deref().unwrap_or_default(),
        member.kind.as_str(),
        member.role.map_or("", role),
        member.account_status.as_ref().map_or("", AccountStatus::as_str),
        member.nickname.as_deref().unwrap_or_default(),
        member.display_name.as_deref().unwrap_or_default(),
        two_factor(member.two_factor),
        member.decided_by.map_or("", Source::id),
        bitbucket,
        atlassian,
        roster,
        sso,
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
