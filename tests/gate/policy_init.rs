//! `policy init`: a first policy, with and without those who would fail today.

use std::fs;

use serde_json::{Value, json};

use crate::organisation::id;
use crate::support::{Bitbucket, Outcome, Sandbox, day, named, row, rows};

struct Ground {
    sandbox: Sandbox,
    server: Bitbucket,
}

impl Ground {
    fn with(workspaces: &[(&str, &[Value])]) -> Self {
        let ground = Ground { sandbox: Sandbox::new(), server: Bitbucket::start() };
        for (slug, rows) in workspaces {
            ground.server.workspace(slug, rows);
            ground.server.permission(slug, "owner");
        }
        ground
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.sandbox.run_against(&self.server, args)
    }

    /// Exempts owners too: most of these lists know no roles.
    fn exempt_current(&self, more: &[&str]) -> Outcome {
        self.run(&[&["policy", "init", "--exempt-current", "--exempt-owners"], more].concat())
    }

    /// Checks that nothing was written, and why.
    fn refuses(&self, more: &[&str], code: i32, said: &str) {
        let outcome = self.exempt_current(more);
        assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(!self.sandbox.path("policy.yaml").exists());
    }

    /// Checks that lint and check accept what was written.
    fn is_met(&self, more: &[&str]) -> String {
        let lint = self.sandbox.run(&["policy", "lint"]);
        assert_eq!(lint.code, 0, "{}", lint.stderr);
        let checked = self.run(&[&["check"], more].concat());
        assert_eq!(checked.code, 0, "{}", checked.stdout);
        assert!(checked.stdout.contains("0 errors, 0 warnings"), "{}", checked.stdout);
        self.sandbox.read("policy.yaml")
    }
}

#[test]
fn a_first_policy_is_written_once_without_a_request() {
    let sandbox = Sandbox::new();
    let init = ["policy", "init", "--workspace", "acme", "--workspace", "1.0"];
    let outcome = sandbox.run(&init);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "policy.yaml: written for acme, 1.0; accepts bitbucket\n");
    let text = sandbox.read("policy.yaml");
    insta::assert_snapshot!(text, @r#"
    # yaml-language-server: $schema=https://github.com/mfa-gate/mfa-gate/raw/main/docs/schema/policy.schema.json
    # The policy of mfa-gate: which proofs of a second factor count, and who is exempt until when.
    # `mfa-gate policy lint` checks it.
    version: 1

    # The workspaces that are checked: SLUG in https://bitbucket.org/SLUG/REPOSITORY.
    workspaces: [acme, "1.0"]

    # The proofs that count; any one of them is enough: bitbucket, atlassian, roster, sso.
    # `mfa-gate members --evidence` shows what each of them says.
    accept: [bitbucket]

    # Errors (deny), warnings (warn) or nothing (allow). The two-factor rules cannot be set to allow.
    # `mfa-gate explain RULE` explains a rule.
    rules:
      two-factor-disabled: deny
      two-factor-unknown: deny
      exemption-expired: deny
      exemption-over-limit: deny
      exemption-not-allowed: deny
      exemption-expiring: warn
      exemption-unneeded: warn
      exemption-unused: warn
      too-many-owners: deny

    # What exemptions may look like.
    limits:
      # The longest that an exemption may run, from `starts` to `expires`, in days.
      max_days: 90
      # How many days before its last day an exemption becomes a warning.
      warn_before_days: 14
      # How many exemptions there may be.
      # max_exemptions: 5
      # The fields that every exemption must have, besides `id`, `reason` and `expires`.
      # require: [owner, approved_by, ticket]
      # Whether an owner of a workspace may be exempt: allow or deny.
      # admins: deny
      # How many members may own a workspace.
      # max_owners: 3

    # Who is exempt. `mfa-gate policy add` adds an exemption; `mfa-gate policy prune` removes those
    # that are no longer needed.
    exemptions: []
    "#);
    let schema: Value = serde_json::from_str(&sandbox.run(&["schema", "policy"]).stdout).unwrap();
    let address = format!("# yaml-language-server: $schema={}\n", schema["$id"].as_str().unwrap());
    assert!(text.starts_with(&address));
    assert!(include_str!("../../policy.example.yaml").starts_with(&address));
    assert!(
        text.contains("\nworkspaces: [acme, \"1.0\"]\n") && text.contains("\nexemptions: []\n")
    );
    assert!(!text.contains("Set it once"), "{text}");
    let lint = sandbox.run(&["policy", "lint"]);
    assert!(lint.stdout.contains("2 workspaces, 0 exemptions"), "{}", lint.stdout);

    let again = sandbox.run(&init);
    assert_eq!((again.code, sandbox.read("policy.yaml")), (2, text));
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    let nowhere = sandbox.run(&[&init[..], &["--policy", "missing/policy.yaml"]].concat());
    assert_eq!(nowhere.code, 2, "{}", nowhere.stdout);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nothing", sandbox.path("link.yaml")).unwrap();
        let link = sandbox.run_with(&init, &[("MFA_GATE_POLICY", "link.yaml")]);
        assert_eq!(link.code, 2, "{}", link.stdout);
        assert!(!sandbox.path("nothing").exists());
    }
}

