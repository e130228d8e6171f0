//! A run over a thousand members, in every format and wherever else it is told.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};
use wiremock::matchers::query_param_contains;
use wiremock::{Mock, Request, ResponseTemplate};

use super::people::{KEY, account_id, email, leaves_no_name, name, names_nobody, row, uuid};
use crate::insights::{self, takes};
use crate::slack::Slack;
use crate::support::{Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, without_files};

/// What `check` writes; an in-toto statement takes a live run.
const REPORTS: [(&str, &str); 6] = [
    ("json", "r.json"),
    ("junit", "r.xml"),
    ("sarif", "r.sarif"),
    ("csv", "r.csv"),
    ("markdown", "r.md"),
    ("github", "r.txt"),
];

/// Exemptions whose every text mentions people, by other means than their selectors too.
fn exemptions() -> String {
    let (id, other, uuid) = (account_id(1), account_id(30), uuid(2));
    let gone = account_id(5000);
    let (address, unseen) = (email(4), "Nobody.Qzx@elsewhere.example");
    let (zoe, li, long) = (name(1).to_uppercase(), name(2), name(20).replace(' ', "\n      "));
    let rest = "starts: 2000-01-01\n    expires: 2999-01-01\n";
    format!(
        "exemptions:\n  \
         - id: EX-1\n    account_id: {id}\n    name: Qzx the first\n    owner: {address}\n    \
         reason: |\n      {zoe} lost it; also ask Al, Al's boss or qzx THE first.\n      \
         由{li}负责, {long}, {uuid} and {other}, see {unseen}\n    \
         compensating_controls: [\"watched by NICK qzx 7\", IP allowlist]\n    \
         ticket: https://jira.example/browse/SEC-1?q={address}\n    {rest}  \
         - id: ada20-qzxlace\n    uuid: \"{uuid}\"\n    approved_by: {zoe}\n    \
         reason: a break-glass account\n    {rest}  \
         - id: EX-3\n    email: {address}\n    reason: \"moves to the new vault; see Gone.Qzx@else.example, {gone}\"\n    {rest}  \
         - id: EX-4\n    email: {unseen}\n    reason: unused\n    {rest}  \
         - id: EX-5\n    account_id: {other}\n    reason: over\n    starts: 2000-01-01\n    \
         expires: 2001-01-01\nlimits:\n  max_days: 999999\n"
    )
}

/// A thousand members, forty of them without a second factor.
fn server() -> Bitbucket {
    let rows: Vec<Value> = (0..1000).map(|number| row(number, number >= 40)).collect();
    let server = Bitbucket::start();
    // Nobody has the one address that is looked up.
    let nobody = ResponseTemplate::new(200).set_body_json(json!({"size": 0, "values": []}));
    server.mount(Mock::given(query_param_contains("q", "nobody")).respond_with(nobody));
    server.workspace("acme", &rows);
    server.permission("acme", "owner");
    takes(&server, &[]);
    server
}

fn run(server: &Bitbucket, more: &[&str], env: &[(&str, &str)]) -> (Sandbox, Outcome) {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", &exemptions()));
    let url = server.api_url();
    let own =
        [("BITBUCKET_API_URL", &*url), ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let reports = REPORTS.map(|(format, name)| format!("--report={format}={name}"));
    let mut args = vec!["check"];
    args.extend(reports.iter().map(String::as_str).chain(more.iter().copied()));
    let outcome = sandbox.run_with(&args, &[&own[..], env].concat());
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    (sandbox, outcome)
}

/// How often each value of a key is there.
fn tally(report: &Value, list: &str, key: &str) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for own in report[list].as_array().unwrap() {
        *tally.entry(own[key].to_string()).or_default() += 1;
    }
    tally
}

