//! A saved report, judged again as `mfa-gate verify` does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mfa_gate::report::Report;
use mfa_gate_fuzz::{compliant_means_protected_or_exempt, every_format_is_written};

fuzz_target!(|bytes: &[u8]| {
    let Ok(judged) = Report::from_saved(bytes) else { return };
    compliant_means_protected_or_exempt(&judged);
    every_format_is_written(&judged);
    assert_eq!(
        judged.judged_again().as_ref(),
        Ok(&judged),
        "judged once more it is something else"
    );
});
