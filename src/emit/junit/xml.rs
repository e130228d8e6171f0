//! The part of JUnit XML that is written.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{About, Case, Kind, Told};
use crate::emit::words;
use crate::escape::{html, xml_attribute, xml_cdata};

/// What all suites of a document have in common.
pub(super) struct Frame<'a> {
    pub(super) package: &'a str,
    /// The policy: what is to be edited.
    pub(super) file: &'a str,
    pub(super) timestamp: String,
    /// What is to be known before relying on any of them.
    pub(super) said: &'a [String],
}

impl Frame<'_> {
    /// Writes a suite, its cases in their order.
    pub(super) fn suite(
        &self,
        id: usize,
        name: &str,
        cases: &[Case<'_>],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let count = |kind| cases.iter().filter(|case| case.kind == kind).count();
        writeln!(
            out,
            "<testsuite id=\"{id}\" name=\"{}\" package=\"{}\" file=\"{}\" tests=\"{}\" \
             failures=\"{}\" errors=\"{}\" skipped=\"{}\" hostname=\"localhost\" \
             timestamp=\"{}\" time=\"0\">",
            attribute(name),
            attribute(self.package),
            attribute(self.file),
            cases.len(),
            count(Kind::Failure),
            count(Kind::Error),
            count(Kind::Skipped),
            self.timestamp,
        )?;
        for case in cases {
            write_case(case, out)?;
        }
        let said: Vec<_> = self.said.iter().map(|line| xml_cdata(line)).collect();
        writeln!(out, "<system-out><![CDATA[{}]]></system-out>\n</testsuite>", said.join("\n"))
    }
}

fn write_case(case: &Case<'_>, out: &mut impl Write) -> io::Result<()> {
    let (name, class) = (case.about.name(), case.about.class());
    let (name, class) = (attribute(&name), attribute(&class));
    write!(out, "<testcase name=\"{name}\" time=\"0\" classname=\"{class}\"")?;
    let Some(told) = &case.told else { return writeln!(out, "/>") };
    let element = match case.kind {
        Kind::Failure => "failure",
        Kind::Error => "error",
        Kind::Skipped => "skipped",
        Kind::Passed => "system-out",
    };
    write!(out, "><{element}")?;
    if case.kind != Kind::Passed {
        let message = attribute(&told.message);
        write!(out, " type=\"{}\" message=\"{message}\"", attribute(told.type_))?;
    }
    write!(out, "><![CDATA[")?;
    write_text(told, out)?;
    writeln!(out, "]]></{element}></testcase>")
}

/// What is said, what to do, and where, a line each.
fn write_text(told: &Told<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}", xml_cdata(&told.message))?;
    if let Some(help) = told.help {
        write!(out, "\nhelp: {}", xml_cdata(help))?;
    }
    if let Some(place) = told.place {
        write!(out, "\npolicy: {}:{}", xml_cdata(&place.path), place.line)?;
    }
    Ok(())
}

/// The value of an attribute, in quotes. The entities of HTML that are used are those of XML.
fn attribute(text: &str) -> Cow<'_, str> {
    match xml_attribute(text) {
        Cow::Borrowed(text) => html(text),
        Cow::Owned(text) => Cow::Owned(html(&text).into_owned()),
    }
}

impl About<'_> {
    /// A name that no other case has: GitLab keeps the first of equal ones.
    fn name(&self) -> Cow<'_, str> {
        match self {
            About::Member(member) => words::person(member).into(),
            About::Exemption(exemption) => match &exemption.name {
                Some(name) => format!("{} ({name})", exemption.id).into(),
                None => (&*exemption.id).into(),
            },
            About::Workspace(slug) => format!("workspace-incomplete ({slug})").into(),
        }
    }

    /// A class name with one dot, ours: Jenkins divides packages by dots.
    fn class(&self) -> Cow<'static, str> {
        let slug = match self {
            About::Member(member) => &*member.workspace,
            About::Workspace(slug) => slug,
            About::Exemption(_) => return "policy.exemptions".into(),
        };
        format!("workspace.{}", slug.replace('.', "_")).into()
    }
}
