//! SHA-256 and hexadecimal digits, as reports and pins write them.

use ring::digest::{Digest, SHA256, digest};

/// The SHA-256 of these bytes.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> Digest {
    digest(&SHA256, bytes.as_ref())
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let halves = bytes.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    // Four bits are always one digit.
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_has_two_digits() {
        let bytes: Vec<u8> = (0..=255).collect();
        let expected: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(super::hex(bytes), expected);
    }
}
