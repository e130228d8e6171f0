//! What goes wrong with a list that is read from a server, and what to do about it.

use thiserror::Error;

use crate::completeness::Inconsistency;
use crate::failure::Problem;
use crate::http::{Host, RequestError};

/// Why a list could not be read to its end. Foreign text in it is masked and cut short.
#[derive(Debug, Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("the next page is said to be elsewhere, where nothing was sent: {0}")]
    Elsewhere(String),
    #[error("the pages go round in a circle: a `next` leads back to a page that was read")]
    Loop,
    #[error("there is no end to the pages")]
    Endless,
    #[error("the list was read twice and did not add up: {0}")]
    Inconsistency(#[from] Inconsistency),
}

impl ListError {
    /// The status of an answer that is not a success, where that is what went wrong.
    pub(crate) fn status(&self) -> Option<u16> {
        if let ListError::Request(error) = self { error.status() } else { None }
    }

    /// What went wrong when this server was asked for a list, and what to do next.
    pub(crate) fn explain(&self, host: &dyn Host) -> Problem {
        let set_by = host.set_by();
        let help = match self {
            ListError::Request(error) => return error.explain(host),
            ListError::Elsewhere(_) => {
                format!("Check {set_by}: `next` must lead to the same scheme, host, port and path.")
            }
            ListError::Loop | ListError::Endless => {
                format!("Try again. If it happens again, report it to {}.", host.name())
            }
            ListError::Inconsistency(inconsistency) => inconsistency.help(set_by),
        };
        Problem::new(self.to_string(), help)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::{Refusal, Secret};
    use crate::quote::Quotes;
    use crate::read::bitbucket::Credential;

    fn refused(status: u16, message: &str) -> RequestError {
        RequestError::Refused(Box::new(Refusal {
            status: status.try_into().unwrap(),
            message: message.into(),
            granted: None,
            required: None,
            asks: None,
            wants_captcha: false,
        }))
    }

    #[test]
    fn each_error_in_words() {
        let host = Credential::AccessToken(Secret::new("ATCT-of-a-test".into()));
        let minute = Duration::from_secs(60);
        let mut slow = refused(429, "Rate limit for this resource has been exceeded");
        if let RequestError::Refused(refusal) = &mut slow {
            refusal.asks = Some(minute * 90);
        }
        let mut robot = refused(401, "");
        if let RequestError::Refused(refusal) = &mut robot {
            refusal.wants_captcha = true;
        }
        let mut short =
            refused(403, "Your credentials lack one or more required privilege scopes.");
        if let RequestError::Refused(refusal) = &mut short {
            (refusal.granted, refusal.required) = (Some("email".into()), Some("account".into()));
        }
        let requests = [
            RequestError::Unreachable("error sending request".into()),
            RequestError::Certificate("invalid peer certificate: UnknownIssuer".into()),
            RequestError::Unsendable("builder error".into()),
            RequestError::TimedOut(minute),
            RequestError::Deadline(minute * 10),
            RequestError::Closed { wait: minute * 90, allowed: minute * 10 },
            RequestError::OutOfTime { last: Box::new(slow), allowed: minute * 10 },
            RequestError::Exhausted { last: Box::new(refused(502, "")), tries: 6 },
            RequestError::TooLarge,
            RequestError::Stale(minute * 60),
            refused(302, ""),
            refused(401, "Token is invalid, expired, or not supported for this endpoint."),
            robot,
            short,
            refused(404, "No workspace with identifier 'acme'."),
            refused(410, "Functionality has been deprecated"),
            refused(500, "Something went wrong"),
            RequestError::Shape {
                status: 200,
                content_type: "text/html".into(),
                start: "<!DOCTYPE html>".into(),
                why: "expected value at line 1 column 1".into(),
                cut: false,
            },
        ];
        let lists = [
            ListError::Elsewhere("https://other.example/2.0".into()),
            ListError::Loop,
            ListError::Endless,
            Inconsistency::Count { came: 99, size: 100 }.into(),
            Inconsistency::EndsEarly { page: 2, of: 3 }.into(),
        ];
        let errors = requests.into_iter().map(ListError::from).chain(lists);
        let said = errors.map(|error| {
            let Problem { what, help } = error.explain(&host).with(Quotes::Shown);
            format!("{what}\n  {help}\n")
        });
        insta::assert_snapshot!(said.collect::<String>(), @r#"
        Bitbucket could not be reached, or stopped in the middle of its answer: error sending request
          Check the network, the proxy variables and --api-url.
        Bitbucket showed a certificate that is not trusted, so nothing was sent: invalid peer certificate: UnknownIssuer
          If a proxy or a server of your own answers, give its certificate authority to --ca-cert. If not, do not go on: another machine answers in the server's place.
        Bitbucket cannot be asked: builder error
          Check --api-url and the credential.
        Bitbucket did not answer within 60s
          Try again, or allow more time with --timeout.
        Bitbucket did not answer everything within 600s, the time that the run may take
          Try again, or allow more time with --deadline.
        Bitbucket limits requests: the next one has to wait for 5400s, longer than what is left of the 600s that the run may take
          Try again after that time, or allow more time with --deadline.
        Bitbucket answered 429: Rate limit for this resource has been exceeded (it asks to wait for 5400s); the next try would have to wait longer than what is left of the 600s that the run may take
          Try again later: Bitbucket counts the requests of an hour, and whatever else uses BITBUCKET_ACCESS_TOKEN counts too. --deadline allows more time.
        Bitbucket answered 502 and gave no reason (tried 6 times)
          The fault is at Bitbucket: try again later.
        Bitbucket sent an answer that is larger than 16 MiB
          Check --api-url: real answers of Bitbucket are far smaller.
        Bitbucket did not answer: a cache answered in its place, with what it said 3600s ago
          Configure the proxy not to keep answers of Bitbucket. Every request forbids it (`Cache-Control: no-cache`).
        Bitbucket answered 302, a redirect, which is not followed
          Check --api-url, and whether a proxy or a login page answers in place of Bitbucket.
        Bitbucket answered 401: Token is invalid, expired, or not supported for this endpoint.
          BITBUCKET_ACCESS_TOKEN may have expired or been revoked, or the owner who made it may have left. Make a new workspace access token with the scope account; tokens of a repository or a project do not work here.
        Bitbucket answered 401 and gave no reason; it wants a CAPTCHA to be solved first
          Log in at https://id.atlassian.com in a browser with the account of this credential, and solve the CAPTCHA. It appears after several failed logins: look for a job that still uses an old password or token of that account.
        Bitbucket answered 403: Your credentials lack one or more required privilege scopes. (granted: email; required: account)
          Make a workspace access token with the scope account; tokens of a repository or a project cannot have it.
        Bitbucket answered 404: No workspace with identifier 'acme'.
          Check the workspace's slug, and that BITBUCKET_ACCESS_TOKEN was made in that workspace: such a token sees no other.
        Bitbucket answered 410: Functionality has been deprecated
          Bitbucket removed what this version of mfa-gate asks for: use a newer one.
        Bitbucket answered 500: Something went wrong
          The fault is at Bitbucket: try again later.
        Bitbucket sent something that is not what was asked for (expected value at line 1 column 1): status 200, text/html, it starts with "<!DOCTYPE html>"
          Check --api-url, and whether a proxy or a login page answers in place of Bitbucket.
        the next page is said to be elsewhere, where nothing was sent: https://other.example/2.0
          Check --api-url: `next` must lead to the same scheme, host, port and path.
        the pages go round in a circle: a `next` leads back to a page that was read
          Try again. If it happens again, report it to Bitbucket.
        there is no end to the pages
          Try again. If it happens again, report it to Bitbucket.
        the list was read twice and did not add up: Bitbucket counts 100 members and listed 99
          Try again when fewer people join and leave.
        the list was read twice and did not add up: page 2 of 3 has no `next`, so the pages are not of one list
          Trying again is unlikely to help. Check --api-url and whether a proxy changes the answers; if neither is the cause, report it to Atlassian.
        "#);
    }
}
