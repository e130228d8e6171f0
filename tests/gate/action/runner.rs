//! A runner: the steps of `action.yml` with bash in a scrubbed environment, expressions and
//! conditions included.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::release::ReleasePage;
use crate::support::{Bitbucket, EMAIL, Sandbox, TOKEN, policy};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(super) const FORK: &str = "github.event.pull_request.head.repo.full_name";

pub(super) fn yaml(file: &str) -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A job that uses the action once.
pub(super) struct Job {
    pub(super) sandbox: Sandbox,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) github: BTreeMap<String, String>,
    /// The program, where it need not be installed.
    pub(super) binary: Option<String>,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) code: i32,
    /// Standard output and standard error of all steps, which is what the runner's log shows.
    pub(super) log: String,
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) summary: String,
    /// The file that the upload step was given, if it ran.
    pub(super) uploaded: Option<String>,
    /// Where that step was told the repository is.
    pub(super) checkout_path: Option<String>,
}

impl Job {
    /// A job with the defaults of all inputs, in which the program is installed already.
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new();
        for folder in ["temp", "bin", "home"] {
            fs::create_dir(sandbox.path(folder)).unwrap();
        }
        let inputs = yaml("action.yml")["inputs"].as_object().unwrap().clone();
        let inputs = inputs
            .into_iter()
            .map(|(name, input)| (name, text(&input["default"]).to_owned()))
            .collect();
        let search = std::env::var("PATH").unwrap();
        let env = [
            ("PATH", format!("{}:{search}", sandbox.path("bin").display())),
            ("HOME", sandbox.path("home").display().to_string()),
            ("GITHUB_ACTIONS", "true".into()),
            ("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR").into()),
            ("GITHUB_EVENT_NAME", "schedule".into()),
            ("GITHUB_REPOSITORY", "acme/security".into()),
            ("GITHUB_SERVER_URL", "https://github.invalid".into()),
            (
                "GITHUB_WORKSPACE",
                sandbox.path("").display().to_string().trim_end_matches('/').into(),
            ),
            ("RUNNER_OS", "Linux".into()),
            ("RUNNER_ARCH", "X64".into()),
            ("RUNNER_TEMP", sandbox.path("temp").display().to_string()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let binary = Some(env!("CARGO_BIN_EXE_mfa-gate").to_owned());
        Job { sandbox, inputs, env, github: BTreeMap::new(), binary }
    }

    /// A job that installs the program from a release page.
    pub(super) fn installing(page: &ReleasePage) -> Self {
        let mut job = Job::new();
        job.binary = None;
        job.env.insert("GITHUB_SERVER_URL".into(), page.url());
        job.github.insert("github.action_ref".into(), format!("v{VERSION}"));
        job.github.insert("github.action_repository".into(), "mfa-gate/mfa-gate".into());
        job.asks_for_help();
        job
    }

    /// Lets the program end with 0 without a server, so that only the installation matters.
    pub(super) fn asks_for_help(&mut self) {
        self.set("args", "--help");
    }

    /// A job that checks the workspace `acme` as a mock server shows it.
    pub(super) fn checking(server: &Bitbucket) -> Self {
        let mut job = Job::new();
        job.sandbox.write("policy.yaml", policy("acme", ""));
        job.env.insert("BITBUCKET_API_URL".into(), server.api_url());
        job.set("bitbucket-email", EMAIL);
        job.set("bitbucket-api-token", TOKEN);
        job
    }

    pub(super) fn set(&mut self, input: &str, value: &str) {
        assert!(self.inputs.insert(input.into(), value.into()).is_some(), "no input {input}");
    }

