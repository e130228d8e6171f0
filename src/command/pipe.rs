//! `mfa-gate pipe`: the entry point of the Bitbucket Pipe, and the only place that understands its
//! variables. `pipe.yml` declares them.

use std::path::Path;

use clap::Parser;

use super::Context;
use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output::same_file;

/// Where Bitbucket finds test results by itself:
/// <https://support.atlassian.com/bitbucket-cloud/docs/test-reporting-in-pipelines/>.
const TEST_RESULTS: &str = "test-results";

/// Runs `check`, or `verify` where `VERIFY` names a report, as the pipe's variables have it.
pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let given = |name: &str| given(context.env, name);
    let variables = Variables { env: &given };
    variables.clear();
    variables.refuse_unset(context.env)?;
    let args = match variables.text("VERIFY") {
        Some(report) => verify(&variables, &report)?,
        None => check(&variables)?,
    };
    let cli = Cli::try_parse_from(args).map_err(|error| {
        let message = error.render().to_string();
        let what = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::usage(
            format!("the pipe's variables do not fit: {what}"),
            "The README's section about the pipe says what each of them takes.",
        )
    })?;
    let env = |name: &str| match name {
        "MFA_GATE_SLACK_WEBHOOK_URL" => variables.text("SLACK_WEBHOOK_URL").or_else(|| given(name)),
        "MFA_GATE_REDACT_KEY" => variables.text("REDACT_KEY").or_else(|| given(name)),
        name => given(name),
    };
    super::run(&cli, &Context { env: &env, ..*context })
}

/// A variable, unless it holds its own name: what `$NAME` and the defaults of `pipe.yml` are where
/// the pipeline has no such variable.
fn given(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    let is_name =
        |value: &str| [format!("${name}"), format!("${{{name}}}")].contains(&value.into());
    env(name).filter(|value| !is_name(value))
}

