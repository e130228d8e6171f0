//! `policy add`: which member is meant, what is written, and what is refused.

use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::addresses::{Search, searchable};
use crate::organisation::id;
use crate::support::{Bitbucket, Outcome, Sandbox, day, named, row};

/// A policy of two workspaces, with an exemption and much that must stay as it is.
const POLICY: &str = "# ours\r\nversion: 1\r\nworkspaces: [acme, labs]\r\nexemptions:\r\n\
    - {id: A, email: a@acme.example, reason: a, expires: 2030-01-01}   # first\r\n# end";

struct Ground {
    sandbox: Sandbox,
    server: Bitbucket,
}

impl Ground {
    fn new() -> Self {
        let ground = Ground { sandbox: Sandbox::new(), server: Bitbucket::start() };
        ground.sandbox.write("policy.yaml", POLICY);
        ground
    }

    /// Two workspaces; number 1 is in both, and 2 and 3 share a name.
    fn with_people() -> Self {
        let ground = Ground::new();
        let ada = || named(1, "ada", "Ada Lovelace");
        ground.server.workspace("acme", &[ada(), named(2, "max", "Max"), named(4, "-x #y", "É")]);
        ground.server.workspace("labs", &[ada(), named(3, "MAX", "Mäx")]);
        ground
    }

    /// Adds an exemption for thirty days, or with other options.
    fn add(&self, who: &str, options: &[(&str, &str)]) -> Outcome {
        let expires = day(30);
        let usual = [("--id", "EX-1"), ("--reason", "r: #1"), ("--expires", &*expires)];
        let is_given = |name: &str| options.iter().any(|(other, _)| *other == name);
        let left = usual.iter().filter(|(name, _)| !is_given(name));
        let pairs = left.chain(options).flat_map(|(name, value)| [*name, *value]);
        let args: Vec<&str> = ["policy", "add"].into_iter().chain(pairs).collect();
        self.sandbox.run_against(&self.server, &[&args[..], &["--", who]].concat())
    }

    /// Checks that nothing changed, and what was said.
    fn refuses(&self, who: &str, options: &[(&str, &str)], code: i32, said: &[&str]) {
        let before = self.sandbox.read("policy.yaml");
        let outcome = self.add(who, options);
        assert_eq!(outcome.code, code, "{who} {options:?}: {}{}", outcome.stdout, outcome.stderr);
        for said in said {
            assert!(outcome.stderr.contains(said), "{said:?} of {who}: {}", outcome.stderr);
        }
        assert_eq!(outcome.stdout, "");
        assert_eq!(self.sandbox.read("policy.yaml"), before);
    }
}

fn uuid(number: usize) -> String {
    row(number, None)["user"]["uuid"].as_str().unwrap().to_owned()
}

/// Checks that the policy has one more entry, for this member, and no other change.
fn is_added(ground: &Ground, outcome: &Outcome, number: usize, name: &str) {
    assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
    let (id, expires) = (id(number), day(30));
    let entry = format!(
        "- id: EX-1\r\n  account_id: \"{id}\"\r\n  name: \"{name}\"\r\n  reason: \"r: #1\"\r\n  \
         expires: {expires}\r\n"
    );
    assert_eq!(ground.sandbox.read("policy.yaml"), POLICY.replace("# end", &(entry + "# end")));
    assert!(
        outcome.stdout.starts_with("policy.yaml:6: EX-1 added\n  - id: EX-1\n"),
        "{}",
        outcome.stdout
    );
    let lint = ground.sandbox.run(&["policy", "lint"]);
    assert_eq!(lint.code, 0, "{}", lint.stderr);
    let digest = lint.stdout.lines().last().unwrap();
    assert!(digest.starts_with("sha256: ") && outcome.stdout.ends_with(&format!("{digest}\n")));
}

#[test]
fn a_member_is_found_by_id_and_name() {
    for (who, number, name) in [
        (&*id(1), 1, "Ada Lovelace"),
        (&*uuid(2), 2, "Max"),
        ("ADA", 1, "Ada Lovelace"),
        (" ada lovelace ", 1, "Ada Lovelace"),
        ("mäx", 3, "Mäx"),
        ("é", 4, "É"),
        ("-x #Y", 4, "É"),
    ] {
        let ground = Ground::with_people();
        is_added(&ground, &ground.add(who, &[]), number, name);
    }
}

#[test]
fn an_address_is_looked_up() {
    let ground = Ground::with_people();
    searchable(&ground.server, 2, Search::Honest);
    let outcome = ground.add("Member1@Acme.example", &[("--workspace", "acme")]);
    is_added(&ground, &outcome, 1, "Ada Lovelace");
    let ground = Ground::with_people();
    searchable(&ground.server, 2, Search::Refused(403));
    let acme = ("--workspace", "acme");
    ground.refuses("member1@acme.example", &[acme], 3, &["403", "nothing was written"]);
}

