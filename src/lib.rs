//! `mfa-gate` checks the two-factor status of the members of Bitbucket Cloud workspaces against a
//! policy of allowed exemptions. `docs/architecture.md` shows how the modules follow each other.

mod ci;
pub mod cli;
pub mod command;
mod digest;
pub mod emit;
pub mod environment;
pub mod escape;
pub mod evaluate;
pub mod failure;
pub mod files;
pub mod http;
pub mod member;
pub mod policy;
mod publish;
pub mod read;
mod redact;
pub mod report;
pub mod rule;
mod schema;
mod suggest;
mod unique;
mod variable;
mod yaml;
