//! The HTML page, read as what it is: well-formed, of known elements and attributes, complete, and
//! with nothing in it that would ask anybody for anything. `.ci/page` opens it in a browser.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan;
use mfa_gate::emit::Format;
use mfa_gate::escape::visible;
use mfa_gate::member::Role;
use mfa_gate::report::{
    Changes, Commit, Concern, CredentialKind, Earlier, JudgedExemption, Redaction, Report, Settled,
    State, Verdict,
};
use mfa_gate::rule::Rule;
use sha2::{Digest, Sha256};

use crate::fixture::{compliant, named, report, written};
use crate::page::Page;

/// Every element that a page may hold.
const ELEMENTS: &str = "html head meta link title style body a header p nav ul li main section h1 \
                        svg circle path span code time h2 h3 ol desc defs pattern rect strong \
                        table caption thead tr th tbody td b small bdi figure figcaption g line \
                        text use dl div dt dd footer script details summary";

/// Every attribute that one may have, but those that a test of its own looks at.
const ATTRIBUTES: &str = "lang charset http-equiv content name rel class aria-labelledby \
                          aria-hidden aria-label viewBox cx cy r d role width height patternUnits \
                          patternTransform fill stroke x y x1 x2 y2 rx scope data-choose data-subject datetime colspan open";

/// A report with all that a page can show: the shared one, and what that leaves out.
fn everything() -> Report {
    let mut report = report();
    report.source.api_url = Some("https://api.bitbucket.org/2.0".into());
    report.source.credential_kind = Some(CredentialKind::ApiToken);
    report.source.ci = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_RUN_ID", "43"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into();
    report.subject = Some(Commit {
        name: "git+https://bitbucket.org/acme/shop".into(),
        algorithm: "gitCommit".into(),
        digest: "0123456789abcdef0123456789abcdef01234567".into(),
    });
    report.redaction = Some(Redaction { key_id: "k-1f0c".into(), for_this_run: false });
    let concern = |rule, key: Option<&str>, exemption: Option<&str>, settled| Concern {
        rule,
        workspace: key.map(|_| "acme".into()),
        key: key.map(Into::into),
        name: key.map(|_| "Zoe <b>".into()),
        exemption: exemption.map(Into::into),
        settled,
    };
    report.changes = Some(Changes {
        previous: Earlier {
            checked_at: "2026-10-13T06:00:00Z".parse().unwrap(),
            verdict: Verdict::Violations,
            policy_sha256: "3".repeat(64).into(),
        },
        new: vec![concern(Rule::TwoFactorUnknown, Some("557058:new"), None, None)],
        fixed: vec![concern(
            Rule::TwoFactorDisabled,
            Some("557058:fixed"),
            None,
            Some(Settled::Protected),
        )],
        staying: vec![concern(Rule::ExemptionExpired, None, Some("EX-8"), None)],
        not_compared: vec!["acme-labs".into()],
    });
    let one = report.exemptions[0].clone();
    let states = [
        State::Unused,
        State::NotAllowed,
        State::OverLimit,
        State::Scheduled,
        State::Active,
        State::Expired,
    ];
    for (at, state) in states.into_iter().enumerate() {
        let months = i64::try_from(at).unwrap() * 3 - 9;
        report.exemptions.push(JudgedExemption {
            id: format!("EX-2{at}").into(),
            state,
            compensating_controls: vec!["IP allowlist".into()],
            approved_by: Some("security@acme.example".into()),
            ticket: Some("SEC-1".into()),
            starts: None,
            expires: one.expires + (months * 4).months(),
            ..one.clone()
        });
    }
    report
}

/// The reports that a page has to cope with.
fn reports() -> [Report; 5] {
    let mut empty = compliant();
    empty.members.clear();
    empty.workspaces.clear();
    [report(), compliant(), everything(), named("<script>\u{202e}`x` ' \" &amp;"), empty]
}

