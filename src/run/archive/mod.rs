//! Saved reports of many runs: found in files and folders, put in the order of time, and judged again
//! in this order, so that few of them are in memory at a time.

mod kind;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use jiff::Timestamp;

use self::kind::{Kind, kind};
use super::saved::LARGEST;
use crate::digest::{hex, sha256};
use crate::escape::terminal;
use crate::failure::Failure;
use crate::files;
use crate::judge::{Auditor, Contradiction, Filed, Period, Refusal};
use crate::report::{Audit, FileCounts, NotCounted, Report, SCHEMA_VERSION, Why};

/// How many reports are judged side by side at most.
const MOST_THREADS: usize = 4;

/// The reports that were found, the earliest first, and what else was.
pub(crate) struct Archive {
    /// Reports of one time are in the order of their digests, whatever they are called.
    reports: Vec<Found>,
    /// Files that cannot be reports as they are.
    broken: Vec<NotCounted>,
    files: FileCounts,
}

/// A file that seems to be a report.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    checked_at: Timestamp,
    path: PathBuf,
    /// What it is called in messages.
    name: Box<str>,
}

impl Archive {
    /// Finds the reports in files and folders. `named` says how a file is called in messages;
    /// `written` are the files that are about to be written, which may be those of an earlier audit.
    ///
    /// # Errors
    /// Where a file or folder cannot be found, or no report was found.
    pub(crate) fn find(
        paths: &[PathBuf],
        named: &dyn Fn(&Path) -> String,
        written: &[&Path],
    ) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for path in paths {
            below(path, true, &mut files).map_err(|(path, error)| {
                Failure::usage(
                    format!("{} cannot be searched for reports: {error}", path.display()),
                    "Name files that `mfa-gate check --report json=PATH` wrote, or folders of them.",
                )
            })?;
        }
        files.sort();
        files.dedup();
        let mut archive =
            Archive { reports: Vec::new(), broken: Vec::new(), files: FileCounts::default() };
        for path in files {
            let name = named(&path);
            archive.add(path, name.into(), written);
        }
        if archive.reports.is_empty() && archive.broken.is_empty() {
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            return Err(Failure::usage(
                format!("no report was found in {}", paths.join(", ")),
                "Keep what `mfa-gate check --report json=PATH` writes, and name its folder.",
            ));
        }
        archive.sort();
        Ok(archive)
    }

    /// Puts the reports in order, and drops copies. Only reports of one time can be copies, so that
    /// no other file has to be read for that.
    fn sort(&mut self) {
        self.reports.sort_unstable();
        let mut sorted = Vec::with_capacity(self.reports.len());
        let mut reports = std::mem::take(&mut self.reports).into_iter().peekable();
        while let Some(first) = reports.next() {
            let at = first.checked_at;
            let mut together = vec![first];
            while let Some(other) = reports.next_if(|other| other.checked_at == at) {
                together.push(other);
            }
            if together.len() > 1 {
                // One that cannot be read any more is found to be so when it is judged.
                let digest = |found: &Found| {
                    let document = files::read(&found.path, LARGEST).ok();
                    document.map(|document| hex(sha256(document)))
                };
                let mut digested: Vec<_> =
                    together.into_iter().map(|found| (digest(&found), found)).collect();
                digested.sort_unstable();
                let before = digested.len();
                digested.dedup_by(|one, other| one.0.is_some() && one.0 == other.0);
                self.files.duplicates += (before - digested.len()) as u64;
                together = digested.into_iter().map(|(_, found)| found).collect();
            }
            sorted.extend(together);
        }
        self.files.reports += sorted.len() as u64;
        self.reports = sorted;
    }

    fn add(&mut self, path: PathBuf, name: Box<str>, written: &[&Path]) {
        let why = match kind(&path) {
            Ok(Kind::Report(checked_at)) => {
                self.reports.push(Found { checked_at, path, name });
                return;
            }
            Ok(Kind::Other) => {
                if !written.iter().any(|target| files::same_file(target, &path)) {
                    log::info!("{} is not a report", terminal(&name));
                    self.files.other_json += 1;
                }
                return;
            }
            Ok(Kind::Broken(why)) => why,
            Err(error) => format!("it cannot be read: {error}"),
        };
        self.broken.push(NotCounted {
            checked_at: None,
            path: name,
            report: None,
            workspace: None,
            why: Why::NotEvidence,
            detail: Some(why),
        });
    }

    /// The files of the reports.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &PathBuf> {
        self.reports.iter().map(|found| &found.path)
    }

    /// What the reports show of a period.
    ///
    /// # Errors
    /// Where some name people otherwise than others.
    pub(crate) fn audit(mut self, period: Period) -> Result<Audit, Failure> {
        let (start, end) = (period.start(), period.end());
        let mut auditor = Auditor::new(period);
        for file in self.broken {
            auditor.refuse(file, false);
        }
        let all = self.reports.len();
        self.reports.retain(|found| found.checked_at < end);
        self.files.after += (all - self.reports.len()) as u64;
        let is_before = |found: &&Found| found.checked_at < start;
        self.files.before += self.reports.iter().filter(is_before).count() as u64;
        let mut digests = HashSet::new();
        in_order(&self.reports, Found::judged, |judged| match judged {
            Ok((filed, report)) => {
                digests.insert(Arc::clone(&filed.sha256));
                auditor.add(&filed, &report).map_err(|_| mixed(&filed.path))
            }
            Err((file, shows_violations)) => {
                digests.extend(file.report.clone());
                auditor.refuse(file, shows_violations);
                Ok(())
            }
        })?;
        Ok(auditor.finish(&digests, self.files))
    }
}

