//! What must hold of every roster.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// A person on a generated roster, with a number instead of names.
#[derive(Clone, Debug)]
struct Person {
    id: bool,
    email: bool,
    name: String,
    mfa: TwoFactor,
    sso: TwoFactor,
    blank_lines: usize,
}

fn answer() -> impl Strategy<Value = TwoFactor> {
    select(vec![Enabled, Disabled, Unknown])
}

fn person() -> impl Strategy<Value = Person> {
    let name = "[a-zé\",;\t ]{0,8}|[a-z]{0,3}\n[a-z,]{0,3}";
    (any::<bool>(), any::<bool>(), name, answer(), answer(), 0..3_usize).prop_map(
        |(id, email, name, mfa, sso, blank_lines)| Person {
            id,
            email,
            name,
            mfa,
            sso,
            blank_lines,
        },
    )
}

/// An answer as people write it.
fn word(answer: TwoFactor, number: usize) -> &'static str {
    let words = match answer {
        Enabled => ["true", "YES", " Enabled", "1"],
        Disabled => ["False", "off", "disabled ", "NO"],
        Unknown => ["", " ", "", "\t"],
    };
    words[number % 4]
}

const HEADINGS: [&str; 6] = ["Atlassian ID", "Email", "mfa", "SAML single sign-on", "Name", "Team"];

/// A roster of people with its columns in an order, and the line of every row.
fn written(people: &[Person], order: &[usize], separator: char, end: &str) -> (String, Vec<u64>) {
    let mut text = String::new();
    let mut line = 1;
    let mut lines = Vec::new();
    let mut row = |cells: [String; 6], text: &mut String, line: &mut u64| {
        lines.push(*line);
        let quoted = order.iter().map(|&at| match cells[at].contains(['"', separator, '\n']) {
            true => format!("\"{}\"", cells[at].replace('"', "\"\"")),
            false => cells[at].clone(),
        });
        let quoted = quoted.collect::<Vec<_>>().join(&separator.to_string()) + "\n";
        *line += quoted.matches('\n').count() as u64;
        text.push_str(&quoted);
    };
    row(HEADINGS.map(str::to_owned), &mut text, &mut line);
    for (number, person) in people.iter().enumerate() {
        let cells = [
            if person.id { format!("557058:{number}") } else { String::new() },
            if person.email { format!("M{number}@Acme.example ") } else { String::new() },
            word(person.mfa, number).into(),
            word(person.sso, number).into(),
            person.name.clone(),
            "team".into(),
        ];
        text.push_str(&"\n".repeat(person.blank_lines));
        line += person.blank_lines as u64;
        row(cells, &mut text, &mut line);
    }
    lines.remove(0);
    (text.replace('\n', end), lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(failure) = read_bytes(&bytes, &RosterColumns::default(), &[]) {
            prop_assert!(is_harmless(&failure), "{failure:?}");
        }
    }

    #[test]
    fn no_text_like_a_roster_makes_it_panic(
        heading in "(email|account_id|mfa|sso|,|;|\"|\u{1b}|\u{202e}| ){1,8}",
        text in "(a@b.c|yes|no|,|\"|\n|\r\n|\u{1b}|\u{202e}|\u{0}| ){0,30}",
        email in "[a-z\u{1b}\"]{1,6}",
    ) {
        for columns in [RosterColumns::default(), named(&[("email", &email)])] {
            for start in [heading.as_str(), "email,mfa\n", &format!("{email},sso\n")] {
                let content = format!("{start}{text}");
                if let Err(failure) = read_bytes(content.as_bytes(), &columns, &[]) {
                    prop_assert!(is_harmless(&failure), "{failure:?}");
                }
            }
        }
    }

    #[test]
    fn what_was_written_is_read(
        people in proptest::collection::vec(person(), 1..12),
        order in Just((0..HEADINGS.len()).collect::<Vec<_>>()).prop_shuffle(),
        separator in select(vec![',', ';', '\t']),
        end in select(vec!["\n", "\r\n"]),
        encoding in 0..4,
    ) {
        let (text, lines) = written(&people, &order, separator, end);
        let marked = format!("\u{feff}{text}");
        let bytes = match encoding {
            0 => text.into_bytes(),
            1 => marked.into_bytes(),
            2 => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
        let roster = read_bytes(&bytes, &RosterColumns::default(), &[]).unwrap();
        prop_assert_eq!(roster.rows, people.len() as u64);
        for (number, person) in people.iter().enumerate() {
            let (id, email) = (format!("557058:{number}"), format!("m{number}@acme.example"));
            let entry = &roster.entries()[number];
            prop_assert_eq!(entry, &Entry {
                account_id: person.id.then(|| id.as_str().into()),
                email: person.email.then(|| email.as_str().into()),
                mfa: person.mfa,
                sso: person.sso,
                line: lines[number],
            });
        }
    }

    #[test]
    fn the_order_of_rows_says_nothing_of_a_person(
        rows in proptest::collection::vec((0..4_u8, 0..4_u8, answer()), 1..7)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let (rows, shuffled) = rows;
        let read = |rows: &[(u8, u8, TwoFactor)]| {
            let mut text = String::from("account_id,email,mfa\n");
            for &(id, email, mfa) in rows {
                // The last of each is an empty one.
                let key = |key: u8| if key == 3 { String::new() } else { format!("k{key}") };
                writeln!(text, "{},{},{}", key(id), key(email), word(mfa, 0)).unwrap();
            }
            let roster = read_bytes(text.as_bytes(), &RosterColumns::default(), &[]).ok()?;
            let mut said: Vec<_> = roster
                .entries()
                .iter()
                .map(|entry| (entry.account_id.clone(), entry.email.clone(), entry.mfa))
                .collect();
            said.sort();
            Some(said)
        };
        prop_assert_eq!(read(&rows), read(&shuffled));
    }
}

/// Whether a message shows nothing that a terminal takes for a command.
fn is_harmless(failure: &Failure) -> bool {
    let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    failure.exit() == Exit::Usage && !failure.to_string().contains(hidden)
}
