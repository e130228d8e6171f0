//! What holds for every policy that is changed, however it is written and whatever it says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

use std::fmt::Write;

use mfa_gate::location::Location;
use mfa_gate::policy::{
    Category, Document, Exemption, FirstPolicy, MemberId, Selector, parse, snippet,
};
use proptest::prelude::*;

/// How the exemptions of a file are laid out.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// Line by line: the column of the dash, and how far from it the keys are.
    Block { dash: usize, gap: usize },
    /// In brackets, one a line, and whether the last one has a comma too.
    Lines { comma: bool },
    /// In brackets on one line.
    OneLine { comma: bool },
    /// As JSON.
    Json,
}

/// An entry as it is written, and what is said about it.
#[derive(Clone, Debug)]
struct Entry {
    reason: String,
    /// A blank line above it.
    blank: bool,
    /// A comment above it.
    above: Option<(Place, String)>,
    beside: Option<String>,
    /// A comment right below it, where its keys are or this much right of them.
    within: Option<(usize, String)>,
    braces: bool,
}

/// Where a comment above an entry begins.
#[derive(Clone, Copy, Debug)]
enum Place {
    Margin,
    Dash,
    /// After a blank line, or it would be about the entry before.
    Keys,
}

#[derive(Clone, Debug)]
struct File {
    layout: Layout,
    entries: Vec<Entry>,
    tail: &'static str,
    crlf: bool,
    mark: bool,
    /// Whether the last line has no line break.
    open: bool,
}

impl File {
    /// The file with some of its entries, and with the comments about all of them.
    fn write(&self, kept: &dyn Fn(usize) -> bool) -> String {
        let kept_entries = (0..self.entries.len()).filter(|number| kept(*number)).count();
        let mut text = match self.layout {
            Layout::Block { .. } | Layout::Lines { .. } | Layout::OneLine { .. } => {
                "# policy\nversion: 1\nworkspaces: [acme] # ünï\n".to_owned()
            }
            Layout::Json => "{\"version\": 1, \"workspaces\": [\"acme\"], ".to_owned(),
        };
        text += match self.layout {
            Layout::Block { .. } if kept_entries == 0 => "exemptions: [] # who\n",
            Layout::Block { .. } => "exemptions: # who\n",
            Layout::Lines { .. } => "exemptions: [ # who\n",
            Layout::OneLine { .. } => "exemptions: [",
            Layout::Json => "\"exemptions\": [",
        };
        let mut left = kept_entries;
        for (number, entry) in self.entries.iter().enumerate() {
            left -= usize::from(kept(number));
            self.write_entry(number, entry, kept(number), left, &mut text);
        }
        text += match self.layout {
            Layout::Block { .. } => "",
            Layout::Lines { .. } => " ]\n",
            Layout::OneLine { .. } => "] # end\n",
            Layout::Json => "]}\n",
        };
        text += match self.layout {
            Layout::Json => "# end\n",
            Layout::Block { .. } | Layout::Lines { .. } | Layout::OneLine { .. } => self.tail,
        };
        if self.open {
            text.pop();
        }
        let text = if self.crlf { text.replace('\n', "\r\n") } else { text };
        if self.mark { format!("\u{feff}{text}") } else { text }
    }

    /// What stands above an entry, and stays.
    fn above(&self, entry: &Entry) -> String {
        let (dash, keys) = match self.layout {
            Layout::Block { dash, gap } => (dash, dash + gap),
            Layout::Lines { .. } | Layout::OneLine { .. } | Layout::Json => (2, 4),
        };
        let (is_blank, comment) = match &entry.above {
            None => (entry.blank, String::new()),
            Some((Place::Margin, text)) => (entry.blank, format!("# {text}\n")),
            Some((Place::Dash, text)) => (entry.blank, format!("{:dash$}# {text}\n", "")),
            Some((Place::Keys, text)) => (true, format!("{:keys$}# {text}\n", "")),
        };
        if is_blank { format!("\n{comment}") } else { comment }
    }

