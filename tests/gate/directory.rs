//! Reading an organisation's directory to its end, and saying so where that cannot be done.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::organisation::{Directory, Ground, KEY, ORG, account, refusal};
use crate::support::{TOKEN, rows};

/// Three members that Bitbucket shows as off.
fn three() -> Ground {
    Ground::with(&rows(0..3, false))
}

/// The accounts of the three: on, off and on; more that Bitbucket does not know follow.
fn accounts(number: usize) -> Vec<Value> {
    (0..number).map(|number| account(number, Some(number != 1))).collect()
}

/// Judges the three by a directory, which has to be the right verdict on each.
fn reads(directory: Directory) -> Ground {
    let ground = three();
    ground.organisation.serve(directory);
    let checked = ground.check("bitbucket, atlassian", &[]);
    assert_eq!(checked.code, 1, "{}", checked.console);
    let outcomes = [0, 1, 2].map(|number| checked.member(number)["outcome"].clone());
    assert_eq!(outcomes, ["protected", "violation", "protected"]);
    let said = &checked.report["source"]["atlassian"];
    assert_eq!(said["requests"], ground.organisation.requests().len());
    assert_eq!(said["organisation"], ORG);
    ground
}

#[test]
fn pages_are_read_to_the_last() {
    let ground = reads(Directory::of(accounts(250)));
    let searches = ground.organisation.searches();
    assert_eq!(searches.len(), 3);
    for (number, body) in searches.iter().enumerate() {
        assert_eq!(body["limit"], 100);
        assert_eq!(body["claimStatus"], "managed");
        assert_eq!(body.get("cursor").is_some(), number > 0, "{body}");
        assert_eq!(body.get("mfaEnabled"), None, "every row says it already");
    }
    // The members come last here, so that none of them is on the first page.
    let mut reversed = accounts(250);
    reversed.reverse();
    reads(Directory { page: Some(40), ..Directory::of(reversed) });
}

#[test]
fn rows_that_do_not_say_it_are_asked_for_by_it() {
    let silent = Directory { silent: true, page: Some(30), ..Directory::of(accounts(70)) };
    let searches = reads(silent).organisation.searches();
    let asked = |flag: bool| searches.iter().filter(|body| body["mfaEnabled"] == flag).count();
    assert_eq!((asked(true), asked(false)), (3, 1), "{searches:#?}");
    assert!(searches.iter().all(|body| body["claimStatus"] == "managed"), "{searches:#?}");
}

#[test]
fn whoever_is_asked_for_and_on_neither_list_is_unknown() {
    let mut odd = accounts(3);
    odd[2] = account(2, None);
    let ground = three();
    ground.organisation.serve(Directory { silent: true, ..Directory::of(odd) });
    let checked = ground.check("atlassian", &[]);
    assert_eq!(checked.member(2)["two_factor"], "unknown");
    assert_eq!((checked.count("two-factor-unknown"), checked.count("two-factor-disabled")), (1, 1));
}

#[test]
fn a_directory_that_cannot_be_searched_is_listed() {
    for status in [404, 410] {
        for silent in [false, true] {
            let directory = Directory {
                gone: Some(status),
                silent,
                page: Some(30),
                ..Directory::of(accounts(70))
            };
            let requests = reads(directory).organisation.requests();
            let listings: Vec<_> = requests.iter().filter(|it| it.method == "GET").collect();
            assert_eq!(listings.len(), if silent { 5 } else { 3 });
            for listing in listings {
                let has = |pair: (&str, &str)| {
                    listing.url.query_pairs().any(|(name, text)| (&*name, &*text) == pair)
                };
                assert!(has(("limit", "100")), "{}", listing.url);
                assert!(has(("claimStatus", "managed")), "{}", listing.url);
            }
        }
    }
    let ground = three();
    ground.organisation.answer(9, refusal(404, "no such organisation"));
    ground.check("bitbucket, atlassian", &[]).is_incomplete("no such organisation");
}

