//! Whether the key of the Atlassian organisation shows who has a second factor.

use crate::doctor::observation::Observation;
use crate::failure::Failure;
use crate::http::{Network, block_on};
use crate::read::atlassian::accounts;
use crate::read::atlassian::client::Client;
use crate::read::atlassian::organisation::Organisation;

/// Looks at the first page of the organisation's directory. It blocks; not to be called from
/// asynchronous code.
///
/// # Errors
/// [`Failure::Usage`] where the certificates or the proxy settings cannot be used.
pub(crate) fn examine(
    organisation: &Organisation,
    network: Network<'_>,
) -> Result<Observation, Failure> {
    let subject = format!("organisation {}", organisation.id);
    let client = Client::new(organisation, network)?;
    let rows = match block_on(accounts::first_rows(&client))? {
        Ok(rows) => rows,
        Err(error) => return Ok(Observation::failed(subject, client.explain(&error))),
    };
    let known = rows.iter().filter(|row| row.is_known());
    let (mut of, mut shown) = (0, 0);
    for row in known {
        of += 1;
        shown += usize::from(row.mfa_enabled.is_some());
    }
    let says = format!(
        "two-step verification is shown for {shown} of the {of} active managed accounts on the \
         first page"
    );
    Ok(match (shown, of) {
        (_, 0) => Observation::warning(
            subject,
            says,
            "An organisation knows the accounts of the domains that it has verified.",
        ),
        (0, _) => Observation::warning(
            subject,
            says,
            "Where rows do not show it, those with it and those without are asked for.",
        ),
        (_, _) => Observation::ok(subject, says),
    })
}
