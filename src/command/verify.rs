//! `mfa-gate verify`: the verdict of a saved report, from its evidence, without a token.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use jiff::{SignedDuration, tz::TimeZone};

use super::{Context, select::named, to_stdout, whole};
use crate::cli::Verify;
use crate::emit::console;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::policy::check_digest;
use crate::read::Origin;
use crate::read::bitbucket::DEFAULT_API_URL;
use crate::report::{Assurance, Report, SCHEMA_VERSION, Verdict};

/// The largest report, in bytes: two million members.
const LARGEST: u64 = 1 << 30;

/// How far the clocks of two machines may differ before a report counts as from the future.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn run(args: &Verify, context: &Context<'_>) -> Result<Exit, Failure> {
    let claimed = load(args)?;
    let mut judged = claimed.judged_again();
    // Evidence is judged by what it shows: the --exit-zero of its run forgives nothing here.
    judged.options.exit_zero = false;
    let pin = context.policy_pin(args.policy_sha256.as_ref());
    let pin = pin.as_deref().map(check_digest).transpose()?;
    let demands = Demands {
        max_age: args.max_age,
        workspaces: named(&args.workspace)?,
        policy_sha256: pin,
        live: args.require_live,
    };
    let objections = demands.objections(&judged, context);
    if !objections.is_empty() {
        return Err(Failure::incomplete(
            format!("{} is no evidence here: {}", args.report.display(), objections.join("; ")),
            "Have `mfa-gate check` write a report that meets what was asked for.",
        ));
    }
    let printed = to_stdout(|out| {
        console::write(&judged, out, context.stdout)?;
        let read = judged.checked_at.strftime("%Y-%m-%d %H:%M UTC");
        writeln!(out, "evidence of {read}, policy {}", terminal(&judged.policy.sha256))
    });
    if claimed.verdict != judged.verdict {
        tracing::warn!(
            "the report itself says {}, and what it contains says {}: it was changed, or written \
             by another version",
            claimed.verdict.id(),
            judged.verdict.id()
        );
    }
    let exit = match judged.verdict {
        Verdict::Compliant | Verdict::NotEnforced => Exit::Success,
        Verdict::Violations => Exit::Violations,
        Verdict::Incomplete => Exit::Incomplete,
    };
    let lost = printed.err().map(|error| format!("standard output could not be written: {error}"));
    whole(exit, lost.as_slice())
}

fn load(args: &Verify) -> Result<Report, Failure> {
    let shown = args.report.display();
    let help = "Give it what `mfa-gate check --report json=PATH` wrote.";
    let mut bytes = Vec::new();
    let read =
        File::open(&args.report).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        Failure::usage(format!("the report {shown} cannot be read: {error}"), help)
    })?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::usage(format!("{shown} is larger than any report: over 1 GiB"), help));
    }
    let report: Report = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::usage(format!("{shown} is no report: {error}"), help))?;
    if report.schema_version != SCHEMA_VERSION {
        return Err(Failure::usage(
            format!(
                "{shown} has schema version {}, and this program reads {SCHEMA_VERSION}",
                report.schema_version
            ),
            "Use the version of mfa-gate that wrote it.",
        ));
    }
    Ok(report)
}

/// What a report must meet to count as evidence.
struct Demands {
    max_age: Option<SignedDuration>,
    workspaces: Vec<Arc<str>>,
    policy_sha256: Option<String>,
    live: bool,
}

impl Demands {
    /// Everything that a report does not meet.
    fn objections(&self, report: &Report, context: &Context<'_>) -> Vec<String> {
        let age = context.now.duration_since(report.checked_at);
        let missing: Vec<&str> = self
            .workspaces
            .iter()
            .filter(|slug| !report.workspaces.iter().any(|checked| checked.slug == **slug))
            .map(|slug| &**slug)
            .collect();
        let digest = &*report.policy.sha256;
        let too_old = self.max_age.filter(|max| age > *max);
        let other_policy = self.policy_sha256.as_ref().filter(|pin| **pin != *digest);
        [
            (age < -CLOCK_SKEW).then(|| format!("it is from the future: {}", report.checked_at)),
            too_old.map(|max| {
                let age = SignedDuration::from_secs(age.as_secs());
                format!("it is {age:#} old, and may be {max:#}")
            }),
            (!missing.is_empty()).then(|| format!("it is not about {}", missing.join(", "))),
            other_policy.map(|pin| format!("the policy was {digest} and had to be {pin}")),
            (self.live && !live(report)).then(|| "it is not live".into()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Whether a report is live, and nothing in it says otherwise.
fn live(report: &Report) -> bool {
    let day = report.checked_at.to_zoned(TimeZone::UTC).date();
    report.assurance == Assurance::Live
        && !report.options.today
        && !report.options.members
        && report.source.inputs.is_empty()
        && report.source.api_url.as_deref() == Some(DEFAULT_API_URL)
        && match &report.source.atlassian {
            Some(organisation) => organisation.is_at_default(),
            None => report.members.iter().all(|own| own.member.evidence.atlassian.is_none()),
        }
        && report.workspaces.iter().all(|workspace| workspace.source == Origin::Api)
        && report.today == day
}
