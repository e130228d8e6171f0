//! `action.yml`, run as a runner would: its steps with bash in a scrubbed environment, expressions
//! and conditions included, and a loopback server in place of the release page.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Bitbucket, EMAIL, Sandbox, TOKEN, policy, rows};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const FORK: &str = "github.event.pull_request.head.repo.full_name";

fn yaml(file: &str) -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A job that uses the action once.
struct Job {
    sandbox: Sandbox,
    inputs: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    github: BTreeMap<String, String>,
    /// The program, where it need not be installed.
    binary: Option<String>,
}

/// What came of it.
struct Ran {
    code: i32,
    /// Standard output and standard error of all steps, which is what the runner's log shows.
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
    /// The file that the upload step was given, if it ran.
    uploaded: Option<String>,
}

impl Job {
    /// A job with the defaults of all inputs, in which the program is installed already.
    fn new() -> Self {
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
            ("RUNNER_OS", "Linux".into()),
            ("RUNNER_ARCH", "X64".into()),
            ("RUNNER_TEMP", sandbox.path("temp").display().to_string()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let binary = Some(env!("CARGO_BIN_EXE_mfa-gate").to_owned());
        Job { sandbox, inputs, env, github: BTreeMap::new(), binary }
    }

    /// A job that installs the program from a release page.
    fn installing(page: &ReleasePage) -> Self {
        let mut job = Job::new();
        job.binary = None;
        job.env.insert("GITHUB_SERVER_URL".into(), page.url());
        job.github.insert("github.action_ref".into(), format!("v{VERSION}"));
        job.github.insert("github.action_repository".into(), "mfa-gate/mfa-gate".into());
        job.asks_for_help();
        job
    }

    /// Lets the program end with 0 without a server, so that only the installation matters.
    fn asks_for_help(&mut self) {
        self.set("args", "--help");
    }

    /// A job that checks the workspace `acme` as a mock server shows it.
    fn checking(server: &Bitbucket) -> Self {
        let mut job = Job::new();
        job.sandbox.write("policy.yaml", policy("acme", ""));
        job.env.insert("BITBUCKET_API_URL".into(), server.api_url());
        job.set("bitbucket-email", EMAIL);
        job.set("bitbucket-api-token", TOKEN);
        job
    }

    fn set(&mut self, input: &str, value: &str) {
        assert!(self.inputs.insert(input.into(), value.into()).is_some(), "no input {input}");
    }

    /// Puts a script on the path under a name.
    fn stub(&self, name: &str, script: &str) {
        let file = format!("bin/{name}");
        self.sandbox.write(&file, format!("#!/usr/bin/env bash\n{script}\n"));
        fs::set_permissions(self.sandbox.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes the program a stub that keeps its arguments, each ended by a NUL, and ends with 2.
    fn records_arguments(&mut self) {
        self.stub("record", r#"printf '%s\0' "$@" >"$HOME/arguments"; exit 2"#);
        self.binary = Some(self.sandbox.path("bin/record").display().to_string());
    }

    fn recorded(&self) -> Vec<String> {
        let recorded = self.sandbox.read("home/arguments");
        recorded.split_terminator('\0').map(str::to_owned).collect()
    }

    fn run(&self) -> Ran {
        let action = yaml("action.yml");
        let mut outputs = BTreeMap::new();
        let mut ran = Ran {
            code: 0,
            log: String::new(),
            outputs: BTreeMap::new(),
            summary: String::new(),
            uploaded: None,
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
    fn step(
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
    fn expand(&self, text: &str, outputs: &BTreeMap<String, String>) -> String {
        let mut parts = text.split("${{");
        let mut expanded = parts.next().unwrap().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").unwrap();
            expanded.push_str(&self.value(expression.trim(), outputs));
            expanded.push_str(rest);
        }
        expanded
    }

    fn value(&self, name: &str, outputs: &BTreeMap<String, String>) -> String {
        if let Some(input) = name.strip_prefix("inputs.") {
            return self.inputs.get(input).unwrap_or_else(|| unreachable!("{name}")).clone();
        }
        let known = ["github.action_ref", "github.action_repository", "github.token", FORK];
        assert!(known.contains(&name) || name.starts_with("steps."), "{name}");
        // What is not set is empty, as on GitHub.
        self.github.get(name).or(outputs.get(name)).cloned().unwrap_or_default()
    }

    /// Whether a condition holds: terms joined by `&&`, each a comparison or `!cancelled()`.
    fn holds(&self, condition: &str, outputs: &BTreeMap<String, String>) -> bool {
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
    fn ends(&self, code: i32, verdict: &str) {
        assert_eq!(self.code, code, "{}", self.log);
        assert_eq!(self.outputs["verdict"], verdict, "{}", self.log);
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.log.contains(words), "{words}: {}", self.log);
    }
}

/// What a file of outputs sets: `name=value`, or `name<<END`, lines, `END`.
fn set_outputs(file: &str) -> Vec<(String, String)> {
    let mut lines = file.lines();
    let mut set = Vec::new();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        set.push((name.to_owned(), value.join("\n")));
    }
    set
}

/// A server that plays the release page.
struct ReleasePage(Bitbucket);

impl ReleasePage {
    fn new() -> Self {
        ReleasePage(Bitbucket::start())
    }

    /// The page of this version, with the archive and this file of checksums.
    fn with(sums: &str) -> Self {
        let page = ReleasePage::new();
        page.serve("SHA256SUMS", sums.as_bytes());
        page.serve(&archive_name(), archive());
        page
    }

    fn serve(&self, file: &str, bytes: &[u8]) {
        let at = format!("/mfa-gate/mfa-gate/releases/download/v{VERSION}/{file}");
        let answer = ResponseTemplate::new(200).set_body_bytes(bytes);
        self.0.mount(Mock::given(method("GET")).and(path(at)).respond_with(answer));
    }

    fn url(&self) -> String {
        self.0.api_url().trim_end_matches("/2.0").to_owned()
    }
}

fn archive_name() -> String {
    format!("mfa-gate-{VERSION}-x86_64-unknown-linux-musl.tar.gz")
}

/// An archive as `release.yml` makes it, of this program.
fn pack(name: &str, program: &Path) -> Vec<u8> {
    let folder = name.strip_suffix(".tar.gz").unwrap();
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path(folder)).unwrap();
    fs::copy(program, sandbox.path(folder).join("mfa-gate")).unwrap();
    let packed = Command::new("tar")
        .args(["-czf", "-", "-C"])
        .args([sandbox.path(""), folder.into()])
        .output()
        .unwrap();
    packed.stdout
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An archive of a few bytes, which stands in for the program under test by calling it.
fn archive() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| pack_a_caller(&archive_name()))
}

fn pack_a_caller(name: &str) -> Vec<u8> {
    let job = Job::new();
    job.stub("calls", &format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_mfa-gate")));
    pack(name, &job.sandbox.path("bin/calls"))
}

/// The line that `sha256sum` writes about the archive.
fn right_sums() -> String {
    format!("{}  {}\n", digest(archive()), archive_name())
}

#[test]
fn a_release_is_checked_unpacked_and_run() {
    let page = ReleasePage::new();
    let real = pack(&archive_name(), Path::new(env!("CARGO_BIN_EXE_mfa-gate")));
    let other = format!("{}  other.tar.gz", "0".repeat(64));
    let sums = format!("{other}\n{}  {}\n", digest(&real), archive_name());
    page.serve("SHA256SUMS", sums.as_bytes());
    page.serve(&archive_name(), &real);
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let mut job = Job::checking(&server);
    let installing = Job::installing(&page);
    job.binary = None;
    job.github = installing.github;
    job.env.insert("GITHUB_SERVER_URL".into(), page.url());
    let ran = job.run();
    ran.ends(0, "compliant");
    assert_eq!(ran.outputs["members"], "3");
}

#[test]
fn an_archive_that_cannot_be_checked_is_not_unpacked() {
    let wrong = format!("{}  {}\n", "0".repeat(64), archive_name());
    let cases = [
        (wrong.clone(), "is not what it must be"),
        (format!("{}  other.tar.gz\n", digest(archive())), "does not say once"),
        (format!("{}x\n", right_sums().trim_end()), "does not say once"),
        (format!("{wrong}{}", right_sums()), "does not say once"),
        (String::new(), "does not say once"),
        ("<html>".into(), "does not say once"),
    ];
    for (sums, words) in cases {
        let page = ReleasePage::with(&sums);
        let job = Job::installing(&page);
        let ran = job.run();
        ran.ends(3, "");
        ran.says(words);
        for entry in fs::read_dir(job.sandbox.path("temp")).unwrap() {
            let unpacked = entry.unwrap().path().join(archive_name().replace(".tar.gz", ""));
            assert!(!unpacked.exists(), "{sums}");
        }
    }
}

#[test]
fn a_release_that_is_not_there_is_refused() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.set("version", "99.0.0");
    let ran = job.run();
    ran.ends(3, "");
    ran.says("status 404; is 99.0.0 a release of mfa-gate/mfa-gate?");

    let no_release = ReleasePage::new();
    let ran = Job::installing(&no_release).run();
    ran.ends(3, "");
    ran.says("status 404");

    let no_sums = ReleasePage::new();
    no_sums.serve(&archive_name(), archive());
    let ran = Job::installing(&no_sums).run();
    ran.ends(3, "");
    ran.says("SHA256SUMS could not be downloaded");
}

#[test]
fn a_pinned_digest_stands_in_for_the_checksums() {
    let page = ReleasePage::new();
    page.serve(&archive_name(), archive());
    let mut job = Job::installing(&page);
    job.set("sha256", &digest(archive()).to_uppercase());
    let ran = job.run();
    // The program was run: it is told to print its help and gives no verdict.
    ran.says("Usage: mfa-gate check");

    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.set("sha256", &"0".repeat(64));
    let ran = job.run();
    ran.ends(3, "");
    ran.says("is not what it must be");
    job.set("sha256", "0");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("64 hexadecimal digits");
}

#[test]
fn the_version_is_that_of_the_actions_own_ref() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    for other in ["main", "v1", "3d3c42e5aac5ba805825da76410c181273ba90b1", ""] {
        job.github.insert("github.action_ref".into(), other.into());
        let ran = job.run();
        ran.ends(2, "");
        ran.says("set version");
    }
    job.set("version", VERSION);
    job.run().says("Usage: mfa-gate check");
    for wrong in ["latest", "../../x", "1.2.3/..", "1.2"] {
        job.set("version", wrong);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("version must be that of a release");
    }
}

#[test]
fn an_archive_of_another_version_is_refused() {
    let page = ReleasePage::new();
    let name = "mfa-gate-9.9.9-x86_64-unknown-linux-musl.tar.gz";
    let packed = pack_a_caller(name);
    let at = format!("/mfa-gate/mfa-gate/releases/download/v9.9.9/{name}");
    let pin = digest(&packed);
    let answer = ResponseTemplate::new(200).set_body_bytes(packed);
    page.0.mount(Mock::given(method("GET")).and(path(at)).respond_with(answer));
    let mut job = Job::installing(&page);
    job.set("version", "v9.9.9");
    job.set("sha256", &pin);
    let ran = job.run();
    ran.ends(3, "");
    ran.says(&format!("the archive of 9.9.9 holds mfa-gate {VERSION}"));
}

#[test]
fn plain_http_is_for_the_loopback_address() {
    let page = ReleasePage::with(&right_sums());
    let port = page.url().rsplit_once(':').unwrap().1.to_owned();
    for address in [
        "http://github.com".to_owned(),
        format!("http://127.0.0.1:{port}@github.com"),
        format!("http://127.0.0.1.example:{port}"),
        "ftp://127.0.0.1:21".into(),
    ] {
        let mut job = Job::installing(&page);
        job.env.insert("GITHUB_SERVER_URL".into(), address);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("not an https one");
    }
}

#[test]
fn a_runner_without_a_release_is_told_what_to_do() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.env.insert("RUNNER_ARCH".into(), "X86".into());
    let ran = job.run();
    ran.ends(2, "");
    ran.says("no release for Linux on X86: set build-from-source");
}

#[test]
fn the_attestation_is_checked_where_gh_can() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.github.insert("github.token".into(), "github-token".into());
    let help = r#"case "$*" in *--help*) echo "  --source-ref"; exit ;; esac"#;
    job.stub("gh", &format!("{help}\necho \"$@\" >\"$HOME/asked\"; exit 1"));
    let ran = job.run();
    ran.ends(3, "");
    ran.says("attestation of");
    let asked = job.sandbox.read("home/asked");
    assert_eq!(
        asked.trim_end(),
        format!(
            "attestation verify {} --repo mfa-gate/mfa-gate --source-ref refs/tags/v{VERSION} \
             --signer-workflow mfa-gate/mfa-gate/.github/workflows/release.yml \
             --deny-self-hosted-runners",
            archive_name()
        )
    );
    job.stub("gh", help);
    job.run().says("Usage: mfa-gate check");
    job.stub("gh", "echo too old; exit 1");
    job.run().says("the attestation was not asked for");
    // GitHub's token goes to no server but github.com.
    job.stub("gh", &format!("{help}\ntouch \"$HOME/leaked\""));
    job.env.insert("GITHUB_SERVER_URL".into(), "https://127.0.0.1:1".into());
    job.run().ends(3, "");
    assert!(!job.sandbox.path("home/leaked").exists());
}

