//! The policy as its users meet it: what is accepted, and what is said of everything else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, which is what it is for"
)]

use mfa_gate::failure::Failure;
use mfa_gate::location::Location;
use mfa_gate::member::Source;
use mfa_gate::policy::{
    Admins, Category, MemberId, OptionalField, Policy, RosterColumns, RosterSource, Selector, load,
    parse,
};
use mfa_gate::rule::{Level, Rule};

/// Every key there is.
const FULL: &str = r#"version: 1
workspaces: [acme, acme-labs]
accept: [atlassian, bitbucket]
roster: {account_id: Id, email: Email, mfa: MFA, sso: SSO}
rules:
  exemption-unused: deny
  two-factor-unknown: warn
limits:
  max_days: 90
  max_exemptions: 5
  warn_before_days: 10
  roster_max_age_days: 3
  require: [owner, approved_by, ticket]
  admins: deny
exemptions:
  - id: EX-7
    account_id: "557058:1f0c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f"
    email: Build-Bot@Acme.example
    name: Build bot
    category: service-account
    reason: Its second factor moves to the new vault; token use only until then.
    compensating_controls: [IP allowlist]
    owner: platform@acme.example
    approved_by: security@acme.example
    ticket: SEC-123
    starts: 2026-08-01
    expires: "2026-10-29"
    workspaces: [acme]
"#;

fn parsed(text: &str) -> Policy {
    parse("policy.yaml".into(), text.as_bytes()).unwrap_or_else(|failure| panic!("{failure}"))
}

fn refused(bytes: &[u8]) -> String {
    let Err(Failure::Rendered { message: text, .. }) = parse("policy.yaml".into(), bytes) else {
        panic!("not refused as a whole");
    };
    text
}

/// A problem as it is rendered.
#[derive(Debug, PartialEq)]
struct Said {
    message: String,
    place: String,
    help: String,
}

fn said(rendered: &str) -> Vec<Said> {
    let mut problems = Vec::new();
    for block in rendered.split("\n\n") {
        let mut lines = block.lines();
        let message = lines.next().unwrap().strip_prefix("error: ").unwrap().to_owned();
        let Some(place) = lines.next() else { continue };
        let place = place.trim().strip_prefix("--> policy.yaml:").unwrap().to_owned();
        let help = block.lines().find_map(|line| line.trim().strip_prefix("= help: "));
        problems.push(Said { message, place, help: help.unwrap_or_default().to_owned() });
    }
    problems
}

/// A policy with one exemption, whose line 7 is to be judged.
fn with(line: &str) -> String {
    format!(
        "version: 1\nexemptions:\n  - id: EX-1\n    email: a@acme.example\n    reason: why\n    \
         expires: 2026-10-29\n    {line}\n"
    )
}

