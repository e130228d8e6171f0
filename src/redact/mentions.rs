//! Whom a text mentions: by names that are known, and by what looks like an id or an address.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::lookalikes::lookalikes;
use super::words::{Folded, plain};

/// Names, ids and addresses that are known, by their words, and what is written in their place.
///
/// They are found as whole words, whatever their case and whatever stands between the words: "Ada
/// Lovelace" in "ada-lovelace" and over a line's end, and "Al" in "Al's", not in "also".
pub(super) struct Mentions {
    /// Every word of the texts that are to be searched.
    vocabulary: HashSet<Box<str>>,
    /// What is known and begins with one of them, by its words with a blank between them.
    known: HashMap<Box<str>, Box<str>>,
    /// How many words the longest has, by its first one.
    longest: HashMap<Box<str>, usize>,
}

/// A part of a text, and what is to stand there.
struct Mention {
    range: Range<usize>,
    instead: Box<str>,
}

impl Mentions {
    /// For these texts alone: of a hundred thousand members hardly any is mentioned, and the others
    /// need not be kept.
    pub(super) fn within<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let folded = texts.into_iter().map(|text| Folded::new(&plain(text)));
        let vocabulary =
            folded.flat_map(|text| text.text.split(' ').map(Box::from).collect::<Vec<_>>());
        Mentions {
            vocabulary: vocabulary.collect(),
            known: HashMap::new(),
            longest: HashMap::new(),
        }
    }

    /// Notes an id or an address, which is no name of anybody else.
    pub(super) fn note_id(&mut self, id: &str, instead: &str) {
        if let Some(words) = self.note(id) {
            self.known.insert(words, instead.into());
        }
    }

    /// Notes a name, unless it is known already.
    pub(super) fn note_name(&mut self, name: &str, instead: &str) {
        if let Some(words) = self.note(name) {
            self.known.entry(words).or_insert_with(|| instead.into());
        }
    }

    /// The words of an original that may be mentioned.
    fn note(&mut self, original: &str) -> Option<Box<str>> {
        let folded = Folded::new(&plain(original));
        let (first, count) = (folded.words(0, 1)?, folded.places.len());
        if !self.vocabulary.contains(first) {
            return None;
        }
        match self.longest.get_mut(first) {
            Some(longest) => *longest = count.max(*longest),
            None => {
                self.longest.insert(first.into(), count);
            }
        }
        Some(folded.text.into())
    }

    /// What is written in place of an original.
    pub(super) fn find(&self, original: &str) -> Option<&str> {
        self.known.get(&*Folded::new(&plain(original)).text).map(AsRef::as_ref)
    }

    /// The text without anybody whom it mentions; `person` gives the pseudonym of an id or address
    /// that is not known, in the form in which it would be compared. Nothing is left of a text that
    /// this is not for, since whom it mentions was not kept.
    pub(super) fn replace(&self, text: &str, person: &dyn Fn(&str) -> Box<str>) -> String {
        let text = &*plain(text);
        let lookalikes = lookalikes(text).map(|(range, original)| {
            let instead = person(&original);
            Mention { range, instead }
        });
        let mut mentions: Vec<Mention> = self.named(text).into_iter().chain(lookalikes).collect();
        mentions.sort_by_key(|mention| mention.range.start);
        let mut replaced = String::with_capacity(text.len());
        let mut done = 0;
        let mut rest = mentions.into_iter().peekable();
        while let Some(mut mention) = rest.next() {
            let Range { start, mut end } = mention.range;
            // Of mentions that overlap nothing may be left; the longest gives its pseudonym.
            while let Some(next) = rest.next_if(|next| next.range.start < end) {
                end = end.max(next.range.end);
                if next.range.len() > mention.range.len() {
                    mention = next;
                }
            }
            replaced.push_str(text.get(done..start).unwrap_or_default());
            replaced.push_str(&mention.instead);
            done = end;
        }
        replaced.push_str(text.get(done..).unwrap_or_default());
        replaced
    }

    /// For each word the longest of what is known that starts with it.
    fn named(&self, text: &str) -> Vec<Mention> {
        let folded = Folded::new(text);
        let mut words = (0..folded.places.len()).filter_map(|at| folded.words(at, 1));
        if !words.all(|word| self.vocabulary.contains(word)) {
            return vec![Mention { range: 0..text.len(), instead: "(withheld)".into() }];
        }
        let starting = |(at, (place, _)): (usize, &(Range<usize>, Range<usize>))| {
            let longest = *self.longest.get(folded.words(at, 1)?)?;
            (1..=longest).rev().find_map(|count| {
                let instead = self.known.get(folded.words(at, count)?)?.clone();
                let (last, _) = folded.places.get(at + count - 1)?;
                Some(Mention { range: place.start..last.end, instead })
            })
        };
        folded.places.iter().enumerate().filter_map(starting).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replaced(originals: &[&str], text: &str) -> String {
        let mut mentions = Mentions::within([text]);
        for (number, original) in originals.iter().enumerate() {
            mentions.note_name(original, &format!("P{number}"));
        }
        mentions.replace(text, &|original| format!("<{original}>").into())
    }

    #[test]
    fn whole_words_however_they_are_written() {
        for (name, text, expected) in [
            ("Al", "Al also asked AL, and Al's boss", "P0 also asked P0, and P0's boss"),
            ("Ada Lovelace", "ada-lovelace, ADA\n  LOVELACE; Ada_Lovelace", "P0, P0; P0"),
            ("Ada Lovelace", "Ada asked Lovelace", "Ada asked Lovelace"),
            ("Jörg Weiß", "für JÖRG WEISS", "für P0"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς und Οδυσσεύς", "P0 und Οδυσσεύς"),
            ("李雷", "由李雷负责", "由P0负责"),
            ("김철수", "김철수는", "P0는"),
            ("A\u{200b}da\u{202e}", "Ada", "P0"),
            ("🦄", "a 🦄 came", "a P0 came"),
            ("O'Neil", "o’neil!", "P0!"),
            ("<b>x</b>", "a b x b c", "a P0 c"),
            ("-", "a - b", "a - b"),
            ("", "nobody", "nobody"),
        ] {
            assert_eq!(replaced(&[name], text), expected, "{name}");
        }
    }

    #[test]
    fn nothing_is_left_of_names_that_overlap() {
        let names = ["Ada", "Ada King", "King Lovelace of"];
        assert_eq!(replaced(&names, "by Ada King Lovelace of X"), "by P2 X");
        assert_eq!(replaced(&names, "by Ada, Ada King"), "by P0, P1");
        assert_eq!(replaced(&["x", "x"], "x"), "P0");
    }

    #[test]
    fn what_is_known_and_looks_like_somebody_is_who_is_known() {
        let ids = ["Ada@acme.example", "557058:abc", "{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}"];
        let text = "ada@acme.example, 557058:abc and bob@acme.example";
        assert_eq!(replaced(&ids, text), "P0, P1 and <bob@acme.example>");
        assert_eq!(replaced(&ids, ids[2]), "{P2}");
        assert_eq!(replaced(&["Ada"], "ada@acme.example"), "<ada@acme.example>");
    }

    #[test]
    fn nothing_is_left_of_a_text_that_was_not_announced() {
        let mentions = Mentions::within(["one two", "three"]);
        let replace = |text| mentions.replace(text, &|_| "".into());
        assert_eq!(replace("Two, three: one!"), "Two, three: one!");
        assert_eq!(replace("one four"), "(withheld)");
    }

    proptest! {
        #[test]
        fn no_known_original_is_left(
            originals in prop::collection::vec("\\PC{0,12}", 1..6),
            text in "\\PC{0,40}",
            at in any::<prop::sample::Index>(),
        ) {
            let text = format!("{text} {} {text}", at.get(&originals));
            let mut mentions = Mentions::within([&*text]);
            for original in &originals {
                mentions.note_name(original, "▓");
            }
            let replaced = mentions.replace(&text, &|_| "▓".into());
            let left = Folded::new(&replaced);
            for start in 0..left.places.len() {
                for count in 1..=left.places.len() - start {
                    let left = left.words(start, count).unwrap();
                    let is_left = |own: &&String| Folded::new(own).text == left && left != "▓";
                    prop_assert_eq!(originals.iter().find(is_left), None, "in {:?}", replaced);
                }
            }
        }
    }
}
