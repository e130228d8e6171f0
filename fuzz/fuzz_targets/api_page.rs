//! Pages of the members endpoint, as they come or as they were saved. The bytes go in as a saved
//! file: the pages in it are read by the same code as those that come over the network.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use mfa_gate_fuzz::Scratch;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| SCRATCH.with_borrow_mut(|scratch| scratch.members(bytes)));
