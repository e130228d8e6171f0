//! The XML of a suite. Every text is made harmless for where it stands: a value or a CDATA section.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;

use super::{About, Case, Fate, Told, Wording};
use crate::emit::summary;
use crate::escape::{xml_attribute, xml_cdata};
use crate::report::Finding;

/// The year 0: the schema knows no earlier ones.
const YEAR_ZERO: Timestamp = Timestamp::constant(-62_167_219_200, 0);

/// What all suites of a document have in common.
pub(super) struct Frame<'a> {
    pub(super) package: &'a str,
    /// The policy: the file to edit.
    pub(super) file: &'a str,
    pub(super) timestamp: Timestamp,
    /// What a reader must know before relying on any suite.
    pub(super) notes: &'a [String],
}

impl Frame<'_> {
    /// Writes a suite, failures first, and a line a case.
    pub(super) fn suite<'a>(
        &self,
        id: usize,
        name: &str,
        cases: Vec<Case<'a>>,
        wording: &Wording<'a>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let fate = |case| (wording.told(&case).fate, case);
        let mut cases: Vec<(Fate, Case<'_>)> = cases.into_iter().map(fate).collect();
        cases.sort_by_key(|(fate, case)| (*fate, !case.is_about_an_owner()));
        let count = |fate| cases.iter().filter(|(other, _)| *other == fate).count();
        writeln!(
            out,
            "<testsuite id=\"{id}\" file=\"{}\" skipped=\"{}\" name=\"{}\" package=\"{}\" \
             tests=\"{}\" errors=\"{}\" failures=\"{}\" hostname=\"localhost\" \
             timestamp=\"{}\" time=\"0\">",
            xml_attribute(self.file),
            count(Fate::Skipped),
            xml_attribute(name),
            xml_attribute(self.package),
            cases.len(),
            count(Fate::Error),
            count(Fate::Failure),
            self.timestamp.max(YEAR_ZERO),
        )?;
        for (_, case) in &cases {
            write_case(case, &wording.told(case), out)?;
        }
        let notes: Vec<_> = self.notes.iter().map(|note| xml_cdata(note)).collect();
        writeln!(out, "<system-out><![CDATA[{}]]></system-out></testsuite>", notes.join("\n"))
    }
}

fn write_case(case: &Case<'_>, told: &Told<'_>, out: &mut impl Write) -> io::Result<()> {
    let (name, class) = (case.name(), case.class());
    let (name, class) = (xml_attribute(&name), xml_attribute(&class));
    write!(out, "<testcase name=\"{name}\" time=\"0\" classname=\"{class}\"")?;
    let element = match told.fate {
        Fate::Failure => "failure",
        Fate::Error => "error",
        Fate::Skipped => "skipped",
        Fate::Passed if told.message.is_empty() => return writeln!(out, "/>"),
        Fate::Passed => "system-out",
    };
    write!(out, "><{element}")?;
    if told.fate != Fate::Passed {
        let message = xml_attribute(&told.message);
        write!(out, " type=\"{}\" message=\"{message}\"", told.type_)?;
    }
    write!(out, "><![CDATA[{}", xml_cdata(&told.message))?;
    // What to do, and what to edit.
    if let Some(help) = told.help {
        write!(out, "\nhelp: {}", xml_cdata(help))?;
    }
    if let Some(place) = told.place {
        write!(out, "\npolicy: {}:{}", xml_cdata(&place.path), place.line)?;
    }
    writeln!(out, "]]></{element}></testcase>")
}

impl Case<'_> {
    /// A name that no other case has: GitLab keeps the first of equal ones.
    fn name(&self) -> Cow<'_, str> {
        match self.about {
            About::Member(judged) => summary::person(&judged.member).into(),
            About::Exemption(exemption) => match &exemption.name {
                Some(name) => format!("{} ({name})", exemption.id).into(),
                None => (&*exemption.id).into(),
            },
            About::Workspace(workspace) => {
                format!("workspace-incomplete ({})", workspace.slug).into()
            }
            About::Finding(finding) => {
                format!("{} ({})", finding.rule.id(), summary::subject_of(finding)).into()
            }
            About::Nothing => "workspace-incomplete".into(),
        }
    }

    /// A class name with one dot, ours: Jenkins splits packages at dots.
    fn class(&self) -> Cow<'static, str> {
        let slug = match self.about {
            About::Member(judged) => &*judged.member.workspace,
            About::Workspace(workspace) => &*workspace.slug,
            About::Finding(Finding { workspace: Some(slug), .. }) => slug,
            About::Exemption(_) | About::Finding(_) | About::Nothing => {
                return "policy.exemptions".into();
            }
        };
        format!("workspace.{}", slug.replace('.', "_")).into()
    }
}
