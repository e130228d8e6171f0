//! Exports as programs write them: what is passed over, what is refused and why.

use crate::support::{Outcome, Sandbox, policy, row, rows};
use serde_json::json;

/// The encodings that are read, and the text in each of them.
pub(crate) const ENCODINGS: [fn(&str) -> Vec<u8>; 4] = [utf_8, marked, little_endian, big_endian];

pub(crate) fn utf_8(text: &str) -> Vec<u8> {
    text.into()
}

pub(crate) fn marked(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").into()
}

pub(crate) fn little_endian(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn big_endian(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Checks two members that Bitbucket shows as off by a roster, under a policy that says this of it.
pub(crate) fn check(roster: impl AsRef<[u8]>, headings: &str) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox
        .write("policy.yaml", policy("acme", &format!("accept: [bitbucket, roster]\n{headings}")));
    let mut members = rows(1..3, false);
    for (member, email) in members.iter_mut().zip(["a@acme.example", "b@acme.example"]) {
        member["user"]["email"] = json!(email);
    }
    let page = json!({"pagelen": 100, "size": 2, "page": 1, "values": members});
    sandbox.write("members.json", page.to_string());
    sandbox.write("roster.csv", roster);
    let members = ["check", "--members", "members.json", "--today", "2026-09-01"];
    let roster = ["--roster", "roster.csv", "--roster-as-of", "2026-09-01"];
    sandbox.run(&[&members[..], &roster].concat())
}

#[test]
fn microsofts_per_user_list_is_refused() {
    let named = "roster: {email: UserPrincipalName, mfa: MFA Status}\n";
    let rows = "a@acme.example,Enabled\nb@acme.example,Enabled\n";
    for (heading, headings) in [
        ("UserPrincipalName,MFA Status", named),
        ("userPrincipalName,MFA Status", "roster: {email: userprincipalname, mfa: mfa status}\n"),
        (
            "User Name,MULTI-FACTOR AUTH STATUS",
            "roster: {email: User Name, mfa: Multi-Factor Auth Status}\n",
        ),
        ("UPN,Multi-Factor Authentication Status", "roster: {email: UPN}\n"),
        ("UserPrincipalName,MFAStatus", "roster: {email: UserPrincipalName}\n"),
        ("UserPrincipalName,perUserMfaState", "roster: {email: UserPrincipalName}\n"),
        // The advice must not be to name the columns in the policy.
        ("UserPrincipalName,MFA Status", ""),
    ] {
        let outcome = check(format!("{heading}\n{rows}"), headings);
        assert_eq!(outcome.code, 2, "{heading}: {}{}", outcome.stdout, outcome.stderr);
        let said = outcome.stderr.replace('\n', " ");
        assert!(said.contains("per-user MFA list"), "{said}");
        assert!(said.contains("asked for, not that one is registered"), "{said}");
        assert!(said.contains("roster.csv:1: column 2, "), "{said}");
        assert!(said.contains("IsMfaCapable"), "{said}");
    }
    // Whatever its columns are called, one word is this list's alone.
    let outcome = check("email,mfa\na@acme.example,Enabled\nb@acme.example,Enforced\n", "");
    assert_eq!(outcome.code, 2, "{}", outcome.stdout);
    assert!(outcome.stderr.contains("roster.csv:3: column 2, \"mfa\""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("per-user MFA list"), "{}", outcome.stderr);
}

#[test]
fn another_column_of_that_list_may_be_proof() {
    let text = "UserPrincipalName,MFA Status,IsMfaCapable\n\
        a@acme.example,Enabled,True\nb@acme.example,Disabled,True\n";
    let outcome = check(text, "roster: {email: UserPrincipalName, mfa: IsMfaCapable}\n");
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    // A status without Microsoft's names for people may be anybody's.
    let other = "email,MFA Status\na@acme.example,Enabled\nb@acme.example,Enabled\n";
    let outcome = check(other, "roster: {email: email, mfa: MFA Status}\n");
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_line_before_the_heading_is_passed_over() {
    for before in ["#TYPE Selected.User\r\n", "sep=,\r\n", "\"sep=,\"\n", "\n#type x,,\n"] {
        let rows = "email,mfa\na@acme.example,yes\nb@acme.example,yes\n";
        let outcome = check(format!("{before}{rows}"), "");
        assert_eq!(outcome.code, 0, "{before:?}: {}{}", outcome.stdout, outcome.stderr);
        // Lines are counted as an editor counts them.
        let wrong =
            format!("{before}{}", rows.replace("b@acme.example,yes", "b@acme.example,maybe"));
        let outcome = check(wrong, "");
        let line = before.matches('\n').count() + 3;
        assert_eq!(outcome.code, 2, "{}", outcome.stdout);
        assert!(outcome.stderr.contains(&format!("roster.csv:{line}:")), "{}", outcome.stderr);

        let export = format!("\u{feff}{before}{EXPORT}");
        let outcome = members(&export, &["--workspace", "acme"]);
        assert_eq!(outcome.code, 0, "{before:?}: {}{}", outcome.stdout, outcome.stderr);
    }
    // Anywhere else it is a row, which is not dropped.
    let outcome = check("email,mfa\n#TYPE x,yes\na@acme.example,yes\n", "");
    assert_eq!(outcome.code, 1, "{}{}", outcome.stdout, outcome.stderr);
}

const EXPORT: &str = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
    Ada,ada@acme.example,,Yes,Yes\nBob,bob@acme.example,,Yes,Yes\n";

/// Checks members from a file by a policy that names no workspace.
fn members(file: &str, more: &[&str]) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", "version: 1\n");
    sandbox.write("members", file);
    let args = ["check", "--members", "members", "--report", "json=report.json"];
    sandbox.run(&[&args[..], more].concat())
}

#[test]
fn bitbuckets_export_is_read_as_spreadsheets_save_it() {
    for separator in [",", ";", "\t"] {
        for encode in ENCODINGS {
            let sandbox = Sandbox::new();
            sandbox.write("policy.yaml", "version: 1\n");
            sandbox.write("members", encode(&EXPORT.replace(',', separator)));
            let args = ["check", "--members", "members", "--workspace", "acme"];
            let outcome = sandbox.run(&args);
            assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
            let off = EXPORT.replace("bob@acme.example,,Yes", "bob@acme.example,,No");
            sandbox.write("members", encode(&off.replace(',', separator)));
            assert_eq!(sandbox.run(&args).code, 1);
        }
    }
    let other = members("<style>p { margin: 0; }</style>\n", &["--workspace", "acme"]);
    assert!(other.stderr.contains("neither JSON nor such a CSV"), "{}", other.stderr);
}

#[test]
fn the_workspaces_of_a_snapshot_need_not_be_named() {
    let sandbox = Sandbox::new();
    let page = |slug: &str, flag| {
        let mut member = row(1, Some(json!(flag)));
        member["workspace"] = json!({"slug": slug});
        json!({"pagelen": 100, "size": 1, "page": 1, "values": [member]}).to_string()
    };
    let listed = |pages: &[String]| {
        sandbox.write("pages.json", pages.concat());
        let outcome = sandbox.run(&["members", "--members", "pages.json", "--report", "json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout
    };
    sandbox.write("policy.yaml", "version: 1\n");
    let both = listed(&[page("acme", true), page("labs", false)]);
    for file in [&*both, &[page("acme", true), page("labs", false)].concat()] {
        sandbox.write("members.json", file);
        let check = ["check", "--members", "members.json", "--report", "json=report.json"];
        let outcome = sandbox.run(&check);
        assert_eq!(outcome.code, 1, "{}{}", outcome.stdout, outcome.stderr);
        let report = sandbox.json("report.json");
        let slugs = [0, 1].map(|at| report["workspaces"][at]["slug"].clone());
        assert_eq!(slugs, ["acme", "labs"]);
        assert_eq!(report["policy"]["effective"]["workspaces"], json!(["acme", "labs"]));
        assert_eq!(sandbox.run(&["verify", "report.json"]).code, 1);
        // One that is named is the only one, as is the pipeline's own.
        let narrowed = sandbox.run(&[&check[..], &["--workspace", "acme"]].concat());
        assert_eq!(narrowed.code, 0, "{}{}", narrowed.stdout, narrowed.stderr);
        let own = sandbox.run_with(&check, &[("BITBUCKET_WORKSPACE", "acme")]);
        assert_eq!(own.code, 0, "{}{}", own.stdout, own.stderr);
    }
    let init = ["policy", "init", "--policy", "first.yaml", "--exempt-current", "--exempt-owners"];
    let outcome = sandbox.run(&[&init[..], &["--members", "members.json"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(sandbox.read("first.yaml").contains("workspaces: [acme, labs]"));

    // What names none still needs one.
    let outcome = members(EXPORT, &[]);
    assert_eq!(outcome.code, 2, "{}", outcome.stdout);
    assert!(outcome.stderr.contains("--workspace"), "{}", outcome.stderr);
    let empty = json!({"schema_version": 1, "tool": {"name": "mfa-gate", "version": "0.1.0"},
        "checked_at": "2026-11-20T10:00:00Z", "complete": true,
        "source": {"inputs": [], "ci": {}}, "workspaces": [], "members": []});
    let outcome = members(&empty.to_string(), &[]);
    assert_eq!(outcome.code, 2, "no members are no proof: {}", outcome.stdout);
}
