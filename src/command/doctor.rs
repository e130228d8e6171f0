//! `mfa-gate doctor`: which credential, whose, and what it can see.

use std::sync::Arc;

use crate::cli::Doctor;
use crate::doctor;
use crate::doctor::observation::{Grade, Observation, render};
use crate::failure::{Exit, Failure};
use crate::http::{Network, Pace};
use crate::member::Source;
use crate::policy::{self, Policy, RosterSource};
use crate::read::atlassian::Organisation;
use crate::read::entra::Tenant;
use crate::reading::Coverage;
use crate::run::collect::{account, connection};
use crate::run::redirection::redirections;
use crate::run::workspaces::{from_environment, named, no_workspace};
use crate::run::{Context, print};

pub(super) fn run(args: &Doctor, context: &Context<'_>) -> Result<Exit, Failure> {
    let account = account(&args.connect, context)?;
    let organisation = Organisation::from_env(context.env)?;
    let connection = connection(&args.connect, context);
    let (policy, mut observations) = match usable_policy(args, context) {
        Some(Ok(policy)) => (Some(policy), Vec::new()),
        Some(Err(unusable)) => (None, vec![unusable]),
        None => (None, Vec::new()),
    };
    let slugs = workspaces(args, policy.as_ref(), context)?;
    let accepts =
        |source| policy.as_ref().is_some_and(|policy: &Policy| policy.accept.contains(&source));
    let is_from_entra = |policy: &Policy| policy.roster == RosterSource::Entra;
    let takes_entra = policy.as_ref().is_some_and(is_from_entra) && accepts(Source::Roster);
    let tenant = match &policy {
        None => Tenant::from_env(context.env).unwrap_or_default(),
        Some(_) if takes_entra => Tenant::from_env(context.env)?,
        Some(_) => None,
    };
    let looks_at_outsiders =
        policy.as_ref().is_some_and(|policy| policy.coverage.contains(&Coverage::Repositories));
    let network = Network::new(&connection, Pace::real());
    observations.extend(doctor::bitbucket::examine(
        &account,
        &slugs,
        looks_at_outsiders,
        context.env,
        network,
    )?);
    observations.extend(doctor::credential::token_files(context.env));
    if let Some(organisation) = &organisation {
        observations.push(doctor::atlassian::examine(organisation, network)?);
    } else if accepts(Source::Atlassian) {
        observations.push(Observation::warning(
            "organisation",
            "the policy accepts `atlassian`, and there is no credential for an organisation",
            "Set ATLASSIAN_ORG_ID and ATLASSIAN_API_KEY, or take `atlassian` out of `accept`.",
        ));
    }
    if let Some(tenant) = &tenant {
        observations.extend(doctor::entra::examine(tenant, network)?);
    } else if takes_entra {
        observations.push(Observation::warning(
            "Microsoft Entra",
            "the policy takes the roster from it, and there is no credential for it",
            "Set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or \
             AZURE_FEDERATED_TOKEN_FILE.",
        ));
    }
    let asked = organisation.iter().map(|own| own.api_url.clone());
    let tenants = tenant.iter().flat_map(|tenant| [tenant.login_url(), tenant.graph_url()]);
    let servers: Vec<_> =
        account.servers().into_iter().chain(asked).chain(tenants.cloned()).collect();
    observations.extend(redirections(&servers, &connection, context).iter().map(|redirection| {
        Observation::unknown(
            "connection",
            format!("{redirection} could answer in place of a server, and is trusted"),
        )
    }));
    print(&render(&observations, context.stdout))?;
    let failed = observations.iter().any(|observation| observation.grade == Grade::Failed);
    Ok(if failed { Exit::Incomplete } else { Exit::Success })
}

/// The policy, where there is one, or what to say of one that cannot be used.
fn usable_policy(args: &Doctor, context: &Context<'_>) -> Option<Result<Policy, Observation>> {
    let path = context.policy_path(args.policy.policy.as_ref());
    let pin = context.policy_pin(args.policy.policy_sha256.as_ref());
    let load = || pin.and_then(|pin| policy::load(&path, pin.as_deref()));
    Some(path.exists().then(load)?.map_err(|_| {
        Observation::warning(
            "policy",
            format!("{} cannot be used", path.display()),
            "`mfa-gate policy lint` says what is wrong with it.",
        )
    }))
}

/// The workspaces of `--workspace`, else of the policy, else of the pipeline.
fn workspaces(
    args: &Doctor,
    policy: Option<&Policy>,
    context: &Context<'_>,
) -> Result<Vec<Arc<str>>, Failure> {
    let mut slugs = named(&args.workspace)?;
    if let (true, Some(policy)) = (slugs.is_empty(), policy) {
        slugs = policy.workspaces.iter().map(|entry| Arc::clone(&entry.slug)).collect();
    }
    if slugs.is_empty() {
        slugs = from_environment(context)?;
    }
    if slugs.is_empty() { Err(no_workspace()) } else { Ok(slugs) }
}
