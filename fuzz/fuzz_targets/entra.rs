//! Pages of a Microsoft Entra tenant, one after another: its users, and what they have registered.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| mfa_gate_fuzz::entra(bytes));
