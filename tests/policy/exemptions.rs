//! The problems of limits and exemptions.

use super::problems::Case;
use super::{replaced, with};

/// Each with its place, its message and its help.
pub(super) fn problems() -> Vec<Case> {
    let two = |second: &str| format!("{}  - {second}\n", with("owner: o"));
    let s = str::to_owned;
    vec![
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
        (
            format!("{}limits: {{max_days: 9, require: [owner]}}\n", with("owner: o")),
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
