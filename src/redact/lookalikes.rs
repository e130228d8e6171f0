//! What looks like an e-mail address, an account id or a uuid.

use std::ops::Range;

/// The address that a text is, in lower case, if it is one.
pub(super) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    lookalikes(text).find(|(range, _)| *range == (0..text.len())).map(|(_, address)| address)
}

/// Where something looks like one, and that in the form in which it is compared.
pub(super) fn lookalikes(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let addresses = runs(text, |c| c.is_alphanumeric() || "!#$%'*+^_`{|}~.-@".contains(c));
    let addresses = addresses.filter_map(|(range, run)| {
        let (local, domain) = run.split_once('@')?;
        let whole = !local.is_empty() && !domain.is_empty();
        whole.then(|| (range, run.to_ascii_lowercase()))
    });
    let ids = runs(text, |c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-'));
    let ids = ids.filter_map(|(range, run)| {
        if is_uuid(run) {
            Some((range, format!("{{{}}}", run.to_ascii_lowercase())))
        } else {
            is_account_id(run).then(|| (range, run.to_owned()))
        }
    });
    addresses.chain(ids)
}

/// The longest parts of a text that have no other characters, without punctuation at their ends.
fn runs(text: &str, belongs: impl Fn(char) -> bool) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from + rest.find(&belongs)?;
        let run = text.get(start..)?;
        let run = run.get(..run.find(|c| !belongs(c)).unwrap_or(run.len()))?;
        from = start + run.len();
        let is_edge = |c: char| !c.is_alphanumeric();
        let start = from - run.trim_start_matches(is_edge).len();
        let run = run.trim_matches(is_edge);
        Some((start..start + run.len(), run))
    })
}

fn is_uuid(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.bytes().all(is_digit)
}

/// Whether a text is in one of the forms in which Atlassian's account ids were seen: 24 hexadecimal
/// digits; or words with a colon, of which the first is a number, or one is a uuid or such digits.
fn is_account_id(text: &str) -> bool {
    let is_hex = |text: &str| text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex(text)
        || text.split_once(':').is_some_and(|(first, rest)| {
            let numbered = first.len() > 4 && first.bytes().all(|byte| byte.is_ascii_digit());
            numbered || rest.split(':').any(|part| is_uuid(part) || is_hex(part))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "557058:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
    const UUID: &str = "{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}";

    /// What stands in a text, and what it is compared as.
    fn found(text: &str) -> Vec<(&str, String)> {
        lookalikes(text).map(|(range, original)| (&text[range], original)).collect()
    }

    #[test]
    fn what_looks_like_somebody_is_somebody() {
        let bare = UUID.trim_matches(['{', '}']);
        for (text, part, original) in [
            ("see Ada@Acme.Example.", "Ada@Acme.Example", "ada@acme.example"),
            ("https://x.example/?q=a+b@c.dd&x", "a+b@c.dd", "a+b@c.dd"),
            ("(x@y)", "x@y", "x@y"),
            ("\"ü@ö.example\"", "ü@ö.example", "ü@ö.example"),
            (&format!("id {ID},"), ID, ID),
            ("5b10ac8d82e05b22cc7d4ef5", "5b10ac8d82e05b22cc7d4ef5", "5b10ac8d82e05b22cc7d4ef5"),
            ("712020:abc", "712020:abc", "712020:abc"),
            (UUID, bare, UUID),
            (&format!("of {}", bare.to_uppercase()), &bare.to_uppercase(), UUID),
            (&format!("qm:{bare}:1"), &format!("qm:{bare}:1"), &format!("qm:{bare}:1")),
        ] {
            assert_eq!(found(text), [(part, original.to_owned())], "{text}");
        }
        let harmless = "at 12:30:45, SEC-123, @ home, user@, @team, https://x.example:8443/a-b, \
            0123456789abcdef0123456789abcdef01234567, 2026-09-01, localhost:29418";
        assert_eq!(found(harmless), []);
    }

    #[test]
    fn an_address_and_nothing_else() {
        assert_eq!(address(" Ada@acme.example ").as_deref(), Some("ada@acme.example"));
        for text in ["", "Ada", "Ada <ada@acme.example>", "ada@acme.example, bob@acme.example"] {
            assert_eq!(address(text), None);
        }
    }
}
