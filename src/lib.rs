//! `mfa-gate` checks the two-factor status of the members of Bitbucket Cloud workspaces against a
//! policy of allowed exemptions. `docs/architecture.md` shows how the modules follow each other.

mod ci;
pub mod cli;
pub mod command;
mod completeness;
mod credential;
mod digest;
mod doctor;
pub mod emit;
pub mod env;
pub mod escape;
pub mod failure;
pub mod files;
pub mod hosts;
pub mod http;
pub mod judge;
pub mod location;
pub mod member;
pub mod policy;
mod publish;
pub mod quote;
pub mod read;
pub mod reading;
mod redact;
pub mod report;
pub mod roster_kind;
pub mod rule;
mod run;
mod schema;
mod suggest;
mod unique;
pub mod words;
mod yaml;
