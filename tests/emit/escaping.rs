//! Each context of `escape`: nothing active is left, ids pass unchanged, and what is escaped twice
//! is escaped once where the escape has no way back.

use std::borrow::Cow;

use mfa_gate::escape::{
    cell, html, is_hidden, json, markdown, sarif_message, slack, terminal, terminal_columns,
    uri_path, visible, workflow_data, workflow_property, xml_attribute, xml_cdata,
};
use proptest::prelude::*;

/// What names are attacked with, and what is harmless, in any order.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("::error file=x::"),
        Just("##[error]"),
        Just("#"),
        Just(":"),
        Just("]]>"),
        Just("<!--"),
        Just("=1+1"),
        Just("\t@"),
        Just(";"),
        Just("\r\n"),
        Just("\u{1b}[2J"),
        Just("\u{9b}"),
        Just("\u{202e}"),
        Just("\u{feff}"),
        Just("\u{e0041}"),
        Just("\u{fffe}"),
        Just("\0"),
        Just("[x](javascript:1)"),
        Just("`|\\"),
        Just("{0}"),
        Just("https://www.x.example"),
        Just("@ada"),
        Just("é木 "),
    ];
    prop::collection::vec(prop_oneof![piece.prop_map(str::to_owned), "\\PC{0,4}", ".{0,4}"], 0..8)
        .prop_map(|pieces| pieces.concat())
}

/// The ids and addresses that every context shows as they are.
const IDS: [&str; 4] = [
    "557058:1f0c2b3d-0000-4000-8000-000000000001",
    "5b10a2844c20165700ede21g",
    "{1f0c2b3d-0000-4000-8000-000000000001}",
    "ada.lovelace+gate@acme-labs.example",
];