#[test]
fn a_page_is_made_of_known_parts_alone() {
    let words = |list: &'static str| list.split_whitespace().collect::<BTreeSet<_>>();
    let (elements, attributes) = (words(ELEMENTS), words(ATTRIBUTES));
    for page in reports().iter().map(Page::of) {
        for (name, own) in &page.elements {
            assert!(elements.contains(&**name), "<{name}>");
            let apart = ["id", "href", "rel"];
            let is_known =
                |name: &&String| attributes.contains(&***name) || apart.contains(&&***name);
            let unknown: Vec<_> = own.keys().filter(|name| !is_known(name)).collect();
            assert!(unknown.is_empty(), "{unknown:?} of <{name}>");
        }
        assert_eq!((page.count("script"), page.count("style"), page.count("h1")), (1, 1, 1));
    }
}

#[test]
fn whatever_is_referred_to_is_there() {
    for page in reports().iter().map(Page::of) {
        let ids = page.values("id");
        let known: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "an id is used twice: {ids:?}");
        let labels = page.values("aria-labelledby").into_iter().flat_map(str::split_whitespace);
        let links = page.values("href").into_iter().filter_map(|href| href.strip_prefix('#'));
        for target in labels.chain(links) {
            assert!(known.contains(target), "{target}");
        }
    }
}

#[test]
fn a_reader_of_the_page_knows_where_it_is() {
    for page in reports().iter().map(Page::of) {
        let levels = page.elements.iter().filter_map(|(name, _)| match &**name {
            "h1" | "h2" | "h3" => name.strip_prefix('h')?.parse::<u8>().ok(),
            _ => None,
        });
        let levels: Vec<u8> = levels.collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        let is_labelled = |(name, own): &&(String, BTreeMap<String, String>)| {
            name == "table" && own.contains_key("aria-labelledby")
        };
        let labelled = page.elements.iter().filter(is_labelled).count();
        assert_eq!(page.count("table"), page.count("caption") + labelled);
        assert_eq!(page.count("html"), page.values("lang").len());
        for (name, own) in &page.elements {
            let is_drawing = name == "svg";
            assert!(!is_drawing || own.contains_key("aria-hidden") || own["role"] == "img");
            // Without a style, as under Jenkins' policy, a drawing fills what it is given.
            let is_sized = own.contains_key("width") && own.contains_key("height");
            assert!(!is_drawing || is_sized, "{own:?}");
            assert!(name != "th" || own.contains_key("scope"), "{own:?}");
        }
    }
}

#[test]
fn a_page_asks_nobody_for_anything() {
    for report in reports() {
        let page = Page::of(&report);
        let digest = |text: &str| {
            // 32 bytes, in the alphabet of RFC 4648, section 4.
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let sextets = |bytes: &[u8]| {
                let all = bytes.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
                let all = all << (8 * (3 - bytes.len()));
                let digit = |at: usize| alphabet[(all >> (18 - 6 * at) & 63) as usize] as char;
                let digits = (0..=bytes.len()).map(digit).collect::<String>();
                format!("{digits:=<4}")
            };
            Sha256::digest(text).chunks(3).map(sextets).collect::<String>()
        };
        let policy = page.elements.iter().find_map(|(_, own)| {
            (own.get("http-equiv")? == "Content-Security-Policy").then(|| own["content"].clone())
        });
        let wanted = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
             base-uri 'none'; form-action 'none'",
            digest(&page.style),
            digest(&page.script)
        );
        assert_eq!(policy, Some(wanted));
        for text in [&page.style, &page.script] {
            assert!(!text.contains("//") || !text.contains("http"), "an address");
            assert!(!text.contains("@import") && !text.contains("</"));
        }
        let addresses = page.style.matches("url(").count();
        assert_eq!(addresses, page.style.matches("url(#hatch)").count());
        let leads_away = |href: &&str| !href.starts_with('#') && *href != "data:,";
        let away: Vec<_> = page.values("href").into_iter().filter(leads_away).collect();
        match report.source.ci.get("GITHUB_RUN_ID") {
            Some(_) => assert_eq!(away, ["https://github.com/acme/shop/actions/runs/43"]),
            None => assert_eq!(away, [""; 0]),
        }
    }
}

