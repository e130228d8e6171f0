//! `mfa-gate pipe`: the entry point of the Bitbucket Pipe, which turns its variables into arguments.
//! `pipe.yml` declares them.

mod demands;
mod variables;

use std::path::Path;

use clap::Parser;

use crate::ci;
use crate::cli::{Cli, refusal};
use crate::env;
use crate::failure::{Exit, Failure, Problem, docs};
use crate::files::same_file;
use crate::run::Context;
use demands::demand;
use variables::{Variables, is_unset};

/// Where Bitbucket finds test results by itself:
/// <https://support.atlassian.com/bitbucket-cloud/docs/test-reporting-in-pipelines/>.
const TEST_RESULTS: &str = "test-results";

/// The oldest that a report may be where `MAX_AGE` says nothing: one of yesterday's schedule holds.
const DEFAULT_MAX_AGE: &str = "26h";

/// The variables that the pipe has a shorter name for, and what the program calls them.
const RENAMED: [(&str, &str); 2] =
    [("SLACK_WEBHOOK_URL", env::SLACK_WEBHOOK_URL), ("REDACT_KEY", env::REDACT_KEY)];

/// The variables that become options, with what messages call those: the longest first.
const OPTIONS: [(&str, &str); 7] = [
    ("POLICY_SHA256", "--policy-sha256 or MFA_GATE_POLICY_SHA256"),
    ("POLICY_SHA256", "--policy-sha256"),
    ("POLICY", "--policy FILE or MFA_GATE_POLICY"),
    ("POLICY", "--policy"),
    ("ROSTER_AS_OF", "--roster-as-of"),
    ("ROSTER", "--roster"),
    ("MAX_AGE", "--max-age"),
];

/// Runs `check`, or `verify` where `VERIFY` names a report, as the pipe's variables have it.
pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let variables = Variables::new(context.variables);
    let given = |name: &str| (context.env)(name).filter(|value| !is_unset(value, name));
    let env = |name: &str| {
        let renamed = RENAMED.iter().find(|(_, program)| *program == name);
        let own = renamed.and_then(|(pipe, _)| variables.text(pipe));
        own.or_else(|| given(name))
    };
    context.secrets.learn(&env);
    clear(&variables);
    env::check(context.variables)?;
    variables.check()?;
    // Read when the log was set up; here it is only checked.
    variables.flag("DEBUG")?;
    let args = match variables.text("VERIFY") {
        Some(report) => verify(&variables, &report)?,
        None => {
            let args = check(&variables)?;
            let is_set = |name: &str| {
                let renamed = RENAMED.iter().find(|(pipe, _)| *pipe == name);
                let name = renamed.map_or(name, |(_, program)| program);
                env(name).or_else(|| env(&env::file_of(name))).is_some()
            };
            demand(&variables, &is_set)?;
            args
        }
    };
    let renamed = RENAMED.into_iter().filter(|(pipe, _)| variables.text(pipe).is_some());
    let renamed: Vec<_> = renamed.chain(OPTIONS).collect();
    let context = Context { env: &env, pipe: Some(&renamed), ..*context };
    let cli = Cli::try_parse_from(&args).map_err(|error| {
        let Problem { what, help } = context.in_own_names(refusal(&error, &args));
        Failure::usage(
            format!("the pipe's variables do not fit: {what}"),
            format!("{help} What each of them takes: {}", docs("pipe.md")),
        )
    })?;
    super::run(&cli, &context).map_err(|failure| {
        let Failure::Usage(problem) = failure else { return failure };
        Failure::Usage(context.in_own_names(problem))
    })
}

