//! The arguments of `mfa-gate policy`.

use clap::Subcommand;

use super::PolicyArgs;

/// `mfa-gate policy`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Read the policy and report everything that is wrong with it. Asks no server.
    Lint(PolicyArgs),
}
