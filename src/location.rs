//! A place in the policy file.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place in the policy file. Lines and columns start at 1, columns count Unicode scalar values,
/// and the end column is the one after the last character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The policy file as it was named, with forward slashes.
    pub path: Arc<str>,
    /// The line of the first character.
    pub line: u32,
    /// The column of the first character.
    pub column: u32,
    /// The line of the last character.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: u32,
}

impl Location {
    /// The first line of a file, for what has no place of its own.
    pub fn start_of(path: Arc<str>) -> Self {
        Location { path, line: 1, column: 1, end_line: 1, end_column: 1 }
    }
}
