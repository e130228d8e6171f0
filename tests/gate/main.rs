//! The real binary, from outside.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod check_api;
mod check_offline;
mod cli;
mod doctor;
mod faults;
mod raw;
mod readme;
mod states;
mod support;
mod tls;
mod verify;
