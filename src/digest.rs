//! SHA-256 and hexadecimal digits, as reports and pins write them.

use ring::digest::{Digest, SHA256, digest};

/// The SHA-256 of these bytes.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> Digest {
    digest(&SHA256, bytes.as_ref())
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