fn mixed(path: &str) -> Failure {
    Failure::usage(
        format!("{path} names people otherwise than the reports before it"),
        "Audit reports with the names of people, or redacted ones of one MFA_GATE_REDACT_KEY, and \
         not both: the same person would count as two.",
    )
}

impl Found {
    /// The report, judged again; or why it is not evidence, and whether it shows violations.
    fn judged(&self) -> Result<(Filed, Report), (NotCounted, bool)> {
        let refused = |report, why, shows_violations| {
            let file = NotCounted {
                checked_at: Some(self.checked_at),
                path: self.name.clone(),
                report,
                workspace: None,
                why: Why::NotEvidence,
                detail: Some(why),
            };
            (file, shows_violations)
        };
        let document = files::read(&self.path, LARGEST)
            .map_err(|error| refused(None, format!("it cannot be read: {error}"), false))?;
        let sha256: Arc<str> = hex(sha256(&document)).into();
        match judged_again(&document, self.checked_at) {
            Ok(report) => {
                let path = self.name.clone();
                Ok((Filed { checked_at: self.checked_at, sha256, path }, report))
            }
            Err((why, shows_violations)) => Err(refused(Some(sha256), why, shows_violations)),
        }
    }
}

/// The report, judged again; or why it is not evidence, and whether it shows violations.
fn judged_again(document: &[u8], checked_at: Timestamp) -> Result<Report, (String, bool)> {
    let unread = |why: String| (why, false);
    let report = Report::from_saved(document).map_err(|refusal| match refusal {
        Refusal::NoReport(why) => unread(format!("it cannot be read as a report: {why}")),
        Refusal::Version(version) => unread(format!(
            "it has schema version {version}, and this program reads {SCHEMA_VERSION}"
        )),
        Refusal::Contradiction(Contradiction { why, violations }) => {
            let also = if violations { "; it shows violations all the same" } else { "" };
            (format!("it contradicts itself: {why}{also}"), violations)
        }
    })?;
    if report.checked_at != checked_at {
        return Err(unread("it was changed while it was read".into()));
    }
    Ok(report)
}

/// Judges on several threads, and passes on what comes of it in the order of the reports. No more
/// than two reports a thread are in memory at a time.
fn in_order<R: Send>(
    reports: &[Found],
    judge: impl Fn(&Found) -> R + Sync,
    mut pass_on: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let judge = &judge;
    thread::scope(|scope| {
        let judges: Vec<Receiver<R>> = (0..threads)
            .map(|nth| {
                let (send, judged) = sync_channel(0);
                let mut own = reports.iter().skip(nth).step_by(threads);
                // It ends early where no more of them are wanted.
                scope.spawn(move || own.try_for_each(|report| send.send(judge(report))));
                judged
            })
            .collect();
        for (report, judged) in reports.iter().zip(judges.iter().cycle()) {
            let judged = judged.recv().map_err(|_| {
                Failure::incomplete(
                    format!("{} could not be judged: its thread stopped", report.name),
                    "Run the command again.",
                )
            })?;
            pass_on(judged)?;
        }
        Ok(())
    })
}

/// The files of a folder that are called like reports, with those in the folders below; or the file
/// itself, whatever it is called. Where one cannot be looked at, it is named.
fn below(
    path: &Path,
    is_given: bool,
    files: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (path.to_owned(), error);
    let is_named = || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let is_folder = match fs::metadata(path) {
        Ok(metadata) => metadata.is_dir(),
        Err(error) if is_given => return Err(failed(error)),
        // A link to nothing, say. One that is called like a report is found to be none.
        Err(_) => false,
    };
    if is_folder {
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A link to a folder may lead back up.
            let is_link = entry.file_type().map_err(failed)?.is_symlink();
            if !(is_link && entry.path().is_dir()) {
                below(&entry.path(), false, files)?;
            }
        }
    } else if is_given || is_named() {
        files.push(path.to_owned());
    }
    Ok(())
}
