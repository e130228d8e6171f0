//! `mfa-gate policy lint`: everything that is wrong with the policy, without asking any server.

use crate::cli::PolicyArgs;
use crate::command::{Context, print};
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::policy::{self, Policy};

pub(super) fn run(args: &PolicyArgs, context: &Context<'_>) -> Result<Exit, Failure> {
    let pin = context.policy_pin(args.policy_sha256.as_ref());
    let policy = policy::load(&context.policy_path(args.policy.as_ref()), pin.as_deref())?;
    if !context.stdout.quiet {
        print(&summary(&policy))?;
    }
    Ok(Exit::Success)
}

fn summary(policy: &Policy) -> String {
    let accept: Vec<&str> = policy.accept.iter().map(|source| source.id()).collect();
    let workspaces = match policy.workspaces.len() {
        0 => "workspaces named by the run".to_owned(),
        1 => "1 workspace".to_owned(),
        several => format!("{several} workspaces"),
    };
    let exemptions = match policy.exemptions.len() {
        1 => "1 exemption".to_owned(),
        several => format!("{several} exemptions"),
    };
    format!(
        "{}: valid; {workspaces}, {exemptions}, accepts {}\nsha256: {}\n",
        terminal(&policy.path),
        accept.join(", "),
        policy.sha256
    )
}
