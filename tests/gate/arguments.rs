//! Mistakes on the command line: each is said in the form of all other messages, with what to write.

use crate::support::Sandbox;

#[test]
fn a_mistake_comes_with_what_to_write() {
    let sandbox = Sandbox::new();
    for (line, what, help) in [
        ("chek", "`mfa-gate` has no command `chek`", "Did you mean `mfa-gate check`?"),
        ("lint", "`mfa-gate` has no command `lint`", "Did you mean `mfa-gate policy lint`?"),
        (
            "complet",
            "`mfa-gate` has no command `complet`",
            "The commands are `check`, `members`, `verify`, `audit`, `render`, `doctor`, `pipe`, \
             `policy`, `schema`, `explain`, `completions`, `man`.",
        ),
        (
            "policy validate",
            "`mfa-gate policy` has no command `validate`",
            "The commands are `lint`, `list`, `init`, `add`, `renew`, `prune`.",
        ),
        (
            "policy -q",
            "`mfa-gate policy` needs a command",
            "The commands are `lint`, `list`, `init`, `add`, `renew`, `prune`.",
        ),
        ("check --polcy x", "`mfa-gate check` has no option `--polcy`", "Did you mean `--policy`?"),
        (
            "check -p x",
            "`mfa-gate check` has no option `-p`",
            "`mfa-gate check --help` shows what there is.",
        ),
        (
            "check --exempt-current",
            "`mfa-gate check` has no option `--exempt-current`",
            "It is an option of `mfa-gate policy init`.",
        ),
        (
            "policy --policy x lint",
            "`mfa-gate policy` has no option `--policy`",
            "Write it after the command, as in `mfa-gate policy lint --policy`.",
        ),
        ("check --json", "`mfa-gate check` has no option `--json`", "Write `--report json=PATH`."),
        (
            "audit r --format html",
            "`mfa-gate audit` has no option `--format`",
            "Write `--report FORMAT=PATH`, such as `--report html=report.html`.",
        ),
        (
            "check --token x",
            "`mfa-gate check` has no option `--token`",
            "Credentials come from the environment alone: `mfa-gate check --help` names the \
             variables.",
        ),
        (
            "audit --redact",
            "`mfa-gate audit` has no option `--redact`",
            "An audit of redacted reports has no names: write copies with `mfa-gate render \
             REPORT.json --redact --report json=COPY.json`, all with the same MFA_GATE_REDACT_KEY, \
             and audit the copies.",
        ),
        (
            "check check",
            "`mfa-gate check` cannot take `check`",
            "`mfa-gate check --help` shows what there is.",
        ),
        ("check a.yml", "`mfa-gate check` cannot take `a.yml`", "Write `--policy a.yml`."),
        (
            "check --report junit a.xml",
            "`mfa-gate check` cannot take `a.xml`",
            "Write `--report junit=a.xml`.",
        ),
        (
            "check --report junit=a.xml b.xml",
            "`mfa-gate check` cannot take `b.xml`",
            "`mfa-gate check --help` shows what there is.",
        ),
        (
            "verify a b",
            "`mfa-gate verify` cannot take `b`",
            "It takes one `<REPORT>`; quote a value with blanks.",
        ),
        (
            "policy init --workspace Acme",
            "--workspace is not a workspace slug: Acme",
            "Slugs are in lower case, without spaces: write `acme`.",
        ),
        ("check --policy", "`--policy` needs a value", "Write `--policy <FILE>`."),
        (
            "check --slack",
            "`--slack` needs a value",
            "Write `--slack <WHEN>`, with one of `violations`, `always`.",
        ),
        ("members --only owner", "`--only` does not take `owner`", "Did you mean `owners`?"),
        (
            "check --color some",
            "`--color` does not take `some`",
            "Write one of `auto`, `always`, `never`.",
        ),
        ("check --strict=true", "`--strict` does not take `true`", "Write `--strict` alone."),
        (
            "verify a --max-age 26",
            "`--max-age` does not take `26`",
            "Write a number with a unit of s, m or h, such as 30s, 10m or 26h.",
        ),
        (
            "check --report jsn",
            "`--report` does not take `jsn`",
            "`jsn` is not a format: did you mean json?",
        ),
        ("completions bsh", "`bsh` is not a shell", "Did you mean `bash`?"),
        ("check --policy a --policy b", "`--policy` is given twice", "Give it once."),
        (
            "check -q -v",
            "`--quiet` cannot be used with `--verbose`",
            "Omit `--quiet` or `--verbose`.",
        ),
        (
            "audit reports",
            "`mfa-gate audit` needs `--from <YYYY-MM-DD>`, `--to <YYYY-MM-DD>`",
            "Write `mfa-gate audit --from <YYYY-MM-DD> --to <YYYY-MM-DD> <REPORT|FOLDER>...`.",
        ),
        (
            "policy renew EX-1",
            "`mfa-gate policy renew` needs `--expires <YYYY-MM-DD>` or `--days <N>`",
            "Write `mfa-gate policy renew <--expires <YYYY-MM-DD>|--days <N>> <ID>`.",
        ),
    ] {
        let outcome = sandbox.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!((outcome.code, &*outcome.stdout), (2, ""), "{line}");
        assert_eq!(outcome.stderr, format!("error: {what}\n  help: {help}\n"), "{line}");
    }
}

#[test]
fn a_command_without_arguments_shows_its_help() {
    let sandbox = Sandbox::new();
    for args in [&[][..], &["policy"]] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, 2, "{args:?}");
        assert!(outcome.stderr.contains("\nCommands:\n"), "{args:?}: {}", outcome.stderr);
    }
}
