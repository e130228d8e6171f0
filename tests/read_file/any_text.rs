//! What holds of any text, by property.

use mfa_gate::reading::Selection;
use proptest::prelude::*;

use super::{members, pages, read_bytes, slugs};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_bytes(&bytes, &slugs(&["acme"]));
    }

    #[test]
    fn no_text_like_a_file_makes_it_panic(
        text in r#"[\[{]?(\{|\}|\[|\]|,|:|"values"|"size"|"user"|"next"|1|null|true|"a"| |\n){0,40}"#,
    ) {
        let _ = read_bytes(text.as_bytes(), &Selection::All);
    }

    #[test]
    fn every_form_of_the_same_pages_reads_the_same(
        order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
        forms in proptest::collection::vec(0..4, 7),
        blanks in "[ \n\r\t]{0,3}",
    ) {
        let pages = pages("acme", 13, 2);
        let mut text = blanks.clone();
        let mut open = false;
        for (index, form) in order.into_iter().zip(forms) {
            // Form 0 stands alone; the others go on with an array, or begin one.
            let join = match (open, form) {
                (true, 0) => "]",
                (true, _) => ",",
                (false, 0) => "",
                (false, _) => "[",
            };
            open = form != 0;
            let page = &pages[index];
            let page = if form == 3 { format!("{page:#}") } else { page.to_string() };
            text.extend([join, &page, &blanks]);
        }
        if open {
            text.push(']');
        }
        let mut keys: Vec<_> = members(&text).iter().map(|m| m.key().to_owned()).collect();
        keys.sort();
        let mut expected: Vec<_> = (0..13).map(|number| format!("557058:{number}")).collect();
        expected.sort();
        prop_assert_eq!(keys, expected);
    }
}
