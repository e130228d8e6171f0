//! `mfa-gate audit`: a period, from the reports of its runs.

use std::path::Path;

use crate::cli::Audit as Args;
use crate::emit;
use crate::failure::{Exit, Failure};
use crate::judge::Period;
use crate::policy::check_digest;
use crate::run::archive::Archive;
use crate::run::deliver::{Delivered, prepare};
use crate::run::workspaces::named;
use crate::run::{Context, whole};

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Failure> {
    let name = |path: &Path| context.repository_path(path);
    let written: Vec<&Path> = args.report.iter().map(|report| &*report.path).collect();
    let archive = Archive::find(&args.saved, &name, &written)?;
    let reports = prepare(&args.report, archive.inputs(), context)?;
    let period = period(args, context)?;
    let audit = archive.audit(period)?;
    let delivered = Delivered::by(reports, |format, out| emit::audit::write(format, &audit, out));
    let lost = delivered.summary_by(context, |out, style| emit::audit::console(&audit, out, style));
    whole(audit.verdict.exit(), &lost)
}

/// The period that is asked for, which must be over.
fn period(args: &Args, context: &Context<'_>) -> Result<Period, Failure> {
    let (from, to) = (args.from, args.to);
    if from > to {
        return Err(Failure::usage(
            format!("the period ends before it begins: --from {from} --to {to}"),
            "Give the first day with --from and the last day with --to.",
        ));
    }
    if to >= context.today() {
        return Err(Failure::usage(
            format!("the period is not over: --to {to} ends at midnight, UTC"),
            "Audit a period up to yesterday, or wait until its last day is over.",
        ));
    }
    let pins: Vec<String> = if args.policy_sha256.is_empty() {
        context.policy_pin(None)?.into_iter().collect()
    } else {
        args.policy_sha256.clone()
    };
    let pins = pins.iter().map(|pin| check_digest(pin).map(Into::into));
    Ok(Period {
        from,
        to,
        max_gap: args.max_gap,
        workspaces: named(&args.workspace)?,
        policy_sha256: pins.collect::<Result<_, _>>()?,
    })
}
