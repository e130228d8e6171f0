//! HTML: one page for people and auditors. It loads nothing, and needs no script.
//!
//! The templates in this folder escape all that they print, through [`Escaped`]; `style.css` and
//! `script.js` are the only texts that are put in as they are, and the page's policy allows no
//! other style and no other script.

pub(super) mod audit;
mod coverage;
mod evidence;
mod findings;
mod members;
mod scale;
mod timeline;

use std::fmt;
use std::io::{self, BufWriter, Write};

use askama::Template;
use askama::filters::Escaper;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::coverage::Coverage;
use self::findings::Group;
use self::members::Members;
use self::timeline::Timeline;
use super::changes;
use super::summary;
use super::summary::Headline;
use crate::digest::sha256;
use crate::escape;
use crate::report::{Changes, Concern, Report, Tool};
use crate::rule::Subject;
use crate::words::Word;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How many rows a browser lays out together, and leaves alone while they are out of sight.
const CHUNK: usize = 50;

/// Writes the page.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    write_page(&Page::new(report), out)
}

fn write_page(page: &impl Template, out: &mut dyn io::Write) -> io::Result<()> {
    // The template writes a few bytes at a time: too few for a call through a table each.
    let mut out = BufWriter::new(out);
    Template::write_into(page, &mut out)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The page. Whatever its templates say of the report is worked out here, or in words that other
/// formats share.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report,
    tool: &'a Tool,
    headline: Headline,
    slugs: String,
    checked_at: String,
    caveats: Vec<String>,
    groups: Vec<Group<'a>>,
    hint: Option<&'static str>,
    coverage: Coverage,
    timeline: Timeline<'a>,
    members: Members<'a>,
}

impl<'a> Page<'a> {
    fn new(report: &'a Report) -> Self {
        Page {
            report,
            tool: &report.tool,
            headline: summary::headline(report),
            slugs: summary::slugs(report.workspaces.iter().map(|workspace| &*workspace.slug)),
            checked_at: report.checked_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            caveats: summary::caveats(report),
            groups: findings::groups(report),
            hint: summary::sign_on_hint(report),
            coverage: Coverage::new(report),
            timeline: Timeline::new(report),
            members: Members::new(report),
        }
    }
}

/// What changed, by how it changed.
fn groups(changes: &Changes) -> [(&'static str, &[Concern]); 3] {
    [("New", &changes.new), ("Fixed", &changes.fixed), ("As before", &changes.staying)]
}

/// A text in parts, and which of them are what is typed: those between backticks.
fn spans(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split('`').enumerate().map(|(at, part)| (!at.is_multiple_of(2), part))
}

/// How the templates escape: like every text of this program, and for HTML.
#[derive(Clone, Copy)]
struct Escaped;

impl Escaper for Escaped {
    fn write_escaped_str<W: fmt::Write>(&self, mut out: W, text: &str) -> fmt::Result {
        out.write_str(&escape::html(text))
    }
}

/// What a Content-Security-Policy knows an inline style or script by.
fn digest(text: &str) -> String {
    STANDARD.encode(sha256(text))
}