#[test]
fn somebody_who_comes_twice_once_is_read_again() {
    let doubled = |doubled_walks| Directory { doubled_walks, ..Directory::of(accounts(3)) };
    assert_eq!(reads(doubled(1)).organisation.requests().len(), 2);
    let ground = three();
    ground.organisation.serve(doubled(2));
    ground.check("bitbucket, atlassian", &[]).is_incomplete("did not add up");
    assert_eq!(ground.organisation.requests().len(), 2);
}

#[test]
fn directories_that_do_not_add_up_are_incomplete() {
    let people = || Directory { page: Some(2), ..Directory::of(accounts(5)) };
    let ignores_flag = Directory { silent: true, ignores_flag: true, ..people() };
    for (directory, why) in [
        (Directory { circular: true, ..people() }, "circle"),
        (ignores_flag.clone(), "did not add up"),
        (Directory { gone: Some(410), ..ignores_flag }, "did not add up"),
        (Directory::of(Vec::new()), "no active managed account"),
        (Directory::of((7..9).map(|own| account(own, Some(true))).collect()), "a single member"),
    ] {
        let ground = three();
        ground.organisation.serve(directory);
        for accept in ["bitbucket, atlassian", "atlassian"] {
            ground.check(accept, &[]).is_incomplete(why);
        }
    }
    // A full page that says nothing of a next one need not be the last.
    let ground = three();
    let bare = json!({"data": accounts(100)});
    ground.organisation.answer(9, ResponseTemplate::new(200).set_body_json(bare));
    ground.check("atlassian", &[]).is_incomplete("did not add up");
}

#[test]
fn a_flag_that_contradicts_the_list_it_is_on_is_incomplete() {
    // Somebody is on the list of those who have none alone, and has one by its row.
    let ground = three();
    ground.organisation.respond(|request| {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let flag = asked.get("mfaEnabled").map(|_| true);
        let rows: Vec<Value> = match asked["mfaEnabled"] == false {
            true => vec![account(2, flag)],
            false => vec![account(0, flag), account(1, flag)],
        };
        ResponseTemplate::new(200).set_body_json(json!({"data": rows, "links": {"next": null}}))
    });
    ground.check("atlassian", &[]).is_incomplete("did not add up");
}

#[test]
fn refusals_accuse_nobody() {
    for (status, help) in [
        (400, "ATLASSIAN_API_URL"),
        (401, "ATLASSIAN_API_KEY has to be an API key of the organisation"),
        (403, "read:directories:admin"),
        (302, "redirect"),
    ] {
        let ground = three();
        // Where it says who asked, that is masked.
        let answer = refusal(status, &format!("not with {KEY}"));
        let elsewhere = format!("{}/2.0/elsewhere", ground.bitbucket.api_url());
        ground.organisation.answer(9, answer.insert_header("Location", &*elsewhere));
        let before = ground.bitbucket.requests().len();
        let checked = ground.check("bitbucket, atlassian", &[]);
        checked.is_incomplete(&format!("Atlassian answered {status}"));
        let finding = checked.report["findings"][0].to_string();
        assert!(finding.contains(help), "{finding}");
        assert_eq!(ground.organisation.requests().len(), 1, "it is not tried again");
        assert!(!ground.bitbucket.requests().iter().any(|it| it.url.path().contains("elsewhere")));
        assert!(ground.bitbucket.requests().len() > before);
        assert!(!checked.report.to_string().contains(KEY));
        let said = &checked.report["source"]["atlassian"];
        assert_eq!((said["requests"].as_u64(), said.get("accounts")), (Some(1), None));
    }
}

#[test]
fn an_answer_that_is_something_else_accuses_nobody() {
    for body in ["<html>Log in", "[]", "{}", r#"{"data": [{"name": "no id"}]}"#, r#"{"data": 7}"#] {
        let ground = three();
        let answer = ResponseTemplate::new(200).set_body_raw(body, "text/html");
        ground.organisation.answer(9, answer);
        ground.check("atlassian", &[]).is_incomplete("not what was asked for");
    }
}

