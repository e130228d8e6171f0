//! `mfa-gate verify`: the verdict of a saved report, from its evidence, without a token.

use jiff::SignedDuration;

use crate::cli::Verify;
use crate::emit::audit::{length, time};
use crate::emit::console;
use crate::escape::terminal;
use crate::failure::{Exit, Failure, Problem};
use crate::report::{PreviousReport, Report};
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
        let join = |texts: fn(&Problem) -> &str, between| {
            objections.iter().map(texts).collect::<Vec<_>>().join(between)
        };
        let (what, help) = (join(|each| &each.what, "; "), join(|each| &each.help, " "));
        let shown = args.report.display();
        let what = format!("{shown} is not the evidence that was asked for: {what}");
        return Err(Failure::incomplete(what, help));
    }
    let printed = to_stdout(|out| {
        console::write(&judged, out, context.stdout)?;
        let (read, policy) = (time(judged.checked_at), terminal(&judged.policy.sha256));
        writeln!(out, "evidence of {read}, policy {policy}")?;
        let Some(PreviousReport { sha256, checked_at }) = &judged.previous else { return Ok(()) };
        writeln!(out, "after the report {} of {}", terminal(sha256), time(*checked_at))
    });
    let exit = judged.exit();
    whole(exit, printed.err().as_slice())
}

/// What the report does not meet of all that is asked for, each with what to do about it.
fn objections(
    args: &Verify,
    report: &Report,
    context: &Context<'_>,
) -> Result<Vec<Problem>, Failure> {
    let pin = context.policy_pin(args.policy_sha256.as_ref())?;
    let mut missing = named(&args.workspace)?;
    missing.retain(|slug| !report.workspaces.iter().any(|checked| checked.slug == *slug));
    let age = context.now.duration_since(report.checked_at);
    let too_old = args.max_age.filter(|max| age > *max);
    let from_the_future = (age < -CLOCK_SKEW).then(|| {
        Problem::new(
            format!("it is from the future: {}", report.checked_at),
            "Set the clock of this machine, or of the one that wrote the report.",
        )
    });
    let too_old = too_old.map(|max| {
        let (age, max) = (length(age.as_secs()), length(max.as_secs()));
        Problem::new(
            format!("it is {age} old, and may be {max} old at most"),
            "Run the gate again; its schedule may have stopped.",
        )
    });
    let of_others = (!missing.is_empty()).then(|| {
        let missing = missing.join(", ");
        let help = format!("Give the report of a run that checks {missing}.");
        Problem::new(format!("it is not about {missing}"), help)
    });
    let other_policy = saved::other_policy(report, pin.as_deref()).map(|what| {
        let help = "Run the gate with the policy that is pinned, or pin the new one once its \
                    change is approved.";
        Problem::new(what, help)
    });
    let not_live = (args.require_live && !report.is_live()).then(|| {
        Problem::new(
            format!("it is not live, but {}", report.assurance.id()),
            "Run it without --members, --today and other API hosts.",
        )
    });
    let objections = [from_the_future, too_old, of_others, other_policy, not_live];
    Ok(objections.into_iter().flatten().collect())
}
