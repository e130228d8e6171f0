//! What a command reads, and what its reports therefore must not overwrite.

use std::path::{Path, PathBuf};

use super::Context;
use crate::emit::{ReportArg, Reports};
use crate::env::{CREDENTIALS, file_of};
use crate::failure::Failure;
use crate::words::Word;

/// The files that a command reads.
pub(crate) struct Inputs(Vec<PathBuf>);

impl Inputs {
    /// These files, and those that variables name: the ones that credentials are read from, and the
    /// certificates to trust.
    pub(crate) fn new<'p>(
        files: impl IntoIterator<Item = &'p PathBuf>,
        context: &Context<'_>,
    ) -> Self {
        let variables = CREDENTIALS.into_iter().map(file_of).chain(["SSL_CERT_FILE".to_owned()]);
        let named = variables.filter_map(|name| (context.env)(&name)).map(PathBuf::from);
        Inputs(files.into_iter().cloned().chain(named).collect())
    }

    /// The places of reports, checked and cleared. None of them is one of these files.
    pub(crate) fn reports<F: Word>(&self, reports: &[ReportArg<F>]) -> Result<Reports<F>, Failure> {
        let paths: Vec<&Path> = self.0.iter().map(PathBuf::as_path).collect();
        Reports::prepare(reports, &paths)
    }
}