#[test]
fn the_workspaces_come_from_options_or_the_pipeline() {
    let sandbox = Sandbox::new();
    let none = sandbox.run(&["policy", "init"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("--workspace"), "{}", none.stderr);
    assert_eq!(sandbox.run(&["policy", "init", "--workspace", "a b"]).code, 2);
    let own = sandbox.run_with(&["policy", "init", "-q"], &[("BITBUCKET_WORKSPACE", "acme")]);
    assert_eq!((own.code, &*own.stdout), (0, ""));
    assert!(sandbox.read("policy.yaml").contains("\nworkspaces: [acme]\n"));
}

#[test]
fn options_without_effect_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("members.json", "{}");
    for args in [
        &["--days", "7"][..],
        &["--exempt-current", "--days", "0"],
        &["--exempt-current", "--days", "367"],
        &["--members", "members.json"],
        &["--roster", "members.json", "--roster-as-of", "2026-01-01"],
        &["--roster-as-of", "2026-01-01"],
    ] {
        let outcome = sandbox.run(&[&["policy", "init", "--workspace", "acme"], args].concat());
        assert_eq!(outcome.code, 2, "{args:?}: {}", outcome.stdout);
    }
    assert_eq!(fs::read_dir(sandbox.path(".")).unwrap().count(), 1);
}

