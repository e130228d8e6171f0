//! Texts in Markdown, read by a parser with every extension that it has, and by what the sites look
//! for afterwards; and how long a page may be.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use mfa_gate::emit::Format;
use mfa_gate::escape::{markdown, visible};
use proptest::prelude::*;

use crate::escaping::text;
use crate::fixture::{named, report, written};

/// What marks up something on one of the sites.
const MARKUP: [&str; 75] = [
    "$x^2$",
    "$$x$$",
    "$`x`$",
    "\\(x\\)",
    "\\[x\\]",
    "$12",
    "xmpp:a@b.c",
    "mailto:a@b.example",
    "a@b.example",
    "ada+x@acme.example",
    "https://x.example",
    "HTTP://x",
    "ftp://x",
    "irc://x",
    "www.x.example",
    "<https://x.example>",
    "<a@b.example>",
    "[a](https://x.example)",
    "[a][b]",
    "[b]: https://x.example",
    "![a](x.png)",
    "[[wiki]]",
    "[[wiki|x]]",
    "[^1]",
    "[^1]: note",
    "^[note]",
    "@ada",
    "@acme/team",
    "a@ada",
    "#1",
    "acme/shop#1",
    "GH-1",
    "gl-12",
    "!1",
    "&1",
    "~bug",
    "%1",
    "%{x}",
    "^alert#1",
    "[vulnerability:1]",
    "[feature_flag:1]",
    "*iteration:1",
    ":tada:",
    ":+1:",
    "a:x:b",
    "::include{file=x}",
    ":::x",
    "`code`",
    "```",
    "~~~",
    "*a*",
    "__a__",
    "~~a~~",
    "~a~",
    "^a^",
    "==a==",
    "++a++",
    "||a||",
    "{+ a +}",
    "[- a -]",
    "[TOC]",
    "- a",
    "+ a",
    "1. a",
    "2) a",
    "- [ ] a",
    "# a",
    "-# a",
    "---",
    "===",
    "> a",
    "> [!NOTE]",
    "    code",
    "%%a%%",
    "/close",
];

/// Where our own Markdown puts a text.
const FRAMES: [&str; 8] = [
    "{}\n",
    "a\n{}\n",
    "a\n\n{}\n",
    "a {} b\n",
    "- {}\n",
    "> **Note:** {}\n",
    "| a | b |\n| --- | --- |\n| {} | b |\n",
    "| a |\n| --- |\n| {} |\n",
];

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    for switch in [
        &mut extension.strikethrough,
        &mut extension.table,
        &mut extension.autolink,
        &mut extension.tasklist,
        &mut extension.superscript,
        &mut extension.footnotes,
        &mut extension.inline_footnotes,
        &mut extension.description_lists,
        &mut extension.multiline_block_quotes,
        &mut extension.alerts,
        &mut extension.ofm_callouts,
        &mut extension.math_dollars,
        &mut extension.math_latex,
        &mut extension.math_code,
        &mut extension.shortcodes,
        &mut extension.wikilinks_title_after_pipe,
        &mut extension.underline,
        &mut extension.subscript,
        &mut extension.spoiler,
        &mut extension.ofm_comments,
        &mut extension.cjk_friendly_emphasis,
        &mut extension.subtext,
        &mut extension.highlight,
        &mut extension.insert,
        &mut extension.block_directive,
        &mut options.parse.relaxed_tasklist_matching,
        &mut options.parse.tasklist_in_table,
        &mut options.parse.relaxed_autolinks,
        &mut options.parse.leave_footnote_definitions,
    ] {
        *switch = true;
    }
    extension.front_matter_delimiter = Some("---".into());
    options
}

/// The kinds of nodes of a page, and all its text.
fn read(page: &str) -> (Vec<&'static str>, String) {
    let arena = Arena::new();
    let (mut kinds, mut text) = (Vec::new(), String::new());
    for node in parse_document(&arena, page, &options()).descendants() {
        let value = &node.data.borrow().value;
        if let NodeValue::Text(own) = value {
            text.push_str(own);
        } else {
            kinds.push(value.xml_node_name());
        }
    }
    (kinds, text)
}

