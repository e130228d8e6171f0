//! Evidence of several sources, kept: what `members` listed judged by `check`, and what `check`
//! reported judged by `verify`.

use serde_json::{Value, json};

use crate::organisation::{AS_OF, Directory, Ground, TODAY, account, id};
use crate::support::{Outcome, Sandbox, policy, row};

const ALL: &str = "accept: [bitbucket, atlassian, roster, sso]\n";

/// Five members: one proven by each source, and one by none.
fn five() -> Ground {
    proven(&[0])
}

/// Five members: these proven by Bitbucket, the next three by one other source each.
fn proven(by_bitbucket: &[usize]) -> Ground {
    let flag = |number| Some(json!(by_bitbucket.contains(&number)));
    let rows: Vec<Value> = (0..5).map(|number| row(number, flag(number))).collect();
    let ground = Ground::with(&rows);
    let accounts = (0..5).map(|number| account(number, Some(number == 1))).collect();
    ground.organisation.serve(Directory::of(accounts));
    ground
}

fn roster(ground: &Ground) -> [&'static str; 4] {
    ground.roster(format!("account_id,mfa,sso\n{},yes,no\n{},no,yes\n", id(2), id(3)))
}

/// What `members` lists of the five.
fn snapshot() -> Value {
    let ground = five();
    let args = ["members", "--workspace", "acme", "--report", "json=members.json"];
    let outcome = ground.run(&[&args[..], &roster(&ground)].concat(), &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    ground.sandbox.json("members.json")
}

/// Runs `check` on a list, with no server to ask.
fn check_list(list: &Value, more: &[&str]) -> (Outcome, Option<Value>) {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ALL));
    sandbox.write("members.json", list.to_string());
    let args = ["check", "--members", "members.json", "--report", "json=report.json"];
    let outcome = sandbox.run(&[&args[..], more].concat());
    let report = sandbox.path("report.json").exists().then(|| sandbox.json("report.json"));
    (outcome, report)
}

/// What a report says of each member's second factor, by id.
fn factors(report: &Value) -> Vec<[&Value; 4]> {
    let members = report["members"].as_array().unwrap().iter();
    members
        .map(|own| [&own["account_id"], &own["two_factor"], &own["decided_by"], &own["evidence"]])
        .collect()
}

#[test]
fn a_list_is_judged_as_its_sources_would_be() {
    let list = snapshot();
    let (outcome, report) = check_list(&list, &["--today", TODAY]);
    let report = report.unwrap();
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(report["assurance"], "simulated");
    assert_eq!(report["source"]["roster"]["as_of"], AS_OF);

    let ground = five();
    let live = ground.check("bitbucket, atlassian, roster, sso", &roster(&ground));
    assert_eq!(live.code, 1);
    assert_eq!(factors(&report), factors(&live.report));
    for (number, source) in ["bitbucket", "atlassian", "roster", "sso"].into_iter().enumerate() {
        assert_eq!(live.member(number)["decided_by"], source);
    }
    assert_eq!(live.member(4)["outcome"], "violation");
}

#[test]
fn the_roster_of_a_list_ages_too() {
    let list = snapshot();
    for (day, code) in [("2026-01-12", 1), ("2026-01-13", 3), ("2026-01-03", 3)] {
        assert_eq!(check_list(&list, &["--today", day]).0.code, code, "{day}");
    }
    let mut older = list.clone();
    older["source"]["roster"]["as_of"] = json!("2025-12-01");
    let (outcome, report) = check_list(&older, &["--today", TODAY]);
    assert_eq!(outcome.code, 3);
    assert_eq!(report.unwrap()["members"], json!([]));
}

#[test]
fn a_list_whose_evidence_is_not_all_there_is_a_usage_error() {
    let list = snapshot();
    let gone: [fn(&mut Value); 4] = [
        |list| drop(list["source"].as_object_mut().unwrap().remove("roster")),
        |list| drop(list["members"][4]["evidence"].as_object_mut().unwrap().remove("atlassian")),
        |list| drop(list["members"][4]["evidence"].as_object_mut().unwrap().remove("roster")),
        |list| drop(list["members"][4]["evidence"].as_object_mut().unwrap().remove("sso")),
    ];
    for (number, remove) in gone.iter().enumerate() {
        let mut edited = list.clone();
        remove(&mut edited);
        let (outcome, report) = check_list(&edited, &["--today", TODAY]);
        assert_eq!(outcome.code, 2, "edit {number}: {}", outcome.stdout);
        assert!(outcome.stderr.contains("accepts `"), "{}", outcome.stderr);
        assert_eq!(report, None);
    }
}