    fn write_entry(&self, number: usize, entry: &Entry, kept: bool, left: usize, out: &mut String) {
        let comment = |text: &Option<String>| {
            text.as_ref().map(|text| format!(" # {text}")).unwrap_or_default()
        };
        let pairs = entry.pairs(number, matches!(self.layout, Layout::Json));
        let braces = format!("{{{}}}", pairs.join(", "));
        let above = self.above(entry);
        match self.layout {
            Layout::Block { dash, gap } => {
                *out += &above;
                if kept {
                    let newline = format!("\n{:1$}", "", dash + gap);
                    let body = if entry.braces { braces } else { pairs.join(&newline) };
                    let beside = comment(&entry.beside);
                    writeln!(out, "{:dash$}{:gap$}{body}{beside}", "", "-").unwrap();
                    if let Some((deeper, text)) = &entry.within {
                        let column = dash + gap + deeper;
                        writeln!(out, "{:column$}# {text}", "").unwrap();
                    }
                }
            }
            Layout::Lines { comma } => {
                *out += &above;
                if kept {
                    let comma = if left > 0 || comma { "," } else { "" };
                    writeln!(out, "  {braces}{comma}{}", comment(&entry.beside)).unwrap();
                }
            }
            Layout::OneLine { comma } if kept => {
                *out += &braces;
                *out += match (left > 0, comma) {
                    (true, _) => ", ",
                    (false, true) => ",",
                    (false, false) => "",
                };
            }
            Layout::Json if kept => {
                *out += &braces;
                *out += if left > 0 { ", " } else { "" };
            }
            Layout::OneLine { .. } | Layout::Json => {}
        }
    }
}

impl Entry {
    /// Keys and values, some in quotes and some not.
    fn pairs(&self, number: usize, json: bool) -> Vec<String> {
        let quoted = |text: &str| {
            let mut out = String::new();
            for c in text.chars() {
                match c {
                    ' '..='~' if c != '"' && c != '\\' => out.push(c),
                    other => write!(out, "\\u{:04x}", u32::from(other)).unwrap(),
                }
            }
            format!("\"{out}\"")
        };
        let email = format!("bot{number}@acme.example");
        if json {
            return vec![
                format!("\"id\": \"EX-{number}\""),
                format!("\"email\": \"{email}\""),
                format!("\"reason\": {}", quoted(&self.reason)),
                "\"expires\": \"2026-10-29\"".to_owned(),
            ];
        }
        let reason = match number % 2 {
            0 => quoted(&self.reason),
            _ => format!("'{}'", self.reason.replace('\'', "''")),
        };
        vec![
            format!("id: EX-{number}"),
            format!("reason: {reason}"),
            format!("email: {email}"),
            "expires: 2026-10-29".to_owned(),
        ]
    }
}

/// Pieces that YAML, a terminal or a reader could take for something else.
const PIECES: [&str; 38] = [
    "a", "é", "😀", "漢", " ", "'", "\"", "#", " # ", ": ", ":", "- ", "-", "? ", "{", "}", "[",
    "]", ",", "&a", "*a", "!!str ", "%", "@", "`", "|", ">", "\\", "\\n", "~", "null", "true", "7",
    "---", "...", "<<", "\u{a0}", "${{ x }}",
];

/// Pieces that nobody sees, or that steer what is around them.
const HIDDEN: [&str; 7] =
    ["\u{202e}", "\u{2028}", "\u{feff}", "\u{200b}", "\u{e0041}", "\u{2066}", "\u{ad}"];

fn pieces(hidden: bool, lines: bool) -> impl Strategy<Value = String> {
    let mut all = PIECES.to_vec();
    all.extend(HIDDEN.iter().filter(|_| hidden));
    all.extend(lines.then_some("\n"));
    // A text that is blank is none.
    proptest::collection::vec(proptest::sample::select(all), 0..8)
        .prop_map(|pieces| format!("x{}", pieces.concat().trim_end_matches('\n')))
}

fn comment() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(pieces(false, false))
}

fn entry() -> impl Strategy<Value = Entry> {
    let place = proptest::sample::select(vec![Place::Margin, Place::Dash, Place::Keys]);
    let above = proptest::option::of((place, pieces(false, false)));
    let within = proptest::option::of((0..3usize, pieces(false, false)));
    (pieces(false, false), any::<bool>(), above, comment(), within, any::<bool>()).prop_map(
        |(reason, blank, above, beside, within, braces)| Entry {
            reason,
            blank,
            above,
            beside,
            within,
            braces,
        },
    )
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![
        4 => (0..5usize, 2..6usize).prop_map(|(dash, gap)| Layout::Block { dash, gap }),
        2 => any::<bool>().prop_map(|comma| Layout::Lines { comma }),
        1 => any::<bool>().prop_map(|comma| Layout::OneLine { comma }),
        1 => Just(Layout::Json),
    ]
}

