//! The forms in which Pipelines hands variables to the pipe, and the file that declares them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::pipe::{ground, run};
use crate::support::{Outcome, rows};

/// The pipe refuses these variables, names one of them, asks nobody, and leaves no old report.
#[track_caller]
fn refuses(variables: &[(&str, &str)], said: &str) -> Outcome {
    let (server, sandbox) = ground(true);
    fs::create_dir_all(sandbox.path("test-results")).unwrap();
    sandbox.write("test-results/mfa-gate.xml", "an earlier run's");
    let outcome = run(&server, &sandbox, variables);
    assert_eq!(outcome.code, 2, "{variables:?}: {}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains(said), "{said} is not in {}", outcome.stderr);
    assert!(server.requests().is_empty(), "{variables:?}");
    assert!(!sandbox.path("test-results/mfa-gate.xml").exists(), "an old report is left");
    outcome
}

#[test]
fn workspaces_may_be_a_list() {
    let (server, sandbox) = ground(true);
    server.workspace("labs", &rows(0..2, false));
    sandbox.write("policy.yaml", "version: 1\n");
    let listed = [
        ("BITBUCKET_WORKSPACE", "acme"),
        ("WORKSPACES_COUNT", "2"),
        ("WORKSPACES_0", "acme"),
        ("WORKSPACES_1", "labs"),
    ];
    let outcome = run(&server, &sandbox, &listed);
    assert_eq!(outcome.code, 1, "labs is not read: {}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_malformed_list_is_refused() {
    let count = |count| ("WORKSPACES_COUNT", count);
    let (first, second) = (("WORKSPACES_0", "acme"), ("WORKSPACES_1", "labs"));
    for variables in [
        &[count("two"), first, second][..],
        &[count("+2"), first, second],
        &[count("-1"), first],
        &[count("")],
        &[count("0")],
        &[count("2"), first],
        &[count("99999999999999999999"), first],
        &[count("1"), first, second],
        &[count("1"), ("WORKSPACES_0", " ")],
        &[count("1"), ("WORKSPACES_00", "acme")],
        &[count("1"), ("WORKSPACES_0", "$WORKSPACE")],
        &[count("1"), ("WORKSPACES_0", "acme, labs")],
        &[count("1"), first, ("WORKSPACES", "acme")],
        &[first],
        &[count("1"), first, ("VERIFY", "report.json"), ("WORKSPACES", "acme")],
    ] {
        refuses(variables, "");
    }
}

#[test]
fn no_other_variable_may_be_a_list() {
    for name in names(&declared()) {
        let (counter, first) = (format!("{name}_COUNT"), format!("{name}_0"));
        if name == "WORKSPACES" {
            continue;
        }
        refuses(&[(&*counter, "1"), (&*first, "x")], &name);
        refuses(&[(&*counter, "0")], &name);
        refuses(&[(&*first, "x")], &name);
    }
}

#[test]
fn a_variable_that_the_pipeline_does_not_have_is_not_passed_over() {
    let (server, sandbox) = ground(true);
    for name in names(&declared()) {
        let secured = !refusal_of_own_name(&name);
        for own in [format!("${name}"), format!("${{{name}}}")] {
            if !secured {
                refuses(&[(&*name, &*own)], &name);
            } else if name != "BITBUCKET_EMAIL" && name != "BITBUCKET_API_TOKEN" {
                assert_eq!(run(&server, &sandbox, &[(&*name, &*own)]).code, 0, "{name}");
            }
        }
        let outcome = refuses(&[(&*name, "$SOME_OTHER")], &name);
        assert!(!outcome.stderr.contains("SOME_OTHER"), "it may be a secret: {}", outcome.stderr);
    }
    // What the program reads by itself.
    for name in [
        "MFA_GATE_POLICY",
        "MFA_GATE_POLICY_SHA256",
        "MFA_GATE_AUTH",
        "MFA_GATE_REDACT_KEY",
        "MFA_GATE_SLACK_WEBHOOK_URL",
        "MFA_GATE_SLACK_WEBHOOK_URL_FILE",
        "BITBUCKET_API_TOKEN_FILE",
        "BITBUCKET_WORKSPACE",
        "ATLASSIAN_API_URL",
        "HTTPS_PROXY",
        "SSL_CERT_FILE",
    ] {
        refuses(&[(name, &*format!("${name}"))], name);
        refuses(&[(name, &*format!("${{{name}}}"))], name);
    }
}

/// Whether `pipe.yml` has another default for a variable than the pipeline's own of that name.
fn refusal_of_own_name(name: &str) -> bool {
    let declared = declared();
    let variables = declared["variables"].as_array().unwrap();
    let variable = variables.iter().find(|variable| variable["name"] == name).unwrap();
    variable["default"] != format!("${{{name}}}")
}

#[test]
fn an_empty_variable_is_not_passed_over() {
    for name in names(&declared()) {
        for nothing in ["", " ", "\n"] {
            let refused = name == "POLICY_SHA256" || !nothing.is_empty();
            if refusal_of_own_name(&name) && refused {
                refuses(&[(&*name, nothing)], &format!("{name} is set and empty"));
            }
        }
    }
}

#[test]
fn a_misspelt_variable_is_not_passed_over() {
    for (name, meant) in [
        ("WORKSPACE", "WORKSPACES"),
        ("workspaces", "WORKSPACES"),
        ("POLICY_SHA265", "POLICY_SHA256"),
        ("POLICY-SHA256", "POLICY_SHA256"),
        ("MAXAGE", "MAX_AGE"),
        ("VERIFIY", "VERIFY"),
        ("REDACTED", "REDACT"),
    ] {
        refuses(&[(name, "x")], &format!("Did you mean {meant}?"));
    }
    let (server, sandbox) = ground(true);
    let foreign =
        [("CI", "true"), ("HOME", "/root"), ("BITBUCKET_CLONE_DIR", "/opt"), ("PATH", "/")];
    assert_eq!(run(&server, &sandbox, &foreign).code, 0);
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_no_text_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let (server, sandbox) = ground(true);
    let url = server.api_url();
    for name in ["WORKSPACES", "WORKSPACES_0", "POLICY_SHA256", "REDACT", "MFA_GATE_POLICY"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"))
            .current_dir(sandbox.path(""))
            .env_clear()
            .envs([("BITBUCKET_API_URL", &*url), ("BITBUCKET_EMAIL", crate::support::EMAIL)])
            .env("BITBUCKET_API_TOKEN", crate::support::TOKEN)
            .env(name, OsStr::from_bytes(b"acme\xff"))
            .arg("pipe")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(&format!("{name} is not UTF-8")), "{said}");
    }
    assert!(server.requests().is_empty());
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn declared() -> Value {
    serde_saphyr::from_str(&file("pipe.yml")).unwrap()
}

/// The names of the variables that `pipe.yml` declares.
fn names(declared: &Value) -> Vec<String> {
    let variables = declared["variables"].as_array().unwrap().iter();
    variables.map(|variable| variable["name"].as_str().unwrap().to_owned()).collect()
}

/// Every name in quotes that could be a variable.
fn quoted(source: &str) -> BTreeSet<String> {
    let is_name = |text: &&str| {
        let shouted = text.chars().all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_'));
        shouted && text.starts_with(|c: char| c.is_ascii_uppercase())
    };
    source.split('"').filter(is_name).map(str::to_owned).collect()
}

#[test]
fn the_pipe_declares_what_it_reads_and_nothing_else() {
    let declared = declared();
    let names = names(&declared);
    let declared_names: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(names.len(), declared_names.len(), "one is declared twice");

    let source = |name: &str| {
        let text = file(name);
        quoted(text.split("#[cfg(test)]").next().unwrap())
    };
    // What the forms of are checked, and what is read anywhere.
    let checked = source("src/command/pipe/variables.rs");
    let no_names = ["COUNT", "BITBUCKET_", "ATLASSIAN_", "AZURE_", "MFA_GATE_"].map(str::to_owned);
    let checked: BTreeSet<String> = &checked - &BTreeSet::from(no_names);
    assert_eq!(declared_names, checked);
    let mut read = source("src/command/pipe.rs");
    read.extend(["WORKSPACES", "POLICY_SHA256"].map(str::to_owned));
    let credentials = source("src/env/mod.rs");
    read.extend(
        credentials.into_iter().filter(|it| !it.starts_with("MFA_GATE_") && !it.ends_with('_')),
    );
    // The token is read from a file alone.
    assert!(read.remove("AZURE_FEDERATED_TOKEN"));
    read.insert("AZURE_FEDERATED_TOKEN_FILE".to_owned());
    assert_eq!(declared_names, read);

    let page = file("docs/pipe.md");
    for name in declared_names {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/pipe.md");
    }
}

#[test]
fn the_pipe_is_declared_as_pipes_are() {
    let pipe = declared();
    for key in ["name", "image", "category", "description", "repository"] {
        assert!(pipe[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    for who in ["maintainer", "vendor"] {
        assert!(pipe[who]["name"].is_string(), "{who}");
        assert!(pipe[who]["website"].as_str().unwrap().starts_with("https://"), "{who}");
    }
    assert!(!pipe["tags"].as_array().unwrap().is_empty());
    let image = format!("ghcr.io/mfa-gate/mfa-gate:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(pipe["image"], image);
    assert!(file("README.md").contains(&format!("- pipe: docker://{image}\n")));
    let credentials = ["EMAIL", "TOKEN", "CLIENT_ID", "SECRET", "ORG_ID", "_KEY", "WEBHOOK_URL"];
    for variable in pipe["variables"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        if credentials.iter().any(|part| name.ends_with(part)) {
            assert_eq!(variable["default"], format!("${{{name}}}"), "a secured variable");
        }
    }
}