#[test]
fn the_actions_own_checkout_is_built_where_asked_for() {
    let mut job = Job::new();
    job.binary = None;
    job.asks_for_help();
    job.set("build-from-source", "true");
    let built = env!("CARGO_BIN_EXE_mfa-gate");
    job.stub(
        "cargo",
        &format!(
            "echo \"$PWD $*\" >\"$HOME/asked\"\nwhile [ \"$1\" != --target-dir ]; do shift; done\n\
             mkdir -p \"$2/release\"; ln -s '{built}' \"$2/release/mfa-gate\""
        ),
    );
    job.run().says("Usage: mfa-gate check");
    let asked = job.sandbox.read("home/asked");
    let start = format!("{} build --release --locked ", env!("CARGO_MANIFEST_DIR"));
    assert!(asked.starts_with(&start), "{asked}");

    job.stub("cargo", "exit 101");
    let ran = job.run();
    ran.ends(3, "");
    ran.says("could not be built");
    job.set("build-from-source", "yes");
    job.run().ends(2, "");
}

#[test]
fn a_compliant_workspace_passes() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..120, true));
    let mut job = Job::checking(&server);
    job.set("upload-sarif", "true");
    let ran = job.run();
    ran.ends(0, "compliant");
    let outputs = &ran.outputs;
    assert_eq!(outputs["exit-code"], "0");
    assert_eq!((&*outputs["members"], &*outputs["violations"]), ("120", "0"));
    assert_eq!(job.sandbox.json(&outputs["json-file"])["verdict"], "compliant");
    assert!(job.sandbox.read(&outputs["junit-file"]).contains("<testsuite"));
    assert!(job.sandbox.json(&outputs["sarif-file"])["runs"].is_array());
    assert_eq!(ran.uploaded.as_ref(), Some(&outputs["sarif-file"]), "an upload closes alerts");
    assert!(ran.summary.contains("compliant"), "{}", ran.summary);
}

