//! YAML with places: what was written, and where. It knows nothing of policies.

pub(crate) mod diagnostics;
pub(crate) mod node;
pub(crate) mod quotes;
mod scalar;
mod slip;
pub(crate) mod source;
pub(crate) mod syntax;
pub(crate) mod tree;
