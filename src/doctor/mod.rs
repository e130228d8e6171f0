//! What a credential can see, looked at with as few requests as it takes.

pub(crate) mod atlassian;
pub(crate) mod bitbucket;
pub(crate) mod credential;
pub(crate) mod entra;
mod headers;
pub(crate) mod observation;
