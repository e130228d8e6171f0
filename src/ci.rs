//! What CI systems say about a run, and the only place that knows their variables.
//!
//! GitHub: <https://docs.github.com/actions/reference/workflows-and-actions/variables>; Bitbucket:
//! <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>.

use std::collections::BTreeMap;
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};

use url::Url;

/// The workspace that Bitbucket Pipelines runs in.
pub(crate) const WORKSPACE: &str = "BITBUCKET_WORKSPACE";

/// The variables that name the commit that Bitbucket Pipelines runs for.
pub(crate) const COMMIT: [&str; 3] = [WORKSPACE, "BITBUCKET_REPO_SLUG", "BITBUCKET_COMMIT"];

/// The variables that a report records.
const RECORDED: [&str; 15] = [
    WORKSPACE,
    "BITBUCKET_REPO_SLUG",
    "BITBUCKET_COMMIT",
    "BITBUCKET_BRANCH",
    "BITBUCKET_TAG",
    "BITBUCKET_PR_ID",
    "BITBUCKET_BUILD_NUMBER",
    PIPELINE,
    "BITBUCKET_STEP_UUID",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_ATTEMPT",
];

/// Those of [`RECORDED`] that hold names of branches and tags, which are often named after people.
pub(crate) const NAMED_BY_PEOPLE: [&str; 3] = ["BITBUCKET_BRANCH", "BITBUCKET_TAG", "GITHUB_REF"];

/// Set in Bitbucket Pipelines, and there only.
const PIPELINE: &str = "BITBUCKET_PIPELINE_UUID";

/// Set in a pipe, and there only.
const PIPE_STORAGE: &str = "BITBUCKET_PIPE_STORAGE_DIR";

/// Where Bitbucket Pipelines offers a proxy to its API, for a step and for a pipe in it:
/// <https://support.atlassian.com/bitbucket-cloud/docs/code-insights/#Authentication>.
const STEP_PROXY: &str = "http://localhost:29418";
const PIPE_PROXY: &str = "http://host.docker.internal:29418";

/// The variables in which CI systems name the folder of the repository: GitHub, Bitbucket, GitLab.
const ROOTS: [&str; 3] = ["GITHUB_WORKSPACE", "BITBUCKET_CLONE_DIR", "CI_PROJECT_DIR"];

/// What the CI system says about the run, by its own names.
pub(crate) fn recorded(env: &dyn Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    RECORDED.into_iter().filter_map(|name| Some((name.into(), env(name)?))).collect()
}

/// Whether the program runs in Bitbucket Pipelines.
pub(crate) fn is_pipelines(env: &dyn Fn(&str) -> Option<String>) -> bool {
    env(PIPELINE).is_some()
}

/// The proxy to Bitbucket's API that the step or the pipe can use, in Bitbucket Pipelines.
pub(crate) fn proxy(env: &dyn Fn(&str) -> Option<String>) -> Option<Url> {
    let address = match (env(PIPE_STORAGE), env(PIPELINE)) {
        (Some(_), _) => PIPE_PROXY,
        (None, Some(_)) => STEP_PROXY,
        (None, None) => return None,
    };
    Url::parse(address).ok()
}

/// The repository and the commit that the run is made for, each as the CI system says it. Where two
/// CI systems each name one, there is none: it is not known which of them is meant.
pub(crate) fn commit(env: &dyn Fn(&str) -> Option<String>) -> Option<(String, String)> {
    let github = || {
        let (server, repository) = (env("GITHUB_SERVER_URL")?, env("GITHUB_REPOSITORY")?);
        Some((format!("git+{server}/{repository}"), env("GITHUB_SHA")?))
    };
    let bitbucket = || {
        let [workspace, repository, commit] = COMMIT.map(env);
        let repository = format!("git+https://bitbucket.org/{}/{}", workspace?, repository?);
        Some((repository, commit?))
    };
    match (github(), bitbucket()) {
        (Some(commit), None) | (None, Some(commit)) => Some(commit),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// The page of the build, by what a report recorded. A variable may hold anything, so it must be an
/// https address without credentials.
pub(crate) fn build_link(recorded: &BTreeMap<String, String>) -> Option<String> {
    let ci = |name: &str| recorded.get(name);
    let bitbucket = || {
        let (workspace, repository) = (ci(WORKSPACE)?, ci("BITBUCKET_REPO_SLUG")?);
        let number = ci("BITBUCKET_BUILD_NUMBER")?;
        Some(format!("https://bitbucket.org/{workspace}/{repository}/pipelines/results/{number}"))
    };
    let github = || {
        let (server, repository) = (ci("GITHUB_SERVER_URL")?, ci("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", ci("GITHUB_RUN_ID")?))
    };
    let link = Url::parse(&github().or_else(bitbucket)?).ok()?;
    let plain = link.scheme() == "https" && link.username().is_empty() && link.password().is_none();
    plain.then(|| link.into())
}

/// A file as reports call it: with forward slashes, and relative to the repository's root, whatever
/// the current folder is, since code scanning and annotations know files by that. A file outside of
/// the repository keeps the path that was given.
pub(crate) fn repository_path(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> String {
    let inside = inside_repository(path, env);
    inside.as_deref().unwrap_or(path).to_string_lossy().replace(MAIN_SEPARATOR_STR, "/")
}

fn inside_repository(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Links are followed in the folder alone: the file itself is known by its name in it.
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    let file = folder.join(path.file_name()?);
    // A folder that is not there is of another machine, as in a container.
    let by_ci = ROOTS.into_iter().find_map(|name| Path::new(&env(name)?).canonicalize().ok());
    // It is a file, not a folder, in a worktree or a submodule.
    let by_git = || folder.ancestors().find(|folder| folder.join(".git").exists());
    // What the CI system says is decisive: a file of another repository is none of this one.
    let root = by_ci
        .or_else(|| by_git().map(Path::to_path_buf))
        .or_else(|| Path::new(".").canonicalize().ok())
        .filter(|root| root.parent().is_some())?;
    file.strip_prefix(root).ok().map(Path::to_path_buf)
}