#[test]
fn the_flag_of_nobody_has_to_be_seen() {
    let ground = Ground::new();
    ground.server.workspace("acme", &[row(1, None)]);
    ground.server.workspace("labs", &[row(2, None)]);
    is_added(&ground, &ground.add("nick1", &[]), 1, "Member 1");
}

#[test]
fn every_option_is_written_and_the_exemption_counts() {
    let ground = Ground::with_people();
    ground.sandbox.write(
        "policy.yaml",
        "version: 1\nworkspaces: [acme]\nlimits:\n  max_days: 30\n  require: [name, category, \
         compensating_controls, owner, approved_by, ticket, starts]\n",
    );
    let (today, expires) = (day(0), day(30));
    let options = [
        ("--id", "no"),
        ("--reason", "one\ntwo\n"),
        ("--starts", &*today),
        ("--category", "waiver"),
        ("--compensating-control", "a, b"),
        ("--compensating-control", "c"),
        ("--owner", "null"),
        ("--approved-by", "Grace Hopper"),
        ("--ticket", "SEC-1"),
        ("--email", "ADA@acme.example"),
        ("--only", "acme"),
    ];
    let outcome = ground.add("ada", &options);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let id = id(1);
    let entry = format!(
        "exemptions:
  - id: \"no\"
    account_id: \"{id}\"
    email: ada@acme.example
    name: \"Ada Lovelace\"
    category: waiver
    reason: \"one\\ntwo\"
    compensating_controls: [\"a, b\", \"c\"]
    owner: \"null\"
    approved_by: \"Grace Hopper\"
    ticket: SEC-1
    starts: {today}
    expires: {expires}
    workspaces: [acme]
"
    );
    assert!(ground.sandbox.read("policy.yaml").ends_with(&entry), "{}", outcome.stdout);
    let checked = ground.sandbox.run_against(&ground.server, &["check"]);
    assert!(checked.stdout.contains("1 exempt"), "{}", checked.stdout);
}

#[test]
fn an_exemption_starts_today_where_a_first_day_is_asked_for() {
    let ground = Ground::with_people();
    ground.sandbox.write(
        "policy.yaml",
        "version: 1\nworkspaces: [acme]\nlimits:\n  max_days: 30\n  require: [starts]\n",
    );
    let outcome = ground.add("ada", &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(ground.sandbox.read("policy.yaml").contains(&format!("starts: {}\n", day(0))));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_hide_that_the_policy_was_changed() {
    let ground = Ground::with_people();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let url = ground.server.api_url();
    let args = ["policy", "add", "ada", "--id", "EX-1", "--reason", "r", "--expires", &day(30)];
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"))
        .current_dir(ground.sandbox.path(""))
        .env_clear()
        .envs([
            ("BITBUCKET_API_URL", &*url),
            ("BITBUCKET_EMAIL", crate::support::EMAIL),
            ("BITBUCKET_API_TOKEN", crate::support::TOKEN),
        ])
        .args(args)
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains("policy.yaml is written") && said.contains("Do not run"), "{said}");
    assert!(ground.sandbox.read("policy.yaml").contains("EX-1"));
}

#[test]
fn members_with_the_same_name_are_listed() {
    let ground = Ground::with_people();
    let (max, other) = (
        format!("Max ({}), nickname max, in acme\n", id(2)),
        format!("Mäx ({}), nickname MAX, in labs\n", id(3)),
    );
    ground.refuses("max", &[], 2, &["2 members match max\n", &max, &other]);
    let narrowed = ground.add("max", &[("--workspace", "labs")]);
    is_added(&ground, &narrowed, 3, "Mäx");
}

#[test]
fn a_name_does_not_stand_for_an_id_or_an_address() {
    let ground = Ground::new();
    let impostors = [
        named(1, &id(9), "Ada"),
        named(2, "bot@acme.example", "bot@acme.example"),
        named(3, &uuid(9), "5b10ac8d82e05b22cc7d4ef5"),
        named(4, "", "  "),
    ];
    for slug in ["acme", "labs"] {
        ground.server.workspace(slug, &impostors);
        ground.server.permission(slug, "owner");
    }
    for who in [&id(9), &uuid(9), "5b10ac8d82e05b22cc7d4ef5", "", " "] {
        ground.refuses(who, &[], 2, &["no member of acme, labs has the id, address or name"]);
    }
    searchable(&ground.server, 0, Search::Empty);
    let acme = ("--workspace", "acme");
    ground.refuses("bot@acme.example", &[acme], 2, &["no member of acme has the id"]);
    ground.refuses("adda", &[], 2, &["Did you mean Ada?", "`mfa-gate members` lists all members"]);
}

#[test]
fn nothing_is_written_if_a_workspace_was_not_read() {
    let ground = Ground::new();
    ground.server.workspace("acme", &[named(1, "ada", "Ada")]);
    ground.server.refuse("labs", 403, json!({"type": "error"}));
    ground.refuses("ada", &[], 3, &["labs could not be checked", "nothing was written"]);
}

#[test]
fn what_is_wrong_with_an_entry_is_said_before_any_request() {
    let ground = Ground::with_people();
    let later = day(40);
    for (option, value, said) in [
        ("--id", "A", "duplicate id `A`"),
        ("--only", "beta", "`beta` is not one of the policy's workspaces"),
        ("--email", "a@acme.example", "exempt the same member"),
        ("--email", "ada", "--email is not an e-mail address: ada"),
        ("--owner", " ", "`owner` is blank"),
        ("--ticket", "\u{1b}[2J", "control character U+001B"),
        ("--starts", &later, "`expires` is before `starts`"),
        ("--category", "bot", "Write one of `service-account`"),
        ("--expires", "2020-01-01", "the last day 2020-01-01 is over"),
        ("--expires", "2099-01-01", "at most 366 days"),
        ("--workspace", "beta", "does not list the workspace beta"),
    ] {
        ground.refuses("ada", &[(option, value)], 2, &[said]);
    }
    for (limits, said) in [
        ("{require: [owner, ticket, name]}", "--owner, --ticket\n"),
        ("{max_exemptions: 1}", "`limits.max_exemptions` allows no more"),
    ] {
        let limits = format!("limits: {limits}\r\nexemptions:");
        let policy = match said.starts_with('-') {
            true => format!("version: 1\r\nworkspaces: [acme]\r\n{limits} []\r\n"),
            false => POLICY.replace("exemptions:", &limits),
        };
        ground.sandbox.write("policy.yaml", policy);
        ground.refuses("ada", &[], 2, &[said]);
    }
    assert_eq!(ground.server.requests().len(), 0);
}

#[test]
fn a_member_is_not_exempt_twice() {
    let ground = Ground::with_people();
    let exempt = POLICY.replace("email: a@acme.example", &format!("account_id: '{}'", id(1)));
    ground.sandbox.write("policy.yaml", exempt);
    let said = ["exempt the same member", "was not changed", "are lines of the result"];
    ground.refuses("ada", &[], 2, &said);
}

#[test]
fn a_policy_whose_lines_editors_do_not_show_is_left_to_its_author() {
    let ground = Ground::with_people();
    ground.sandbox.write("policy.yaml", POLICY.replace("\r\n", "\r"));
    ground.refuses("ada", &[], 2, &["a carriage return without a line feed"]);
}

#[test]
fn an_owner_is_not_exempt_where_the_policy_forbids_it() {
    let ground = Ground::with_people();
    for (slug, owners) in [("acme", vec![row(2, None)]), ("labs", vec![row(1, None)])] {
        let body = json!({"pagelen": 100, "size": owners.len(), "page": 1, "values": owners
            .iter()
            .map(|owner| json!({"permission": "owner", "user": owner["user"]}))
            .collect::<Vec<_>>()});
        let asked = Mock::given(path(format!("/2.0/workspaces/{slug}/permissions")));
        ground.server.mount(asked.respond_with(ResponseTemplate::new(200).set_body_json(body)));
    }
    let policy = POLICY.replace("exemptions:", "limits: {admins: deny}\r\nexemptions:");
    ground.sandbox.write("policy.yaml", &policy);
    let said = ["an owner of labs", "forbids exempting owners"];
    ground.refuses("ada", &[], 2, &said);
    ground.refuses("ada", &[("--only", "labs")], 2, &said);
    let outcome = ground.add("ada", &[("--only", "acme")]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);

    let pages = json!([{"size": 1, "values": [named(1, "ada", "Ada")]}]).to_string();
    ground.sandbox.write("policy.yaml", policy);
    ground.sandbox.write("members.json", pages);
    let from_file = [("--members", "members.json"), ("--workspace", "acme")];
    ground.refuses("ada", &from_file, 3, &["the role of Ada", "nothing was written"]);
}

#[test]
fn members_may_come_from_a_file() {
    let ground = Ground::new();
    let export = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
                  Ada,Ada@acme.example,,No,Yes\nBob,,,No,Yes\n";
    ground.sandbox.write("export.csv", export);
    let from_file = [("--members", "export.csv"), ("--workspace", "acme")];
    for who in ["ada@acme.example", "ada"] {
        ground.sandbox.write("policy.yaml", POLICY);
        let outcome = ground.add(who, &from_file);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(ground.sandbox.read("policy.yaml").contains("  email: ada@acme.example\r\n"));
    }
    let nobody = [&from_file[..], &[("--id", "EX-2")]].concat();
    ground.refuses("bob", &nobody, 2, &["neither an id nor an e-mail address"]);
    let other = [&from_file[..], &[("--id", "EX-2"), ("--email", "b@acme.example")]].concat();
    ground.refuses("ada", &other, 2, &["--email is not the address of Ada"]);
    assert_eq!(ground.server.requests().len(), 0);
}

/// It warns of what `check` will say.
#[test]
fn it_warns_of_an_exemption_that_starts_later_or_ends_soon() {
    for (starts, expires, said) in [(0, 30, ""), (1, 30, "starts on"), (0, 14, "ends on")] {
        let ground = Ground::with_people();
        let (starts, expires) = (day(starts), day(expires));
        let outcome = ground.add("ada", &[("--starts", &starts), ("--expires", &expires)]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(!outcome.stderr.contains("warning: "), said.is_empty(), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        // The other exemption ends too late, but is not the one that was added.
        assert!(!outcome.stderr.contains("exemption A "), "{}", outcome.stderr);
    }
}

#[test]
fn a_dry_run_shows_the_change_and_writes_nothing() {
    let ground = Ground::with_people();
    let args =
        ["policy", "add", "ada", "--id", "EX-1", "--reason", "r", "--days", "30", "--dry-run"];
    let outcome = ground.sandbox.run_against(&ground.server, &args);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let said = outcome.stderr.lines().last().unwrap();
    let told = format!("{}{said}", outcome.stdout).replace(&day(30), "LAST-DAY");
    insta::assert_snapshot!(told, @r#"
    --- policy.yaml
    +++ policy.yaml
    @@ -3,4 +3,9 @@
     workspaces: [acme, labs]
     exemptions:
     - {id: A, email: a@acme.example, reason: a, expires: 2030-01-01}   # first
    +- id: EX-1
    +  account_id: "557058:00000000-0000-4000-8000-000000000001"
    +  name: "Ada Lovelace"
    +  reason: "r"
    +  expires: LAST-DAY
     # end
    \ No newline at end of file
    policy.yaml:6: EX-1 would be added
    "#);
    assert_eq!(ground.sandbox.read("policy.yaml"), POLICY);
    let written = ground.sandbox.run_against(&ground.server, &args[..args.len() - 1]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let policy = ground.sandbox.read("policy.yaml");
    assert!(policy.contains(&format!("  expires: {}\r\n", day(30))), "{policy}");
}

#[test]
fn the_last_day_is_a_date_or_a_number_of_days() {
    let ground = Ground::with_people();
    let add = ["policy", "add", "ada", "--id", "EX-1", "--reason", "r"];
    for (more, said) in [
        (&[][..], "needs `--expires <YYYY-MM-DD>` or `--days <N>`"),
        (&["--days", "0"], "Write 1 to 366"),
        (&["--days", "3", "--expires", "2030-01-01"], "cannot be used with"),
    ] {
        let outcome = ground.sandbox.run_against(&ground.server, &[&add[..], more].concat());
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
}

#[test]
fn it_says_when_the_member_has_a_second_factor_already() {
    let on = |number| row(number, Some(json!(true)));
    let off = |number| row(number, Some(json!(false)));
    let ground = Ground::new();
    ground.server.workspace("acme", &[on(1), off(2)]);
    ground.server.workspace("labs", &[on(1), on(2)]);
    let outcome = ground.add(&id(1), &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let (_, warning) = outcome.stderr.split_once(" s\nwarning: ").unwrap();
    insta::assert_snapshot!(warning, @r"
    Member 1 (557058:00000000-0000-4000-8000-000000000001) has a second factor already, seen by bitbucket: the exemption is not needed
     --> policy.yaml:6:3
      |
    6 | - id: EX-1
      |   ^^^^^^^^
      |
      = help: If it is not needed later either, remove it: `mfa-gate policy prune`.
    ");
    for (only, is_protected) in [("acme", false), ("labs", true)] {
        ground.sandbox.write("policy.yaml", POLICY);
        let outcome = ground.add(&id(2), &[("--only", only)]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let said = outcome.stderr.contains("has a second factor already");
        assert_eq!(said, is_protected, "{only}: {}", outcome.stderr);
    }
    ground
        .sandbox
        .write("policy.yaml", POLICY.replace("exemptions:", "accept: [sso]\r\nexemptions:"));
    let outcome = ground.add(&id(1), &[]);
    assert!(!outcome.stderr.contains("already"), "{}", outcome.stderr);
}
