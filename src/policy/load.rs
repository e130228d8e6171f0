//! From a file, or its bytes, to the valid policy.

use std::io::{self, Read};
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};
use std::sync::Arc;

use super::schema::PolicyFile;
use super::{Policy, validate};
use crate::digest::{hex, sha256};
use crate::failure::Failure;
use crate::files;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::SourceText;
use crate::yaml::{syntax, tree};

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
    let bytes = read(path).map_err(|error| unreadable(path, &name, &error))?;
    // A larger file was not read whole, so it has no digest to compare.
    if let Some(pinned) = pinned.filter(|_| bytes.len() <= syntax::MAX_BYTES) {
        let found = hex(sha256(&bytes));
        if found != pinned {
            let what =
                format!("policy {} has the SHA-256 {found}, not the pinned {pinned}", shown(&name));
            return Err(match only_line_endings_differ(&bytes, &pinned) {
                None => Failure::usage(
                    what,
                    "If the change is approved, pin the new digest with --policy-sha256 or \
                     MFA_GATE_POLICY_SHA256; else restore the policy that was approved.",
                ),
                Some((here, approved, eol)) => Failure::usage(
                    format!(
                        "{what}: only the line endings differ, {here} here and {approved} in the \
                         pinned file"
                    ),
                    format!(
                        "Make Git check it out as it was approved: commit a .gitattributes with \
                         the line `{} text eol={eol}`, then delete the file and run \
                         `git checkout` on it.",
                        file_name(path)
                    ),
                ),
            });
        }
    }
    Ok((name.into(), bytes))
}

/// If the file would have the pinned digest with other line endings: the line endings of this file,
/// those of the pinned file, and what Git calls the latter.
fn only_line_endings_differ(
    bytes: &[u8],
    pinned: &str,
) -> Option<(&'static str, &'static str, &'static str)> {
    let lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .collect();
    if hex(sha256(lines.join(&b"\n"[..]))) == pinned {
        Some(("CRLF", "LF", "lf"))
    } else if hex(sha256(lines.join(&b"\r\n"[..]))) == pinned {
        Some(("LF", "CRLF", "crlf"))
    } else {
        None
    }
}

/// The last part of a path, for messages.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file of the same name with the other usual extension, `.yaml` or `.yml`, if it exists.
pub fn with_other_extension(path: &Path) -> Option<PathBuf> {
    let other = match path.extension()?.to_str()? {
        "yaml" => "yml",
        "yml" => "yaml",
        _ => return None,
    };
    Some(path.with_extension(other)).filter(|other| other.is_file())
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
    let mut diagnostics = Diagnostics::default();
    let text = syntax::decode(bytes, &mut diagnostics);
    let source = SourceText::new(path, &text);
    let policy = if diagnostics.is_empty() {
        syntax::refuse_hidden(source.text, &mut diagnostics);
        tree::parse(source.text, &mut diagnostics).and_then(|root| {
            validate::policy(root, hex(sha256(bytes)).into(), &source, &mut diagnostics)
        })
    } else {
        None
    };
    match policy.filter(|_| diagnostics.is_empty()) {
        Some(policy) => Ok(policy),
        None => Err(Failure::Rendered {
            bare: Some(diagnostics.places(&source)),
            message: diagnostics.render(&source),
        }),
    }
}

/// The JSON Schema of a policy, for editors. What it refuses is not a policy; what it accepts may
/// still contradict itself, such as an exemption that ends before it starts.
pub fn schema() -> schemars::Schema {
    crate::schema::of::<PolicyFile>("policy")
}

/// Reads at most one byte more than a policy may have: enough to see that it is too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(syntax::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    files::open(path, most)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, name: &str, error: &io::Error) -> Failure {
    let (why, help) = if error.kind() == io::ErrorKind::NotFound {
        let help = match with_other_extension(path) {
            Some(other) => {
                let other = other.display();
                format!(
                    "There is {other}: name it with --policy {other} or MFA_GATE_POLICY, or rename \
                     it to {}.",
                    file_name(path)
                )
            }
            None => "Name the policy with --policy FILE or MFA_GATE_POLICY, or write a first one: \
                     `mfa-gate policy init --workspace SLUG`."
                .into(),
        };
        ("there is no such file".to_owned(), help)
    } else if error.kind() == io::ErrorKind::IsADirectory {
        let help = "Name the file in it, with --policy FILE or MFA_GATE_POLICY.";
        ("it is a directory".to_owned(), help.to_owned())
    } else {
        let help = "Make the file readable for this user, or name another one with --policy FILE or \
                    MFA_GATE_POLICY.";
        (error.to_string(), help.to_owned())
    };
    Failure::usage(format!("could not read policy {}: {why}", shown(name)), help)
}

/// A digest in lower case, to be compared with that of the policy.
///
/// # Errors
/// [`Failure::Usage`] for anything but 64 hexadecimal digits.
pub fn check_digest(hex: &str) -> Result<String, Failure> {
    let is_digest =
        |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest(hex) {
        return Ok(hex.to_ascii_lowercase());
    }
    // As `sha256sum` prints it, or as registries do.
    let bare = hex.split(|c: char| c.is_whitespace() || c == ':').find(|part| is_digest(part));
    let help = match bare {
        Some(digest) => {
            format!("Give --policy-sha256 or MFA_GATE_POLICY_SHA256 the digits alone: {digest}.")
        }
        None => "Give --policy-sha256 or MFA_GATE_POLICY_SHA256 the 64 hexadecimal digits that \
                 `sha256sum policy.yaml` prints."
            .into(),
    };
    Err(Failure::usage(format!("the pinned digest {} is not a SHA-256", shown(hex)), help))
}
