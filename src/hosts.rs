//! The servers that a live run asks. A run that asks others is simulated.

/// Bitbucket Cloud's API.
pub const BITBUCKET_API: &str = "https://api.bitbucket.org/2.0";

/// The API of Atlassian organisations.
pub const ATLASSIAN_API: &str = "https://api.atlassian.com";