#[test]
fn a_new_roster_takes_the_place_of_the_one_in_a_list() {
    let list = snapshot();
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", "accept: [bitbucket, roster]\n"));
    sandbox.write("members.json", list.to_string());
    let check = |rows: String| {
        sandbox.write("new.csv", rows);
        let roster = ["--roster", "new.csv", "--roster-as-of", "2026-02-01"];
        let args = ["check", "--members", "members.json", "--report", "json=report.json"];
        let day = ["--today", "2026-02-01"];
        let outcome = sandbox.run(&[&args[..], &roster, &day].concat());
        (outcome, sandbox.json("report.json"))
    };
    // The old roster cleared member 2, and the new one says nothing of it.
    let (outcome, report) = check(format!("account_id,mfa\n{},yes\n", id(1)));
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(report["members"][2]["evidence"]["roster"], "unknown");
    assert_eq!(report["members"][2]["outcome"], "violation");
    assert_eq!(report["members"][2]["evidence"].get("sso"), None, "the new one has no word on it");

    // By address it cannot be told whose its rows are, and what was said long ago does not count.
    let everybody: String =
        (0..5).filter(|own| *own != 2).map(|own| format!("{},,yes\n", id(own))).collect();
    let (outcome, report) =
        check(format!("account_id,email,mfa\n{everybody},somebody@acme.example,yes\n"));
    assert_eq!(outcome.code, 3, "{report:#}");
    assert_eq!(report["members"], json!([]));
}

#[test]
fn the_organisation_adds_to_a_list_what_it_lacks() {
    let mut list = snapshot();
    for member in list["members"].as_array_mut().unwrap() {
        member["evidence"].as_object_mut().unwrap().remove("atlassian");
    }
    let ground = five();
    ground.sandbox.write("members.json", list.to_string());
    let checked = ground.check("bitbucket, atlassian", &["--members", "members.json"]);
    assert_eq!(checked.code, 1);
    assert_eq!(checked.member(1)["decided_by"], "atlassian");
    assert_eq!(ground.asked(), (0, 1), "Bitbucket is not asked");
}

/// A report on the five, and the folder that it is in.
fn report() -> (Ground, Value) {
    report_on(five())
}

/// The same where everybody is proven.
fn compliant() -> (Ground, Value) {
    report_on(proven(&[0, 4]))
}

fn report_on(ground: Ground) -> (Ground, Value) {
    let more = roster(&ground);
    let report = ground.check("bitbucket, atlassian, roster, sso", &more).report;
    (ground, report)
}

fn verify(ground: &Ground, report: &Value, more: &[&str]) -> Outcome {
    ground.sandbox.write("saved.json", report.to_string());
    ground.sandbox.run(&[&["verify", "saved.json"], more].concat())
}

#[test]
fn a_report_gives_its_verdict_from_its_evidence() {
    let (ground, report) = report();
    let same = verify(&ground, &report, &[]);
    assert_eq!(same.code, 1, "{}{}", same.stdout, same.stderr);
    assert!(!same.stderr.contains("changed"), "{}", same.stderr);
    for source in ["bitbucket", "atlassian", "roster", "sso"] {
        let mut cleared = report.clone();
        cleared["members"][4]["evidence"][source] = json!("enabled");
        assert_eq!(verify(&ground, &cleared, &[]).code, 3, "{source} contradicts the rest");
        // Whoever that source alone clears is cleared no more without it.
        let number =
            ["bitbucket", "atlassian", "roster", "sso"].iter().position(|it| *it == source);
        cleared["members"][number.unwrap()]["evidence"][source] = json!("unknown");
        assert_eq!(verify(&ground, &cleared, &[]).code, 1, "{source}");
        // Nor does it count where the policy does not accept it.
        let mut declined = report.clone();
        declined["members"][4]["evidence"][source] = json!("enabled");
        let accept = declined["policy"]["effective"]["accept"].as_array_mut().unwrap();
        accept.retain(|own| own != source);
        assert_eq!(verify(&ground, &declined, &[]).code, 1, "{source}");
    }
}

#[test]
fn a_report_on_an_old_roster_is_incomplete() {
    let (ground, report) = compliant();
    assert_eq!(verify(&ground, &report, &[]).code, 0);
    for day in [Some("2025-01-05"), Some("2026-03-01"), None] {
        let mut edited = report.clone();
        match day {
            None => drop(edited["source"].as_object_mut().unwrap().remove("roster")),
            Some(day) => edited["source"]["roster"]["as_of"] = json!(day),
        }
        let judged = verify(&ground, &edited, &[]);
        assert_eq!(judged.code, 3, "{}{}", judged.stdout, judged.stderr);
    }
}

#[test]
fn a_live_report_asked_atlassian_itself() {
    let (ground, mut report) = compliant();
    report["assurance"] = json!("live");
    report["options"]["today"] = json!(false);
    report["source"]["api_url"] = json!("https://api.bitbucket.org/2.0");
    report["checked_at"] = json!("2026-01-06T12:00:00Z");
    let demand = &["--require-live"];
    let elsewhere = verify(&ground, &report, demand);
    assert_eq!(elsewhere.code, 3, "{}", elsewhere.stdout);
    assert!(elsewhere.stderr.contains("`assurance` is \"live\""), "{}", elsewhere.stderr);
    report["source"]["atlassian"]["api_url"] = json!("https://api.atlassian.com/");
    let live = verify(&ground, &report, demand);
    assert_eq!(live.code, 0, "{}{}", live.stdout, live.stderr);
}
