//! Pages of an Atlassian organisation's directory, one after another.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| mfa_gate_fuzz::directory(bytes));