fn file() -> impl Strategy<Value = File> {
    let tails = [
        "",
        "limits: {}\n",
        "\n# end\n",
        "\n      # end\n",
        "\n\nlimits:\n  max_exemptions: 99\n",
        "...\n# c\n",
    ];
    (
        layout(),
        proptest::collection::vec(entry(), 1..5),
        proptest::sample::select(tails.to_vec()),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(layout, entries, tail, crlf, mark, open)| File {
            layout,
            entries,
            tail,
            crlf,
            mark,
            open,
        })
}

/// An exemption that no file has yet.
fn new() -> impl Strategy<Value = Exemption> {
    let line = || proptest::option::of(pieces(true, false));
    let category = proptest::option::of(proptest::sample::select(&Category::ALL[..]));
    let selector = prop_oneof![
        Just(Selector::Id { id: MemberId::AccountId("557058:n".into()), email: None }),
        Just(Selector::Id {
            id: MemberId::Uuid("{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}".into()),
            email: Some("n@acme.example".into()),
        }),
        Just(Selector::Email("null@acme.example".into())),
    ];
    let controls = proptest::collection::vec(pieces(true, true), 0..3);
    (
        pieces(true, false),
        selector,
        (line(), line(), line(), line()),
        category,
        pieces(true, true),
        controls,
        any::<bool>(),
    )
        .prop_map(|(id, selector, lines, category, reason, controls, starts)| {
            let (name, owner, approved_by, ticket) = lines;
            let text = |line: Option<String>| line.map(String::into_boxed_str);
            Exemption {
                id: id.into(),
                selector,
                name: text(name),
                category,
                reason: reason.into(),
                compensating_controls: controls.into_iter().map(String::into_boxed_str).collect(),
                owner: text(owner),
                approved_by: text(approved_by),
                ticket: text(ticket),
                starts: starts.then(|| "2026-02-28".parse().unwrap()),
                expires: "2028-02-29".parse().unwrap(),
                workspaces: if starts { vec!["acme".into()] } else { Vec::new() },
                location: nowhere(),
            }
        })
}

fn nowhere() -> Location {
    Location::start_of("policy.yaml".into())
}

/// What a text says about exemptions, as a policy that is read anew.
fn read(text: &str) -> Vec<Exemption> {
    let policy = parse("policy.yaml".into(), text.as_bytes()).unwrap();
    let exemptions = policy.exemptions.into_iter();
    exemptions.map(|own| Exemption { location: nowhere(), ..own }).collect()
}

fn document(text: &str) -> Document {
    Document::parse("policy.yaml".into(), text.into()).unwrap()
}

/// A text after a unified diff was applied, without its line endings, as `patch` would.
fn patched(text: &str, diff: &str) -> Vec<String> {
    let old: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    let mut new: Vec<String> = Vec::new();
    let mut at = 0;
    for line in diff.lines().skip(2) {
        if let Some(header) = line.strip_prefix("@@ -") {
            let (place, _) = header.split_once(' ').unwrap();
            let (start, count) = place.split_once(',').unwrap_or((place, "1"));
            let start = start.parse::<usize>().unwrap() - usize::from(count != "0");
            new.extend(old[at..start].iter().map(ToString::to_string));
            at = start;
        } else if let Some(added) = line.strip_prefix('+') {
            new.push(added.to_owned());
        } else if let Some(kept) = line.strip_prefix([' ', '-']) {
            assert_eq!(kept, old[at], "{diff}");
            at += 1;
            if line.starts_with(' ') {
                new.push(kept.to_owned());
            }
        } else {
            assert_eq!(line, "\\ No newline at end of file");
        }
    }
    new.extend(old[at..].iter().map(ToString::to_string));
    new
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_start_matches('\u{feff}').lines().collect()
}