/// Whether a variable of the pipe is true, before it is known whether the variables are right.
pub(super) fn is_true(env: &dyn Fn(&str) -> Option<String>, name: &str) -> bool {
    env(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn verify(variables: &Variables, report: &str) -> Result<Vec<String>, Failure> {
    // Those without a default in `pipe.yml`: if one is set, that was meant.
    for name in ["ROSTER", "ROSTER_AS_OF", "REPORTS", "PREVIOUS", "SLACK"] {
        if variables.text(name).is_some() {
            return Err(Failure::usage(
                format!("the pipe's variables VERIFY and {name} are both set"),
                format!("VERIFY judges a saved report and does nothing else. Omit {name}."),
            ));
        }
    }
    let pin = variables.pin();
    let workspaces = workspaces(variables)?;
    if pin.is_none() || workspaces.is_empty() {
        return Err(Failure::usage(
            "VERIFY needs POLICY_SHA256 and WORKSPACES: without them any report would pass",
            "Set both to what the report must be about.",
        ));
    }
    let mut args = Vec::from(["mfa-gate", "verify", "--require-live"].map(str::to_owned));
    let max_age = variables.text("MAX_AGE").unwrap_or_else(|| DEFAULT_MAX_AGE.into());
    args.push(format!("--max-age={max_age}"));
    args.extend(pin.into_iter().chain(workspaces));
    args.extend(["--".to_owned(), report.to_owned()]);
    Ok(args)
}

fn check(variables: &Variables) -> Result<Vec<String>, Failure> {
    if variables.text("MAX_AGE").is_some() {
        return Err(Failure::usage(
            "the pipe's variable MAX_AGE is set and VERIFY is not",
            "MAX_AGE is the age of a saved report. Set VERIFY to its path, or omit MAX_AGE.",
        ));
    }
    let mut args = Vec::from(["mfa-gate", "check"].map(str::to_owned));
    args.extend(variables.option("--policy", "POLICY"));
    args.extend(variables.pin());
    args.extend(workspaces(variables)?);
    args.extend(variables.option("--roster", "ROSTER"));
    args.extend(variables.option("--roster-as-of", "ROSTER_AS_OF"));
    let reports = reports(variables);
    args.extend(reports.iter().map(|(format, path)| format!("--report={format}={path}")));
    args.extend(variables.option("--previous", "PREVIOUS"));
    if variables.flag("REDACT")?.unwrap_or(false) {
        args.push("--redact".into());
    }
    let in_pipelines = ci::is_pipelines(&|name| variables.text(name));
    if variables.flag("CODE_INSIGHTS")?.unwrap_or(in_pipelines) {
        args.push("--code-insights".into());
        if variables.flag("INSIGHTS_NAMES")?.unwrap_or(false) {
            args.push("--insights-names".into());
        }
    }
    match variables.text("SLACK").as_deref() {
        None => {}
        Some(when @ ("violations" | "always")) => args.push(format!("--slack={when}")),
        // It may be the webhook.
        Some(_) => {
            return Err(Failure::usage(
                "the pipe's variable SLACK is neither violations nor always",
                "The webhook belongs in SLACK_WEBHOOK_URL.",
            ));
        }
    }
    if variables.flag("SLACK_NAMES")?.unwrap_or(false) {
        args.push("--slack-names".into());
    }
    Ok(args)
}

fn workspaces(variables: &Variables) -> Result<Vec<String>, Failure> {
    let slugs = variables.workspaces()?;
    Ok(slugs.into_iter().map(|slug| format!("--workspace={slug}")).collect())
}

/// The formats and paths of the reports.
fn reports(variables: &Variables) -> Vec<(&'static str, String)> {
    let mut reports = vec![("junit", format!("{TEST_RESULTS}/mfa-gate.xml"))];
    if let Some(folder) = variables.text("REPORTS") {
        let formats = [("json", "json"), ("sarif", "sarif"), ("markdown", "md"), ("html", "html")];
        for (format, end) in formats {
            reports.push((format, format!("{folder}/mfa-gate.{end}")));
        }
    }
    reports
}

/// Removes the reports of an earlier step, so that they are not taken for this one's; not what is judged,
/// nor what this run reads.
fn clear(variables: &Variables) {
    let read = ["VERIFY", "POLICY", "ROSTER", "PREVIOUS"].map(|name| variables.text(name));
    for (_, path) in reports(variables) {
        let path = Path::new(&path);
        let is_read = |read: &String| same_file(Path::new(read), path);
        if !read.iter().flatten().any(is_read) {
            // Where it cannot be removed, `check` will say so.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insights_are_for_pipelines_and_count_only() {
        let told = |variables: &[(&str, &str)]| {
            let args = check(&variables::of(variables)).unwrap();
            let has = |option: &str| args.iter().any(|arg| arg == option);
            (has("--code-insights"), has("--insights-names"))
        };
        let inside = ("BITBUCKET_PIPELINE_UUID", "{1}");
        assert_eq!(told(&[]), (false, false));
        assert_eq!(told(&[inside]), (true, false));
        assert_eq!(told(&[inside, ("INSIGHTS_NAMES", "True")]), (true, true));
        assert_eq!(told(&[inside, ("CODE_INSIGHTS", "false")]), (false, false));
    }
}