/// Whether the pipe is to say all that it does.
pub(super) fn is_debugging(env: &dyn Fn(&str) -> Option<String>) -> bool {
    env("DEBUG").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn verify(variables: &Variables<'_>, report: &str) -> Result<Vec<String>, Failure> {
    let (pin, workspaces) =
        (variables.option("--policy-sha256", "POLICY_SHA256"), variables.workspaces());
    if pin.is_none() || workspaces.is_empty() {
        return Err(Failure::usage(
            "VERIFY needs POLICY_SHA256 and WORKSPACES: without them anybody's report would do",
            "Set both to what the report has to be about.",
        ));
    }
    let mut args = Vec::from(["mfa-gate", "verify", "--require-live"].map(str::to_owned));
    args.extend(variables.option("--max-age", "MAX_AGE"));
    args.extend(pin.into_iter().chain(workspaces));
    args.extend(["--".to_owned(), report.to_owned()]);
    Ok(args)
}

fn check(variables: &Variables<'_>) -> Result<Vec<String>, Failure> {
    let mut args = Vec::from(["mfa-gate", "check"].map(str::to_owned));
    args.extend(variables.option("--policy", "POLICY"));
    args.extend(variables.option("--policy-sha256", "POLICY_SHA256"));
    args.extend(variables.workspaces());
    args.extend(variables.option("--roster", "ROSTER"));
    args.extend(variables.option("--roster-as-of", "ROSTER_AS_OF"));
    let reports = variables.reports();
    args.extend(reports.iter().map(|(format, path)| format!("--report={format}={path}")));
    if variables.flag("REDACT")?.unwrap_or(false) {
        args.push("--redact".into());
    }
    let in_pipelines = variables.text("BITBUCKET_PIPELINE_UUID").is_some();
    if variables.flag("CODE_INSIGHTS")?.unwrap_or(in_pipelines) {
        args.push("--code-insights".into());
        if variables.flag("INSIGHTS_NAMES")?.unwrap_or(false) {
            args.push("--insights-names".into());
        }
    }
    match variables.text("SLACK").as_deref() {
        None => {}
        Some(when @ ("violations" | "always")) => args.push(format!("--slack={when}")),
        // Somebody may have put the webhook here.
        Some(_) => {
            return Err(Failure::usage(
                "the pipe's variable SLACK is neither violations nor always",
                "The webhook belongs in SLACK_WEBHOOK_URL.",
            ));
        }
    }
    Ok(args)
}

/// The variables of the pipe.
struct Variables<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl Variables<'_> {
    /// A variable that is set, and not to nothing.
    fn text(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.is_empty())
    }

    /// The formats and paths of the reports.
    fn reports(&self) -> Vec<(&'static str, String)> {
        let mut reports = vec![("junit", format!("{TEST_RESULTS}/mfa-gate.xml"))];
        if let Some(folder) = self.text("REPORTS") {
            let formats =
                [("json", "json"), ("sarif", "sarif"), ("markdown", "md"), ("html", "html")];
            for (format, end) in formats {
                reports.push((format, format!("{folder}/mfa-gate.{end}")));
            }
        }
        reports
    }

    /// Removes the reports of an earlier step, lest they pass for this one's; not what is to be
    /// judged, nor what this run reads.
    fn clear(&self) {
        let read = ["VERIFY", "POLICY", "ROSTER"].map(|name| self.text(name));
        for (_, path) in self.reports() {
            let path = Path::new(&path);
            let is_read = |own: &String| same_file(Path::new(own), path);
            if !read.iter().flatten().any(is_read) {
                // Where it cannot be removed, `check` will say so.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Refuses a demand that names a variable which the pipeline does not have: to pass it over
    /// would be to judge by less than what was asked for.
    fn refuse_unset(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<(), Failure> {
        const DEMANDS: [&str; 9] = [
            "POLICY",
            "POLICY_SHA256",
            "WORKSPACES",
            "ROSTER",
            "ROSTER_AS_OF",
            "VERIFY",
            "MAX_AGE",
            "REPORTS",
            "REDACT",
        ];
        match DEMANDS.into_iter().find(|name| env(name).is_some() && self.text(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(Failure::usage(
                format!(
                    "the pipe's variable {name} holds its own name: the pipeline has no such variable"
                ),
                format!("Define {name} in the repository's variables, or leave it away."),
            )),
        }
    }

    /// An option with the value of a variable, if it is set.
    fn option(&self, option: &str, name: &str) -> Option<String> {
        self.text(name).map(|value| format!("{option}={value}"))
    }

    /// The workspaces, however they are divided.
    fn workspaces(&self) -> Vec<String> {
        let listed = self.text("WORKSPACES").unwrap_or_default();
        let slugs = listed.split(|c: char| c == ',' || c.is_whitespace());
        slugs.filter(|slug| !slug.is_empty()).map(|slug| format!("--workspace={slug}")).collect()
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some(yes) if yes.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(no) if no.eq_ignore_ascii_case("false") => Ok(Some(false)),
            // It is not repeated: somebody may have put a key here.
            Some(_) => Err(Failure::usage(
                format!("the pipe's variable {name} is neither true nor false"),
                format!("Set {name} to true or false, or leave it away."),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(variables: &[(&str, &str)]) -> Result<Vec<String>, Failure> {
        let lookup = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        check(&Variables { env: &lookup })
    }

    #[test]
    fn every_variable_arrives_as_one_argument() {
        let junit = "--report=junit=test-results/mfa-gate.xml";
        assert_eq!(args(&[]).unwrap(), ["mfa-gate", "check", junit]);
        let odd = "a b;$(c) --exit-zero";
        let given =
            args(&[("POLICY", odd), ("WORKSPACES", "acme, labs\nold"), ("POLICY_SHA256", "")]);
        let given = given.unwrap();
        assert_eq!(
            given.get(2..).unwrap(),
            [
                &format!("--policy={odd}"),
                "--workspace=acme",
                "--workspace=labs",
                "--workspace=old",
                junit
            ]
        );
    }

    #[test]
    fn insights_are_for_pipelines_and_count_only() {
        let told = |variables: &[(&str, &str)]| {
            let args = args(variables).unwrap();
            let has = |option: &str| args.iter().any(|arg| arg == option);
            (has("--code-insights"), has("--insights-names"))
        };
        let inside = ("BITBUCKET_PIPELINE_UUID", "{1}");
        assert_eq!(told(&[]), (false, false));
        assert_eq!(told(&[inside]), (true, false));
        assert_eq!(told(&[inside, ("INSIGHTS_NAMES", "True")]), (true, true));
        assert_eq!(told(&[inside, ("CODE_INSIGHTS", "false")]), (false, false));
        let failure = args(&[("CODE_INSIGHTS", "yes")]).unwrap_err();
        assert!(failure.to_string().contains("CODE_INSIGHTS"), "{failure}");
    }
}