#[test]
fn members_who_would_fail_today_are_exempt_for_a_while() {
    let mut bare = row(5, Some(json!(null)));
    bare["user"].as_object_mut().unwrap().remove("account_id");
    let app = json!({"type": "workspace_membership", "user": {
        "type": "app_user", "uuid": "{00000000-0000-4000-8000-000000000099}", "display_name": "App",
    }});
    let acme = [row(1, Some(json!(false))), row(2, Some(json!(true))), bare, app];
    let ground = Ground::with(&[("acme", &acme), ("labs", &[row(1, Some(json!(false)))])]);
    let outcome = ground.exempt_current(&["--workspace", "acme", "--workspace", "labs"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let (first, today, last) = (id(1), day(0), day(30));
    insta::assert_snapshot!(outcome.stdout.replace(&last, "LAST-DAY"), @r"
    policy.yaml: written for acme, labs; accepts bitbucket
    2 members who would fail today: exempt until LAST-DAY, with ids from ONB-1
    limits.max_exemptions is not set: set it once they are no longer needed
    warning: it is not known which of the exempt members own a workspace
    Owners can do everything in a workspace. Ask them first to switch on a second factor,
    then remove their exemptions and set limits.admins to deny.
    ");
    let entries = format!(
        "\nexemptions:
  - id: ONB-1
    account_id: \"{first}\"
    name: \"Member 1\"
    category: onboarding
    reason: \"No second factor was seen by bitbucket when the policy was written.\"
    starts: {today}
    expires: {last}
    workspaces: [acme, labs]
  - id: ONB-2
    uuid: \"{{00000000-0000-4000-8000-000000000005}}\"
    name: \"Member 5\"
    category: onboarding
    reason: \"Its second factor was unknown to bitbucket when the policy was written.\"
    starts: {today}
    expires: {last}
    workspaces: [acme]
"
    );
    let text = ground.is_met(&[]);
    assert!(text.ends_with(&entries), "{text}");
    assert!(text.contains("max_days: 90\n") && text.contains("# max_exemptions: 5\n"), "{text}");
    assert!(text.contains("Set it once the exemptions below are no longer needed"), "{text}");
}

#[test]
fn the_days_are_those_that_are_asked_for() {
    for (days, longest) in [("1", 90), ("366", 366)] {
        let ground = Ground::with(&[("acme", &rows(0..1, false))]);
        let outcome = ground.exempt_current(&["--workspace", "acme", "--days", days]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let text = ground.sandbox.read("policy.yaml");
        let expires = format!("    expires: {}\n", day(days.parse().unwrap()));
        assert!(text.contains(&expires), "{text}");
        assert!(text.contains(&format!("  max_days: {longest}\n")), "{text}");
        assert_eq!(ground.run(&["check"]).code, 0);
    }
}

#[test]
fn without_a_failing_member_there_is_no_exemption() {
    let ground = Ground::with(&[("acme", &rows(0..2, true))]);
    let outcome = ground.exempt_current(&["--workspace", "acme"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("no member would fail today"), "{}", outcome.stdout);
    assert!(ground.is_met(&[]).ends_with("\nexemptions: []\n"));
}

#[test]
fn what_is_not_seen_completely_is_not_written() {
    let ground = Ground::with(&[]);
    ground.server.workspace("acme", &[row(0, None), row(1, None)]);
    ground.server.permission("acme", "member");
    ground.refuses(&["--workspace", "acme"], 3, "this credential does not see");
    let ground = Ground::with(&[("acme", &rows(0..1, false))]);
    ground.server.refuse("labs", 404, json!({"type": "error"}));
    let both = ["--workspace", "acme", "--workspace", "labs"];
    ground.refuses(&both, 3, "nothing was written");
}

#[test]
fn names_are_text_whatever_they_say() {
    let names = [
        "x\nexemptions: []",
        "\"\n  - id: EX-0",
        "# no comment",
        "- a",
        "*all",
        "{a: b}",
        "'\"\\",
        "\u{1b}[2J\u{202e}gpj.exe",
        "😀 Zoë: ${{ secrets.X }}",
        "\u{85}\u{2028}---\n...",
        "null",
    ];
    let rows: Vec<Value> =
        names.iter().enumerate().map(|(number, name)| named(number, "n", name)).collect();
    let ground = Ground::with(&[("acme", &rows)]);
    let outcome = ground.exempt_current(&["--workspace", "acme"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let text = ground.is_met(&[]);
    let read: Value = serde_saphyr::from_str(&text).unwrap();
    let read = read["exemptions"].as_array().unwrap();
    assert_eq!(read.len(), names.len());
    for (entry, name) in read.iter().zip(names) {
        let shown = mfa_gate::escape::visible(name);
        assert_eq!(entry["name"], *shown);
        assert_eq!(entry["workspaces"], json!(["acme"]));
        assert_eq!(entry.as_object().unwrap().len(), 8, "{entry}");
    }
    assert!(!text.chars().any(|c| c != '\n' && mfa_gate::escape::is_hidden(c)), "{text:?}");
}

#[test]
fn a_very_long_name_is_cut() {
    let ground = Ground::with(&[("acme", &[named(1, "n", &"ä".repeat(5000))])]);
    assert_eq!(ground.exempt_current(&["--workspace", "acme"]).code, 0);
    assert!(ground.is_met(&[]).contains(&format!("    name: \"{}…\"\n", "ä".repeat(100))));
}

const EXPORT: &str = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
    Ada,ada@acme.example,,Yes,Yes\nMax,Max@acme.example,,No,Yes\n";

#[test]
fn members_and_proof_may_come_from_files() {
    let ground = Ground::with(&[]);
    ground.sandbox.write("export.csv", EXPORT);
    let files = ["--members", "export.csv"];
    let acme = ["--workspace", "acme"];
    let outcome = ground.exempt_current(&[&files[..], &acme].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(ground.is_met(&files).contains("    email: max@acme.example\n"));

    fs::remove_file(ground.sandbox.path("policy.yaml")).unwrap();
    ground.sandbox.write("roster.csv", "email,mfa\nmax@acme.example,yes\n");
    let today = day(0);
    let roster = ["--roster", "roster.csv", "--roster-as-of", &today];
    let all = [&files[..], &roster].concat();
    let outcome = ground.exempt_current(&[&all[..], &acme].concat());
    assert!(
        outcome.stdout.contains("accepts bitbucket, roster\nno member would fail"),
        "{}",
        outcome.stderr
    );
    assert!(ground.is_met(&all).contains("\naccept: [bitbucket, roster]\n"));
}

#[test]
fn a_member_that_cannot_be_exempted_is_named() {
    let ground = Ground::with(&[]);
    let files = ["--members", "export.csv", "--workspace", "acme"];
    ground.sandbox.write("export.csv", EXPORT.replace("Max@acme.example", ""));
    ground.refuses(&files, 3, "Max");
    ground.sandbox.write("export.csv", EXPORT.replace("Max@acme.example", "max@localhost"));
    ground.refuses(&files, 2, "`max@localhost` is not an e-mail address");
}

#[test]
fn it_says_when_exemptions_end_soon() {
    for (days, soon) in [("14", true), ("15", false)] {
        let ground = Ground::with(&[("acme", &[row(1, Some(json!(false)))])]);
        let outcome = ground.exempt_current(&["--workspace", "acme", "--days", days]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let said = "`check` warns of each of them from today: limits.warn_before_days is 14\n";
        assert_eq!(outcome.stdout.ends_with(said), soon, "{}", outcome.stdout);
    }
}

#[test]
fn an_exempt_owner_is_named() {
    let acme = [row(1, Some(json!(false))), row(2, Some(json!(false)))];
    let ground = Ground::with(&[("acme", &acme)]);
    let owners = json!({"pagelen": 100, "values": [
        {"type": "workspace_membership", "permission": "owner", "user": acme[1]["user"]},
    ]});
    let asked = wiremock::matchers::path("/2.0/workspaces/acme/permissions");
    let answer = wiremock::ResponseTemplate::new(200).set_body_json(owners);
    ground.server.mount(wiremock::Mock::given(asked).respond_with(answer));
    let outcome = ground.exempt_current(&["--workspace", "acme"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let said = format!("warning: an owner is exempt: Member 2 ({}), acme\n", id(2));
    assert!(outcome.stdout.contains(&said), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("warning").count(), 1, "{}", outcome.stdout);
    let policy = ground.is_met(&[]);
    assert_eq!(policy.matches("written. Owner of acme.").count(), 1, "{policy}");
}

#[test]
fn a_member_who_may_be_an_owner_is_not_exempt_unless_owners_are() {
    let ground = Ground::with(&[("acme", &[row(1, Some(json!(false)))])]);
    let init = ["policy", "init", "--exempt-current", "--workspace", "acme", "--no-progress"];
    let outcome = ground.run(&init);
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    insta::assert_snapshot!(outcome.stderr, @"
    error: 1 member who would fail today may own a workspace, since roles are not known; nothing was written
      help: Read the workspace from Bitbucket with a credential of one of its owners (-v shows why roles could not be read), or give --exempt-owners to exempt owners too.
    ");
    assert!(!ground.sandbox.path("policy.yaml").exists());
    let outcome = ground.run(&[&init[..], &["--exempt-owners"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let said = "warning: it is not known which of the exempt members own a workspace\n";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
}
