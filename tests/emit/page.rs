//! A reader of the HTML page.

use std::collections::BTreeMap;

use mfa_gate::emit::Format;
use mfa_gate::escape::visible;
use mfa_gate::report::Report;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::fixture::written;

/// A page as it is read: its elements with their attributes, in order, and what it says.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) elements: Vec<(String, BTreeMap<String, String>)>,
    pub(crate) text: String,
    pub(crate) style: String,
    pub(crate) script: String,
}

impl Page {
    /// Reads a page as XML, which is stricter than any browser. Style and script are no XML, and
    /// are looked at apart.
    pub(crate) fn read(html: &str) -> Self {
        let mut page = Page::default();
        let cut = |html: &str, tag: &str| {
            let (before, rest) = html.split_once(&format!("<{tag}>")).unwrap();
            let (inside, after) = rest.split_once(&format!("</{tag}>")).unwrap();
            (format!("{before}<{tag} />{after}"), inside.to_owned())
        };
        let (html, style) = cut(html.strip_prefix("<!DOCTYPE html>\n").unwrap(), "style");
        let (html, script) = cut(&html, "script");
        (page.style, page.script) = (style, script);
        let mut reader = Reader::from_str(&html);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) | Event::Empty(element) => {
                    let attributes = element.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0);
                        let name = attribute.key.as_ref().to_owned();
                        (name, value.unwrap().into_owned())
                    });
                    let name = element.name().as_ref().to_owned();
                    page.elements.push((name, attributes.collect()));
                    page.text.push(' ');
                }
                Event::Text(text) => page.text.push_str(&text),
                Event::GeneralRef(reference) => {
                    let escapes =
                        [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("#39", "'")];
                    let known = escapes.into_iter().find(|(name, _)| *name == &*reference);
                    page.text.push_str(known.unwrap().1);
                }
                Event::End(_) => {}
                Event::Eof => break,
                other @ (Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_)) => {
                    assert_eq!(format!("{other:?}"), "", "there is no need for that");
                }
            }
        }
        page.text = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
        page
    }

    pub(crate) fn of(report: &Report) -> Self {
        Self::read(&written(Format::Html, report))
    }

    /// The values of an attribute, wherever it stands.
    pub(crate) fn values(&self, attribute: &str) -> Vec<&str> {
        let all = self.elements.iter().filter_map(|(_, own)| own.get(attribute));
        all.map(String::as_str).collect()
    }

    pub(crate) fn count(&self, element: &str) -> usize {
        self.elements.iter().filter(|(name, _)| name == element).count()
    }

    /// Fails unless the page says this, whatever the breaks between its words.
    pub(crate) fn says(&self, text: &str) {
        let text = visible(text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(self.text.contains(&text), "{text:?} is not in {}", self.text);
    }
}