#[test]
fn troubles_that_pass_are_waited_for_and_others_are_given_up() {
    for (status, header) in
        [(429, None), (429, Some("1")), (503, None), (503, Some("1")), (500, None)]
    {
        let ground = three();
        let mut trouble = refusal(status, "not now");
        if let Some(seconds) = header {
            trouble = trouble.insert_header("Retry-After", seconds);
        }
        ground.organisation.answer(2, trouble);
        ground.organisation.serve(Directory::of(accounts(3)));
        let checked = ground.check("bitbucket, atlassian", &[]);
        assert_eq!(checked.member(0)["outcome"], "protected", "{}", checked.console);
        assert_eq!(checked.report["source"]["atlassian"]["requests"], 3);
        assert_eq!(ground.bitbucket.requests().len(), 2, "Bitbucket is not asked again");
    }
    for (answer, why) in [
        (refusal(429, "slow down").insert_header("Retry-After", "3600"), "429: slow down"),
        (refusal(500, "oops").insert_header("Retry-After", "0"), "500: oops"),
    ] {
        let ground = three();
        ground.organisation.answer(99, answer);
        ground.check("bitbucket, atlassian", &[]).is_incomplete(why);
    }
    let ground = three();
    let nowhere = [("ATLASSIAN_API_URL", "http://127.0.0.1:1")];
    let policy = "accept: [bitbucket, atlassian]\n";
    let checked = ground.check_by(policy, &[], &nowhere);
    checked.is_incomplete("Atlassian could not be reached");
}

#[test]
fn the_deadline_is_one_for_all_servers() {
    let ground = Ground::with(&[]);
    let page = json!({"values": rows(0..3, false), "size": 3, "page": 1, "pagelen": 100});
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
    let mock = wiremock::Mock::given(wiremock::matchers::path("/2.0/workspaces/acme/members"));
    ground.bitbucket.mount(mock.respond_with(slow.set_body_json(page)).with_priority(1));
    // It would fit into the whole deadline, and not into what Bitbucket left of it.
    let later = refusal(429, "slow down").insert_header("Retry-After", "118");
    ground.organisation.answer(9, later);
    let checked = ground.check("bitbucket, atlassian", &["--deadline", "120s"]);
    checked.is_incomplete("to wait for 118s");
    assert_eq!(ground.organisation.requests().len(), 1);
}

#[test]
fn keys_stay_with_their_own_server() {
    let ground = three();
    ground.organisation.serve(Directory { page: Some(1), ..Directory::of(accounts(3)) });
    let formats = ["json", "junit", "sarif", "csv", "markdown", "html", "github"];
    let reports = formats.map(|format| format!("{format}=out/{format}"));
    let mut more = vec!["-vv"];
    reports.iter().for_each(|report| more.extend(["--report", report]));
    let policy = "accept: [bitbucket, atlassian]\n";
    let checked = ground.check_by(policy, &more, &[("RUST_LOG", "trace")]);
    assert_eq!(checked.code, 1, "{}", checked.console);

    let with = |request: &wiremock::Request| {
        format!("{} {:?} {}", request.url, request.headers, String::from_utf8_lossy(&request.body))
    };
    let bitbucket: Vec<String> = ground.bitbucket.requests().iter().map(with).collect();
    let organisation: Vec<String> = ground.organisation.requests().iter().map(with).collect();
    assert_eq!((bitbucket.len(), organisation.len()), (2, 3));
    let secrets = [KEY, ORG];
    assert!(!bitbucket.iter().any(|text| secrets.iter().any(|own| text.contains(own))));
    let others = [TOKEN, crate::support::BASIC, crate::support::EMAIL, "Basic"];
    assert!(!organisation.iter().any(|text| others.iter().any(|own| text.contains(own))));
    let sent = ground.organisation.requests();
    assert!(sent.iter().all(|it| it.headers["authorization"] == *format!("Bearer {KEY}")));
    assert!(!sent.iter().any(|it| it.url.as_str().contains(KEY)));
    for format in formats {
        let text = ground.sandbox.read(&format!("out/{format}"));
        for secret in [KEY, TOKEN, crate::support::BASIC] {
            assert!(!text.contains(secret), "a secret is in {format}");
        }
    }
}
