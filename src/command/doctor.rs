//! `mfa-gate doctor`: which credential, whose, and what it can see.

use crate::cli::{Doctor, RosterArgs};
use crate::doctor;
use crate::doctor::observation::{Grade, Observation, render};
use crate::failure::{Exit, Failure, Problem};
use crate::http::{Network, Pace};
use crate::member::Source;
use crate::policy::{Policy, RosterSource};
use crate::read::atlassian::Organisation;
use crate::read::entra::Tenant;
use crate::reading::Coverage;
use crate::report::Redirection;
use crate::run::askable::not_asked;
use crate::run::collect::{account, connection};
use crate::run::policy_run::optional_policy;
use crate::run::redirection::redirections;
use crate::run::roster::{self, RosterInput};
use crate::run::workspaces::{chosen, demand_listed, no_workspace};
use crate::run::{Context, print};

pub(super) fn run(args: &Doctor, context: &Context<'_>) -> Result<Exit, Failure> {
    let account = account(&args.connect, context)?;
    let organisation = Organisation::from_env(context.env)?;
    let connection = connection(&args.connect, context);
    let (policy, mut observations) = match optional_policy(&args.policy, context) {
        Ok(policy) => (policy, Vec::new()),
        Err(failure) => (None, vec![unusable_policy(failure, args, context)]),
    };
    let listed = policy.as_ref().map_or(&[][..], |policy| &policy.workspaces);
    let slugs = chosen(&args.workspace, listed, context)?;
    if slugs.is_empty() {
        return Err(no_workspace());
    }
    let refused = demand_listed(listed, &slugs).err();
    observations.extend(refused.map(|failure| Observation::failed("policy", failure)));
    let roster = match &policy {
        None => Tenant::from_env(context.env).ok().map(RosterInput::Entra),
        Some(Policy { roster, accept, .. }) => {
            let (none, today) = (RosterArgs::default(), context.today());
            roster::find(&none, roster, Some(accept), today, context.env)?
        }
    };
    let looks_at_outsiders =
        policy.as_ref().is_some_and(|policy| policy.coverage.contains(&Coverage::Repositories));
    let network = Network::new(&connection, Pace::real());
    let (account, env) = (&account, context.env);
    let seen = doctor::bitbucket::examine(account, &slugs, looks_at_outsiders, env, network)?;
    observations.extend(seen);
    observations.extend(doctor::credential::token_files(context.env));
    if let Some(organisation) = &organisation {
        observations.push(doctor::atlassian::examine(organisation, network)?);
    }
    let tenant = roster.as_ref().and_then(RosterInput::tenant);
    if let Some(tenant) = tenant {
        observations.extend(doctor::entra::examine(tenant, network)?);
    }
    if let Some(policy) = &policy {
        observations.extend(unasked(policy, organisation.as_ref(), roster.as_ref()));
    }
    let asked = organisation.iter().map(|organisation| organisation.api_url.clone());
    let tenants = tenant.iter().flat_map(|tenant| [tenant.login_url(), tenant.graph_url()]);
    let servers: Vec<_> =
        account.servers().into_iter().chain(asked).chain(tenants.cloned()).collect();
    observations.extend(redirections(&servers, &connection, context).iter().map(trusted));
    print(&render(&observations, context.stdout))?;
    let failed = observations.iter().any(|observation| observation.grade == Grade::Failed);
    Ok(if failed { Exit::Incomplete } else { Exit::Success })
}

/// What to say of what could answer in place of a server.
fn trusted(redirection: &Redirection) -> Observation {
    Observation::unknown(
        "connection",
        format!("{redirection} could answer in place of a server, and is trusted"),
        "Make sure that it is meant to be used.",
    )
}

/// What to say of a policy that cannot be used. Lines of the file are left to `policy lint`.
fn unusable_policy(failure: Failure, args: &Doctor, context: &Context<'_>) -> Observation {
    let Failure::Rendered { .. } = failure else {
        return Observation::failed("policy", failure);
    };
    let path = context.policy_path(args.policy.policy.as_ref());
    let given = args.policy.policy.iter().map(|path| format!(" --policy {}", path.display()));
    let problem = Problem::new(
        format!("{} cannot be used", path.display()),
        format!("`mfa-gate policy lint{}` says what is wrong with it.", given.collect::<String>()),
    );
    Observation::failed("policy", problem)
}

/// The sources that the policy accepts and `check` would not ask, which ends it with exit code 2.
fn unasked(
    policy: &Policy,
    organisation: Option<&Organisation>,
    roster: Option<&RosterInput>,
) -> Vec<Observation> {
    let observe = |source: &Source| {
        let is_asked = match source {
            Source::Bitbucket => true,
            Source::Atlassian => organisation.is_some(),
            Source::Roster | Source::Sso => roster.is_some_and(|roster| roster.answers(*source)),
        };
        let by_export = matches!(policy.roster, RosterSource::File(_));
        match source {
            _ if is_asked => None,
            Source::Roster | Source::Sso if by_export => Some(Observation::unknown(
                "roster",
                format!(
                    "the policy accepts `{}`, and the export is not looked at here",
                    source.id()
                ),
                "Give it to `check` with --roster FILE and --roster-as-of DATE. Without them it ends \
                 with exit code 2.",
            )),
            Source::Bitbucket | Source::Atlassian | Source::Roster | Source::Sso => {
                Some(Observation::failed("policy", not_asked(*source, roster)))
            }
        }
    };
    policy.accept.iter().filter_map(observe).collect()
}
