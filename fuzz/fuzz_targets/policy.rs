//! A policy file: of whatever bytes.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use mfa_gate::policy;
use mfa_gate_fuzz::{a_change_is_no_other, a_message_is_harmless};

fuzz_target!(|bytes: &[u8]| {
    let parsed = policy::parse("policy.yaml".into(), bytes);
    assert_eq!(
        parsed,
        policy::parse("policy.yaml".into(), bytes),
        "the same bytes, another policy"
    );
    let policy = match parsed {
        Ok(policy) => policy,
        Err(failure) => return a_message_is_harmless(&failure),
    };
    let mut ids = HashSet::new();
    for exemption in &policy.exemptions {
        assert!(ids.insert(&exemption.id), "two exemptions are called {}", exemption.id);
        assert!(exemption.starts.is_none_or(|starts| starts <= exemption.expires));
        assert!(!exemption.reason.trim().is_empty());
        let place = &exemption.location;
        let (start, end) = ((place.line, place.column), (place.end_line, place.end_column));
        assert!(start < end, "{place:?}");
    }
    a_change_is_no_other(bytes);
});
