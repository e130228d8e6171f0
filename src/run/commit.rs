//! The commit that a run is made for.

use super::Context;
use crate::ci;
use crate::failure::Failure;
use crate::report::Commit;

/// The digest of a Git commit, as in-toto calls it:
/// <https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md>.
const GIT_COMMIT: &str = "gitCommit";

/// The commit of `--subject NAME=DIGEST`, else the one that the CI system says it is at.
///
/// # Errors
/// [`Failure::Usage`] where `--subject` is not a name and a digest.
pub(crate) fn commit(
    given: Option<&str>,
    context: &Context<'_>,
) -> Result<Option<Commit>, Failure> {
    match given {
        Some(text) => parse(text).map(Some),
        None => {
            let named = ci::commit(context.env);
            Ok(named.and_then(|(name, commit)| parse(&format!("{name}={commit}")).ok()))
        }
    }
}

fn parse(text: &str) -> Result<Commit, Failure> {
    let wrong = || {
        Failure::usage(
            format!("--subject is not NAME=DIGEST: {text}"),
            "Write a name and a digest, such as git+https://bitbucket.org/acme/shop=COMMIT for a \
             commit or shop.tar.gz=sha256:HEX for a file.",
        )
    };
    let (name, digest) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (algorithm, digest) = match digest.split_once(':') {
        Some((algorithm, digest)) => (algorithm, digest),
        None => (GIT_COMMIT, digest),
    };
    let known = match algorithm {
        "sha1" | "gitTree" => digest.len() == 40,
        GIT_COMMIT => matches!(digest.len(), 40 | 64),
        "sha256" => digest.len() == 64,
        "sha512" => digest.len() == 128,
        _ => false,
    };
    let hexadecimal = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if name.is_empty() || !known || !hexadecimal {
        return Err(wrong());
    }
    let digest = digest.to_ascii_lowercase().into();
    Ok(Commit { name: name.into(), algorithm: algorithm.into(), digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn names_and_digests() {
        let of = |text: &str| {
            let Commit { name, algorithm, digest } = parse(text).unwrap();
            (name.into_string(), algorithm.into_string(), digest.into_string())
        };
        let sha256 = "ab".repeat(32);
        for (text, name, algorithm, digest) in [
            (format!("shop={SHA1}"), "shop", GIT_COMMIT, SHA1),
            (format!("a=b={SHA1}"), "a=b", GIT_COMMIT, SHA1),
            (format!("x=sha256:{}", sha256.to_uppercase()), "x", "sha256", &*sha256),
        ] {
            assert_eq!(of(&text), (name.into(), algorithm.into(), digest.into()));
        }
        for text in
            ["", "shop", "shop=", "shop=abc", &format!("={SHA1}"), "x=md5:00", "x=sha256:zz"]
        {
            assert_eq!(parse(text).unwrap_err().exit().code(), 2, "{text}");
        }
    }
}
