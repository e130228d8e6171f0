//! Many workspaces in one run: read side by side, never more requests at once than allowed, and
//! none waits for another.

use std::collections::HashSet;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::raw::{Raw, send};
use crate::support::{EMAIL, Outcome, Sandbox, TOKEN, policy, row, rows};

/// Longer than this nothing takes that happens at all, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

const JSON: &str = "Content-Type: application/json\r\n";

/// The target of the request with this head, such as `/2.0/workspaces/acme/members?page=2`.
fn target(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// The workspace that a request is about.
fn slug(head: &str) -> &str {
    let rest = target(head).split_once("workspaces/").unwrap().1;
    rest.split('/').next().unwrap()
}

/// Answers as Bitbucket does for a workspace of these rows, which belongs to the first of them.
fn answer(head: &str, rows: &[Value], stream: &mut TcpStream) -> std::io::Result<bool> {
    let (target, slug) = (target(head), slug(head));
    let body = if target.contains("/user/workspaces/") {
        json!({"permission": "owner"})
    } else if target.contains("/permissions?") {
        let owner = json!({"permission": "owner", "user": {"uuid": rows[0]["user"]["uuid"]}});
        json!({"pagelen": 100, "size": 1, "page": 1, "values": [owner]})
    } else if target.contains("?q=") {
        json!({"pagelen": 100, "size": 0, "page": 1, "values": []})
    } else {
        let number = target.split("&page=").nth(1).map_or(1, |number| number.parse().unwrap());
        let values: Vec<&Value> = rows.iter().skip((number - 1) * 100).take(100).collect();
        let mut body =
            json!({"pagelen": 100, "size": rows.len(), "page": number, "values": values});
        if number * 100 < rows.len() {
            let host = head.split("\r\nhost: ").nth(1).unwrap().split('\r').next().unwrap();
            let at = format!("http://{host}/2.0/workspaces/{slug}/members");
            body["next"] = json!(format!("{at}?pagelen=100&page={}", number + 1));
        }
        body
    };
    send(stream, "200 OK", JSON, body.to_string().as_bytes())
}

/// Runs `check` on these workspaces, in this order, with a JSON report.
fn check(origin: &str, slugs: &[String], more: &str, args: &[&str]) -> (Outcome, Value) {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy(&slugs.join(", "), more));
    let url = format!("{origin}/2.0");
    let env =
        [("BITBUCKET_API_URL", &*url), ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let args = [&["check", "--report", "json=report.json"], args].concat();
    let outcome = sandbox.run_with(&args, &env);
    (outcome, sandbox.json("report.json"))
}

/// The slugs of the lines of progress, in their order.
fn progress<'a>(stderr: &'a str, slugs: &[String]) -> Vec<&'a str> {
    let known = |slug: &&str| slugs.iter().any(|known| known == slug);
    stderr.lines().filter_map(|line| line.split(':').next()).filter(known).collect()
}

/// The slugs of the workspaces of a report, in their order.
fn reported(report: &Value) -> Vec<&str> {
    let workspaces = report["workspaces"].as_array().unwrap();
    workspaces.iter().map(|workspace| workspace["slug"].as_str().unwrap()).collect()
}

/// These workspaces in the order of reports, which is the alphabet's.
fn sorted(slugs: &[String]) -> Vec<&str> {
    let mut slugs: Vec<&str> = slugs.iter().map(|slug| &**slug).collect();
    slugs.sort_unstable();
    slugs
}

/// What a server has seen, for those who wait until something more was seen.
#[derive(Default)]
struct Watch<T> {
    seen: Mutex<T>,
    changed: Condvar,
}

impl<T> Watch<T> {
    /// Notes something, and waits until what was noted allows to go on. Whether it did in time.
    fn note_and_await<N>(
        &self,
        note: impl FnOnce(&mut T) -> N,
        goes_on: impl Fn(&T, &N) -> bool,
    ) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let noted = note(&mut seen);
        self.changed.notify_all();
        let waits = |seen: &mut T| !goes_on(seen, &noted);
        !self.changed.wait_timeout_while(seen, PATIENCE, waits).unwrap().1.timed_out()
    }
}

/// How many requests came, and are under way.
#[derive(Default)]
struct Crowd {
    arrived: usize,
    under_way: usize,
    most_under_way: usize,
    /// So many never were there at once, and nobody waits for that any more.
    gave_up: bool,
}

/// Twenty workspaces, one of them with a single page, in an order that is not that of the alphabet.
fn twenty() -> Vec<String> {
    (0..20).rev().map(|number| format!("ws{number:02}")).collect()
}

/// What makes a policy ask who owns a workspace.
const OWNERS_MATTER: &str = "limits: {admins: deny}\nexemptions:\n  - {id: EX-1, account_id: \
    \"557058:gone\", reason: a bot, expires: 2026-02-28}\n";

/// Pages and owners of the twenty workspaces.
const REQUESTS: usize = 20 + 19 + 20;