#[test]
fn violations_fail_and_are_shown() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    let ran = job.run();
    ran.ends(1, "violations");
    assert_eq!(ran.outputs["exit-code"], "1");
    assert_eq!((&*ran.outputs["members"], &*ran.outputs["violations"]), ("2", "2"));
    ran.says("::error file=policy.yaml");
    assert_eq!(ran.uploaded, None, "nobody asked for it");
    assert!(ran.summary.contains("Member 1"), "{}", ran.summary);

    job.set("upload-sarif", "true");
    let ran = job.run();
    assert_eq!(ran.uploaded.as_ref(), Some(&ran.outputs["sarif-file"]));

    job.set("args", "--exit-zero");
    let ran = job.run();
    ran.ends(0, "violations");
    assert_eq!(ran.outputs["exit-code"], "0");
}

#[test]
fn an_incomplete_run_is_not_uploaded() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    server.refuse("labs", 403, serde_json::json!({"type": "error"}));
    let mut job = Job::checking(&server);
    job.sandbox.write("policy.yaml", policy("acme, labs", ""));
    job.set("upload-sarif", "true");
    let ran = job.run();
    ran.ends(1, "violations");
    assert_eq!(ran.uploaded, None, "the alerts of the unread workspace would be closed");

    job.set("workspaces", "labs");
    let ran = job.run();
    ran.ends(3, "incomplete");
    assert_eq!(ran.outputs["exit-code"], "3");
    assert_eq!(ran.uploaded, None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_could_not_be_written_is_incomplete() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, true));
    let mut job = Job::checking(&server);
    job.set("upload-sarif", "true");
    job.set("args", "--report=csv=/dev/full");
    let ran = job.run();
    ran.ends(3, "incomplete");
    assert_eq!(ran.uploaded, None);
}

