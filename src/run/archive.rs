//! Saved reports of many runs: found in files and folders, put in the order of time, and judged again
//! one after another, so that one of them is in memory at a time.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::saved::LARGEST;
use crate::digest::{hex, sha256};
use crate::escape::terminal;
use crate::failure::Failure;
use crate::files;
use crate::judge::{Auditor, Contradiction, Filed, Period, Refusal};
use crate::report::{Audit, FileCounts, NotCounted, Report, SCHEMA_VERSION, Why};

/// The reports that were found, the earliest first, and what else was.
pub(crate) struct Archive {
    reports: Vec<(Filed, PathBuf)>,
    /// The digests of all reports.
    digests: HashSet<Arc<str>>,
    /// Files that cannot be reports as they are.
    broken: Vec<NotCounted>,
    files: FileCounts,
}

/// What a file seems to be, by its first lines.
enum Kind {
    /// A report; without a time where what it has for one is not a time.
    Report(Option<Timestamp>),
    /// Other JSON.
    Other,
    /// Not JSON, and why.
    Broken(String),
}

impl Archive {
    /// Finds the reports in files and folders. `named` says how a file is called in messages;
    /// `written` are the files that are about to be written, which may be those of an earlier audit.
    ///
    /// # Errors
    /// Where a file or folder cannot be found, or there is no report at all.
    pub(crate) fn find(
        paths: &[PathBuf],
        named: &dyn Fn(&Path) -> String,
        written: &[&Path],
    ) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for path in paths {
            below(path, true, &mut files).map_err(|error| {
                Failure::usage(
                    format!("{} cannot be searched for reports: {error}", path.display()),
                    "Name files that `mfa-gate check --report json=PATH` wrote, or folders of them.",
                )
            })?;
        }
        files.sort();
        files.dedup();
        let mut archive = Archive {
            reports: Vec::new(),
            digests: HashSet::new(),
            broken: Vec::new(),
            files: FileCounts::default(),
        };
        for path in files {
            let name = named(&path);
            archive.add(path, name.into(), written);
        }
        if archive.reports.is_empty() && archive.broken.is_empty() {
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            return Err(Failure::usage(
                format!("there is no report in {}", paths.join(", ")),
                "Keep what `mfa-gate check --report json=PATH` writes, and name its folder.",
            ));
        }
        archive.reports.sort_unstable();
        Ok(archive)
    }

    fn add(&mut self, path: PathBuf, name: Box<str>, written: &[&Path]) {
        let broken = |report, why: String| NotCounted {
            checked_at: None,
            path: name.clone(),
            report,
            workspace: None,
            why: Why::NotEvidence,
            detail: Some(why),
        };
        let document = match files::read(&path, LARGEST) {
            Ok(document) => document,
            Err(error) => {
                self.broken.push(broken(None, format!("it cannot be read: {error}")));
                return;
            }
        };
        let sha256: Arc<str> = hex(sha256(&document)).into();
        let checked_at = match kind(&document) {
            Kind::Other => {
                if !written.iter().any(|target| files::same_file(target, &path)) {
                    log::info!("{} is not a report", terminal(&name));
                    self.files.other_json += 1;
                }
                return;
            }
            Kind::Broken(why) => {
                let why = format!("it is not JSON: {why}");
                self.broken.push(broken(Some(sha256), why));
                return;
            }
            Kind::Report(checked_at) => checked_at,
        };
        if !self.digests.insert(Arc::clone(&sha256)) {
            self.files.duplicates += 1;
            return;
        }
        self.files.reports += 1;
        match checked_at {
            Some(checked_at) => {
                self.reports.push((Filed { checked_at, sha256, path: name }, path));
            }
            None => {
                let why = "its `checked_at` is not a time".to_owned();
                self.broken.push(broken(Some(sha256), why));
            }
        }
    }

    /// The files of the reports.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &PathBuf> {
        self.reports.iter().map(|(_, path)| path)
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
        for (filed, path) in &self.reports {
            if filed.checked_at >= end {
                self.files.after += 1;
                continue;
            }
            self.files.before += u64::from(filed.checked_at < start);
            match judged_again(filed, path) {
                Ok(report) => auditor.add(filed, &report).map_err(|_| mixed(&filed.path))?,
                Err((why, shows_violations)) => {
                    let file = NotCounted {
                        checked_at: Some(filed.checked_at),
                        path: filed.path.clone(),
                        report: Some(Arc::clone(&filed.sha256)),
                        workspace: None,
                        why: Why::NotEvidence,
                        detail: Some(why),
                    };
                    auditor.refuse(file, shows_violations);
                }
            }
        }
        Ok(auditor.finish(&self.digests, self.files))
    }
}

fn mixed(path: &str) -> Failure {
    Failure::usage(
        format!("{path} names people otherwise than the reports before it"),
        "Audit reports with the names of people, or redacted ones of one MFA_GATE_REDACT_KEY, and \
         not both: the same person would count as two.",
    )
}

/// The report as it is now, judged again; or why it is no evidence, and whether it shows violations.
fn judged_again(filed: &Filed, path: &Path) -> Result<Report, (String, bool)> {
    let unread = |why: String| (why, false);
    let document = files::read(path, LARGEST)
        .map_err(|error| unread(format!("it cannot be read: {error}")))?;
    if *hex(sha256(&document)) != *filed.sha256 {
        return Err(unread("it was changed while it was read".into()));
    }
    Report::from_saved(&document).map_err(|refusal| match refusal {
        Refusal::NoReport(why) => unread(format!("it cannot be read as a report: {why}")),
        Refusal::Version(version) => unread(format!(
            "it has schema version {version}, and this program reads {SCHEMA_VERSION}"
        )),
        Refusal::Contradiction(Contradiction { why, violations }) => {
            (format!("it contradicts itself: {why}"), violations)
        }
    })
}

/// The files of a folder that are called like reports, with those in the folders below; or the file
/// itself, whatever it is called.
fn below(path: &Path, is_named: bool, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if fs::metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // A link to a folder may lead back up.
            let is_link_to_folder = entry.file_type()?.is_symlink() && entry.path().is_dir();
            if !is_link_to_folder {
                below(&entry.path(), false, files)?;
            }
        }
    } else if is_named || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        files.push(path.to_owned());
    }
    Ok(())
}

/// What a document is. A report has a time and a policy near its start, so the rest of it is not
/// read here.
fn kind(document: &[u8]) -> Kind {
    let mut seen = Seen::default();
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    // What is seen tells more than how the reading ended, which an early end makes an error.
    let _ = deserializer.deserialize_map(&mut seen);
    if let Seen { checked_at: Some(checked_at), has_policy: true } = seen {
        return Kind::Report(checked_at.parse().ok());
    }
    match serde_json::from_slice::<IgnoredAny>(document) {
        Ok(_) => Kind::Other,
        Err(error) => Kind::Broken(error.to_string()),
    }
}

#[derive(Default)]
struct Seen {
    checked_at: Option<String>,
    has_policy: bool,
}

impl<'de> Visitor<'de> for &mut Seen {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            match &*key {
                "checked_at" => {
                    self.checked_at = Some(
                        entries
                            .next_value::<serde_json::Value>()?
                            .as_str()
                            .unwrap_or_default()
                            .to_owned(),
                    )
                }
                "policy" => {
                    entries.next_value::<IgnoredAny>()?;
                    self.has_policy = true;
                }
                _ => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
            if self.has_policy && self.checked_at.is_some() {
                return Err(A::Error::custom("that is enough"));
            }
        }
        Ok(())
    }
}