#[test]
fn twenty_workspaces_share_one_concurrency() {
    for at_once in [1, 3, 8] {
        let watch: Arc<Watch<Crowd>> = Arc::default();
        let crowd = Arc::clone(&watch);
        // Nobody is answered before so many requests are under way at once, or all that are left.
        let server = Raw::start(move |head, stream| {
            let met = crowd.note_and_await(
                |crowd| {
                    let round = (crowd.arrived / at_once + 1) * at_once;
                    crowd.arrived += 1;
                    crowd.under_way += 1;
                    crowd.most_under_way = crowd.most_under_way.max(crowd.under_way);
                    round.min(REQUESTS)
                },
                |crowd, &round| crowd.gave_up || crowd.arrived >= round,
            );
            let mut seen = crowd.seen.lock().unwrap();
            seen.under_way -= 1;
            seen.gave_up |= !met;
            drop(seen);
            let members = if slug(head) == "ws07" { 100 } else { 150 };
            answer(head, &rows(0..members, true), stream)
        });
        let slugs = twenty();
        let args = ["--concurrency", &at_once.to_string(), "--today", "2026-01-06"];
        let (outcome, report) = check(&server.origin(), &slugs, OWNERS_MATTER, &args);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let seen = watch.seen.lock().unwrap();
        assert!(!seen.gave_up, "{at_once} requests never were under way at once");
        assert_eq!(seen.most_under_way, at_once);

        // As many requests as if one workspace was read after another, and none twice.
        let heads = server.heads();
        assert_eq!(heads.len(), REQUESTS);
        assert_eq!(heads.iter().map(|head| target(head)).collect::<HashSet<_>>().len(), REQUESTS);
        assert_eq!(reported(&report), sorted(&slugs));
        for workspace in report["workspaces"].as_array().unwrap() {
            let requests = if workspace["slug"] == "ws07" { 2 } else { 3 };
            assert_eq!(workspace["requests"], requests, "{workspace}");
            assert_eq!(workspace["walks"], 1, "{workspace}");
        }
        let members = report["members"].as_array().unwrap();
        assert_eq!(members.len(), 19 * 150 + 100);
        assert_eq!(members.iter().filter(|member| member["role"] == "owner").count(), 20);
        assert_eq!(progress(&outcome.stderr, &slugs), slugs);
    }
}

#[test]
fn progress_keeps_the_order_of_the_policy_and_reports_that_of_the_alphabet() {
    let watch: Arc<Watch<HashSet<String>>> = Arc::default();
    // Each workspace is answered after the one that follows it in the policy: the last one first.
    let server = Raw::start(move |head, stream| {
        let number: usize = slug(head).trim_start_matches("ws").parse().unwrap();
        let next = number.checked_sub(1).map(|next| format!("ws{next:02}"));
        watch.note_and_await(|_| (), |seen, ()| next.iter().all(|next| seen.contains(next)));
        watch.note_and_await(|seen| seen.insert(slug(head).to_owned()), |_, _| true);
        answer(head, &rows(0..2, number != 12), stream)
    });
    let slugs = twenty();
    let (outcome, report) = check(&server.origin(), &slugs, "", &["--concurrency", "32"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(progress(&outcome.stderr, &slugs), slugs);
    assert_eq!(reported(&report), sorted(&slugs));
    let findings = report["findings"].as_array().unwrap().iter();
    assert_eq!(findings.map(|finding| &finding["workspace"]).collect::<Vec<_>>(), ["ws12"; 2]);
}

#[test]
fn one_that_is_refused_and_one_that_hangs_stop_no_other() {
    let server = Raw::start(|head, stream| match slug(head) {
        "refused" => send(stream, "403 No", JSON, br#"{"error": {"message": "none of yours"}}"#),
        "hangs" => loop {
            thread::sleep(PATIENCE);
        },
        // Something has to be asked after the list: whether the caller may see it.
        "unknown" => answer(head, &[row(0, Some(json!(true))), row(1, None)], stream),
        _ => answer(head, &rows(0..150, true), stream),
    });
    let slugs = ["hangs", "refused", "fine", "unknown"].map(str::to_owned);
    let (outcome, report) = check(&server.origin(), &slugs, "", &["--deadline", "10s"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(progress(&outcome.stderr, &slugs), slugs);
    assert_eq!(reported(&report), sorted(&slugs));
    let workspaces = report["workspaces"].as_array().unwrap();
    let of = |slug: &str| workspaces.iter().find(|workspace| workspace["slug"] == slug).unwrap();
    for (slug, why) in [("hangs", "within 10s"), ("refused", "none of yours")] {
        assert_eq!(of(slug)["complete"], false);
        let error = of(slug)["error"].as_str().unwrap();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!((&of("fine")["members"], &of("unknown")["members"]), (&json!(150), &json!(2)));
    let rules = report["findings"].as_array().unwrap().iter();
    let rules: HashSet<&str> = rules.map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, HashSet::from(["workspace-incomplete", "two-factor-unknown"]));
}

#[test]
fn none_waits_for_the_list_of_another() {
    let watch: Arc<Watch<bool>> = Arc::default();
    let asked = Arc::clone(&watch);
    // The list of the first workspace comes once all was asked that there is to ask of the second:
    // its list, whose the address is, and whether the caller may know that.
    let server = Raw::start(move |head, stream| {
        let is_last = slug(head) == "second" && target(head).contains("/user/workspaces/");
        let waits = slug(head) == "first";
        asked.note_and_await(|asked| *asked |= is_last, |asked, ()| *asked || !waits);
        answer(head, &rows(0..2, true), stream)
    });
    let slugs = ["first", "second"].map(str::to_owned);
    let exemption = "exemptions:\n  - {id: EX-1, email: bot@acme.example, reason: a bot, expires: \
                     2026-02-28, workspaces: [second]}\n";
    let args = ["--today", "2026-01-06", "--deadline", "10m"];
    let (outcome, report) = check(&server.origin(), &slugs, exemption, &args);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(*watch.seen.lock().unwrap());
    assert_eq!(report["exemptions"][0]["state"], "unused");
    let requests: Vec<&Value> =
        report["workspaces"].as_array().unwrap().iter().map(|it| &it["requests"]).collect();
    assert_eq!(requests, [2, 4]);
}