#[test]
fn a_wrong_policy_is_an_error_and_leaves_no_report_of_an_earlier_run() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, true));
    let mut job = Job::checking(&server);
    job.run().ends(0, "compliant");
    job.set("policy-sha256", &"0".repeat(64));
    let ran = job.run();
    ran.ends(2, "error");
    assert_eq!(ran.outputs["exit-code"], "2");
    assert!(ran.outputs["json-file"].is_empty() && ran.outputs["members"].is_empty());
    assert!(!job.sandbox.path("mfa-gate-reports/mfa-gate.json").exists());
    assert!(ran.summary.contains("mfa-gate: error"), "{}", ran.summary);
}

#[test]
fn a_program_that_ends_well_without_a_verdict_does_not_pass() {
    let mut job = Job::new();
    job.asks_for_help();
    let ran = job.run();
    ran.ends(3, "incomplete");
    ran.says("without a verdict");
}

const HOSTILE: &str =
    "a b'\"`touch \"$HOME/run\"`$(touch \"$HOME/run\");touch run|x &&\n*::error::x";

#[test]
fn inputs_arrive_as_they_are() {
    let mut job = Job::new();
    job.records_arguments();
    for input in ["policy", "policy-sha256", "roster", "roster-as-of"] {
        job.set(input, HOSTILE);
    }
    // Below a folder, since a path may not hold everything.
    job.set("reports", "re ports/$(touch run)'\"\n;x");
    job.set("workspaces", " acme, la`b`s\r\n\n$(touch run);x ,");
    job.set("args", "--strict\n\n--report=csv=$(touch run) `touch run`;*\n  two words \r\n-vv");
    let ran = job.run();
    ran.ends(2, "error");
    let arguments = job.recorded();
    let folder = &job.inputs["reports"];
    let expected = [
        "check".into(),
        "--report=github=-".into(),
        format!("--report=json={folder}/mfa-gate.json"),
        format!("--report=junit={folder}/mfa-gate.xml"),
        format!("--report=sarif={folder}/mfa-gate.sarif"),
        arguments[5].clone(),
        "--strict".into(),
        "--report=csv=$(touch run) `touch run`;*".into(),
        "  two words ".into(),
        "-vv".into(),
        "--workspace=acme".into(),
        "--workspace=la`b`s".into(),
        "--workspace=$(touch run);x".into(),
        format!("--policy-sha256={HOSTILE}"),
        format!("--policy={HOSTILE}"),
        format!("--roster={HOSTILE}"),
        format!("--roster-as-of={HOSTILE}"),
    ];
    assert_eq!(arguments, expected);
    assert!(arguments[5].starts_with("--report=markdown="), "{}", arguments[5]);
    for place in ["run", "home/run"] {
        assert!(!job.sandbox.path(place).exists(), "an input was executed");
    }
}