/// The same, with a line taken away or replaced.
fn replaced(from: &str, to: &str) -> String {
    let text = with("owner: somebody");
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn every_field_is_read_as_written() {
    let policy = parsed(FULL);
    let slugs: Vec<_> = policy.workspaces.iter().map(|entry| &*entry.slug).collect();
    assert_eq!(slugs, ["acme", "acme-labs"]);
    assert_eq!(policy.workspaces[1].location, at(2, 20, 2, 29));
    assert_eq!(policy.accept, [Source::Atlassian, Source::Bitbucket]);
    let heading = |text: &str| Some(text.into());
    let columns = RosterColumns {
        account_id: heading("Id"),
        email: heading("Email"),
        mfa: heading("MFA"),
        sso: heading("SSO"),
        ..RosterColumns::default()
    };
    assert_eq!(policy.roster, RosterSource::File(columns));
    assert_eq!(policy.levels.of(Rule::ExemptionUnused), Level::Deny);
    assert_eq!(policy.levels.of(Rule::TwoFactorUnknown), Level::Warn);
    assert_eq!(policy.levels.of(Rule::TwoFactorDisabled), Level::Deny);
    assert_eq!(policy.limits.max_days, Some(90));
    assert_eq!(policy.limits.max_exemptions, Some(5));
    assert_eq!(policy.limits.warn_before_days, 10);
    assert_eq!(policy.limits.roster_max_age_days, 3);
    assert_eq!(
        policy.limits.require,
        [OptionalField::Owner, OptionalField::ApprovedBy, OptionalField::Ticket]
    );
    assert_eq!(policy.limits.admins, Admins::Deny);
    let [exemption] = &policy.exemptions[..] else { panic!() };
    assert_eq!(&*exemption.id, "EX-7");
    assert_eq!(
        exemption.selector,
        Selector::Id {
            id: MemberId::AccountId("557058:1f0c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f".into()),
            email: Some("build-bot@acme.example".into()),
        }
    );
    assert_eq!(exemption.name.as_deref(), Some("Build bot"));
    assert_eq!(exemption.category, Some(Category::ServiceAccount));
    assert_eq!(
        &*exemption.reason,
        "Its second factor moves to the new vault; token use only until then."
    );
    assert_eq!(exemption.compensating_controls, ["IP allowlist".into()]);
    assert_eq!(exemption.owner.as_deref(), Some("platform@acme.example"));
    assert_eq!(exemption.approved_by.as_deref(), Some("security@acme.example"));
    assert_eq!(exemption.ticket.as_deref(), Some("SEC-123"));
    assert_eq!(exemption.starts.unwrap().to_string(), "2026-08-01");
    assert_eq!(exemption.expires.to_string(), "2026-10-29");
    assert_eq!(exemption.workspaces, ["acme".into()]);
    assert_eq!(exemption.location, at(16, 5, 28, 23));
}

fn at(line: u32, column: u32, end_line: u32, end_column: u32) -> Location {
    Location { path: "policy.yaml".into(), line, column, end_line, end_column }
}

#[test]
fn the_least_policy_has_the_defaults() {
    let policy = parsed("version: 1");
    assert!(policy.workspaces.is_empty());
    assert_eq!(policy.accept, [Source::Bitbucket]);
    assert_eq!(policy.limits, Default::default());
    assert_eq!(policy.levels, Default::default());
    assert_eq!(policy.roster, Default::default());
    assert!(policy.exemptions.is_empty());
    assert_eq!(&*policy.path, "policy.yaml");
    // printf 'version: 1' | sha256sum
    assert_eq!(&*policy.sha256, "1a6ddd3533d91cae4b3742d4294fb07ee863a4d667fe598f01365bd68a18bcfd");
}

#[test]
fn words_that_other_parsers_take_for_booleans_are_text() {
    for word in ["no", "off", "yes", "on", "n", "NO"] {
        let policy = parsed(&with(&format!("owner: {word}")));
        assert_eq!(policy.exemptions[0].owner.as_deref(), Some(word));
    }
}

#[test]
fn reasons_may_have_several_lines() {
    let policy = parsed(&replaced("reason: why", "reason: |\n      one\n      two\n"));
    assert_eq!(&*policy.exemptions[0].reason, "one\ntwo");
    let policy = parsed(&replaced("reason: why", "reason: >\n      one\n      two\n\n"));
    assert_eq!(&*policy.exemptions[0].reason, "one two");
}

#[test]
fn a_renewal_may_be_prepared() {
    let text = "version: 1
exemptions:
  - {id: A, email: a@acme.example, reason: r, starts: 2026-01-01, expires: 2026-01-31}
  - {id: B, email: A@acme.example, reason: r, starts: 2026-02-01, expires: 2026-02-28}
  - {id: C, email: a@acme.example, reason: r, starts: 2026-03-01, expires: 2026-03-31, workspaces: [one]}
  - {id: D, email: a@acme.example, reason: r, starts: 2026-03-01, expires: 2026-03-31, workspaces: [two]}
";
    assert_eq!(parsed(text).exemptions.len(), 4);
}

/// (policy, place, message, help): one problem each.
fn one_problem_each() -> Vec<(String, &'static str, &'static str, &'static str)> {
    let two = |second: &str| format!("{}  - {second}\n", with("owner: o"));
    let s = str::to_owned;
    vec![
        // The file.
        (s(""), "1:1", "the policy is empty", "write at least `version: 1`"),
        (s("# nothing\n"), "1:1", "the policy is empty", "workspaces: [SLUG]"),
        (s("---\n"), "1:4", "the policy is empty", "write at least `version: 1`"),
        (s("~\n"), "1:1", "the policy is empty", "write at least `version: 1`"),
        (s("- a\n"), "1:1", "the policy must be a mapping, not a list", "as in `version: 1`"),
        (s("hello\n"), "1:1", "the policy must be a mapping, not text", "as in `version: 1`"),
        (s("version: 1\n---\nversion: 1\n"), "2:1", "more than one document", "delete this `---`"),
        (s("version: 1\n...\nversion: 1\n"), "3:1", "more than one document", "one document"),
        (s("%YAML 1.2\n---\nversion: 1\n"), "1:1", "directives are not allowed", "delete the line"),
        // What YAML has and a policy has not.
        (with("owner: &o me"), "7:12", "anchors are not allowed", "write the value everywhere"),
        (with("owner: *o"), "7:12", "aliases are not allowed", "write the value here"),
        (with("<<: {a: b}"), "7:5", "merge keys are not allowed", "write all fields"),
        (with("owner: !!str 7"), "7:12", "tags are not allowed", "to make a number text, quote it"),
        (with("[a]: b"), "7:5", "a key must be text", "`key: value`"),
        (with(": b"), "7:5", "a key must be text", "`key: value`"),
        (with("owner: a: b"), "7:13", "a `:` is not allowed here", "`owner: \"a: b\"`"),
        (with("owner: @me"), "7:12", "the character `@` is not allowed here", "in quotes"),
        (
            with("owner: \u{1b}[31m"),
            "7:12",
            "the character `\\u{1b}` is not allowed here",
            "delete",
        ),
        (s("version: 1\n\0"), "2:1", "the character `\\u{0}` is not allowed here", "delete it"),
        (s("version: 1\nlimits:\n\tmax_days: 5\n"), "3:1", "tabs are not allowed here", "spaces"),
        (s("version: 1\naccept: [bitbucket\n"), "2:9", "`[` is not closed", "closing bracket"),
        (with("- a"), "7:7", "wrong indentation", "column 5, like `expires` in line 6"),
        (s("version: 1\nrules: 'a\n"), "3:1", "a quote is not closed", "add the closing quote"),
        // Keys.
        (with("expire: 2026-10-29"), "7:5", "unknown key `expire`", "did you mean `expires`?"),
        (with("Owner: me"), "7:5", "unknown key `Owner`", "did you mean `owner`?"),
        (with("max_days: 3"), "7:5", "unknown key `max_days`", "`max_days` belongs under `limits`"),
        (with("accept: [sso]"), "7:5", "unknown key `accept`", "belongs at the top level"),
        (
            s("version: 1\nexpires: 2026-10-29\n"),
            "2:1",
            "unknown key `expires`",
            "`expires` belongs in an entry of `exemptions`",
        ),
        (
            s("version: 1\nexemption-unused: deny\n"),
            "2:1",
            "unknown key `exemption-unused`",
            "`exemption-unused` belongs under `rules`",
        ),
        (
            s("version: 1\nfrobnicate: 1\n"),
            "2:1",
            "unknown key `frobnicate`",
            "the keys at the top level are `version`, `workspaces`",
        ),
        (with("\"a\\nb\": 1"), "7:5", "unknown key `a\\u{a}b`", "the keys in an entry of"),
        (s("version: 1\nlimits: {max_day: 5}\n"), "2:10", "unknown key `max_day`", "`max_days`"),
        (s("version: 1\nroster: {mail: M}\n"), "2:10", "unknown key `mail`", "`email`"),
        (with("reason: again"), "7:5", "duplicate key `reason`", "keep one of the two"),
        (s("version: 1\nversion: 1\n"), "2:1", "duplicate key `version`", "keep one"),
        // Types.
        (replaced("id: EX-1", "id: 7"), "3:9", "`id` must be text, not a number", "`\"7\"`"),
        (
            replaced("reason: why", "reason: true"),
            "5:13",
            "`reason` must be text, not true or false",
            "quote it: `\"true\"`",
        ),
        (with("owner: [a]"), "7:12", "`owner` must be text, not a list", "write `owner: "),
        (with("owner: {a: b}"), "7:12", "`owner` must be text, not a mapping", "write `owner: "),
        (with("owner:"), "7:5", "`owner` has no value", "a value, as in `owner: "),
        (with("starts: ~"), "7:5", "`starts` has no value", "as in `starts: YYYY-MM-DD`"),
        (
            replaced("expires: 2026-10-29", "expires:"),
            "6:5",
            "`expires` has no value",
            "write a value, as in `expires: YYYY-MM-DD`",
        ),
        (s("version: 1\nexemptions:\n"), "2:1", "`exemptions` has no value", "`exemptions: []`"),
        (
            s("version: 1\nexemptions: {}\n"),
            "2:13",
            "`exemptions` must be a list, not a mapping",
            "write `exemptions: []`",
        ),
        (
            s("version: 1\nexemptions:\n  - EX-1\n"),
            "3:5",
            "an entry of `exemptions` must be a mapping, not text",
            "write keys and values, as in `- id: EX-7`",
        ),
        (
            s("version: 1\nworkspaces: acme\n"),
            "2:13",
            "`workspaces` must be a list, not text",
            "write `workspaces: [acme]`",
        ),
        (
            s("version: 1\nworkspaces: [acme, 7]\n"),
            "2:20",
            "an entry of `workspaces` must be text, not a number",
            "quote it: `\"7\"`",
        ),
        (s("version: 1\nrules: deny\n"), "2:8", "`rules` must be a mapping, not text", "`rules: {"),
        (s("version: 1\nlimits: []\n"), "2:9", "`limits` must be a mapping, not a list", "limits"),
        (
            with("compensating_controls: VPN"),
            "7:28",
            "`compensating_controls` must be a list, not text",
            "write `compensating_controls: [VPN]`",
        ),
        (
            with("uuid: {0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}"),
            "7:11",
            "`uuid` must be text, not a mapping",
            "needs quotes: `\"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}\"`",
        ),
        // The version.
        (s("accept: [sso]\n"), "1:1", "missing `version`", "write `version: 1`"),
        (s("{}\n"), "1:1", "missing `version`", "write `version: 1`"),
        (s("version: 2\n"), "1:10", "unknown version 2", "write `version: 1`"),
        (s("version: \"1\"\n"), "1:10", "`version` must be a whole number", "`version: 1`"),
        // Workspaces, sources, headings.
        (
            format!("{}workspaces: []\n", with("workspaces: [acme]")),
            "8:13",
            "`workspaces` is empty",
            "at least one",
        ),
        (s("version: 1\nworkspaces: []\n"), "2:13", "`workspaces` is empty", "at least one"),
        (
            s("version: 1\nworkspaces: [a, b, a]\n"),
            "2:20",
            "`a` is listed twice",
            "delete one of the two",
        ),
        (
            s("version: 1\nworkspaces: [Acme]\n"),
            "2:14",
            "`Acme` is not a workspace slug",
            "write `acme`",
        ),
        (
            s("version: 1\nworkspaces: [..]\n"),
            "2:14",
            "`..` is not a workspace slug",
            "https://bitbucket.org/SLUG/",
        ),
        (s("version: 1\naccept: []\n"), "2:9", "`accept` is empty", "`accept: [bitbucket]`"),
        (
            s("version: 1\naccept: [bitbuket]\n"),
            "2:10",
            "unknown source `bitbuket`",
            "did you mean `bitbucket`?",
        ),
        (
            s("version: 1\naccept: [okta]\n"),
            "2:10",
            "unknown source `okta`",
            "write one of `bitbucket`, `atlassian`, `roster`, `sso`",
        ),
        (s("version: 1\naccept: [sso, sso]\n"), "2:15", "`sso` is listed twice", "delete one"),
        (s("version: 1\nroster: {mfa: \" \"}\n"), "2:15", "`mfa` is blank", "write some text"),
        // Rules.
        (
            s("version: 1\nrules:\n  two-factor-disabled: allow\n"),
            "3:24",
            "`two-factor-disabled` cannot be set to `allow`",
            "write one of `deny`, `warn`: this rule cannot be switched off",
        ),
        (
            s("version: 1\nrules:\n  workspace-incomplete: warn\n"),
            "3:3",
            "`workspace-incomplete` has no level: it is always an error",
            "delete this line",
        ),
        (
            s("version: 1\nrules:\n  exemption_unusd: warn\n"),
            "3:3",
            "unknown rule `exemption_unusd`",
            "did you mean `exemption-unused`?",
        ),
        (
            s("version: 1\nrules:\n  exemption-unused: error\n"),
            "3:21",
            "unknown level `error`",
            "write one of `deny`, `warn`, `allow`",
        ),
        (
            s("version: 1\nrules:\n  exemption-unused:\n"),
            "3:3",
            "the level of `exemption-unused` must be text, not nothing",
            "write one of `deny`",
        ),
        // Limits.
        (
            s("version: 1\nlimits: {max_days: -1}\n"),
            "2:20",
            "`max_days` must be a whole number from 0 to 4294967295",
            "plain digits, as in `max_days: 90`",
        ),
        (
            s("version: 1\nlimits: {max_exemptions: 1.5}\n"),
            "2:26",
            "`max_exemptions` must be a whole number",
            "plain digits",
        ),
        (
            s("version: 1\nlimits: {warn_before_days: 4294967296}\n"),
            "2:28",
            "`warn_before_days` must be a whole number from 0 to 4294967295",
            "plain digits",
        ),
        (
            s("version: 1\nlimits: {roster_max_age_days: a week}\n"),
            "2:31",
            "`roster_max_age_days` must be a whole number",
            "as in `roster_max_age_days: 7`",
        ),
        (
            s("version: 1\nlimits: {max_days: \"90\"}\n"),
            "2:20",
            "`max_days` must be a whole number",
            "write `max_days: 90`",
        ),
        (
            s("version: 1\nlimits: {require: [tiket]}\n"),
            "2:20",
            "unknown optional field `tiket`",
            "did you mean `ticket`?",
        ),
        (
            s("version: 1\nlimits: {require: [reason]}\n"),
            "2:20",
            "`reason` is always required",
            "delete it from `require`",
        ),
        (
            s("version: 1\nlimits: {require: [owner, owner]}\n"),
            "2:27",
            "`owner` is listed twice",
            "delete one",
        ),
        (
            s("version: 1\nlimits: {admins: never}\n"),
            "2:18",
            "unknown value of `admins` `never`",
            "write one of `deny`, `allow`",
        ),
        (
            format!("{}limits: {{require: [ticket]}}\n", with("owner: o")),
            "3:5",
            "missing `ticket`, which `limits.require` requires",
            "add `ticket: ",
        ),
        (
            format!(
                "{}limits: {{require: [compensating_controls]}}\n",
                with("compensating_controls: []")
            ),
            "3:5",
            "missing `compensating_controls`, which",
            "add `compensating_controls: ",
        ),
        (
            format!("{}limits: {{max_days: 9}}\n", with("owner: o")),
            "3:5",
            "missing `starts`, which `limits.max_days` requires",
            "add `starts: YYYY-MM-DD`",
        ),
        // Fields of an exemption.
        (replaced("id: EX-1\n    ", ""), "3:5", "missing `id`", "add `id: EX-7`"),
        (replaced("    reason: why\n", ""), "3:5", "missing `reason`", "add `reason: WHY`"),
        (
            replaced("    expires: 2026-10-29\n", ""),
            "3:5",
            "missing `expires`",
            "add `expires: YYYY-MM-DD`",
        ),
        (
            replaced("    email: a@acme.example\n", ""),
            "3:5",
            "does not say for which member it is",
            "add `account_id`, `uuid` or `email`; `mfa-gate members --workspace SLUG`",
        ),
        (
            replaced("email: a@acme.example", "name: Ada"),
            "4:11",
            "`name` cannot select a member",
            "names are not unique and can change",
        ),
        (
            replaced("email: a@acme.example", "nickname: ada"),
            "4:5",
            "`nickname` cannot select a member",
            "anyone could take the name of an exempt member",
        ),
        (
            replaced("email: a@acme.example", "display_name: Ada"),
            "4:5",
            "`display_name` cannot select a member",
            "`mfa-gate members --workspace SLUG` lists it",
        ),
        (
            replaced("email: a@acme.example", "username: ada"),
            "4:5",
            "`username` cannot select a member",
            "`account_id`",
        ),
        (
            replaced("email: a@acme.example", "user: ada"),
            "4:5",
            "`user` cannot select a member",
            "`account_id`",
        ),
        (
            with("account_id: 557058:1\n    uuid: \"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}\""),
            "8:11",
            "both `account_id` and `uuid`",
            "keep one of the two",
        ),
        (replaced("id: EX-1", "id: \"\""), "3:9", "`id` is blank", "write some text"),
        (with("owner: \" \\t\""), "7:12", "`owner` holds the control character U+0009", "delete"),
        (with("owner: \"\\u200b\""), "7:12", "`owner` is blank", "write some text"),
        (with("owner: \"a\\x07\""), "7:12", "`owner` holds the control character U+0007", "delete"),
        (with("owner: \"a\\nb\""), "7:12", "`owner` holds a line break", "on one line"),
        (
            replaced("reason: why", "reason: \"\\e[0m\""),
            "5:13",
            "`reason` holds the control character U+001B",
            "delete it",
        ),
        (replaced("reason: why", "reason: |\n"), "5:13", "`reason` is blank", "write some text"),
        (
            with("compensating_controls: [\" \"]"),
            "7:29",
            "an entry of `compensating_controls` is blank",
            "write some text",
        ),
        (
            with("account_id: 557058:1f0c…"),
            "7:17",
            "`557058:1f0c…` is not an account id",
            "write the whole id",
        ),
        (with("account_id: 557058:1f..."), "7:17", "is not an account id", "write the whole id"),
        (with("account_id: 557058:*"), "7:17", "is not an account id", "write the whole id"),
        (with("account_id: 557058 1"), "7:17", "is not an account id", "write the whole id"),
        (with("account_id: a@b.example"), "7:17", "is not an account id", "belongs under `email`"),
        (with("account_id: \"{0f1e}\""), "7:17", "is not an account id", "belongs under `uuid`"),
        (
            with("account_id: 557058012345678901234567"),
            "7:17",
            "`account_id` must be text, not a number",
            "quote it: `\"557058012345678901234567\"`",
        ),
        (
            with("uuid: 0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"),
            "7:11",
            "`0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0` is not a uuid",
            "write `\"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}\"`",
        ),
        (
            with("uuid: \"{0f1e}\""),
            "7:11",
            "`{0f1e}` is not a uuid",
            "write the whole uuid, in braces",
        ),
        (
            replaced("a@acme.example", "\"*@acme.example\""),
            "4:12",
            "`*@acme.example` is not an e-mail address",
            "write one whole address",
        ),
        (replaced("a@acme.example", "ada"), "4:12", "`ada` is not an e-mail address", "one whole"),
        (replaced("a@acme", "a@b@acme"), "4:12", "is not an e-mail address", "one whole"),
        (with("starts: 2026-02-30"), "7:13", "`2026-02-30` is not a valid date", "`2026-02-28`"),
        (with("starts: 2026-13-01"), "7:13", "is not a valid date", "there is no month 13"),
        (with("starts: 2026/8/1"), "7:13", "`2026/8/1` is not a valid date", "write `2026-08-01`"),
        (with("starts: 2026-08-01T00:00:00Z"), "7:13", "is not a valid date", "write `2026-08-01`"),
        (
            with("starts: soon"),
            "7:13",
            "`soon` is not a valid date",
            "write the date as `YYYY-MM-DD`",
        ),
        (with("starts: 2026"), "7:13", "`starts` must be text, not a number", "as `YYYY-MM-DD`"),
        (
            with("starts: 2026-10-30"),
            "6:14",
            "`expires` is before `starts`",
            "write `2026-10-30` or a later date",
        ),
        (with("category: breakglas"), "7:15", "unknown category", "did you mean `break-glass`?"),
        (with("workspaces: []"), "7:17", "`workspaces` is empty", "name at least one"),
        (with("workspaces: [a, a]"), "7:21", "`a` is listed twice", "delete one"),
        (with("workspaces: [A]"), "7:18", "`A` is not a workspace slug", "write `a`"),
        (
            format!("{}workspaces: [acme, acme-labs]\n", with("workspaces: [acme-lab]")),
            "7:18",
            "`acme-lab` is not one of the policy's workspaces",
            "did you mean `acme-labs`?",
        ),
        // Exemptions beside each other.
        (
            two("{id: EX-1, email: b@acme.example, reason: r, expires: 2026-10-29}"),
            "8:10",
            "duplicate id `EX-1`",
            "a different id",
        ),
        (
            two("{id: EX-2, email: A@ACME.example, reason: r, expires: 2026-01-01}"),
            "8:23",
            "`EX-1` and `EX-2` exempt the same member at the same time",
            "let `EX-1` start after 2026-01-01, when `EX-2` ends",
        ),
        (
            two(
                "{id: EX-2, account_id: x, email: a@acme.example, reason: r, starts: 2026-10-29, expires: 2026-12-31, workspaces: [acme]}",
            ),
            "8:28",
            "`EX-1` and `EX-2` exempt the same member at the same time",
            "delete one",
        ),
    ]
}

#[test]
fn every_error_has_its_place_and_its_help() {
    let mut wrong = Vec::new();
    for (text, place, message, help) in one_problem_each() {
        let rendered = refused(text.as_bytes());
        let as_expected = match &said(&rendered)[..] {
            [problem] => {
                problem.place == place
                    && problem.message.contains(message)
                    && problem.help.contains(help)
            }
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{text}\nexpected {place} {message} / {help}\n{rendered}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The real binary with a credential and a server at hand: a wrong policy is exit code 2, said in
/// the same words, and the server hears nothing.
#[test]
fn no_error_asks_a_server() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (text, ..) in one_problem_each() {
        std::fs::write(folder.path().join("policy.yaml"), &text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"))
            .arg("check")
            .current_dir(folder.path())
            .env_clear()
            .env("BITBUCKET_API_URL", format!("http://{}/2.0", server.local_addr().unwrap()))
            .env("BITBUCKET_ACCESS_TOKEN", "token")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}\n{said}");
        assert_eq!(said.trim_end(), refused(text.as_bytes()), "{text}");
    }
    let heard = server.accept().map(|(_, from)| from);
    assert_eq!(heard.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn the_line_is_shown_with_the_place_marked() {
    let expected = "\
error: unknown key `expire`
 --> policy.yaml:7:5
  |
7 |     expire: 2026-10-29
  |     ^^^^^^
  |
  = help: did you mean `expires`?";
    assert_eq!(refused(with("expire: 2026-10-29").as_bytes()), expected);
}

#[test]
fn the_first_place_of_a_duplicate_is_shown() {
    let rendered = refused(with("reason: again").as_bytes());
    assert!(rendered.contains("::: policy.yaml:5:5"), "{rendered}");
    assert!(rendered.contains("first here"), "{rendered}");
}

#[test]
fn files_that_are_no_text_are_refused() {
    let problem = |bytes: &[u8]| said(&refused(bytes)).remove(0);
    let latin = problem(b"version: 1\n# caf\xe9\n");
    assert_eq!((&*latin.message, &*latin.place), ("this is not UTF-8", "2:6"));
    let marked = problem(b"\xef\xbb\xbf# caf\xe9\n");
    assert_eq!((&*marked.message, &*marked.place), ("this is not UTF-8", "1:6"));
    let wide = problem(b"\xff\xfev\0e\0r\0");
    assert!(wide.help.contains("UTF-16"), "{wide:?}");
    let large = problem(format!("version: 1\n#{}", " ".repeat(1 << 20)).as_bytes());
    assert_eq!((&*large.message, &*large.place), ("larger than 1 MiB", "1:1"));
    let comment = (1 << 20) - "version: 1\n#".len();
    parsed(&format!("version: 1\n#{}", " ".repeat(comment)));
}

#[test]
fn a_line_end_that_editors_do_not_show_hides_nothing() {
    let hidden = "exemptions: [{id: A, account_id: \"557058:1\", reason: x, expires: 2026-10-29}]";
    for mark in ["", "\u{feff}"] {
        let text = format!("{mark}version: 1\r\n# nothing to see\r{hidden}\n");
        let found = said(&refused(text.as_bytes())).remove(0);
        assert_eq!(
            (&*found.message, &*found.place),
            ("a carriage return without a line feed", "2:17")
        );
    }
    refused(b"version: 1\r");
    parsed("version: 1\r\n# caf\u{e9}\r\n");
}

#[test]
fn invisible_characters_are_refused_unless_they_are_escaped() {
    let text = "version: 1\n# on \u{202e}leave\u{2066}\nworkspaces: [a] # \u{200b}\nexemptions:\n  - id: \
                A\u{e0041}\n    email: a@acme.example\n    reason: \"a\u{ad}b\"\n    expires: soon\n";
    let found = said(&refused(text.as_bytes()));
    let found: Vec<_> =
        found.iter().map(|said| format!("{} {}", said.place, said.message)).collect();
    assert_eq!(
        found,
        [
            "2:6 the invisible character U+202E",
            "3:19 the invisible character U+200B",
            "5:10 the invisible character U+E0041",
            "7:15 the invisible character U+00AD",
            "8:14 `soon` is not a valid date"
        ]
    );
    let help = &said(&refused(with("owner: a\u{202e}b").as_bytes()))[0].help;
    assert_eq!(help, "delete it, or write it as `\\u202E` in double quotes");
    let policy = parsed(&with("owner: \"a\\u202Eb\""));
    assert_eq!(policy.exemptions[0].owner.as_deref(), Some("a\u{202e}b"));
}

#[test]
fn a_policy_is_at_most_32_levels_deep() {
    let brackets = |count| format!("limits: {}{}\n", "[".repeat(count), "]".repeat(count));
    let deepest = said(&refused(brackets(31).as_bytes()));
    assert!(deepest.iter().all(|problem| !problem.message.contains("deep")), "{deepest:?}");
    let dashes = format!("{}x\n", "- ".repeat(33));
    let mixed = format!("{}{}", "- ".repeat(30), "[{a: [b]}]");
    for (text, place) in
        [(brackets(32), "1:40"), (brackets(9000), "1:41"), (dashes, "1:65"), (mixed, "1:66")]
    {
        let problem = said(&refused(text.as_bytes())).pop().unwrap();
        assert_eq!(problem.message, "nested deeper than 32 levels", "{text}");
        assert_eq!(problem.place, place, "{text}");
    }
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_file() {
    let text = "version: 2
workspaces: [acme, Acme]
acept: [bitbucket]
rules:
  two-factor-unknown: allow
limits: {max_days: soon, require: [tickets]}
exemptions:
  - id: EX-1
    nickname: ada
    reason:
    expires: 2026-02-30
  - id: EX-1
    account_id: 557058:1f0c…
    reason: true
    until: 2026-10-29
    workspaces: [acme-labs]
";
    let problems = said(&refused(text.as_bytes()));
    let places: Vec<_> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "1:10", "2:20", "3:1", "5:23", "6:20", "6:36", "9:5", "10:5", "11:14", "12:5", "12:9",
            "13:17", "14:13", "15:5"
        ],
        "{problems:?}"
    );
    assert!(refused(text.as_bytes()).ends_with("error: policy.yaml has 14 problems"));
}

#[test]
fn a_syntax_error_comes_after_those_before_it() {
    let text = "version: 2\nworkspaces: [A]\nexemptions:\n  - id: 7\n    reason: 'x\n";
    let problems = said(&refused(text.as_bytes()));
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "unknown version 2",
            "`A` is not a workspace slug",
            "`id` must be text, not a number",
            "a quote is not closed"
        ]
    );
}

#[test]
fn a_hundred_problems_are_shown_and_the_rest_counted() {
    let keys: String = (0..250).map(|n| format!("qqqq{n}: 1\n")).collect();
    let rendered = refused(format!("version: 1\n{keys}").as_bytes());
    assert_eq!(said(&rendered).len(), 100);
    assert!(
        rendered.ends_with("error: policy.yaml has 250 problems, of which the first 100 are shown"),
        "{rendered}"
    );
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\u{200f}\u{7f}\u{85}\u{2028}";
    for text in [
        format!("version: 1 # {hostile}\nexpire: 1\n\"{hostile}\": 2\nversion: {hostile}"),
        format!("version: 2 # {hostile}"),
        with("\"a\\e[31m\\n::error::\\u202e\\x9b\": 1"),
        with("category: \"\\e[31m\\n\\u202e\\x9b\""),
        with("starts: \"\\e[31m\\n\\u202e\\x9b\""),
    ] {
        let Err(Failure::Rendered { message: rendered, .. }) =
            parse("p\u{1b}[31m\n.yaml".into(), text.as_bytes())
        else {
            panic!("{text:?}");
        };
        let steering =
            |c: char| (c.is_control() && c != '\n') || hostile.contains(c) && !c.is_ascii_graphic();
        assert!(!rendered.contains(steering), "{rendered:?}");
        let known = |line: &&str| {
            let line = line.trim_start();
            line.is_empty()
                || line.starts_with(|c: char| c.is_ascii_digit())
                || ["error: ", "--> ", "::: ", "|", "= help: "]
                    .iter()
                    .any(|start| line.starts_with(start))
        };
        assert_eq!(rendered.lines().find(|line| !known(line)), None, "{rendered}");
    }
}

mod files {
    use super::{Failure, load};
    use std::path::Path;

    fn complaint(failure: Failure) -> (String, String) {
        let Failure::Usage(complaint) = failure else { panic!("{failure:?}") };
        (complaint.what, complaint.help)
    }

    #[test]
    fn what_cannot_be_read_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.yaml");
        let (what, help) = complaint(load(&missing, None).unwrap_err());
        assert!(what.starts_with("could not read policy `"), "{what}");
        assert!(what.ends_with("none.yaml`: there is no such file"), "{what}");
        assert!(help.contains("--policy FILE or MFA_GATE_POLICY"), "{help}");
        let (what, help) = complaint(load(folder.path(), None).unwrap_err());
        assert!(what.contains("could not read policy"), "{what}");
        assert!(help.contains("--policy FILE or MFA_GATE_POLICY"), "{help}");
    }

    #[test]
    fn the_pinned_digest_is_compared() {
        // printf 'version: 1' | sha256sum
        let right = "1a6ddd3533d91cae4b3742d4294fb07ee863a4d667fe598f01365bd68a18bcfd";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, "version: 1").unwrap();
        let policy = load(&path, Some(&right.to_ascii_uppercase())).unwrap();
        assert_eq!(&*policy.sha256, right);
        let wrong = "0".repeat(64);
        let (what, _) = complaint(load(&path, Some(&wrong)).unwrap_err());
        assert!(what.contains(right) && what.contains(&wrong), "{what}");
        for malformed in ["", "abc", &"g".repeat(64), "\u{1b}[31m"] {
            let (what, help) = complaint(load(&path, Some(malformed)).unwrap_err());
            assert!(what.contains("is not a SHA-256"), "{what}");
            assert!(help.contains("sha256sum"), "{help}");
            assert!(!what.contains('\u{1b}'), "{what}");
        }
        for listed in [format!("{right}  policy.yaml"), format!("sha256:{right}")] {
            let (_, help) = complaint(load(&path, Some(&listed)).unwrap_err());
            assert!(help.ends_with(&format!("the digits alone: {right}.")), "{help}");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_said_to_be_too_large_whatever_is_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, "#".repeat(2 << 20)).unwrap();
        let failure = load(&path, Some(&"0".repeat(64))).unwrap_err();
        assert!(failure.to_string().contains("larger than 1 MiB"), "{failure}");
    }

    #[test]
    fn the_path_stands_in_the_locations_as_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Path::new("./policy.yaml"));
        std::fs::write(&path, "version: 1\nworkspaces: [a]\n").unwrap();
        let policy = load(&path, None).unwrap();
        let expected = path.to_str().unwrap().replace('\\', "/");
        assert_eq!(&*policy.workspaces[0].location.path, expected);
    }
}
