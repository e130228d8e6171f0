//! What files are called in reports: relative to the repository's root, wherever the run starts.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Sandbox, policy, row, run_in};

const REPORTS: [&str; 5] =
    ["json=r.json", "sarif=r.sarif", "github=r.txt", "markdown=r.md", "junit=r.xml"];

/// A repository below the sandbox with a policy, its members and a folder to start in.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    for folder in ["shop/policies", "shop/src/deep", "elsewhere"] {
        std::fs::create_dir_all(sandbox.path(folder)).unwrap();
    }
    sandbox.write("shop/policies/two factor.yaml", policy("acme", ""));
    let page = json!({"pagelen": 100, "size": 1, "values": [row(1, Some(json!(false)))]});
    sandbox.write("shop/policies/members.json", page.to_string());
    sandbox
}

/// What the reports of a run in a folder call the policy; they all call it the same.
fn called(folder: &Path, policy: &str, env: &[(&str, &str)]) -> (String, Value) {
    let members = Path::new(policy).with_file_name("members.json");
    let mut args = vec!["check", "--policy", policy, "--members", members.to_str().unwrap()];
    args.extend(REPORTS.iter().flat_map(|report| ["--report", report]));
    let outcome = run_in(folder, &args, env);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("r.json")).unwrap();
    let path = report["policy"]["path"].as_str().unwrap().to_owned();
    assert_eq!(report["findings"][0]["location"]["path"], *path);
    let sarif: Value = serde_json::from_str(&read("r.sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], path.replace(' ', "%20"));
    assert!(read("r.txt").starts_with(&format!("::error file={path},line=2,")));
    assert!(read("r.md").replace('\\', "").contains(&format!("| {path}:2 |")));
    assert!(read("r.xml").contains(&format!("policy: {path}:2]]>")));
    assert!(read("r.xml").contains(&format!(" file=\"{path}\"")));
    (path, report["source"]["inputs"][0]["path"].clone())
}

const NAME: &str = "policies/two factor.yaml";

#[test]
fn a_file_is_called_by_its_place_in_the_repository_wherever_the_run_starts() {
    let sandbox = repository();
    let absolute = sandbox.path("shop").join(NAME);
    let absolute = absolute.to_str().unwrap();
    let root = sandbox.path("shop");
    let root = root.to_str().unwrap();
    // In a worktree it is a file.
    let by_git = |there: bool| {
        let mark = sandbox.path("shop/.git");
        if there {
            std::fs::write(mark, "gitdir: x").unwrap()
        } else {
            std::fs::remove_file(mark).unwrap()
        }
    };
    let starts = [
        ("shop", NAME),
        ("shop", "./policies/../policies/two factor.yaml"),
        ("shop/src/deep", "../../policies/two factor.yaml"),
        ("elsewhere", absolute),
        ("shop/policies", "two factor.yaml"),
    ];
    let check = |env: &[(&str, &str)]| {
        for (folder, policy) in starts {
            let found = called(&sandbox.path(folder), policy, env);
            assert_eq!(
                found,
                (NAME.to_owned(), json!("policies/members.json")),
                "{folder} {env:?}"
            );
        }
    };
    for variable in ["GITHUB_WORKSPACE", "BITBUCKET_CLONE_DIR", "CI_PROJECT_DIR"] {
        check(&[(variable, root)]);
    }
    by_git(true);
    check(&[]);
    // Another job's folder, as in a container, is none that the policy is in.
    check(&[("GITHUB_WORKSPACE", "/home/runner/work/none"), ("CI_PROJECT_DIR", root)]);
    by_git(false);
}

#[cfg(unix)]
#[test]
fn links_change_no_name() {
    let sandbox = repository();
    std::os::unix::fs::symlink(sandbox.path("shop"), sandbox.path("linked")).unwrap();
    std::os::unix::fs::symlink("two factor.yaml", sandbox.path("shop/policies/now.yaml")).unwrap();
    let root = sandbox.path("shop");
    let env = [("GITHUB_WORKSPACE", root.to_str().unwrap())];
    assert_eq!(called(&sandbox.path("linked"), NAME, &env).0, NAME);
    assert_eq!(called(&sandbox.path("linked"), "policies/now.yaml", &env).0, "policies/now.yaml");
}

#[test]
fn a_file_outside_of_the_repository_keeps_the_name_that_was_given() {
    let sandbox = repository();
    let elsewhere = sandbox.path("elsewhere");
    let env = [("BITBUCKET_CLONE_DIR", elsewhere.to_str().unwrap())];
    let absolute = sandbox.path("shop").join(NAME);
    let absolute = absolute.to_str().unwrap();
    let check = || {
        for given in ["../shop/policies/two factor.yaml", absolute] {
            assert_eq!(called(&elsewhere, given, &env).0, given);
        }
        // Nor is it called by the folder in which the run starts.
        assert_eq!(called(&sandbox.path("shop"), absolute, &env).0, absolute);
    };
    check();
    // A repository of its own, such as that of the security team, is not the one of the run.
    std::fs::create_dir(sandbox.path("shop/.git")).unwrap();
    check();
}
