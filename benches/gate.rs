//! What the parts take: `cargo bench`. The whole process is timed by `benches/whole-process.sh`.

#![expect(clippy::unwrap_used, reason = "a benchmark that meets the unexpected stops")]

use std::io::{self, Write};
use std::path::Path;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use mfa_gate::emit::{self, Format};
use mfa_gate::judge::Run;
use mfa_gate::judge::{Judging, evaluate};
use mfa_gate::policy::{self, Policy};
use mfa_gate::read::file;
use mfa_gate::reading::{Reading, Selection};
use mfa_gate::report::{Options, Provenance, Report};
use tempfile::NamedTempFile;

const TODAY: Date = date(2026, 9, 1);

/// How many members there are. `cargo test` runs each benchmark once, with fewer: it shows whether
/// they still run.
const MEMBERS: usize = if cfg!(debug_assertions) { 1_000 } else { 100_000 };
const MOST_MEMBERS: usize = 5 * MEMBERS;

fn main() {
    divan::main();
}

/// A policy with so many exemptions, one for every tenth member.
fn policy(exemptions: usize) -> Policy {
    let mut text = String::from("version: 1\nworkspaces: [acme]\nexemptions:\n");
    for number in 0..exemptions {
        let id = account_id(number * 10);
        text += &format!(
            "- {{id: EX-{number}, account_id: \"{id}\", reason: a bot, expires: 2026-10-29}}\n"
        );
    }
    policy::parse("policy.yaml".into(), text.as_bytes()).unwrap()
}

fn account_id(number: usize) -> String {
    format!("557058:00000000-0000-4000-8000-{number:012}")
}

/// Saved pages of so many members, of whom one in ten has no second factor.
fn pages(members: usize) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let mut out = io::BufWriter::new(&file);
    for first in (0..members).step_by(100) {
        let rows: Vec<String> = (first..members.min(first + 100)).map(row).collect();
        let (rows, page) = (rows.join(","), first / 100 + 1);
        let next = match first + 100 < members {
            true => format!(
                r#","next":"https://api.bitbucket.org/2.0/workspaces/acme/members?page={}""#,
                page + 1
            ),
            false => String::new(),
        };
        writeln!(
            out,
            r#"{{"size":{members},"page":{page},"pagelen":100{next},"values":[{rows}]}}"#
        )
        .unwrap();
    }
    out.flush().unwrap();
    drop(out);
    file
}

fn row(number: usize) -> String {
    format!(
        r#"{{"type":"workspace_membership","user":{{"type":"user","uuid":"{{00000000-0000-4000-8000-{number:012}}}","account_id":"{}","nickname":"member{number}","display_name":"Member {number}","account_status":"active","has_2fa_enabled":{}}}}}"#,
        account_id(number),
        !number.is_multiple_of(10),
    )
}

fn read(path: &Path) -> Vec<Reading> {
    let acme = Selection::Slugs(vec!["acme".into()]);
    let readings = file::read(path, &acme).unwrap().readings;
    assert!(readings.iter().all(|reading| reading.members.is_ok()), "{readings:?}");
    readings
}

fn judge(policy: &Policy, readings: Vec<Reading>) -> Report {
    let judging = Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of: None,
        clock: None,
    };
    let run = Run {
        checked_at: Timestamp::UNIX_EPOCH,
        today: TODAY,
        options: Options::default(),
        source: Provenance::default(),
        subject: None,
    };
    Report::new(run, policy, evaluate(policy, readings, judging))
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn evaluate_half_a_million_members(bencher: Bencher<'_, '_>) {
    let policy = policy(1_000);
    let readings = read(pages(MOST_MEMBERS).path());
    let judging = Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of: None,
        clock: None,
    };
    bencher
        .counter(ItemsCount::new(MOST_MEMBERS))
        .with_inputs(|| readings.clone())
        .bench_values(|readings| evaluate(&policy, readings, judging));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn read_saved_pages(bencher: Bencher<'_, '_>) {
    let file = pages(MEMBERS);
    let bytes = file.as_file().metadata().unwrap().len();
    bencher.counter(BytesCount::new(bytes)).bench(|| read(file.path()));
}

/// The formats that say something of any run: a statement needs a commit that it is about.
fn formats() -> impl Iterator<Item = Format> {
    Format::ALL.into_iter().filter(|format| *format != Format::InToto)
}

#[divan::bench(args = formats(), sample_count = 20, sample_size = 1)]
fn write(bencher: Bencher<'_, '_>, format: Format) {
    static REPORT: LazyLock<Report> =
        LazyLock::new(|| judge(&policy(1_000), read(pages(MEMBERS).path())));
    let report = &*REPORT;
    bencher.counter(ItemsCount::new(MEMBERS)).bench(|| {
        emit::write(format, report, emit::Options::default(), &mut io::sink()).unwrap();
    });
}