fn json_text(text: &str) -> String {
    let mut out = Vec::new();
    json(text, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn ids_are_borrowed_unchanged() {
    for id in IDS {
        for escape in
            [visible, terminal, xml_attribute, xml_cdata, workflow_data, cell, slack, html]
        {
            assert!(matches!(escape(id), Cow::Borrowed(same) if same == id), "{id}");
        }
        assert_eq!(json_text(id), id);
    }
    for id in &IDS[..3] {
        assert!(matches!(markdown(id), Cow::Borrowed(same) if same == *id), "{id}");
    }
    assert_eq!(markdown(IDS[3]).replace("&#8203;", ""), IDS[3]);
    assert_eq!(sarif_message(IDS[0]), IDS[0]);
    assert_eq!(sarif_message(IDS[2]), "1f0c2b3d-0000-4000-8000-000000000001");
}

#[test]
fn hidden_characters_are_shown_by_number() {
    assert_eq!(
        visible("a\u{1b}[31mb\u{202e}\r\n\u{e0041}"),
        r"a\u{1b}[31mb\u{202e}\u{d}\u{a}\u{e0041}"
    );
    assert_eq!(visible("###[x"), r"#\u{23}\u{23}[x");
    // Persian names are spelt with U+200C, families of emoji with U+200D.
    assert_eq!(visible("نیک\u{200c}نام"), "نیک\u{200c}نام");
}

#[test]
fn every_character_of_the_list_is_hidden() {
    let listed =
        ['\u{61c}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{feff}', '\u{fffe}', '\u{ffff}'];
    let ranges = [0..=0x1f, 0x7f..=0x9f, 0x2028..=0x202e, 0x2066..=0x2069, 0xe0000..=0xe007f];
    let ranges = ranges.into_iter().flatten().filter_map(char::from_u32);
    for c in listed.into_iter().chain(ranges) {
        assert!(is_hidden(c), "{c:?}");
    }
}

#[test]
fn no_hidden_character_is_taken_for_plain() {
    for c in ('\0'..=char::MAX).filter(|&c| is_hidden(c)) {
        assert_eq!(visible(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
    }
}

#[test]
fn workflow_commands_are_broken() {
    assert_eq!(terminal(" ::error::x"), r" \u{3a}:error::x");
    assert_eq!(terminal("a ::b c::d"), r"a \u{3a}:b c::d");
    assert_eq!(terminal("\u{200d}::error::x"), "\u{200d}\\u{3a}:error::x");
    assert_eq!(terminal("a\u{200d}::b"), "a\u{200d}::b");
    assert_eq!(workflow_data("100%\n::error::x"), r"100%25\u{a}::error::x");
    assert_eq!(workflow_property("a,b:c%"), "a%2Cb%3Ac%25");
}

#[test]
fn columns_stay_what_they_are() {
    assert_eq!(terminal_columns("a#b\t##[x #y"), "a#b\t#\u{fffd}[x #y");
    assert_eq!(terminal_columns("::error::x ::y a::b"), "\u{fffd}:error::x \u{fffd}:y a::b");
    assert_eq!(terminal_columns("a\u{1b}[31m\u{202e}b"), "a\u{fffd}[31m\u{fffd}b");
}

#[test]
fn xml_keeps_its_shape() {
    assert_eq!(xml_attribute("a\tb\r\nc\0"), r"a b  c\u{0}");
    assert_eq!(xml_cdata("x]]>y"), "x]]]]><![CDATA[>y");
}

#[test]
fn markdown_is_inert() {
    assert_eq!(markdown("[x](y) | <b> `c`"), r"&#91;&#8203;x&#93;(y) &#124; &lt;b&gt; \`c\`");
    assert_eq!(markdown("@ada a@b.example #1"), r"@&#8203;ada a@&#8203;b.example \#&#8203;1");
    assert_eq!(markdown("http://x WWW.x"), "http:&#8203;//x W&#8203;WW.x");
    assert_eq!(markdown(r"a\b *c* a ++d++ ==e=="), r"a\\b \*c\* a \+\+d\+\+ \=\=e\=\=");
    assert_eq!(markdown(r"a\(b *iteration:1"), r"a\\&#8203;(b \*&#8203;iteration:1");
    assert_eq!(markdown("a:tada: b"), "a:&#8203;tada: b");
    for text in ["a+b=c", "a::b", "a: b", "1-2"] {
        assert_eq!(markdown(text), text);
    }
}

#[test]
fn html_is_text() {
    assert_eq!(html("<b a=\"1\" c='2'>&amp;"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
    assert_eq!(html("<b>"), "&lt;b&gt;");
    assert_eq!(html("a\u{202e}<b"), r"a\u{202e}&lt;b");
}

#[test]
fn slack_links_are_text() {
    assert_eq!(slack("<!here> & <b.example|a>"), "&lt;!here&gt; &amp; &lt;b.example|a&gt;");
}

#[test]
fn formulas_are_text() {
    assert_eq!(cell("=1"), "'=1");
    assert_eq!(cell(" \"@x"), " \"'@x");
    assert_eq!(cell("a;-x"), "a;'-x");
    assert_eq!(cell("\t=1"), r"\u{9}=1");
    for text in ["a=b-c", "a =b", "a; b -c =d", "a;b\"=c"] {
        assert_eq!(cell(text), text);
    }
    assert_eq!(cell("＝1"), "'＝1");
}

#[test]
fn sarif_text_has_no_links_and_no_placeholders() {
    assert_eq!(sarif_message(r"[a](b) {0} \"), r"\[a\] (b) {{0}} \\");
    assert_eq!(sarif_message("http://x a: b (c)"), "http: //x a: b (c)");
    // As long as an id of Bitbucket, and not one.
    for inside in ["x".repeat(36), "1f0c2b3d-0000-4000-8000-00000000000x".into(), "1".repeat(36)] {
        let braced = format!("{{{inside}}}");
        assert_eq!(sarif_message(&braced), format!("{{{braced}}}"));
    }
}

#[test]
fn paths_become_uris() {
    assert_eq!(uri_path("a b/ü:#?%.yaml"), "a%20b/%C3%BC%3A%23%3F%25.yaml");
    assert_eq!(uri_path("policies/policy.yaml"), "policies/policy.yaml");
}

proptest! {
    #[test]
    fn nothing_hidden_is_left(text in text()) {
        let all = [
            visible(&text), terminal(&text), xml_attribute(&text), xml_cdata(&text),
            workflow_data(&text), workflow_property(&text), markdown(&text), cell(&text),
            sarif_message(&text), uri_path(&text), json_text(&text).into(), html(&text),
        ];
        for escaped in all {
            prop_assert!(!escaped.chars().any(is_hidden), "{escaped:?}");
            prop_assert!(!escaped.contains("##"), "{escaped:?}");
        }
    }

    #[test]
    fn escaping_again_changes_nothing(text in text()) {
        for escape in [visible, terminal, xml_attribute, cell] {
            let once = escape(&text);
            prop_assert_eq!(escape(&once), &*once);
        }
    }

    #[test]
    fn no_word_on_a_terminal_starts_a_command(text in text()) {
        let shown = terminal(&text);
        prop_assert!(!shown.split_whitespace().any(|word| word.starts_with("::")), "{shown:?}");
    }

    #[test]
    fn slack_texts_mention_and_link_nothing(text in text()) {
        let escaped = slack(&text);
        prop_assert!(!escaped.contains(['<', '>']), "{:?}", escaped);
        let entities = ["&amp;", "&lt;", "&gt;"];
        let is_entity = |(at, _)| entities.iter().any(|entity| escaped[at..].starts_with(entity));
        prop_assert!(escaped.match_indices('&').all(is_entity), "{:?}", escaped);
        prop_assert_eq!(escaped.chars().find(|&c| is_hidden(c)), None);
    }

    #[test]
    fn html_texts_open_nothing_and_read_the_same(text in text()) {
        let escaped = html(&text);
        prop_assert!(!escaped.contains(['<', '>', '"', '\'']), "{:?}", escaped);
        let entities = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")];
        let mut read = String::new();
        let mut rest = &*escaped;
        while let Some(at) = rest.find('&') {
            read.push_str(&rest[..at]);
            let entity = entities.iter().find(|(entity, _)| rest[at..].starts_with(entity));
            let (entity, character) = entity.unwrap();
            read.push_str(character);
            rest = &rest[at + entity.len()..];
        }
        read.push_str(rest);
        prop_assert_eq!(read, visible(&text));
    }

    #[test]
    fn workflow_texts_have_no_way_out(text in text()) {
        prop_assert!(!workflow_property(&text).contains([':', ',']));
        for escaped in [workflow_property(&text), workflow_data(&text)] {
            let percents = escaped.match_indices('%').map(|(at, _)| &escaped[at..at + 3]);
            for percent in percents {
                prop_assert!(["%25", "%3A", "%2C"].contains(&percent));
            }
        }
    }

    #[test]
    fn a_cdata_section_ends_only_to_begin_again(text in text()) {
        let rest = xml_cdata(&text).replace("]]]]><![CDATA[>", "");
        prop_assert!(!rest.contains("]]>"));
    }

    #[test]
    fn no_cell_is_a_formula(text in text()) {
        let escaped = cell(&text);
        for part in escaped.split(';') {
            let start = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
            prop_assert!(!start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']));
        }
    }

    #[test]
    fn json_reads_the_same(text in text()) {
        // What serde_json leaves to the formatter.
        let plain = text.replace(|c: char| c < ' ' || c == '"' || c == '\\', "");
        let read: String = serde_json::from_str(&format!("\"{}\"", json_text(&plain))).unwrap();
        prop_assert_eq!(read, plain);
    }

    #[test]
    fn a_path_is_a_uri_of_ascii(text in text()) {
        let uri = uri_path(&text);
        prop_assert!(uri.is_ascii() && !uri.contains([' ', ':', '#', '?', '[', '\\']));
    }
}
