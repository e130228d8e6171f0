//! How policies are written back: whole or not at all, and in their place.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::support::{Bitbucket, Outcome, Sandbox, day, policy, rows};

const MEMBERS: [&str; 2] = ["--members", "members.json"];

/// A folder with a policy and a file of two members.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("members.json", json!({"size": 2, "values": rows(0..2, false)}).to_string());
    sandbox
}

fn add(sandbox: &Sandbox, more: &[&str], env: &[(&str, &str)]) -> Outcome {
    let expires = day(30);
    let args = ["policy", "add", "nick1", "--id", "EX-1", "--reason", "r", "--expires", &*expires];
    sandbox.run_with(&[&args[..], &MEMBERS, more].concat(), env)
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    let sandbox = sandbox();
    fs::create_dir(sandbox.path("real")).unwrap();
    sandbox.write("real/policy.yaml", policy("acme", ""));
    let real = sandbox.path("real/policy.yaml");
    fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
    let owner = fs::metadata(&real).unwrap().uid();
    fs::remove_file(sandbox.path("policy.yaml")).unwrap();
    symlink("real/policy.yaml", sandbox.path("policy.yaml")).unwrap();
    let outcome = add(&sandbox, &[], &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(
        fs::read_link(sandbox.path("policy.yaml")).unwrap(),
        PathBuf::from("real/policy.yaml")
    );
    assert!(sandbox.read("real/policy.yaml").contains("EX-1"));
    let metadata = fs::metadata(&real).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.uid()), (0o640, owner));
    assert_eq!(fs::read_dir(sandbox.path("real")).unwrap().count(), 1, "something is left over");
}

#[cfg(unix)]
#[test]
fn what_is_not_to_be_written_is_not() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = sandbox();
    let policy = sandbox.path("policy.yaml");
    fs::set_permissions(&policy, PermissionsExt::from_mode(0o444)).unwrap();
    let locked = add(&sandbox, &[], &[]);
    assert_eq!(locked.code, 2);
    assert!(locked.stderr.contains("write-protected"), "{}", locked.stderr);
    let prune = [&["policy", "prune"][..], &MEMBERS].concat();
    assert_eq!(sandbox.run(&prune).code, 2);
    let folder = add(&sandbox, &["--policy", "."], &[]);
    assert_eq!(folder.code, 2);
    assert!(folder.stderr.contains("not a regular file"), "{}", folder.stderr);
    let missing = add(&sandbox, &["--policy", "missing.yaml"], &[]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("there is no such file"), "{}", missing.stderr);
}

#[test]
fn the_policy_is_the_one_that_is_named_and_pinned() {
    let sandbox = sandbox();
    sandbox.write("other.yaml", policy("acme", ""));
    let zeros = "0".repeat(64);
    let before = sandbox.read("policy.yaml");
    let pinned = add(&sandbox, &[], &[("MFA_GATE_POLICY_SHA256", &zeros)]);
    assert_eq!((pinned.code, sandbox.read("policy.yaml")), (2, before.clone()));
    let named = add(&sandbox, &[], &[("MFA_GATE_POLICY", "other.yaml")]);
    assert_eq!((named.code, sandbox.read("policy.yaml")), (0, before));
    assert!(sandbox.read("other.yaml").contains("EX-1"));
}

#[test]
fn an_invalid_policy_is_not_changed() {
    let sandbox = sandbox();
    for text in ["version: 1\nexemptions:\n", "version: 2\n", "version: 1\nversion: 1\n", ""] {
        sandbox.write("policy.yaml", text);
        let outcome = add(&sandbox, &["--workspace", "acme"], &[]);
        assert_eq!((outcome.code, sandbox.read("policy.yaml")), (2, text.to_owned()));
        assert!(
            outcome.stderr.contains("policy.yaml:1:") || outcome.stderr.contains("policy.yaml:2:"),
            "{}",
            outcome.stderr
        );
    }
}

/// A workspace of two, during whose reading a file is written.
fn server_that_writes(file: PathBuf, text: String) -> Bitbucket {
    let server = Bitbucket::start();
    let members = json!({"size": 2, "values": rows(0..2, false)});
    let answer = ResponseTemplate::new(200).set_body_json(members);
    let asked = Mock::given(method("GET")).and(path("/2.0/workspaces/acme/members"));
    server.mount(asked.respond_with(move |_: &Request| {
        fs::write(&file, &text).unwrap();
        answer.clone()
    }));
    server
}

#[test]
fn what_somebody_else_writes_meanwhile_is_left_alone() {
    let theirs = policy("acme", "# saved by somebody else\n");
    let expires = day(30);
    let add = ["policy", "add", "nick1", "--id", "EX-1", "--reason", "r", "--expires", &*expires];
    let init = ["policy", "init", "--workspace", "acme", "--exempt-current", "--exempt-owners"];
    for (args, is_there) in [(&add[..], true), (&init, false)] {
        let sandbox = Sandbox::new();
        if is_there {
            sandbox.write("policy.yaml", policy("acme", ""));
        }
        let server = server_that_writes(sandbox.path("policy.yaml"), theirs.clone());
        let outcome = sandbox.run_against(&server, args);
        assert_eq!(outcome.code, 3, "{}", outcome.stdout);
        assert!(outcome.stderr.contains("policy.yaml"), "{}", outcome.stderr);
        assert_eq!(sandbox.read("policy.yaml"), theirs);
        assert_eq!(fs::read_dir(sandbox.path(".")).unwrap().count(), 1, "something is left over");
    }
}
