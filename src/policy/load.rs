//! From a file, or its bytes, to the valid policy.

use std::fs::File;
use std::io::{self, Read};
use std::path::{MAIN_SEPARATOR_STR, Path};
use std::sync::Arc;

use annotate_snippets::Renderer;

use super::problem::{Problems, shown};
use super::raw::RawPolicy;
use super::source::SourceText;
use super::{Policy, syntax, tree, validate};
use crate::digest::{hex, sha256};
use crate::failure::Failure;

/// Reads a policy file; where a digest is pinned, only the file with that SHA-256 (64 hexadecimal
/// digits of either case).
///
/// # Errors
///
/// [`Failure::Usage`] where the file cannot be read or has another digest, and
/// [`Failure::Rendered`] with every problem of its content.
pub fn load(path: &Path, pinned_sha256: Option<&str>) -> Result<Policy, Failure> {
    let (name, bytes) = read_pinned(path, pinned_sha256)?;
    parse(name, &bytes)
}

/// The name of a policy file as reports have it, and its bytes, if they have the pinned digest.
pub(super) fn read_pinned(
    path: &Path,
    pinned_sha256: Option<&str>,
) -> Result<(Arc<str>, Vec<u8>), Failure> {
    let name = shown_path(path);
    let pinned = pinned_sha256.map(check_digest).transpose()?;
    let bytes = read(path).map_err(|error| unreadable(&name, &error))?;
    // Of a larger file only the beginning was read, whose digest says nothing.
    if let Some(pinned) = pinned.filter(|_| bytes.len() <= syntax::MAX_BYTES) {
        let found = hex(sha256(&bytes));
        if found != pinned {
            return Err(Failure::usage(
                format!("policy {} has the SHA-256 {found}, not the pinned {pinned}", shown(&name)),
                "Have the change approved, then pin the new digest with --policy-sha256 or \
                 MFA_GATE_POLICY_SHA256; or restore the policy that was approved.",
            ));
        }
    }
    Ok((name.into(), bytes))
}

/// The path as reports name it: with forward slashes, and relative where that is possible, since
/// code scanning knows files by their place in the repository.
fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| path.strip_prefix(here).ok());
    inside.unwrap_or(path).to_string_lossy().replace(MAIN_SEPARATOR_STR, "/")
}

/// Reads a policy from the bytes of a file that is called `path` in messages and locations.
///
/// # Errors
///
/// [`Failure::Rendered`] with every problem, each with its place and what to write instead, as
/// plain text.
pub fn parse(path: Arc<str>, bytes: &[u8]) -> Result<Policy, Failure> {
    let mut problems = Problems::default();
    let text = syntax::decode(bytes, &mut problems);
    let source = SourceText::new(path, &text);
    let policy = if problems.is_empty() {
        tree::parse(source.text, &mut problems)
            .and_then(|root| RawPolicy::read(root, &mut problems))
            .and_then(|raw| {
                validate::policy(raw, hex(sha256(bytes)).into(), &source, &mut problems)
            })
    } else {
        None
    };
    match policy.filter(|_| problems.is_empty()) {
        Some(policy) => Ok(policy),
        None => Err(Failure::Rendered {
            bare: Some(problems.places(&source)),
            message: problems.render(&source, &Renderer::plain()),
        }),
    }
}

/// The JSON Schema of a policy, for editors. What it refuses is no policy; what it accepts may
/// still contradict itself, such as an exemption that ends before it starts.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(RawPolicy)
}

/// At most one byte more than a policy may have: enough to see that it is too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(syntax::MAX_BYTES).unwrap_or(u64::MAX);
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    let (why, help) = if error.kind() == io::ErrorKind::NotFound {
        (
            "there is no such file".to_owned(),
            "Name the policy with --policy FILE or MFA_GATE_POLICY, or write a first one: \
             `mfa-gate policy init --workspace SLUG`.",
        )
    } else if error.kind() == io::ErrorKind::IsADirectory {
        (
            "it is a directory".to_owned(),
            "Name the file in it, with --policy FILE or MFA_GATE_POLICY.",
        )
    } else {
        (
            error.to_string(),
            "See that this user may read the file, or name another one with --policy FILE or \
             MFA_GATE_POLICY.",
        )
    };
    Failure::usage(format!("could not read policy {}: {why}", shown(name)), help)
}

/// A digest in lower case, to be compared with the policy's own.
///
/// # Errors
/// [`Failure::Usage`] for anything but the 64 hexadecimal digits of a SHA-256.
pub fn check_digest(hex: &str) -> Result<String, Failure> {
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(hex.to_ascii_lowercase());
    }
    Err(Failure::usage(
        format!("the pinned digest {} is no SHA-256", shown(hex)),
        "Give --policy-sha256 or MFA_GATE_POLICY_SHA256 the 64 hexadecimal digits that \
         `sha256sum policy.yaml` prints.",
    ))
}
