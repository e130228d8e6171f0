//! The secrets of a run: one set, wherever they come from, masked in whatever the run says.

mod disguise;
mod known;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::known::Known;
use super::proxy;
use crate::credential;
use crate::quote::excerpt;

/// What stands in place of a secret.
const MASK: &str = "***";

/// As much of foreign text as is looked at for an excerpt of it, in characters.
const LOOKED_AT: usize = 1 << 14;

/// A text that must not be shown: it prints as `***`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Secret(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

/// All secrets of a run. Each copy is the same set: what one learns, all mask.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Known>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

impl Secrets {
    /// Those that the environment holds, whichever of them a command needs: the credentials, the
    /// files that are named in their place, and the passwords of proxies.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let secrets = Secrets::default();
        secrets.learn(lookup);
        secrets
    }

    /// Adds those that an environment holds.
    pub(crate) fn learn(&self, lookup: &dyn Fn(&str) -> Option<String>) {
        for value in credential::secrets(lookup) {
            self.keep(&Secret::new(value));
        }
        for value in proxy::addresses(lookup) {
            self.keep_password(&value);
        }
    }

    /// Adds a secret. Of an address its path is as secret as the whole, and so is the end of it.
    pub(crate) fn keep(&self, secret: &Secret) {
        let text = secret.expose();
        self.keep_text(text);
        if let Some(url) = Url::parse(text).ok().filter(Url::has_host) {
            self.keep_text(url.path());
            self.keep_text(url.path().rsplit('/').next().unwrap_or_default());
        }
    }

    /// Adds the password of a proxy's address, whatever is else wrong with the address.
    fn keep_password(&self, address: &str) {
        let Some((user, _)) = address.rsplit_once('@') else { return };
        let user = user.split_once("//").map_or(user, |(_, user)| user);
        let password = user.split_once(':').map_or(user, |(_, password)| password);
        self.keep_text(password);
        let decoded = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
        self.keep_text(&decoded);
    }

    fn keep_text(&self, text: &str) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.add(text);
    }

    /// A text without any of them, however they are written in it.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let places = known.places(text);
        if places.is_empty() {
            return text.into();
        }
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for place in places {
            if place.start >= end {
                masked.push_str(text.get(end..place.start).unwrap_or_default());
                masked.push_str(MASK);
            }
            let boundary = (place.end..text.len()).find(|&at| text.is_char_boundary(at));
            end = end.max(boundary.unwrap_or(text.len()));
        }
        masked.push_str(text.get(end..).unwrap_or_default());
        masked.into()
    }

    /// The first words of foreign text. It is masked before it is cut, lest the cut leave part of a
    /// secret.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        let mut words = String::new();
        let mut room = LOOKED_AT;
        for word in text.split_whitespace() {
            words.extend(word.chars().take(room));
            words.push(' ');
            room = room.saturating_sub(word.chars().take(room).count() + 1);
            if room == 0 {
                break;
            }
        }
        excerpt(&self.masked(&words))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
    use proptest::prelude::*;

    use super::disguise::levels;
    use super::*;
    use crate::quote::Quotes;

    fn secrets(texts: &[&str]) -> Secrets {
        let secrets = Secrets::default();
        texts.iter().for_each(|text| secrets.keep(&Secret::new((*text).into())));
        secrets
    }

    #[test]
    fn however_a_secret_is_written_it_is_masked() {
        let secrets = secrets(&["ATCTT3x/+y=9A8B7C=="]);
        for written in [
            "ATCTT3x/+y=9A8B7C==",
            "ATCTT3x/+y=9A8B7C",
            "atctt3X/+Y=9a8b7c",
            "ATCTT3x%2F%2By%3D9A8B7C",
            "ATCTT3x%2f%2by%3d9A8B7C%3d%3D",
            "%41TCTT3x%252F%252By%253D9A8B7C",
            "ATCTT3x\\/\\u002by\\u003D9A8B7C",
            "ATCTT3x&#47;&#x2b;y&equals;9A8B7C",
            "ATCTT\\u{a}3x/+y\n   =9A\u{200b}8B7C",
        ] {
            let text = format!("the key {written} is wrong");
            let shown = secrets.masked(&text);
            assert!(!shown.contains("ATCTT") && !shown.contains("9A8B7C"), "{written}: {shown}");
            assert!(shown.starts_with("the key ***"), "{shown}");
            assert!(shown.ends_with(" is wrong"), "{shown}");
        }
        let other = secrets.excerpt("ATCTT3x/+y is another");
        assert_eq!(Quotes::Shown.resolve(&other), "ATCTT3x/+y is another");
    }

    #[test]
    fn an_address_is_as_secret_as_its_end() {
        let secrets = secrets(&["https://hooks.slack.com/services/T0/B0/s3cretEnd"]);
        for text in ["https://hooks.slack.com/services/T0/B0/s3cretEnd", "no s3cretEnd here"] {
            assert!(!secrets.masked(text).contains("s3cretEnd"));
        }
        assert_eq!(secrets.masked("https://hooks.slack.com/"), "https://hooks.slack.com/");
    }

    #[test]
    fn the_environment_is_asked_for_all_of_them() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "key-from-a-file\r\n").unwrap();
        let secrets = Secrets::from_env(&|name| match name {
            "BITBUCKET_ACCESS_TOKEN" => Some("\"token-in-quotes\"".into()),
            "BITBUCKET_EMAIL" => Some("ada@acme.example".into()),
            "ATLASSIAN_API_KEY_FILE" => Some(file.display().to_string()),
            "https_proxy" => Some("http://ada:p%40ss%2Fword@proxy.example:3128".into()),
            "ALL_PROXY" => Some("socks5://bob:other-password@not a host".into()),
            _ => None,
        });
        for secret in ["token-in-quotes", "key-from-a-file", "p@ss/word", "other-password"] {
            assert_eq!(secrets.masked(secret), MASK, "{secret}");
        }
        // Whose credential it is may be said.
        assert_eq!(secrets.masked("ada@acme.example"), "ada@acme.example");
    }

    #[test]
    fn a_text_that_is_full_of_a_secret_is_masked_in_one_pass() {
        let secrets = secrets(&["a-secret-of-this-run"]);
        let encoded = BASE64_STANDARD.encode("ada@acme.example:a-secret-of-this-run");
        // Were every run looked at for every place in it, this would take a day.
        assert_eq!(secrets.masked(&encoded.repeat(50_000)), MASK);
    }

    /// Ways to write a text that its readers would take for the same.
    fn written(text: &str, ways: &[u8]) -> String {
        ways.iter().fold(text.to_owned(), |text, way| {
            let each = |write: &dyn Fn(char) -> String| text.chars().map(write).collect();
            match way % 8 {
                0 => each(&|c| format!("%{:02X}", u32::from(c))),
                1 => each(&|c| format!("\\u{:04x}", u32::from(c))),
                2 => each(&|c| format!("&#{};", u32::from(c))),
                3 => each(&|c| format!("&#x{:X};", u32::from(c))),
                4 => text.to_ascii_uppercase(),
                5 => each(&|c| format!("{c}\n\t")),
                6 => each(&|c| match c.is_ascii_punctuation() {
                    true => format!("\\{c}"),
                    false => c.to_string(),
                }),
                _ => text.to_ascii_lowercase(),
            }
        })
    }

    proptest! {
        #[test]
        fn nothing_of_a_secret_is_left(
            secret in "[!-~]{8,40}",
            before in "[a-z ]{0,8}", after in "[a-z ]{0,8}",
            ways in proptest::collection::vec(any::<u8>(), 0..3),
        ) {
            let secrets = secrets(&[&secret]);
            let text = format!("{before} {} {after}", written(&secret, &ways));
            let shown = secrets.masked(&text).into_owned();
            prop_assert!(shown.contains(MASK), "{}", shown);
            prop_assert!(shown.starts_with(&before) && shown.ends_with(&after), "{}", shown);
            let plain = secret.to_ascii_lowercase();
            for level in levels(&shown) {
                let holds = level.bytes.windows(plain.len()).any(|window| window == plain.as_bytes());
                prop_assert!(!holds, "{}", shown);
            }
        }

        #[test]
        fn nor_is_it_in_base64(
            secret in "[!-~]{8,40}", before in "[!-~]{0,8}", after in "[!-~]{0,8}",
            url_safe in any::<bool>(), line in 8_usize..80,
        ) {
            let secrets = secrets(&[&secret]);
            let inner = format!("{before}{secret}{after}");
            let encoded = match url_safe {
                true => BASE64_URL_SAFE.encode(inner),
                false => BASE64_STANDARD.encode(inner),
            };
            let text = format!("Basic {encoded}");
            prop_assert_eq!(secrets.masked(&text), "Basic ***");
            let lines: Vec<String> =
                encoded.as_bytes().chunks(line).map(|chunk| String::from_utf8_lossy(chunk).into()).collect();
            let shown = secrets.masked(&lines.join("\r\n")).into_owned();
            let decoded = BASE64_STANDARD.decode(shown.replace(['\r', '\n'], "").replace("***", ""));
            let left = decoded.unwrap_or_default();
            prop_assert!(!left.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }

        #[test]
        fn nor_however_often_it_comes(
            secret in "[!-~]{8,40}", times in 1_usize..9,
            between in "[a-z ]{0,8}", way in 0..3_u8,
        ) {
            let secrets = secrets(&[&secret]);
            let written = match way {
                0 => secret.clone(),
                1 => BASE64_STANDARD.encode(format!("ada:{secret}")),
                _ => format!("{secret}{}", BASE64_URL_SAFE.encode(&secret)),
            };
            let text = format!("{between}{written}").repeat(times);
            let shown = secrets.masked(&text).into_owned();
            prop_assert!(!shown.contains(&written) && !shown.contains(&secret), "{}", shown);
            prop_assert!(shown.len() <= (between.len() + 3 * MASK.len()) * times, "{}", shown);
        }

        #[test]
        fn other_text_stays(text in any::<String>()) {
            let secrets = secrets(&["a-secret-that-nobody-writes"]);
            prop_assert_eq!(&*secrets.masked(&text), &*text);
        }
    }
}
