//! What is shown of a file does nothing in a terminal or in the log of a runner.

use super::sandbox;

/// What the runners of GitHub and Azure obey, and what a terminal does.
const COMMANDS: [&str; 6] = [
    "##vso[task.setvariable variable=x]y",
    "##[error]owned",
    "###[group]x",
    "::error::owned",
    "\u{1b}[2J\u{9b}31mowned",
    "\u{202e}owned",
];

fn check_harmless(what: &str, text: &str) {
    let hidden = |sign: char| (sign.is_control() && sign != '\n') || sign == '\u{202e}';
    assert!(!text.contains(hidden), "{what}: {text:?}");
    assert!(!text.contains("##"), "{what}: {text}");
    let at_start = |word: &str| word.starts_with("::") && !word.starts_with(":::");
    assert!(!text.split_whitespace().any(at_start), "{what}: {text}");
}

#[test]
fn no_line_of_a_wrong_policy_reaches_a_runner_as_it_is() {
    for command in COMMANDS {
        for text in [
            command.to_owned(),
            format!("version: 3 {command}\n"),
            format!("version: 1\nwrong: x # {command}\n"),
            format!("version: 3\n{command}: x\n"),
            format!("version: 1\n\"{command}\": x\n"),
            format!("version: 1\nworkspaces: [\"{command}\", \"{command}\"]\n"),
            format!("version: 1\nworkspaces: [acme, '{command}'] # {command} \n"),
            format!("version: 1\nexemptions:\n  - id: EX-1 # {command}\n    reason: [{command}]\n"),
            format!("version: 1\naccept: {command}\nrules: {{'{command}': '{command}'}}\n"),
            format!("version: 1\nlimits: {{max_days: {command}}}\n? {command}\n"),
        ] {
            let sandbox = sandbox();
            sandbox.write("policy.yaml", &text);
            for args in [&["policy", "lint"][..], &["check", "--members", "members.json"]] {
                let outcome = sandbox.run(args);
                assert_eq!(outcome.code, 2, "{text}");
                check_harmless(&text, &(outcome.stdout + &outcome.stderr));
            }
        }
    }
}

#[test]
fn no_word_of_any_other_input_reaches_a_runner_as_it_is() {
    let roster = ["--roster-as-of", "2026-09-01", "--today", "2026-09-01"];
    for command in COMMANDS {
        let sandbox = sandbox();
        sandbox.write("policy.yaml", "version: 1\nworkspaces: [acme]\naccept: [roster]\n");
        for text in [
            command.to_owned(),
            format!("email,mfa\n{command},{command}\n"),
            format!("{command}\n,{command}"),
            format!("{{\"{command}\": \"{command}\"}}"),
            format!("{{\"schema_version\": \"{command}\", \"values\": {command}"),
            format!("{{}} {command}"),
        ] {
            sandbox.write("x", &text);
            sandbox.write(command, &text);
            for name in ["x", command] {
                for args in [
                    &["check", "--members", name][..],
                    &[&["check", "--members", "members.json", "--roster", name], &roster[..]]
                        .concat(),
                    &["members", "--members", name],
                    &["verify", name],
                    &["render", name, "--report", "csv=out.csv"],
                    &["check", "--members", "members.json", "--previous", name],
                ] {
                    let outcome = sandbox.run(args);
                    check_harmless(&text, &(outcome.stdout + &outcome.stderr));
                }
            }
        }
    }
}
