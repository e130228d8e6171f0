//! Code Insights: a report on the commit that the pipeline runs for, and annotations:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-reports/>.
//!
//! Many can read what stands at a commit, so that members are named there only when asked for.

mod page;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::ci;
use crate::failure::{Failure, Problem};
use crate::http::{
    Connection, Host, Network, Pace, Refusal, RequestError, Route, Session, block_on,
};
use crate::read::bitbucket::{self, Account};
use crate::report::Report;

/// Annotations that fit into one request.
const BATCH: usize = 100;

/// The name of the report at the commit.
const REPORT: &str = "mfa-gate";

/// Whose page is written, and how.
pub(crate) struct Insights<'a> {
    path: [String; 6],
    way: Way<'a>,
    /// Whether members and exemptions are named.
    names: bool,
}

/// How Bitbucket is told.
enum Way<'a> {
    /// Through the proxy of Bitbucket Pipelines, which knows who asks, so that no credential goes
    /// there.
    Proxy(Url),
    /// With a credential.
    Account(&'a Account),
}

/// What is asked through the proxy, which makes https of it.
const PROXIED_API_URL: &str = "http://api.bitbucket.org/2.0";

impl<'a> Insights<'a> {
    /// Those of the commit that the environment names.
    ///
    /// # Errors
    /// [`Failure::Usage`] where it names none, or where there is neither a proxy nor a credential.
    pub(crate) fn from_env(
        lookup: &dyn Fn(&str) -> Option<String>,
        account: Option<&'a Account>,
        names: bool,
    ) -> Result<Self, Failure> {
        let [Some(workspace), Some(repository), Some(commit)] = ci::COMMIT.map(lookup) else {
            return Err(Failure::usage(
                "Code Insights are about a commit, and the environment names none",
                format!("Run it in Bitbucket Pipelines, or set {}.", ci::COMMIT.join(", ")),
            ));
        };
        let way = match (ci::proxy(lookup), account) {
            (Some(proxy), _) => Way::Proxy(proxy),
            (None, Some(account)) => Way::Account(account),
            (None, None) => {
                return Err(Failure::usage(
                    "Code Insights take a credential outside of Bitbucket Pipelines",
                    "Omit --members or --code-insights.",
                ));
            }
        };
        let path = ["repositories", &workspace, &repository, "commit", &commit, "reports"];
        Ok(Insights { path: path.map(str::to_owned), way, names })
    }

    /// Replaces what an earlier run wrote at the commit.
    ///
    /// # Errors
    /// Why that could not be written.
    pub(crate) fn tell(&self, report: &Report, connection: &Connection) -> Result<(), Problem> {
        let page = page::Page::new(report, self.names);
        let network = Network::new(connection, Pace::real());
        block_on(async {
            let session = match &self.way {
                Way::Proxy(proxy) => {
                    let base = Url::parse(PROXIED_API_URL)
                        .map_err(|error| Problem::new(error.to_string(), ""))?;
                    Session::by(Route::Through(proxy), &Proxied, &base, network)?
                }
                Way::Account(account) => {
                    let session = bitbucket::session(account, network)?;
                    bitbucket::Client::new(account, session).await?.session
                }
            };
            self.write(&page, &session).await.map_err(|error| session.explain(&error))
        })?
    }

    /// The annotations of an earlier run go with its report.
    async fn write(&self, page: &page::Page, session: &Session<'_>) -> Result<(), RequestError> {
        let commit: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let url = |path: &[&str]| session.url(&[&commit, path].concat(), None);
        let report = url(&[REPORT]);
        let deleted = match session.tell(Method::DELETE, &report, None).await {
            Err(error) if error.status() == Some(404) => Ok(()),
            deleted => deleted,
        };
        // Whatever became of the old report, it must not stand for this run.
        session.tell(Method::PUT, &report, Some(&page.report)).await?;
        deleted?;
        let annotations = url(&[REPORT, "annotations"]);
        for batch in page.annotations.chunks(BATCH) {
            session.tell(Method::POST, &annotations, Some(&Value::from(batch))).await?;
        }
        Ok(())
    }
}

/// Bitbucket, through the proxy of Bitbucket Pipelines.
struct Proxied;

impl Host for Proxied {
    fn name(&self) -> &'static str {
        "the proxy of Bitbucket Pipelines"
    }

    fn set_by(&self) -> &'static str {
        "the proxy at port 29418"
    }

    fn help(&self, _: &Refusal) -> String {
        "Code Insights are written for the commit of the running pipeline only.".into()
    }
}
