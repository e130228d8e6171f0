//! Reports that were saved: read back, and judged again by what they contain.

use std::path::Path;

use crate::digest::{hex, sha256};
use crate::failure::Failure;
use crate::files;
use crate::judge::{Contradiction, Refusal};
use crate::quote;
use crate::redact::{Redactor, is_redacted};
use crate::report::{PreviousReport, Report, SCHEMA_VERSION};

/// The largest report, in bytes: half a million members.
pub(super) const LARGEST: u64 = 256 << 20;

/// What to do about a file that is not a report.
const NAME_A_REPORT: &str = "Name a file that `mfa-gate check --report json=PATH` wrote.";

/// Reads a report and judges it again. One that contradicts itself is refused: what it claims is
/// not believed, and nothing is concluded from the rest.
pub(crate) fn judged_again(path: &Path) -> Result<Report, Failure> {
    Ok(read(path)?.0)
}

/// The report of an earlier run, and what a later one names it by: the digest of its bytes. A report
/// that is redacted does not name one that is not, for a digest tells what a file may have said.
pub(crate) fn earlier(
    path: &Path,
    redactor: Option<&Redactor>,
) -> Result<(Report, Option<PreviousReport>), Failure> {
    let (report, sha256) = read(path)?;
    let may_be_named = redactor.is_none() || is_redacted(&report);
    let checked_at = report.checked_at;
    let previous = may_be_named.then_some(PreviousReport { sha256, checked_at });
    Ok((redacted(report, redactor), previous))
}

/// A report, and the digest of its bytes.
fn read(path: &Path) -> Result<(Report, Box<str>), Failure> {
    let document = files::read(path, LARGEST).map_err(|error| {
        let what = format!("the report {} cannot be read: {error}", path.display());
        Failure::usage(what, NAME_A_REPORT)
    })?;
    let report = Report::from_saved(&document).map_err(|refusal| refused(path, refusal))?;
    Ok((report, hex(sha256(document)).into()))
}

fn refused(path: &Path, refusal: Refusal) -> Failure {
    let shown = path.display();
    match refusal {
        Refusal::NoReport(why) => {
            let what = format!("{shown} is not a report: {}", quote::all(&why));
            Failure::usage(what, NAME_A_REPORT)
        }
        Refusal::Version(version) => Failure::usage(
            format!(
                "{shown} has schema version {version}, and this program reads {SCHEMA_VERSION}"
            ),
            "Use the version of mfa-gate that wrote it.",
        ),
        Refusal::Contradiction(Contradiction { why, violations }) => {
            let why = quote::all(&why);
            let refused = |shows| {
                Failure::incomplete(
                    format!("{shown} contradicts itself and is not evidence: {why}{shows}"),
                    "Run `mfa-gate check` again: the report was changed after it was written, or \
                     another version of mfa-gate wrote it.",
                )
            };
            if violations {
                refused("; it shows violations all the same").with_violations()
            } else {
                refused("")
            }
        }
    }
}

/// What is to be said of a report's policy, if it is not the pinned one.
pub(crate) fn other_policy(report: &Report, pin: Option<&str>) -> Option<String> {
    let digest = &*report.policy.sha256;
    let pin = pin.filter(|pin| *pin != digest)?;
    Some(format!("the policy was {digest} and had to be {pin}"))
}

/// The report with pseudonyms in place of people, where that is wanted and not done yet.
pub(crate) fn redacted(report: Report, redactor: Option<&Redactor>) -> Report {
    match redactor {
        Some(redactor) if !is_redacted(&report) => {
            report.concealed(redactor.redaction(), |policy, readings, source| {
                redactor.conceal(policy, readings, source);
            })
        }
        Some(_) | None => report,
    }
}
