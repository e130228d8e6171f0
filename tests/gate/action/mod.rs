//! `action.yml`, run as a runner would.

mod failures;
mod install;
mod release;
mod run;
mod runner;