#[test]
fn only_the_program_s_own_style_and_script_are_not_escaped() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emit/html");
    let mut unescaped = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "html") {
            let template = std::fs::read_to_string(&path).unwrap();
            let marked = template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
            let odd = marked.filter(|inside| inside.contains('|') && !inside.contains("||"));
            unescaped.extend(odd.map(|inside| inside.trim().to_owned()));
        }
    }
    unescaped.sort();
    assert_eq!(unescaped, ["SCRIPT|safe", "STYLE|safe"]);
}

#[test]
fn nothing_that_anybody_wrote_becomes_markup() {
    let shape = |name: &str| {
        let page = Page::of(&named(name));
        // How many there are of these depends on whether there is a name at all, and on backticks.
        let depends = |name: &String| ["bdi", "code", "small"].contains(&&**name);
        let names = page.elements.into_iter().map(|(name, _)| name);
        names.filter(|name| !depends(name)).collect::<Vec<_>>()
    };
    let plain = shape("Ada");
    for name in crate::hostile::NAMES {
        assert_eq!(shape(name), plain, "{name:?}");
        let page = Page::of(&named(name));
        let names = visible(name);
        let words: Vec<&str> = names.split_whitespace().collect();
        page.says(&words.join(" "));
    }
}

#[test]
fn all_that_a_reader_or_an_auditor_needs_is_there() {
    let report = everything();
    let page = Page::of(&report);
    for judged in &report.members {
        let member = &judged.member;
        let shown = [&member.account_id, &member.email, &member.display_name];
        let shown = shown.into_iter().flatten().map(|text| &**text).chain([member.key()]);
        shown.for_each(|text| page.says(text));
    }
    for own in &report.exemptions {
        let shown = [&own.account_id, &own.uuid, &own.email, &own.name];
        let more = [&own.owner, &own.approved_by, &own.ticket];
        shown.into_iter().chain(more).flatten().for_each(|text| page.says(text));
        page.says(&own.id);
        page.says(&own.reason);
        page.says(&own.expires.to_string());
        own.compensating_controls.iter().for_each(|control| page.says(control));
    }
    for finding in &report.findings {
        page.says(finding.rule.title());
        match &finding.key {
            Some(key) => page.says(key),
            None => {
                page.says(&finding.message);
                page.says(&format!("policies/two factor.yaml:{}", finding.location.line));
            }
        }
    }
    for text in [
        "Violations",
        "2 of 7 members of acme have no second factor seen by bitbucket or atlassian",
        "acme-labs could not be checked: page 2 is missing",
        "offline: the members come from a file",
        "2 of 3 workspaces selected, not checked: acme-old",
        "--exit-zero",
        "2 of 5 members who log in have a proof",
        "40 %",
        "protected: Atlassian account: 1",
        "since 2026-10-13 06:00 UTC: 1 new, 1 fixed, 1 as before",
        "Zoe <b> (557058:fixed) in acme: protected now",
        "complete by the server's own count",
        "2026-10-20 06:00:00 UTC",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "1111111111111111111111111111111111111111111111111111111111111111",
        "2222222222222222222222222222222222222222222222222222222222222222",
        "0123456789abcdef0123456789abcdef01234567",
        "0a1b2c3d-org",
        "with an API token",
        "max_days: 90",
        "exemption-unused: warn",
        "people are named by pseudonyms (key fingerprint k-1f0c",
        "OSPS-AC-01.01",
        "IA-2(1), IA-2(2)",
        "It satisfies none of them alone",
        "SSH keys",
    ] {
        page.says(text.strip_prefix("Violations").map_or(text, |_| "violations"));
    }
}

/// The rows of the tables of members, as text, in order: the last table is that of all members.
fn rows(html: &str) -> Vec<Vec<String>> {
    let tables = html.split("<table class=\"rows members\"").skip(1);
    let rows =
        tables.map(|table| table.split("</table>").next().unwrap().split("<tr role=\"row\">"));
    let rows = rows.map(|rows| rows.skip(2).map(String::from).collect());
    rows.collect()
}

#[test]
fn violations_come_first_and_owners_before_other_members() {
    let mut report = report();
    for at in [2, 4, 5] {
        Arc::make_mut(&mut report.members[at].member.member).role = Some(Role::Owner);
    }
    let rows = rows(&written(Format::Html, &report)).pop().unwrap();
    let wanted = ["木村", "Ben", "Build bot", "Ada", "Fay", "deploy app", "Gus"];
    for (row, name) in rows.iter().zip(wanted) {
        assert!(row.contains(name), "{name}: {row}");
    }
    assert_eq!(rows.len(), wanted.len());
}

