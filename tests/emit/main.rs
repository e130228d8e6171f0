//! The emitters: one exact test a format over one shared report, the published schemas, and texts
//! that members could write to attack whoever reads a report.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail like tests, which Clippy lets only #[test] functions do"
)]

mod console;
mod drawings;
mod escaping;
mod fixture;
mod hostile;
mod html;
mod in_toto;
mod markdown;
mod page;
mod sarif;
mod schemas;
mod snapshots;
