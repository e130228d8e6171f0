//! `action.yml`, run as a runner would.

mod install;
mod release;
mod run;
mod runner;