#[test]
fn installing_executes_no_input() {
    for input in ["version", "sha256", "build-from-source"] {
        let page = ReleasePage::with(&right_sums());
        let mut job = Job::installing(&page);
        job.set(input, HOSTILE);
        job.run().ends(2, "");
        assert!(!job.sandbox.path("run").exists() && !job.sandbox.path("home/run").exists());
    }
}

#[test]
fn a_path_with_a_line_break_sets_no_other_output() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    job.set("reports", "x\nverdict<<E\ncompliant\nE\n");
    let ran = job.run();
    ran.ends(1, "violations");
    assert_eq!(ran.outputs["json-file"], format!("{}/mfa-gate.json", job.inputs["reports"]));
}

#[test]
fn credentials_are_no_arguments_and_empty_inputs_hide_none() {
    let mut job = Job::new();
    job.records_arguments();
    let script = r#"printf '%s\0' "$@" >"$HOME/arguments"; env >"$HOME/env"; exit 2"#;
    job.stub("record", script);
    let secrets = [
        "bitbucket-email",
        "bitbucket-api-token",
        "bitbucket-access-token",
        "bitbucket-client-id",
        "bitbucket-client-secret",
        "atlassian-org-id",
        "atlassian-api-key",
    ];
    for input in secrets {
        job.set(input, &format!("secret of {input} $(x)"));
    }
    let ran = job.run();
    assert!(!job.recorded().concat().contains("secret"), "{:?}", job.recorded());
    assert!(!ran.log.contains("secret") && !ran.summary.contains("secret"));
    let env = job.sandbox.read("home/env");
    for input in secrets {
        let name = input.to_uppercase().replace('-', "_");
        assert!(env.contains(&format!("\n{name}=secret of {input} $(x)\n")), "{name}");
        job.set(input, "");
    }
    job.env.insert("BITBUCKET_ACCESS_TOKEN".into(), "of the job".into());
    job.run();
    assert!(job.sandbox.read("home/env").contains("BITBUCKET_ACCESS_TOKEN=of the job\n"));
}

