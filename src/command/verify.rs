//! `mfa-gate verify`: the verdict of a saved report, from its evidence, without a token.

use jiff::SignedDuration;

use crate::cli::Verify;
use crate::emit::console;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::report::Report;
use crate::run::workspaces::named;
use crate::run::{Context, saved, to_stdout, whole};

/// How far the clocks of two machines may differ before a report counts as from the future.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn run(args: &Verify, context: &Context<'_>) -> Result<Exit, Failure> {
    let mut judged = saved::judged_again(&args.report)?;
    // Evidence is judged by what it shows: the --exit-zero of its run forgives nothing here.
    judged.options.exit_zero = false;
    let objections = objections(args, &judged, context)?;
    if !objections.is_empty() {
        return Err(Failure::incomplete(
            format!(
                "{} is not the evidence that was asked for: {}",
                args.report.display(),
                objections.join("; ")
            ),
            "Have `mfa-gate check` write a report that meets what was asked for.",
        ));
    }
    let printed = to_stdout(|out| {
        console::write(&judged, out, context.stdout)?;
        let read = judged.checked_at.strftime("%Y-%m-%d %H:%M UTC");
        writeln!(out, "evidence of {read}, policy {}", terminal(&judged.policy.sha256))?;
        let Some(previous) = &judged.previous else { return Ok(()) };
        let read = previous.checked_at.strftime("%Y-%m-%d %H:%M UTC");
        writeln!(out, "after the report {} of {read}", terminal(&previous.sha256))
    });
    let exit = judged.exit();
    whole(exit, printed.err().as_slice())
}

/// What the report does not meet of all that is asked for.
fn objections(
    args: &Verify,
    report: &Report,
    context: &Context<'_>,
) -> Result<Vec<String>, Failure> {
    let pin = context.policy_pin(args.policy_sha256.as_ref())?;
    let mut missing = named(&args.workspace)?;
    missing.retain(|slug| !report.workspaces.iter().any(|checked| checked.slug == *slug));
    let age = context.now.duration_since(report.checked_at);
    let too_old = args.max_age.filter(|max| age > *max);
    let objections = [
        (age < -CLOCK_SKEW).then(|| format!("it is from the future: {}", report.checked_at)),
        too_old.map(|max| {
            let age = SignedDuration::from_secs(age.as_secs());
            format!("it is {age:#} old, and may be {max:#}")
        }),
        (!missing.is_empty()).then(|| format!("it is not about {}", missing.join(", "))),
        saved::other_policy(report, pin.as_deref()),
        (args.require_live && !report.is_live()).then(|| "it is not live".into()),
    ];
    Ok(objections.into_iter().flatten().collect())
}
