//! The XML of a suite, written by `junit-report` from text that is made harmless first: the crate
//! lets through what no XML may hold, and a `]]>` that would end its CDATA.

use std::borrow::Cow;
use std::io::Write;

use anyhow::Context;
use jiff::Timestamp;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::{About, Case, Retry, Told};
use crate::emit::summary;
use crate::escape::{html, xml_attribute, xml_cdata};

/// What the crate writes before the second attribute of a suite that is alone in its document.
const BEFORE: &[u8] = br#"<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite id="0""#;

/// What it writes after that suite.
const AFTER: &[u8] = b"</testsuites>";

/// What all suites of a document have in common.
pub(super) struct Frame<'a> {
    pub(super) package: &'a str,
    /// The policy: what is to be edited.
    pub(super) file: &'a str,
    pub(super) timestamp: Timestamp,
    /// What is to be known before relying on any of them.
    pub(super) said: &'a [String],
}

impl Frame<'_> {
    /// Writes a suite, its cases in their order.
    ///
    /// The crate cannot write the `file` of a suite, by which readers find the policy, nor how many
    /// cases were skipped; and it writes whole documents from text that it owns. So each suite is a
    /// document of its own, which is cut out and given the rest of its attributes: no more than one
    /// of them is in memory.
    pub(super) fn suite(
        &self,
        id: usize,
        name: &str,
        cases: Vec<Case<'_>>,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let suite = self.test_suite(name, cases);
        let (file, skipped) = (xml_attribute(self.file), suite.skipped());
        let mut document = Report::new();
        document.add_testsuite(suite);
        let mut xml = Vec::new();
        document.write_xml(&mut xml)?;
        let suite = xml.strip_prefix(BEFORE).and_then(|xml| xml.strip_suffix(AFTER));
        let suite = suite.context("junit-report put something unexpected around a suite")?;
        // The entities of HTML that are used are those of XML.
        write!(out, "<testsuite id=\"{id}\" file=\"{}\" skipped=\"{skipped}\"", html(&file))?;
        out.write_all(suite)?;
        out.write_all(b"\n")?;
        Ok(())
    }

    fn test_suite(&self, name: &str, cases: Vec<Case<'_>>) -> TestSuite {
        let said: Vec<_> = self.said.iter().map(|line| xml_cdata(line)).collect();
        TestSuite {
            name: xml_attribute(name).into_owned(),
            package: xml_attribute(self.package).into_owned(),
            timestamp: written(self.timestamp),
            hostname: "localhost".to_owned(),
            testcases: cases.into_iter().map(test_case).collect(),
            system_out: Some(said.join("\n")),
            system_err: None,
        }
    }
}

/// A time as the crate takes it, from the year 0 on: it cannot write an earlier one.
fn written(at: Timestamp) -> OffsetDateTime {
    const YEAR_ZERO: i64 = -62_167_219_200;
    let seconds = at.as_second().max(YEAR_ZERO);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn test_case(case: Case<'_>) -> TestCase {
    let mut system_out = None;
    let result = match case.fate {
        Retry::Failure(told) => {
            let (type_, message, cause) = said(&told);
            TestResult::Failure { type_, message, cause }
        }
        Retry::Error(told) => {
            let (type_, message, cause) = said(&told);
            TestResult::Error { type_, message, cause }
        }
        Retry::Skipped(told) => {
            let (type_, message, cause) = said(&told);
            TestResult::SkippedWithCause { type_, message, cause }
        }
        Retry::Passed(why) => {
            system_out = why.map(|why| xml_cdata(&why).into_owned());
            TestResult::Success
        }
    };
    TestCase {
        name: xml_attribute(&case.about.name()).into_owned(),
        time: Duration::ZERO,
        result,
        classname: Some(xml_attribute(&case.about.class()).into_owned()),
        filepath: None,
        system_out,
        system_err: None,
    }
}

/// The type, the message, and the text: what is said, what to do, and where, a line each.
fn said(told: &Told<'_>) -> (String, String, Option<String>) {
    let mut text = xml_cdata(&told.message).into_owned();
    if let Some(help) = told.help {
        text.push_str("\nhelp: ");
        text.push_str(&xml_cdata(help));
    }
    if let Some(place) = told.place {
        text.push_str(&format!("\npolicy: {}:{}", xml_cdata(&place.path), place.line));
    }
    (told.type_.to_owned(), xml_attribute(&told.message).into_owned(), Some(text))
}

impl About<'_> {
    /// A name that no other case has: GitLab keeps the first of equal ones.
    fn name(&self) -> Cow<'_, str> {
        match self {
            About::Member(member) => summary::person(member).into(),
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
