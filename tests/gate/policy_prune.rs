//! `policy prune`: which exemptions leave, and which stay.

use serde_json::json;

use crate::organisation::id;
use crate::support::{Bitbucket, Outcome, Sandbox, day, row};

struct Ground {
    sandbox: Sandbox,
    server: Bitbucket,
}

impl Ground {
    /// Two workspaces. Number 1 has a second factor, 2 and 3 have none; 3 is in labs alone.
    fn new(policy: &str) -> Self {
        let ground = Ground { sandbox: Sandbox::new(), server: Bitbucket::start() };
        let on = row(1, Some(json!(true)));
        let off = |number| row(number, Some(json!(false)));
        ground.server.workspace("acme", &[on.clone(), off(2)]);
        ground.server.workspace("labs", &[on, off(2), off(3)]);
        ground.sandbox.write("policy.yaml", policy);
        ground
    }

    fn prune(&self, more: &[&str]) -> Outcome {
        self.sandbox.run_against(&self.server, &[&["policy", "prune"], more].concat())
    }

    /// Checks how a run ended, what it said, and what the policy is now.
    fn leaves(&self, more: &[&str], code: i32, said: &str, policy: &str) {
        let outcome = self.prune(more);
        assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
        let stdout = outcome.stdout.split("sha256").next().unwrap();
        let told = format!("{stdout}{}", outcome.stderr);
        assert!(told.contains(said), "{told}");
        assert_eq!(self.sandbox.read("policy.yaml"), policy);
    }
}

const HEAD: &str = "version: 1\r\nworkspaces: [acme, labs]   # both\r\nexemptions:\r\n";

/// An entry about a member, odd in its form, with comments above and in it.
fn entry(name: &str, number: usize, expires: &str, more: &str) -> String {
    let id = id(number);
    format!(
        "# about {name}\r\n  -   id: {name}  # its id\r\n      account_id: '{id}'\r\n      reason: >-\r\n        \
         why\r\n\r\n        not\r\n      # in it\r\n      expires: {expires}{more}\r\n      # its end\r\n"
    )
}

