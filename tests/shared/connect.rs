//! How the tests of the reader ask for members, as the commands do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mfa_gate::failure::Failure;
use mfa_gate::http::{Clock, Connection, Pace, Secrets};
use mfa_gate::read;
use mfa_gate::read::bitbucket::{Account, Credential};
use mfa_gate::read::{Members, Sources, Wanted};
use mfa_gate::reading::Reading;
use url::Url;

/// How Bitbucket is reached, and with which credential.
#[derive(Clone, Debug)]
pub(crate) struct Connect {
    pub(crate) api_url: Url,
    pub(crate) concurrency: u8,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) ca_cert: Option<PathBuf>,
    pub(crate) credential: Credential,
}

impl Connect {
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            concurrency: self.concurrency,
            timeout: self.timeout,
            deadline: self.deadline,
            ca_cert: self.ca_cert.clone(),
            secrets: Secrets::default(),
            clock: Clock::default(),
        }
    }

    /// Reads workspaces from Bitbucket alone.
    pub(crate) fn read(
        &self,
        slugs: &[Arc<str>],
        wanted: Wanted<'_>,
        pace: Pace<'_>,
    ) -> Result<Vec<Reading>, Failure> {
        let (api_url, credential) = (self.api_url.clone(), self.credential.clone());
        let account = Account { api_url, credential };
        let sources = Sources {
            members: Members::Bitbucket(&account, slugs),
            organisation: None,
            roster: None,
            entra: None,
            connection: &self.connection(),
        };
        Ok(read::read(sources, wanted, pace, &|_| ())?.readings)
    }
}
