//! `mfa-gate doctor`: which credential, whose, and what it can see.

use std::fmt::Write;
use std::sync::Arc;

use super::gather::{account, connection};
use super::select::{from_environment, named, no_workspace};
use super::{Context, print};
use crate::cli::Doctor;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::policy;
use crate::read::atlassian::{self, Organisation};
use crate::read::bitbucket::{self, Grade, Observation};
use crate::read::http::Pace;

pub(super) fn run(args: &Doctor, context: &Context<'_>) -> Result<Exit, Failure> {
    let account = account(&args.connect, context)?;
    let organisation = Organisation::from_env(context.env)?;
    let connection = connection(&args.connect);
    let (slugs, unusable) = workspaces(args, context)?;
    let mut observations: Vec<Observation> = unusable.into_iter().collect();
    let pace = Pace::real();
    observations.extend(bitbucket::examine(&account, &connection, &slugs, pace)?);
    if let Some(organisation) = &organisation {
        observations.push(atlassian::examine(organisation, &connection, pace)?);
    }
    print(&render(&observations, context.stdout.quiet))?;
    let failed = observations.iter().any(|it| it.grade == Grade::Failed);
    Ok(if failed { Exit::Incomplete } else { Exit::Success })
}

/// The workspaces of `--workspace`, else of the policy, else of the pipeline; and what to say of a
/// policy that cannot be used.
fn workspaces(
    args: &Doctor,
    context: &Context<'_>,
) -> Result<(Vec<Arc<str>>, Option<Observation>), Failure> {
    let slugs = named(&args.workspace)?;
    if !slugs.is_empty() {
        return Ok((slugs, None));
    }
    let path = context.policy_path(&args.policy);
    let pin = context.policy_pin(args.policy.policy_sha256.as_ref());
    let mut unusable = None;
    if path.exists() {
        match policy::load(&path, pin.as_deref()) {
            Ok(policy) if !policy.workspaces.is_empty() => {
                let slugs = policy.workspaces.iter().map(|entry| Arc::clone(&entry.slug));
                return Ok((slugs.collect(), None));
            }
            Ok(_) => {}
            Err(_) => {
                unusable = Some(Observation::warning(
                    "policy",
                    format!("{} cannot be used", path.display()),
                    "`mfa-gate policy lint` says what is wrong with it.",
                ));
            }
        }
    }
    match from_environment(context)? {
        slugs if slugs.is_empty() => Err(no_workspace()),
        slugs => Ok((slugs, unusable)),
    }
}

fn render(observations: &[Observation], quiet: bool) -> String {
    let mut text = String::new();
    for Observation { grade, subject, says, help } in observations {
        let word = match grade {
            Grade::Ok if quiet => continue,
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Failed => "failed",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word:<8} {}: {}", terminal(subject), terminal(says));
        if let Some(help) = help {
            let _ = writeln!(text, "{:<8} help: {}", "", terminal(help));
        }
    }
    text
}