#[test]
fn nobody_is_named_anywhere_and_everybody_is_told_from_everybody_else() {
    let (server, slack) = (server(), Slack::start());
    let webhook = slack.webhook();
    let mut env = vec![KEY, ("MFA_GATE_SLACK_WEBHOOK_URL", &*webhook)];
    env.extend(insights::OF);
    env.extend([("BITBUCKET_BRANCH", "qzx/fix"), ("GITHUB_REF", "refs/heads/qzx/fix")]);
    let told = [
        "--redact",
        "-vv",
        "--sarif-suppressed",
        "--code-insights",
        "--insights-names",
        "--slack-names",
    ];
    let (sandbox, outcome) = run(&server, &told, &env);
    assert!(!outcome.stderr.contains("warning: "), "{}", outcome.stderr);

    let mut said: HashMap<&str, String> =
        REPORTS.iter().map(|(format, name)| (*format, sandbox.read(name))).collect();
    said.extend([("stdout", outcome.stdout), ("stderr", outcome.stderr)]);
    let bodies = |requests: Vec<Request>| {
        let bodies = requests.iter().map(|it| String::from_utf8_lossy(&it.body).into_owned());
        bodies.collect::<Vec<_>>().join("\n")
    };
    said.insert("slack", bodies(slack.requests()));
    said.insert("insights", bodies(insights::written(&server)));
    for (what, text) in &said {
        assert!(!text.is_empty(), "{what}");
        names_nobody(what, text);
    }

    let report = sandbox.json("r.json");
    let keys: HashSet<&str> = report["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys.len(), 1000);
    assert!(keys.iter().all(|key| key.len() == 23 && key.starts_with("person-")));
    for (what, text) in &said {
        let key = report["findings"][0]["key"].as_str().unwrap();
        assert!(*what == "stderr" || text.contains(key), "{key} is not in {what}");
        let redacted = ["stdout", "markdown", "github", "junit", "slack", "insights"];
        assert!(!redacted.contains(what) || text.contains("redacted: "), "{what}");
    }
    let caveat = format!("key fingerprint {}", report["redaction"]["key_id"].as_str().unwrap());
    assert!(said["markdown"].contains(&caveat), "{caveat}");
    assert_eq!(report["redaction"]["for_this_run"], false);

    let exemptions = report["exemptions"].as_array().unwrap();
    let ids: Vec<&str> = exemptions.iter().map(|own| own["id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.starts_with("exemption-")), "{ids:?}");
    let key_of = |exemption: &str| {
        let members = report["members"].as_array().unwrap().iter();
        members.filter(|own| own["exemption"] == exemption).collect::<Vec<_>>()[0]
    };
    // One person has one pseudonym, whichever id names them.
    let first = &exemptions[0];
    assert_eq!(first["account_id"], key_of(ids[0])["key"]);
    assert_eq!(exemptions[1]["uuid"], key_of(ids[1])["key"]);
    assert_eq!(exemptions[2]["email"], key_of(ids[2])["key"]);
    for member in report["members"].as_array().unwrap() {
        for id in ["account_id", "uuid", "email"] {
            let id = &member[id];
            assert!(id.is_null() || *id == member["key"], "{member:#}");
        }
    }
    for exemption in exemptions {
        assert_eq!(exemption["reason"], "(withheld)");
        for text in ["owner", "approved_by", "ticket"] {
            let text = &exemption[text];
            assert!(text.is_null() || text == "(withheld)", "{exemption:#}");
        }
    }
    assert_eq!(first["compensating_controls"], json!(["(withheld)", "(withheld)"]));
    for text in ["owner", "ticket"] {
        assert_eq!(first[text], "(withheld)");
    }
    assert_eq!(exemptions[1]["approved_by"], "(withheld)");
}

#[test]
fn the_verdict_is_that_of_the_people_behind_and_can_be_verified() {
    let server = server();
    let (open, _) = run(&server, &[], &[]);
    let (redacted, outcome) = run(&server, &["--redact"], &[]);
    let (one, other) = (open.json("r.json"), redacted.json("r.json"));
    for pointer in
        ["/summary", "/verdict", "/policy", "/exemptions/0/location", "/workspaces/0/members"]
    {
        assert_eq!(one.pointer(pointer), other.pointer(pointer), "{pointer}");
    }
    assert_eq!(one["summary"]["exempt"], 3);
    for (list, key) in [
        ("members", "outcome"),
        ("exemptions", "state"),
        ("findings", "rule"),
        ("findings", "level"),
    ] {
        assert_eq!(tally(&one, list, key), tally(&other, list, key), "{list} {key}");
    }
    assert_eq!(one.get("redaction"), None);
    assert_eq!(other["redaction"]["for_this_run"], true);
    assert!(outcome.stdout.contains("the key is this run's alone"), "{}", outcome.stdout);

    let verified = redacted.run(&["verify", "r.json"]);
    assert_eq!((verified.code, &*verified.stderr), (1, ""), "{}", verified.stdout);
    assert!(!verified.stdout.contains("contradict"), "{}", verified.stdout);
    let (judged, _) = verified.stdout.rsplit_once("evidence of").unwrap();
    assert_eq!(judged, without_files(&outcome.stdout));
    leaves_no_name(&verified, &redacted, &[]);
}

#[test]
fn members_without_ids_are_redacted_too() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    let export = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
                  Ada Qzx,Ada@qzx.example,,No,Yes\nBob Qzx,,,No,Yes\nBob Qzx,,,No,Yes\n";
    let folder = "of-Bob-Qzx";
    std::fs::create_dir(sandbox.path(folder)).unwrap();
    sandbox.write(&format!("{folder}/export.csv"), export);
    let members = format!("{folder}/export.csv");
    let args = ["check", "--redact", "--members", &members, "--report", "json=r.json"];
    let outcome = sandbox.run_with(&args, &[KEY]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    leaves_no_name(&outcome, &sandbox, &["r.json"]);
    let report = sandbox.json("r.json");
    let keys: HashSet<String> = (0..3).map(|at| report["members"][at]["key"].to_string()).collect();
    assert_eq!(keys.len(), 3);
    // A small file's digest would let anybody try who in it has what.
    let digest = super::people::hex(&<sha2::Sha256 as sha2::Digest>::digest(export));
    assert!(!sandbox.read("r.json").contains(&digest));
    assert_eq!(sandbox.run(&["verify", "r.json"]).code, 1);
    assert_eq!(report["source"]["ci"], json!({}));
}
