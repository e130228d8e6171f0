//! What a credential for Bitbucket is, and what it sees in each workspace.

use std::sync::Arc;

use reqwest::header::HeaderMap;

use super::credential::{expiry, in_words};
use super::headers;
use crate::doctor::observation::Observation;
use crate::failure::{Failure, Problem};
use crate::http::{Network, block_on};
use crate::member::{Member, Source, TwoFactor};
use crate::read::bitbucket::{Account, Client, Credential, PAGELEN, Workspace, session};
use crate::read::visibility::Caller;

/// Looks at the credential, and at what it is and sees in each workspace. It blocks; not to be
/// called from asynchronous code.
///
/// # Errors
/// [`Failure::Usage`] where the certificates or the proxy settings cannot be used.
pub(crate) fn examine(
    account: &Account,
    slugs: &[Arc<str>],
    looks_at_outsiders: bool,
    lookup: &dyn Fn(&str) -> Option<String>,
    network: Network<'_>,
) -> Result<Vec<Observation>, Failure> {
    let session = session(account, network)?;
    block_on(async {
        let client = match Client::new(account, session).await {
            Ok(client) => client,
            Err(problem) => return vec![Observation::failed(CREDENTIAL, problem)],
        };
        let mut seen = Seen::default();
        for slug in slugs {
            workspace(&client, slug, looks_at_outsiders, &mut seen).await;
        }
        let Seen { observations, headers, requests, is_refused } = seen;
        let what = in_words(&account.credential, lookup);
        let Some(headers) = headers else {
            let credential = if is_refused {
                let problem = Problem::new(format!("{what} was refused"), WHY_BELOW);
                Observation::failed(CREDENTIAL, problem)
            } else {
                let says = format!(
                    "{what}: no workspace could be read, so it is not known whether it is accepted"
                );
                Observation::unknown(CREDENTIAL, says, WHY_BELOW)
            };
            return [vec![credential], observations].concat();
        };
        let mut all = vec![
            accepted(what, &account.credential, &headers, &client),
            expiry(&account.credential),
            headers::scopes(&headers, account.credential.kind(), looks_at_outsiders, &client),
        ];
        all.extend(observations);
        all.push(headers::clock(network.connection.clock.gap()));
        all.push(headers::rate_limit(&headers, requests, &client));
        all
    })
}

const CREDENTIAL: &str = "credential";
const WHY_BELOW: &str = "See why below.";

/// What was seen so far.
#[derive(Default)]
struct Seen {
    observations: Vec<Observation>,
    /// Those of the last answer that was a success.
    headers: Option<HeaderMap>,
    /// How many requests reading these workspaces takes.
    requests: u64,
    /// Whether an answer was about the credential itself.
    is_refused: bool,
}

impl Seen {
    /// Notes an answer that is not a success. Anything but 401 and 403 says nothing about the
    /// credential: 404 is a wrong slug as well, and a server that is down has judged nothing.
    fn note(&mut self, status: Option<u16>) {
        self.is_refused |= matches!(status, Some(401 | 403));
    }
}

/// What to say of a credential that was accepted.
fn accepted(
    what: String,
    credential: &Credential,
    headers: &HeaderMap,
    client: &Client<'_>,
) -> Observation {
    let called = headers::credential_type(headers, client);
    let says =
        what + &called.map(|kind| format!("; Bitbucket calls it {kind}")).unwrap_or_default();
    match credential.oddity() {
        Some(oddity) => Observation::warning(CREDENTIAL, says, oddity),
        None => Observation::ok(CREDENTIAL, says),
    }
}

/// Looks at what the credential is in a workspace, and whether it sees the second factor there.
async fn workspace(client: &Client<'_>, slug: &str, looks_at_outsiders: bool, seen: &mut Seen) {
    let workspace = Workspace::new(client, slug, &|_| ());
    let caller = role(client, &workspace, seen).await;
    let subject = format!("{slug}: second factor");
    let observation = match workspace.first_members().await {
        Ok((page, headers)) => {
            seen.headers = Some(headers);
            // A request for each page, one for what the caller is, one for who owns the workspace.
            let size = page.size.unwrap_or(1);
            seen.requests = seen.requests.saturating_add(size.div_ceil(PAGELEN)).saturating_add(2);
            visibility(subject, &page.values.members, &caller)
        }
        Err(error) => {
            seen.note(error.status());
            Observation::failed(subject, client.explain(error))
        }
    };
    seen.observations.push(observation);
    seen.observations.push(outsiders(&workspace, looks_at_outsiders).await);
}

/// Whether people can be listed who are not members and have access to a repository.
async fn outsiders(workspace: &Workspace<'_>, are_looked_at: bool) -> Observation {
    let subject = format!("{}: repositories", workspace.slug);
    match workspace.try_people_with_access().await {
        Ok(()) => {
            Observation::ok(subject, "people with access to single repositories can be listed")
        }
        Err(problem) if are_looked_at => Observation::failed(subject, problem),
        Err(problem) => {
            let help = "The policy does not look at them, so nothing is missing.";
            Observation::unknown(subject, problem.what, help)
        }
    }
}

async fn role(client: &Client<'_>, workspace: &Workspace<'_>, seen: &mut Seen) -> Caller {
    let subject = format!("{}: role", workspace.slug);
    let (caller, observation) = match workspace.own_permission().await {
        Ok((caller, headers)) => {
            seen.headers = Some(headers);
            let observation = match &caller {
                Caller::Owner => Observation::ok(subject, "`owner`"),
                Caller::Other(permission) => {
                    let why = format!(
                        "`{permission}`, not `owner`: Bitbucket shows the second factor of others \
                         to admins only"
                    );
                    Observation::failed(subject, Problem::new(why, USE_AN_ADMINS))
                }
                Caller::NoAnswer(_) => {
                    let says = "Bitbucket does not say what the account is in the workspace";
                    Observation::unknown(subject, says, USE_AN_ADMINS)
                }
            };
            (caller, observation)
        }
        Err(error) => {
            seen.note(error.status());
            let Problem { what, help } = client.explain(error);
            (Caller::NoAnswer(None), Observation::unknown(subject, what, help))
        }
    };
    seen.observations.push(observation);
    caller
}

const USE_AN_ADMINS: &str = "Use the credential of an owner of the workspace.";

/// Whether the first page shows who has a second factor.
fn visibility(subject: String, members: &[Arc<Member>], caller: &Caller) -> Observation {
    if members.is_empty() {
        return Observation::failed(subject, Problem::no_members());
    }
    let asked: Vec<_> = members.iter().filter(|member| member.applicable()).collect();
    let shown =
        |member: &&&Arc<Member>| member.evidence.of(Source::Bitbucket) != TwoFactor::Unknown;
    let (shown, of) = (asked.iter().filter(shown).count(), asked.len());
    let says = format!("shown for {shown} of the {of} active members on the first page");
    match (shown, caller) {
        (0, _) if of == 0 => Observation::unknown(
            subject,
            says,
            "Nothing to do: `check` reads all pages, and judges the members on them.",
        ),
        (all, _) if all == of => Observation::ok(subject, says),
        (0, _) => Observation::failed(subject, Problem::new(says, USE_AN_ADMINS)),
        (_, Caller::Owner) => Observation::warning(
            subject,
            says,
            "An owner asked, so Bitbucket itself does not know it of the others. `check` reports them \
             as two-factor-unknown; `mfa-gate explain two-factor-unknown` says what to do.",
        ),
        (_, Caller::Other(_) | Caller::NoAnswer(_)) => {
            Observation::failed(subject, Problem::new(says, USE_AN_ADMINS))
        }
    }
}