/// What the sites would find in a text once Markdown is undone.
fn found_by_sites(text: &str) -> Option<&str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '"' | '{' | '_' | '`');
    text.char_indices().map(|(at, _)| &text[at..]).find(|rest| {
        let lower = rest.to_ascii_lowercase();
        let mut chars = rest.chars();
        let (first, second) = (chars.next(), chars.next());
        let refers = first.is_some_and(|c| "@#!%^~&$".contains(c)) && second.is_some_and(is_word);
        let name = lower.strip_prefix(':').map(|name| {
            name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_+-".contains(c))
        });
        let emoji =
            name.is_some_and(|after| after.starts_with(':') && after.len() + 1 < lower.len());
        let starts =
            ["://", "www.", "{+", "{-", "[+", "[-", "[toc", "[[", "\\(", "\\[", "*iteration:"];
        let issue = ["gh-", "gl-"].iter().any(|site| {
            let number = lower.strip_prefix(site).and_then(|rest| rest.chars().next());
            number.is_some_and(|c| c.is_ascii_digit())
        });
        refers || emoji || issue || starts.iter().any(|start| lower.starts_with(start))
    })
}

/// Fails unless a text is nothing but that text, wherever it stands.
fn assert_is_text(text: &str) {
    let escaped = markdown(text);
    for frame in FRAMES {
        let page = frame.replace("{}", &escaped);
        let (kinds, shown) = read(&page);
        let (wanted, around) = read(&frame.replace("{}", "x"));
        assert_eq!(kinds, wanted, "{text:?} in {page:?}");
        assert_eq!(found_by_sites(&shown), None, "{text:?} in {page:?}");
        let around = around.split_once('x').unwrap();
        let own = shown.strip_prefix(around.0).and_then(|own| own.strip_suffix(around.1)).unwrap();
        let own = own.replace('\u{200b}', "");
        assert_eq!(own.trim(), visible(text).trim(), "{page:?}");
    }
}

#[test]
fn no_construct_of_any_site_is_more_than_text() {
    for text in MARKUP.into_iter().chain(["[]^", "[][]"]) {
        assert_is_text(text);
    }
}

#[test]
fn the_parser_sees_the_constructs_where_they_are_not_escaped() {
    let plain = |text: &str| read(text).0 == ["document", "paragraph"];
    let seen = MARKUP.into_iter().filter(|text| !plain(text) || found_by_sites(text).is_some());
    let unseen: Vec<_> =
        MARKUP.into_iter().filter(|text| !seen.clone().any(|own| own == *text)).collect();
    assert_eq!(
        unseen,
        ["[a][b]", "[vulnerability:1]", "[feature_flag:1]", "::include{file=x}", "===", "/close"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_is_more_than_text(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::sample::select(MARKUP.to_vec()).prop_map(str::to_owned),
                text(),
                "[-+*_~^=:/$@#!&%.(){}\\[\\]<>|`\\\\ a1w]{0,8}",
            ],
            0..4,
        ),
    ) {
        let text = pieces.concat();
        // A line of blanks is no paragraph.
        if !visible(&text).trim().is_empty() {
            assert_is_text(&text);
        }
    }
}

/// What a comment on GitHub holds, in characters.
const COMMENT: usize = 65_536;

#[test]
fn a_page_of_many_rows_is_a_comment_and_says_what_is_left_out() {
    let mut large = report();
    let one = large.findings[1].clone();
    large.findings = vec![one; 20_000];
    let page = written(Format::Markdown, &large);
    assert!(page.len() <= COMMENT && page.len() > COMMENT * 3 / 4, "{}", page.len());
    let rows = page.lines().filter(|line| line.starts_with("| error ")).collect::<Vec<_>>();
    assert!(rows.iter().all(|row| row.ends_with(" |")));
    let left_out = format!("{} rows left out here: this page ends at 65,536", 20_000 - rows.len());
    assert!(page.contains(&left_out), "{left_out}");
    assert!(page.contains("(`--report html=FILE`)"));
    assert!(page.contains("### Workspaces"));
}

#[test]
fn a_page_of_long_texts_is_a_comment_too() {
    for text in ["$".repeat(100_000), "木".repeat(100_000), "@a ".repeat(30_000)] {
        let page = written(Format::Markdown, &named(&text));
        assert!(page.len() <= COMMENT, "{}", page.len());
    }
}
