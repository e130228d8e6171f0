//! What the headers of an answer tell about credential, clock and rate limit.

use reqwest::header::HeaderMap;

use crate::doctor::observation::Observation;
use crate::failure::Problem;
use crate::quote::Quotes;
use crate::read::bitbucket::{Client, GRANTED_SCOPES, REQUIRED_SCOPES};
use crate::report::{ClockGap, CredentialKind};

/// A header as text, masked.
fn header(headers: &HeaderMap, name: &str, client: &Client<'_>) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let text = client.session.excerpt(text);
    // Nothing is withheld here, and some headers are numbers.
    Some(Quotes::Shown.resolve(&text).into_owned()).filter(|text| !text.is_empty())
}

/// What Bitbucket calls the credential.
pub(super) fn credential_type(headers: &HeaderMap, client: &Client<'_>) -> Option<String> {
    header(headers, "x-credential-type", client)
}

/// Whether the credential may do what it is needed for, and no more than that.
pub(super) fn scopes(
    headers: &HeaderMap,
    kind: CredentialKind,
    looks_at_outsiders: bool,
    client: &Client<'_>,
) -> Observation {
    let takes = header(headers, REQUIRED_SCOPES, client);
    let takes = takes.map(|scopes| format!(" (required: {scopes})")).unwrap_or_default();
    let granted = header(headers, GRANTED_SCOPES, client);
    judge_scopes(granted.as_deref(), &takes, kind, looks_at_outsiders)
}

fn judge_scopes(
    granted: Option<&str>,
    takes: &str,
    kind: CredentialKind,
    looks_at_outsiders: bool,
) -> Observation {
    const SUBJECT: &str = "scopes";
    // Besides what is needed: the scope that shows people with access to single repositories, and
    // `team`, which Bitbucket was seen to add to consumers that were given `account` alone.
    let (needed, harmless) = match kind {
        CredentialKind::ApiToken => ("read:workspace:bitbucket", "read:repository:bitbucket"),
        CredentialKind::AccessToken => ("account", "repository"),
        CredentialKind::Oauth => ("account", "team"),
    };
    let is_harmless = looks_at_outsiders || kind == CredentialKind::Oauth;
    let Some(granted) = granted else {
        let says = format!("Bitbucket does not say which this credential has{takes}");
        let help = format!(
            "Look where the credential was made: it must have {needed}, and should have nothing \
             else."
        );
        return Observation::unknown(SUBJECT, says, help);
    };
    let scopes = || granted.split([',', ' ']).filter(|scope| !scope.is_empty());
    let says = format!("{granted}{takes}");
    if !scopes().any(|scope| scope == needed) {
        let help = format!("Make a credential with the scope {needed}.");
        return Observation::warning(SUBJECT, says, help);
    }
    if !scopes().all(|scope| scope == needed || is_harmless && scope == harmless) {
        let help = format!(
            "It can do more than it has to: make a credential with {needed} and nothing else."
        );
        return Observation::warning(SUBJECT, says, help);
    }
    Observation::ok(SUBJECT, says)
}

/// Whether this machine's clock agrees with the server's.
pub(super) fn clock(gap: Option<ClockGap>) -> Observation {
    const SUBJECT: &str = "clock";
    const HELP: &str = "Set this machine's clock: the day that it shows decides which exemptions are \
                        in force.";
    let Some(gap) = gap else {
        return Observation::unknown(SUBJECT, "Bitbucket does not say what time it is", HELP);
    };
    if gap.is_too_wide() {
        return Observation::failed(SUBJECT, Problem::new(gap.to_string(), HELP));
    }
    if gap.is_notable() {
        return Observation::warning(SUBJECT, gap.to_string(), HELP);
    }
    Observation::ok(SUBJECT, gap.to_string())
}

/// How many requests are left, where so many are needed.
pub(super) fn rate_limit(headers: &HeaderMap, needed: u64, client: &Client<'_>) -> Observation {
    const SUBJECT: &str = "rate limit";
    let of = |name: &str| header(headers, &format!("x-ratelimit-{name}"), client);
    let (limit, remaining, reset, near) =
        (of("limit"), of("remaining"), of("reset"), of("nearlimit"));
    let parts = [
        limit.map(|limit| format!("limit {limit}")),
        remaining.as_ref().map(|remaining| format!("{remaining} left")),
        reset.map(|reset| format!("lifted in {reset} s")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        let says = "Bitbucket does not say how many requests are left";
        let help = format!(
            "Reading takes about {needed} requests. Where Bitbucket limits them, `check` waits, at \
             most until its --deadline."
        );
        return Observation::unknown(SUBJECT, says, help);
    }
    let says = format!("{}; reading takes about {needed} requests", parts.join(", "));
    let left = remaining.and_then(|remaining| remaining.parse::<u64>().ok());
    if left.is_some_and(|left| left < needed) || near.is_some_and(|near| near == "true") {
        let help = "Wait until the limit is lifted, or use an account that does nothing else.";
        return Observation::warning(SUBJECT, says, help);
    }
    Observation::ok(SUBJECT, says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::observation::Grade;

    #[test]
    fn scopes_should_be_those_that_are_needed() {
        let grade = |scopes, kind| judge_scopes(scopes, "", kind, false).grade;
        let token = CredentialKind::ApiToken;
        assert_eq!(grade(None, token), Grade::Unknown);
        assert_eq!(grade(Some("read:workspace:bitbucket"), token), Grade::Ok);
        assert_eq!(
            grade(Some("read:workspace:bitbucket, write:x:bitbucket"), token),
            Grade::Warning
        );
        assert_eq!(grade(Some("read:user:bitbucket"), token), Grade::Warning);
        assert_eq!(grade(Some("account"), CredentialKind::Oauth), Grade::Ok);
        assert_eq!(grade(Some("team, account"), CredentialKind::Oauth), Grade::Ok);
        assert_eq!(grade(Some("team"), CredentialKind::Oauth), Grade::Warning);
        assert_eq!(grade(Some("team, read:workspace:bitbucket"), token), Grade::Warning);
        assert_eq!(grade(Some("account:write"), CredentialKind::AccessToken), Grade::Warning);
    }

    #[test]
    fn clocks_may_be_five_minutes_apart() {
        let seen = |ahead_s| {
            let seen = clock(Some(ClockGap { ahead_s }));
            (seen.grade, seen.says)
        };
        assert_eq!(seen(0), (Grade::Ok, "as those of the servers that were asked".into()));
        assert_eq!(seen(300).0, Grade::Ok);
        let ahead = "5m 1s ahead of those of the servers that were asked";
        assert_eq!(seen(301), (Grade::Warning, ahead.into()));
        let behind = "1h 1s behind those of the servers that were asked";
        assert_eq!(seen(-3601), (Grade::Failed, behind.into()));
        assert_eq!(clock(None).grade, Grade::Unknown);
    }
}