    /// Puts a script on the path under a name.
    pub(super) fn stub(&self, name: &str, script: &str) {
        let file = format!("bin/{name}");
        self.sandbox.write(&file, format!("#!/usr/bin/env bash\n{script}\n"));
        fs::set_permissions(self.sandbox.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes the program a stub that keeps its arguments, each ended by a NUL, and ends with 2.
    pub(super) fn records_arguments(&mut self) {
        self.stub("record", r#"printf '%s\0' "$@" >"$HOME/arguments"; exit 2"#);
        self.binary = Some(self.sandbox.path("bin/record").display().to_string());
    }

    pub(super) fn recorded(&self) -> Vec<String> {
        let recorded = self.sandbox.read("home/arguments");
        recorded.split_terminator('\0').map(str::to_owned).collect()
    }

    pub(super) fn run(&self) -> Ran {
        let action = yaml("action.yml");
        let mut outputs = BTreeMap::new();
        let mut ran = Ran {
            code: 0,
            log: String::new(),
            outputs: BTreeMap::new(),
            summary: String::new(),
            uploaded: None,
            checkout_path: None,
        };
        if let Some(binary) = &self.binary {
            outputs.insert("steps.install.outputs.binary".to_owned(), binary.clone());
        }
        for step in action["runs"]["steps"].as_array().unwrap() {
            let due = match step.get("if") {
                Some(condition) => self.holds(text(condition), &outputs),
                None => ran.code == 0,
            };
            if !due || (self.binary.is_some() && step["id"] == "install") {
                continue;
            }
            if step.get("uses").is_some() {
                let file = text(&step["with"]["sarif_file"]);
                ran.uploaded = Some(self.expand(file, &outputs));
                let path = text(&step["with"]["checkout_path"]);
                ran.checkout_path = Some(self.expand(path, &outputs));
                continue;
            }
            let set = self.step(step, &outputs, &mut ran);
            let id = text(&step["id"]);
            outputs.extend(
                set.into_iter().map(|(name, value)| (format!("steps.{id}.outputs.{name}"), value)),
            );
        }
        for (name, output) in action["outputs"].as_object().unwrap() {
            ran.outputs.insert(name.clone(), self.expand(text(&output["value"]), &outputs));
        }
        assert!(!ran.log.contains(TOKEN) && !ran.summary.contains(TOKEN), "a token is shown");
        ran
    }

    /// Runs a step as GitHub runs those with `shell: bash`, and gives the outputs that it sets.
    pub(super) fn step(
        &self,
        step: &Value,
        outputs: &BTreeMap<String, String>,
        ran: &mut Ran,
    ) -> Vec<(String, String)> {
        assert_eq!(step["shell"], "bash");
        for file in ["script.sh", "output", "summary"] {
            self.sandbox.write(&format!("temp/{file}"), "");
        }
        self.sandbox.write("temp/script.sh", text(&step["run"]));
        let own = step["env"].as_object().unwrap().iter();
        let own = own.map(|(name, value)| (name, self.expand(text(value), outputs)));
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(self.sandbox.path("temp/script.sh"))
            .current_dir(self.sandbox.path(""))
            .env_clear()
            .envs(&self.env)
            .env("GITHUB_OUTPUT", self.sandbox.path("temp/output"))
            .env("GITHUB_STEP_SUMMARY", self.sandbox.path("temp/summary"))
            .envs(own)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if ran.code == 0 {
            ran.code = output.status.code().unwrap();
        }
        ran.log.push_str(&String::from_utf8(output.stdout).unwrap());
        ran.log.push_str(&String::from_utf8(output.stderr).unwrap());
        ran.summary.push_str(&self.sandbox.read("temp/summary"));
        set_outputs(&self.sandbox.read("temp/output"))
    }

    /// A text with the values of its expressions.
    pub(super) fn expand(&self, text: &str, outputs: &BTreeMap<String, String>) -> String {
        let mut parts = text.split("${{");
        let mut expanded = parts.next().unwrap().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").unwrap();
            expanded.push_str(&self.value(expression.trim(), outputs));
            expanded.push_str(rest);
        }
        expanded
    }

    pub(super) fn value(&self, name: &str, outputs: &BTreeMap<String, String>) -> String {
        if let Some(input) = name.strip_prefix("inputs.") {
            return self.inputs.get(input).unwrap_or_else(|| unreachable!("{name}")).clone();
        }
        let known = ["github.action_ref", "github.action_repository", "github.token", FORK];
        assert!(known.contains(&name) || name.starts_with("steps."), "{name}");
        // What is not set is empty, as on GitHub.
        self.github.get(name).or(outputs.get(name)).cloned().unwrap_or_default()
    }

    /// Whether a condition holds: terms joined by `&&`, each a comparison or `!cancelled()`.
    pub(super) fn holds(&self, condition: &str, outputs: &BTreeMap<String, String>) -> bool {
        let inside = condition.trim().strip_prefix("${{").unwrap().strip_suffix("}}").unwrap();
        inside.split("&&").map(str::trim).all(|term| match term.split_once(" == ") {
            Some((name, wanted)) => self.value(name, outputs) == wanted.trim_matches('\''),
            None => {
                assert_eq!(term, "!cancelled()");
                true
            }
        })
    }
}

impl Ran {
    #[track_caller]
    pub(super) fn ends(&self, code: i32, verdict: &str) {
        assert_eq!(self.code, code, "{}", self.log);
        assert_eq!(self.outputs["verdict"], verdict, "{}", self.log);
    }

    #[track_caller]
    pub(super) fn says(&self, words: &str) {
        assert!(self.log.contains(words), "{words}: {}", self.log);
    }
}

/// What a file of outputs sets: `name=value`, or `name<<END`, lines, `END`.
pub(super) fn set_outputs(file: &str) -> Vec<(String, String)> {
    let mut lines = file.lines();
    let mut set = Vec::new();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        set.push((name.to_owned(), value.join("\n")));
    }
    set
}