#[test]
fn a_day_or_members_cannot_be_smuggled_in() {
    let mut job = Job::new();
    job.records_arguments();
    for arguments in [
        "--today\n2026-01-01",
        "--today=2026-01-01",
        "--strict\n--members=x.json",
        "--members\r\nx",
    ] {
        job.set("args", arguments);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("args may not contain --");
        assert!(!job.sandbox.path("home/arguments").exists());
    }
}

#[test]
fn missing_credentials_fail_unless_a_fork_is_skipped() {
    let mut job = Job::new();
    job.sandbox.write("policy.yaml", policy("acme", ""));
    let ran = job.run();
    ran.ends(2, "error");
    ran.says("BITBUCKET_API_TOKEN");

    job.set("on-missing-credentials", "skip");
    job.run().ends(2, "error");
    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request".into());
    job.github.insert(FORK.into(), "acme/security".into());
    job.run().ends(2, "error");

    job.github.insert(FORK.into(), "stranger/security".into());
    let ran = job.run();
    ran.ends(0, "skipped");
    ran.says("::warning title=mfa-gate::skipped");
    assert!(ran.summary.contains("This is no verdict"), "{}", ran.summary);
    assert!(ran.outputs.iter().all(|(name, value)| name == "verdict" || value.is_empty()));
    for said in [&ran.log, &ran.summary] {
        assert!(!said.contains("compliant"), "{said}");
    }

    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request_target".into());
    job.run().ends(2, "error");
    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request".into());
    job.set("on-missing-credentials", "ignore");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("must be fail or skip");
}

#[test]
fn a_fork_with_credentials_is_not_skipped() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    job.set("on-missing-credentials", "skip");
    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request".into());
    job.github.insert(FORK.into(), "stranger/security".into());
    job.run().ends(1, "violations");
}

#[test]
fn a_report_is_verified_without_a_token() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    server.workspace("labs", &rows(0..2, true));
    let mut job = Job::checking(&server);
    job.sandbox.write("policy.yaml", policy("acme, labs", ""));
    for (workspace, code, verdict) in [("acme", 1, "violations"), ("labs", 0, "compliant")] {
        job.set("verify", "");
        job.set("policy-sha256", "");
        job.set("reports", workspace);
        job.set("workspaces", workspace);
        job.run().ends(code, verdict);

        // The folder of the evidence is the usual one, and the evidence stays.
        let evidence = format!("{workspace}/mfa-gate.json");
        job.set("verify", &evidence);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("verify needs policy-sha256 and workspaces");
        let report = job.sandbox.json(&evidence);
        job.set("policy-sha256", report["policy"]["sha256"].as_str().unwrap());
        job.set("workspaces", " , ");
        job.run().ends(2, "");
        job.set("workspaces", workspace);
        job.set("args", "--max-age\n1h");
        let ran = job.run();
        ran.ends(code, verdict);
        assert!(ran.summary.contains(&format!("    {verdict}: ")), "{}", ran.summary);
        assert!(ran.outputs["json-file"].is_empty());

        job.set("args", "--require-live");
        let ran = job.run();
        ran.ends(3, "incomplete");
        ran.says("it is not live");
        job.set("args", "");
        job.set("workspaces", "elsewhere");
        job.run().ends(3, "incomplete");
    }
    job.set("verify", "missing.json");
    job.run().ends(2, "error");
    job.set("verify", "--help");
    job.run().ends(2, "error");
    job.set("policy", "policy.yaml");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("of no use with it");
}

#[test]
fn the_action_keeps_its_own_rules() {
    let action = yaml("action.yml");
    let whole = action.to_string();
    for input in action["inputs"].as_object().unwrap().keys() {
        assert!(whole.contains(&format!("inputs.{input} ")), "{input} is not used");
    }
    for step in action["runs"]["steps"].as_array().unwrap() {
        if let Some(run) = step.get("run") {
            assert!(!text(run).contains("${{"), "an expression would be pasted into a script");
        }
    }
    let scripts = ["common.sh", "install.sh", "run.sh"].map(|name| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action").join(name)).unwrap()
    });
    assert!(scripts.iter().all(|script| !script.contains("eval ")));
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let used = format!("- uses: mfa-gate/mfa-gate@v{VERSION}\n");
    assert!(readme.unwrap().contains(&used), "the example is of another version");
}
