//! An identity provider's export, a CSV.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use mfa_gate_fuzz::Scratch;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| SCRATCH.with_borrow_mut(|scratch| scratch.roster(bytes)));
