//! The real binary, from outside.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[cfg(unix)]
mod action;
mod addresses;
mod arguments;
mod audit;
mod check_api;
mod check_offline;
mod cli;
mod clock;
mod coverage;
mod demands;
mod directory;
mod doctor;
mod doctor_policy;
mod doubt;
mod edits;
mod entra;
mod evidence;
mod explain;
mod export_shapes;
mod exports;
mod faults;
#[cfg(unix)]
mod files;
mod ids;
mod in_toto;
mod insights;
mod kinds;
#[path = "../shared/live.rs"]
mod live;
mod members;
mod misled;
mod organisation;
mod owners;
mod pipe;
mod pipe_unset;
mod pipe_variables;
mod places;
mod policy_add;
mod policy_files;
mod policy_init;
mod policy_lint;
mod policy_list;
mod policy_prune;
mod policy_renew;
mod previous;
#[path = "../shared/raw.rs"]
mod raw;
mod readme;
mod redact;
mod render;
mod secrets;
mod side_by_side;
mod slack;
mod sources;
mod states;
mod support;
mod times;
mod tls;
mod told;
mod truth_table;
mod verify;
mod wording;
