//! Where a text holds a secret, whatever way it is written there.

use std::ops::Range;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use secrecy::{ExposeSecret, SecretSlice};

use super::disguise::levels;

/// The shortest secret, in bytes, that is masked: a shorter one stands in ordinary words.
const SHORTEST: usize = 6;

/// The secrets that are known, in every form that is searched for.
#[derive(Default)]
pub(super) struct Known {
    forms: Vec<Form>,
    /// For each two bytes whether a form begins with them, since most text holds no secret and is
    /// to be passed quickly; empty where there is no form.
    beginnings: Vec<bool>,
}

/// A way in which a secret may be written, apart from what [`levels`] sees through.
struct Form {
    bytes: SecretSlice<u8>,
    /// Whether it is the part of some Base64 that no other text can have.
    is_base64: bool,
}

impl Known {
    /// Adds a secret.
    pub(super) fn add(&mut self, text: &str) {
        let unpadded = text.trim_end_matches('=');
        let plain = [text, unpadded].into_iter().flat_map(levels).map(|level| level.bytes);
        plain.for_each(|bytes| self.add_form(bytes, false));
        for lead in 0..3 {
            let bytes = [&vec![0; lead], text.as_bytes()].concat();
            for encoded in [BASE64_STANDARD.encode(&bytes), BASE64_URL_SAFE.encode(&bytes)] {
                let own = own_part(&encoded, lead, bytes.len()).to_ascii_lowercase();
                self.add_form(own.into_bytes(), true);
            }
        }
    }

    fn add_form(&mut self, bytes: Vec<u8>, is_base64: bool) {
        let is_new = !self.forms.iter().any(|old| old.bytes.expose_secret() == bytes);
        if bytes.len() < SHORTEST || !is_new {
            return;
        }
        self.beginnings.resize(1 << 16, false);
        let begins = bytes.first_chunk().map(|two| beginning(*two));
        if let Some(begins) = begins.and_then(|at| self.beginnings.get_mut(at)) {
            *begins = true;
        }
        self.forms.push(Form { bytes: bytes.into(), is_base64 });
    }

    /// Where a text holds any of them, by their beginnings.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let shortest = self.forms.iter().map(|form| form.bytes.expose_secret().len()).min();
        if shortest.is_none_or(|shortest| text.len() < shortest) {
            return Vec::new();
        }
        let (mut plain, mut base64) = (Vec::new(), Vec::new());
        for level in levels(text) {
            let mut rest = &*level.bytes;
            while let Some(two) = rest.first_chunk() {
                if self.beginnings.get(beginning(*two)) == Some(&true) {
                    let at = level.bytes.len() - rest.len();
                    for form in self.forms.iter().filter(|form| form.begins(rest)) {
                        let place = level.place(at..at + form.bytes.expose_secret().len());
                        if form.is_base64 { &mut base64 } else { &mut plain }.push(place);
                    }
                }
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        plain.extend(whole_runs(text, base64));
        plain.sort_by_key(|place| place.start);
        plain
    }
}

impl Form {
    fn begins(&self, text: &[u8]) -> bool {
        text.starts_with(self.bytes.expose_secret())
    }
}

fn beginning(two: [u8; 2]) -> usize {
    usize::from(u16::from_be_bytes(two))
}

/// The signs of Base64 that follow from a text alone, whatever stands before it and after it.
fn own_part(encoded: &str, lead: usize, length: usize) -> &str {
    let start = (lead * 8).div_ceil(6);
    let end = length * 8 / 6;
    encoded.get(start..end).unwrap_or_default()
}

/// The runs of signs of Base64 that places are part of: what stands there next to the secret, such
/// as the address that goes with a token, was sent in the same header. No run is looked at twice,
/// since a text can hold the secret any number of times.
fn whole_runs(text: &str, mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "+/=-_".contains(c);
    places.sort_by_key(|place| place.start);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for place in places {
        let last = runs.last().map_or(0, |run| run.end);
        if place.end <= last {
            continue;
        }
        let before = text.get(last..place.start).unwrap_or_default();
        let after = text.get(place.end..).unwrap_or_default();
        let start = place.start.min(last + before.trim_end_matches(is_sign).len());
        runs.push(start..text.len() - after.trim_start_matches(is_sign).len());
    }
    runs
}