/// How many bytes two texts begin with alike.
fn alike(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).count()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 512,
        ..ProptestConfig::default()
    })]

    #[test]
    fn adding_inserts_and_removing_gives_it_back(file in file(), new in new()) {
        let text = file.write(&|_| true);
        let before = document(&text);
        let added = before.with(&new);
        prop_assert!(added.is_ok(), "{added:?}\n{text}");
        let added = added.unwrap();

        let same_start = alike(text.bytes(), added.text.bytes());
        let same_end = alike(text.bytes().rev(), added.text.bytes().rev());
        prop_assert!(same_start + same_end >= text.len(), "{text}\n---\n{}", added.text);
        let mut expected = read(&text);
        expected.push(new);
        prop_assert_eq!(read(&added.text), expected);
        let hidden = |c: char| HIDDEN.iter().any(|hidden| hidden.contains(c));
        let seen = added.text.trim_start_matches('\u{feff}');
        prop_assert!(!seen.contains(hidden), "{seen:?}");
        let line_breaks = added.text.matches('\n').count();
        let expected = if file.crlf { line_breaks } else { 0 };
        prop_assert_eq!(added.text.matches("\r\n").count(), expected);

        prop_assert_eq!(patched(&text, &added.diff), lines(&added.text));

        let removed = added.without(&[file.entries.len()]);
        prop_assert!(removed.is_ok(), "{removed:?}\n{}", added.text);
        prop_assert_eq!(removed.unwrap().text, text);
    }

    #[test]
    fn removing_leaves_the_rest(file in file(), removed in proptest::collection::vec(any::<bool>(), 5)) {
        let text = file.write(&|_| true);
        let positions: Vec<usize> =
            (0..file.entries.len()).filter(|number| removed.get(*number) == Some(&true)).collect();
        let left = document(&text).without(&positions);
        prop_assert!(left.is_ok(), "{left:?}\n{text}");
        let left = left.unwrap();
        let expected = file.write(&|number| !positions.contains(&number));
        prop_assert_eq!(&left.text, &expected);
        prop_assert_eq!(patched(&text, &left.diff), lines(&left.text));
        prop_assert_eq!(read(&expected).len(), file.entries.len() - positions.len());
    }

    #[test]
    fn a_renewal_changes_what_it_is_told(file in file(), position in 0..5usize, new in new()) {
        let text = file.write(&|_| true);
        let before = document(&text);
        let position = position.min(file.entries.len() - 1);
        let mut expected = read(&text);
        let old = &expected[position];
        let renewed = Exemption {
            expires: "2039-12-31".parse().unwrap(),
            reason: new.reason,
            ticket: new.ticket.or_else(|| old.ticket.clone()),
            approved_by: new.approved_by.or_else(|| old.approved_by.clone()),
            ..old.clone()
        };
        let changed = before.replaced(position, &renewed);
        prop_assert!(changed.is_ok(), "{changed:?}\n{text}");
        let changed = changed.unwrap();
        expected[position] = renewed;
        prop_assert_eq!(read(&changed.text), expected);
        prop_assert_eq!(patched(&text, &changed.diff), lines(&changed.text));
    }

    #[test]
    fn other_readers_of_yaml_read_the_same(new in new()) {
        let yaml = snippet(&new);
        prop_assert!(!yaml.contains(|c: char| c.is_control() && c != '\n'));
        let list: Vec<serde_json::Value> = serde_saphyr::from_str(&yaml).unwrap();
        prop_assert_eq!(list.len(), 1);
        let entry = list.first().unwrap();
        prop_assert_eq!(&entry["id"], &*new.id);
        prop_assert_eq!(&entry["reason"], &*new.reason);
        prop_assert_eq!(entry["name"].as_str(), new.name.as_deref());
        prop_assert_eq!(entry["owner"].as_str(), new.owner.as_deref());
        prop_assert_eq!(&entry["expires"], "2028-02-29");
    }

    #[test]
    fn a_first_policy_says_what_it_is_told(
        slugs in proptest::sample::subsequence(vec!["acme", "1.2", "no", "007", "a-b", "-"], 1..4),
        new in new(),
        empty in any::<bool>(),
    ) {
        let workspaces: Vec<_> = slugs.iter().map(|slug| (*slug).into()).collect();
        let exemption =
            Exemption { starts: Some("2028-02-01".parse().unwrap()), workspaces: Vec::new(), ..new };
        let exemptions = if empty { Vec::new() } else { vec![exemption] };
        let first = FirstPolicy {
            workspaces: &workspaces,
            accept: &[mfa_gate::member::Source::Bitbucket],
            max_days: 90,
            exemptions: &exemptions,
            today: "2028-02-01".parse().unwrap(),
        };
        let yaml = first.to_yaml();
        prop_assert_eq!(read(&yaml), exemptions);
        let policy = parse("policy.yaml".into(), yaml.as_bytes()).unwrap();
        let read: Vec<_> = policy.workspaces.iter().map(|entry| &*entry.slug).collect();
        prop_assert_eq!(read, slugs);
        prop_assert_eq!(policy.levels, mfa_gate::policy::Levels::default());
        let mut lines = yaml.lines().filter(|line| !line.contains("$schema="));
        prop_assert!(lines.all(|line| line.chars().count() <= 100 || line.contains('"')));
    }
}
