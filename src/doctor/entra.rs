//! What the credential for Microsoft Entra is, and whether it may read what a run needs.

use super::observation::Observation;
use crate::failure::Failure;
use crate::http::{Network, block_on};
use crate::read::entra::{Client, List, Tenant};

const SUBJECT: &str = "Microsoft Entra";

/// Gets a token, and looks at the first page of each list. It blocks; not to be called from
/// asynchronous code.
///
/// # Errors
/// [`Failure::Usage`] where the certificates or the proxy settings cannot be used.
pub(crate) fn examine(tenant: &Tenant, network: Network<'_>) -> Result<Vec<Observation>, Failure> {
    let client = Client::new(tenant, network)?;
    block_on(async {
        if let Err(problem) = client.log_in().await {
            return vec![Observation::failed(SUBJECT, problem)];
        }
        let mut observations = vec![Observation::ok(SUBJECT, tenant.credential_in_words())];
        for list in [List::Users, List::Registrations] {
            let permission = list.permission();
            observations.push(match client.try_list(list).await {
                Ok(()) => Observation::ok(
                    SUBJECT,
                    format!("{} can be read ({permission})", list.in_words()),
                ),
                Err(problem) => Observation::failed(SUBJECT, problem),
            });
        }
        observations
    })
}
