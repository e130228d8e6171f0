//! What the action says and hands on where something is wrong, or is not what it seems.

use super::runner::Job;
use crate::support::{Bitbucket, rows};

fn job(server: &Bitbucket) -> Job {
    server.workspace("acme", &rows(0..2, true));
    Job::checking(server)
}

#[test]
fn a_wrong_policy_is_annotated_at_its_places_and_quoted_in_the_summary() {
    let server = Bitbucket::start();
    let mut job = job(&server);
    job.sandbox.write(
        "odd,na:me%.yaml",
        "version: 1\nworkspaces: [acme]\naccept: [x, '::error::y']\n'##[error]z': 1\nlimit: 3\n",
    );
    job.set("policy", "./odd,na:me%.yaml");
    let ran = job.run();
    ran.ends(2, "error");
    let at = "::error file=odd%2Cna%3Ame%25.yaml,line=";
    let places: Vec<&str> = ran.log.lines().filter_map(|line| line.strip_prefix(at)).collect();
    assert!(
        places.iter().any(|place| place.starts_with("3,col=10,title=mfa-gate::")),
        "{places:?}"
    );
    assert!(places.iter().any(|place| place.starts_with("5,col=1,title=mfa-gate::")), "{places:?}");
    assert!(places.iter().any(|place| place.contains("%0Adid you mean `limits`?")), "{places:?}");
    let quoted = ran.summary.lines().filter(|line| line.starts_with("    error: ")).count();
    assert!(quoted >= 3, "{}", ran.summary);
    let foreign: Vec<&str> = ran.summary.lines().filter(|line| line.contains("error]z")).collect();
    assert!(foreign.iter().all(|line| line.starts_with("    ")), "{foreign:?}");
}

#[test]
fn wrong_inputs_are_annotated_and_quoted_in_the_summary() {
    let server = Bitbucket::start();
    let mut job = job(&server);
    for (input, value, said) in [
        ("policy", "missing.yaml", "missing.yaml"),
        ("roster-as-of", "x\n::error::y", "roster-as-of"),
        ("args", "--no-such-option", "--no-such-option"),
        ("slack", "https://hooks.example/very-secret", "slack-webhook-url"),
        ("slack-names", "yes", "slack-names"),
        ("policy-sha256", "", "policy-sha256 is empty"),
        ("policy-sha256", "abc", "is not a SHA-256"),
        ("workspaces", " , ", "workspaces names none"),
    ] {
        let default = job.inputs[input].clone();
        job.set(input, value);
        let ran = job.run();
        assert_eq!(ran.code, 2, "{input}: {}", ran.log);
        let annotated = ran
            .log
            .lines()
            .any(|line| line.starts_with("::error title=mfa-gate::") && line.contains(said));
        assert!(annotated, "{input}: {}", ran.log);
        let quoted = |line: &str| line.starts_with("    ") && line.contains(said);
        assert!(ran.summary.lines().any(quoted), "{input}: {}", ran.summary);
        assert!(!ran.log.contains("very-secret"), "{}", ran.log);
        assert!(!ran.log.contains("\n::error::y"), "{}", ran.log);
        job.set(input, &default);
    }
    job.run().ends(0, "compliant");
}

#[test]
fn a_program_that_does_not_run_to_its_end_has_no_exit_code() {
    let mut job = Job::new();
    for (script, said) in [(None, "127"), (Some("exit 101"), "101"), (Some("kill -9 $$"), "137")] {
        let name = script.map_or("missing".to_owned(), |script| {
            job.stub("broken", script);
            "broken".to_owned()
        });
        job.binary = Some(job.sandbox.path("bin").join(name).display().to_string());
        let ran = job.run();
        ran.ends(3, "incomplete");
        assert_eq!(ran.outputs["exit-code"], "", "{}", ran.log);
        ran.says("::error title=mfa-gate::mfa-gate did not run to its end");
        ran.says(said);
    }
    job.stub("broken", "exit 0");
    let ran = job.run();
    ran.ends(3, "incomplete");
    assert_eq!(ran.outputs["exit-code"], "3", "0 would pass for a verdict");
}

#[test]
fn a_run_that_is_not_live_says_so() {
    let server = Bitbucket::start();
    let job = job(&server);
    let ran = job.run();
    ran.ends(0, "compliant");
    assert_eq!(ran.outputs["assurance"], "simulated");
    ran.says("::warning title=mfa-gate::this run is simulated, not live");

    let mut other = Job::new();
    let live = r#"for argument; do case $argument in --report=json=*) printf '{\n  "assurance": "live",\n  "verdict": "compliant",\n  "complete": true\n}\n' >"${argument#*=*=}" ;; esac; done"#;
    other.stub("live", &format!("mkdir -p mfa-gate-reports; {live}"));
    other.binary = Some(other.sandbox.path("bin/live").display().to_string());
    let ran = other.run();
    ran.ends(0, "compliant");
    assert_eq!(ran.outputs["assurance"], "live");
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
}

#[test]
fn slack_is_told_with_names_only_when_asked_for() {
    let mut job = Job::new();
    job.records_arguments();
    job.run();
    assert!(!job.recorded().concat().contains("slack"), "{:?}", job.recorded());
    job.set("slack", "always");
    job.set("slack-names", "true");
    job.run();
    let recorded = job.recorded();
    assert!(recorded.contains(&"--slack=always".into()), "{recorded:?}");
    assert!(recorded.contains(&"--slack-names".into()), "{recorded:?}");
}
