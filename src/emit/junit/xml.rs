//! The XML of a suite. `junit-report` writes the cases, from text that is made harmless first: the
//! crate passes on what XML does not allow, and a `]]>` that would end its CDATA.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context;
use jiff::Timestamp;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::{About, Case, Fate, Told, Wording};
use crate::emit::summary;
use crate::escape::{html, xml_attribute, xml_cdata};
use crate::report::Finding;

/// How many cases are in memory as the crate wants them: as text that it owns.
const PART: usize = 250;

/// How the first case begins, and what the crate writes after the last one.
const FIRST: &[u8] = b"<testcase";
const LAST: &[u8] = b"</testsuite></testsuites>";

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
    /// Writes a suite, failures first.
    ///
    /// Its frame is not the crate's, which writes neither the `file` of a suite, by which readers
    /// find the policy, nor how many cases were skipped, and which wants all of its cases at once.
    pub(super) fn suite<'a>(
        &self,
        id: usize,
        name: &str,
        mut cases: Vec<Case<'a>>,
        wording: &Wording<'a>,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
        for case in &cases {
            *counts.entry(wording.told(case).fate).or_default() += 1;
        }
        cases.sort_by_cached_key(|case| (wording.told(case).fate, !case.is_about_an_owner()));
        let count = |fate| counts.get(&fate).copied().unwrap_or_default();
        // The entities of HTML that `html` uses are those of XML.
        let attribute = |text: &str| html(&xml_attribute(text)).into_owned();
        writeln!(
            out,
            "<testsuite id=\"{id}\" file=\"{}\" skipped=\"{}\" name=\"{}\" package=\"{}\" \
             tests=\"{}\" errors=\"{}\" failures=\"{}\" hostname=\"localhost\" \
             timestamp=\"{}\" time=\"0\">",
            attribute(self.file),
            count(Fate::Skipped),
            attribute(name),
            attribute(self.package),
            cases.len(),
            count(Fate::Error),
            count(Fate::Failure),
            self.timestamp.max(YEAR_ZERO),
        )?;
        let mut xml = Vec::new();
        for part in cases.chunks(PART) {
            let part = part.iter().map(|case| test_case(case, &wording.told(case)));
            write_cases(part, &mut xml, out)?;
        }
        let notes: Vec<_> = self.notes.iter().map(|note| xml_cdata(note)).collect();
        writeln!(out, "<system-out><![CDATA[{}]]></system-out></testsuite>", notes.join("\n"))?;
        Ok(())
    }
}

/// Writes some cases: the crate writes whole documents, so they are cut out of one. `xml` is kept
/// from one part to the next, since making room for it takes longer than filling it.
fn write_cases(
    cases: impl Iterator<Item = TestCase>,
    xml: &mut Vec<u8>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let suite = TestSuite {
        name: String::new(),
        package: String::new(),
        timestamp: OffsetDateTime::UNIX_EPOCH,
        hostname: String::new(),
        testcases: cases.collect(),
        system_out: None,
        system_err: None,
    };
    let mut document = Report::new();
    document.add_testsuite(suite);
    xml.clear();
    document.write_xml(&mut *xml)?;
    let start = xml.windows(FIRST.len()).position(|bytes| bytes == FIRST);
    let cases = start.and_then(|start| xml.get(start..)?.strip_suffix(LAST));
    let cases = cases.context("junit-report put something unexpected around the test cases")?;
    out.write_all(cases)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn test_case(case: &Case<'_>, told: &Told<'_>) -> TestCase {
    let type_ = told.type_.to_owned();
    let message = xml_attribute(&told.message).into_owned();
    let (cause, mut system_out) = (Some(text(told)), None);
    let result = match told.fate {
        Fate::Failure => TestResult::Failure { type_, message, cause },
        Fate::Error => TestResult::Error { type_, message, cause },
        Fate::Skipped => TestResult::SkippedWithCause { type_, message, cause },
        Fate::Passed => {
            system_out = cause.filter(|text| !text.is_empty());
            TestResult::Success
        }
    };
    TestCase {
        name: xml_attribute(&case.name()).into_owned(),
        time: Duration::ZERO,
        result,
        classname: Some(xml_attribute(&case.class()).into_owned()),
        filepath: None,
        system_out,
        system_err: None,
    }
}

/// The text of a case: what is said, what to do, and where, a line each.
fn text(told: &Told<'_>) -> String {
    let mut text = xml_cdata(&told.message).into_owned();
    if let Some(help) = told.help {
        text.push_str("\nhelp: ");
        text.push_str(&xml_cdata(help));
    }
    if let Some(place) = told.place {
        text.push_str(&format!("\npolicy: {}:{}", xml_cdata(&place.path), place.line));
    }
    text
}

impl Case<'_> {
    /// A name that no other case has: GitLab keeps the first of equal ones.
    fn name(&self) -> Cow<'_, str> {
        match self.about {
            About::Member(judged) => judged.member.person().into(),
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