#[test]
fn findings_stand_by_rule_with_members_in_columns() {
    let mut report = report();
    report.findings[1].message.push_str("; exemption EX-8 ended on 2026-09-30");
    let mut unlisted = report.findings[1].clone();
    unlisted.key = Some("557058:gone".into());
    unlisted.message = "gone in acme: nothing is known".into();
    report.findings.push(unlisted);
    let html = written(Format::Html, &report);
    let [off, unknown, _] = <[_; 3]>::try_from(rows(&html)).unwrap();
    assert_eq!((off.len(), unknown.len()), (2, 1));
    let said = "<td role=\"cell\" class=\"bitbucket\">no</td><td role=\"cell\" class=\"atlassian\">unknown</td><td role=\"cell\">exemption EX-8 ended on 2026-09-30</td>";
    assert!(
        off[0].contains("<bdi>Ben &lt;script&gt;</bdi>") && off[0].contains(said),
        "{}",
        off[0]
    );
    // A finding about a member that is not listed is shown all the same.
    assert!(off[1].contains("<code>557058:gone</code>"), "{}", off[1]);
    assert!(off[1].contains("gone in acme: nothing is known"), "{}", off[1]);
    Page::read(&html).says("Exemption expired 1 error");
}

#[test]
fn people_are_counted_where_several_workspaces_were_read() {
    let mut report = report();
    report.workspaces[1].complete = true;
    let mut twice = report.members[0].clone();
    twice.member.workspace = "acme-labs".into();
    report.members.push(twice);
    report.summary.members = 8;
    Page::of(&report).says("8 memberships of 7 people: 2 protected");
    Page::of(&report).says("2 of 8 memberships of acme, acme-labs");
}

#[test]
fn advice_shows_what_is_typed_as_such() {
    let html = written(Format::Html, &everything());
    assert!(html.contains("approved again with a later <code>expires</code>.</p>"));
}

#[test]
fn why_a_workspace_was_not_read_shows_what_is_typed_as_such() {
    let mut report = report();
    report.workspaces[1].error = Some("the permission is `member`, not `owner`".into());
    let html = written(Format::Html, &report);
    // In the verdict, and in the list of workspaces.
    assert_eq!(html.matches("is <code>member</code>, not <code>owner</code>").count(), 2);
}

#[test]
fn a_link_leads_to_the_build_over_https_or_nowhere() {
    for (server, wanted) in [
        ("https://github.example", Some("https://github.example/a/b/actions/runs/1")),
        (
            "https://github.example/\"><b>",
            Some("https://github.example/%22%3E%3Cb%3E/a/b/actions/runs/1"),
        ),
        ("javascript:alert(1)//", None),
        ("JavaScript:alert(1)//", None),
        (" \u{1}javascript:alert(1)//", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("http://github.example", None),
        ("https://user:secret@github.example", None),
        ("//github.example", None),
        ("", None),
    ] {
        let mut report = compliant();
        let ci = [("SERVER_URL", server), ("REPOSITORY", "a/b"), ("RUN_ID", "1")];
        report.source.ci = ci.map(|(name, own)| (format!("GITHUB_{name}"), own.to_owned())).into();
        let page = Page::of(&report);
        let away =
            page.values("href").into_iter().find(|href| href.contains(':') && *href != "data:,");
        assert_eq!(away, wanted, "{server}");
        if wanted.is_some() {
            assert!(page.values("rel").contains(&"noreferrer noopener"));
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(written(Format::Html, &everything()), written(Format::Html, &everything()));
}

#[test]
fn a_member_takes_four_hundred_bytes_at_most() {
    let of = |members: usize| {
        let mut report = report();
        // Two sources, the name and the id, as of most members.
        let one = report.members[5].clone();
        report.members = vec![one; members];
        written(Format::Html, &report).len()
    };
    let each = (of(2_000) - of(1_000)) / 1_000;
    assert!(each <= 400, "{each} bytes");
}
