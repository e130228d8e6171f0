//! A saved report, judged again as `mfa-gate verify` does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mfa_gate::report::Report;
use mfa_gate_fuzz::{compliant_is_nobody_unprotected, every_format_is_written};

fuzz_target!(|bytes: &[u8]| {
    let Ok(report) = serde_json::from_slice::<Report>(bytes) else { return };
    let judged = report.judged_again();
    compliant_is_nobody_unprotected(&judged);
    every_format_is_written(&judged);
    let again = judged.judged_again();
    assert_eq!(again.verdict, judged.verdict, "judged once more it is something else");
});
