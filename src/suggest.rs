//! The nearest right word for a wrong one.

/// How many candidates are compared: comparing takes time.
const MOST: usize = 200;

/// How many words a message lists.
const LISTED: usize = 20;

/// Longer words are not typing mistakes, and comparing them takes time.
const LONGEST: usize = 64;

/// The candidate that is most likely meant, if one is near enough: a third of its letters, or
/// one, may be wrong. Case and the choice of separator do not count.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = plain(word);
    candidates
        .into_iter()
        .take(MOST)
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn plain(word: &str) -> String {
    word.trim()
        .chars()
        .map(|character| match character {
            '-' | ' ' => '_',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// Help for a word that is not allowed.
pub(crate) fn choose<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
) -> String {
    match nearest(word, candidates.clone()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("write one of {}", listed(candidates)),
    }
}

/// `a`, `b`, `c`, and no more than a message can hold.
pub(crate) fn listed<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let mut words = words.into_iter();
    let named: Vec<String> = words.by_ref().take(LISTED).map(|word| format!("`{word}`")).collect();
    let more = if words.next().is_some() { ", …" } else { "" };
    named.join(", ") + more
}

/// What to write where several entries stand in one.
pub(crate) fn each_alone<'t>(entries: impl IntoIterator<Item = &'t str>) -> String {
    format!("write each as a separate entry: {}", listed(entries))
}

/// The words of a text, however they are separated.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let bare = parts.map(|part| part.trim_matches(['[', ']', '"', '\'', '-']));
    bare.filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn short_words_must_be_close() {
        assert_eq!(nearest("date", ["name", "email"]), None);
        assert_eq!(nearest("mail", ["name", "email"]), Some("email"));
    }

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let keys = ["expires", "reason", "compensating_controls", "id"];
        assert_eq!(nearest("expire", keys), Some("expires"));
        assert_eq!(nearest("Reason", keys), Some("reason"));
        assert_eq!(nearest("compensating-control", keys), Some("compensating_controls"));
        assert_eq!(nearest("owner", keys), None);
        assert_eq!(nearest(&"reason".repeat(1000), keys), None);
    }
}