#[test]
fn what_nobody_needs_leaves_and_all_else_stays() {
    let (later, over) = (day(100), "2020-01-01");
    let unused = entry("UNUSED", 9, &later, "");
    let unneeded = entry("UNNEEDED", 1, &later, "");
    let expired = entry("EXPIRED", 2, over, "");
    let active = entry("ACTIVE", 3, &later, "");
    let tail = "  # last\r\nlimits: {}";
    let all = [HEAD, &unused, &active, &unneeded, &expired, tail].concat();
    let ground = Ground::new(&all);
    let outcome = ground.prune(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let left =
        [HEAD, "# about UNUSED\r\n", &active, "# about UNNEEDED\r\n", "# about EXPIRED\r\n", tail];
    assert_eq!(ground.sandbox.read("policy.yaml"), left.concat());
    let lint = ground.sandbox.run(&["policy", "lint"]);
    assert_eq!(lint.code, 0, "{}", lint.stderr);
    let (_, digest) = lint.stdout.split_once('\n').unwrap();
    insta::assert_snapshot!(outcome.stdout.replace(digest, "(the new digest)"), @r"
    policy.yaml:5: UNUSED removed: no member of its workspaces matches it
    policy.yaml:25: UNNEEDED removed: the member is protected, or does not log in
    policy.yaml:35: EXPIRED removed: it ended on 2020-01-01, and the member still needs one
    (the new digest)
    ");
    ground.leaves(&[], 0, "policy.yaml: nothing to remove\n", &left.concat());
}

#[test]
fn what_was_renewed_is_not_called_needed() {
    let (ended, later, start) = ("2020-01-01", day(100), day(-1));
    let renewed = |level: &str| {
        format!(
            "version: 1\nworkspaces: [acme, labs]\nrules: {{exemption-expired: {level}}}\nexemptions:\n\
             - {{id: OLD, account_id: '{0}', reason: why, expires: {ended}}}\n\
             - {{id: NEW, account_id: '{0}', reason: why, starts: {start}, expires: {later}}}\n\
             - {{id: LAST, account_id: '{1}', reason: why, expires: {ended}}}\n",
            id(2),
            id(3)
        )
    };
    for level in ["deny", "warn", "allow"] {
        let outcome = Ground::new(&renewed(level)).prune(&[]);
        let said = "\
policy.yaml:5: OLD removed: it ended on 2020-01-01, and another exemption covers the member
policy.yaml:7: LAST removed: it ended on 2020-01-01, and the member still needs one
";
        assert!(outcome.stdout.starts_with(said), "{}", outcome.stdout);
    }
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let later = day(100);
    let entry = |name: &str, number: usize| {
        let id = id(number);
        format!("  - {{id: {name}, account_id: '{id}', reason: 'a ::b', expires: {later}}}\n")
    };
    let (unneeded, active) = (entry("A", 1), entry("B", 3));
    let policy =
        format!("version: 1\nworkspaces: [acme, labs]\n\n\n\nexemptions:\n{unneeded}{active}");
    let ground = Ground::new(&policy);
    let outcome = ground.prune(&["--dry-run"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let shown = |entry: &str| entry.replace(" ::b", " \\u{3a}:b");
    let expected = format!(
        "--- policy.yaml\n+++ policy.yaml\n@@ -4,5 +4,4 @@\n \n \n exemptions:\n-{} {}",
        shown(&unneeded),
        shown(&active)
    );
    assert_eq!(outcome.stdout, expected);
    let said = "policy.yaml:7: A would be removed: the member is protected, or does not log in\n";
    assert!(outcome.stderr.ends_with(said), "{}", outcome.stderr);
    assert_eq!(ground.sandbox.read("policy.yaml"), policy);
    let quiet = ground.prune(&["--dry-run", "--quiet"]);
    assert_eq!((&*quiet.stdout, &*quiet.stderr), (&*expected, ""));

    let file = ground.sandbox.path("policy.yaml");
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&file, permissions).unwrap();
    assert_eq!(ground.prune(&["--dry-run"]).stdout, expected);
    ground.leaves(&[], 2, "write-protected", &policy);
}

#[test]
fn the_last_one_leaves_an_empty_list() {
    let entry = format!("{{id: A, account_id: '{}', reason: r, expires: 2030-01-01}}", id(1));
    for (before, after) in [
        (format!("exemptions: # who\n- {entry}\n# end\n"), "exemptions: [] # who\n# end\n"),
        (format!("exemptions: [{entry}]\n"), "exemptions: []\n"),
    ] {
        let head = "version: 1\nworkspaces: [acme]\n";
        let ground = Ground::new(&format!("{head}{before}"));
        ground.leaves(&[], 0, "A removed", &format!("{head}{after}"));
        assert_eq!(ground.sandbox.run(&["policy", "lint"]).code, 0);
    }
}

#[test]
fn what_ended_leaves_whatever_else_is_wrong_with_it() {
    let text = |limits: &str, expires: &str| {
        let id = id(2);
        format!(
            "version: 1\nworkspaces: [acme, labs]\nlimits: {limits}\nexemptions: [{{id: A, \
             account_id: '{id}', reason: r, starts: 2019-01-01, expires: {expires}}}]\n"
        )
    };
    let limits = "{max_days: 1}";
    let ended = Ground::new(&text(limits, "2020-01-01"));
    assert!(ended.prune(&[]).stdout.contains("A removed: it ended on 2020-01-01"));
    let running = text(limits, &day(10));
    Ground::new(&running).leaves(&[], 0, "nothing to remove", &running);
    let max = text("{max_exemptions: 0}", &day(10));
    Ground::new(&max).leaves(&[], 0, "nothing to remove", &max);
}

#[test]
fn what_was_not_read_says_nothing() {
    let later = day(100);
    let anywhere = entry("ANYWHERE", 3, &later, "");
    let labs = entry("LABS", 9, &later, "\r\n      workspaces: [labs]");
    let acme = entry("ACME", 9, &later, "\r\n      workspaces: [acme]");
    let policy = [HEAD, &anywhere, &labs, &acme].concat();
    let ground = Ground::new(&policy);
    let outcome = ground.prune(&["--workspace", "acme"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let left = [HEAD, &anywhere, &labs, "# about ACME\r\n"].concat();
    assert_eq!(ground.sandbox.read("policy.yaml"), left);
    for id in ["ANYWHERE", "LABS"] {
        let stays = format!("{id} kept: not all of its workspaces were read\n");
        assert!(outcome.stdout.contains(&stays), "{}", outcome.stdout);
    }
    let blind = Ground { server: Bitbucket::start(), ..Ground::new(&policy) };
    blind.server.workspace("acme", &[row(1, Some(json!(true)))]);
    blind.server.refuse("labs", 403, json!({"type": "error"}));
    blind.leaves(&[], 3, "nothing was written", &policy);
    blind.leaves(&["--dry-run"], 3, "labs could not be checked", &policy);
}

#[test]
fn a_policy_of_any_workspace_keeps_what_may_be_needed_elsewhere() {
    let later = day(100);
    let anywhere = entry("ANYWHERE", 9, &later, "");
    let acme = entry("ACME", 8, &later, "\r\n      workspaces: [acme]");
    let ended = entry("ENDED", 2, "2020-01-01", "");
    let head = "version: 1\r\nexemptions:\r\n";
    let ground = Ground::new(&[head, &anywhere, &acme, &ended].concat());
    let left = [head, &anywhere, "# about ACME\r\n", "# about ENDED\r\n"].concat();
    let said = "ANYWHERE kept: the policy does not say in which workspaces it applies\n";
    ground.leaves(&["--workspace", "acme"], 0, said, &left);
}

#[test]
fn what_is_written_in_an_unusual_way_is_left_to_its_author() {
    let policy = format!(
        "? version\n: 1\n? workspaces\n: [acme]\n? exemptions\n: - {{id: A, account_id: '{}', \
         reason: r, expires: 2030-01-01}}\n",
        id(1)
    );
    Ground::new(&policy).leaves(&[], 2, "A from line 6 to 6", &policy);
}

#[test]
fn an_exemption_that_stays_and_excuses_nobody_is_named() {
    let policy = format!("{HEAD}{}", entry("LONG", 2, &day(500), ""));
    Ground::new(&policy).leaves(
        &[],
        0,
        "LONG kept: it has no effect: it is over a limit\n",
        &policy,
    );
}
