//! The scripts that complete the command line, and what shells make of them.

#[cfg(unix)]
use std::path::Path;

use super::pages::{commands, printed};
use super::root;
use crate::support::{Sandbox, run_in};

#[test]
fn completions_know_every_command_and_its_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]);
        for word in commands().concat() {
            assert!(script.contains(&word), "{shell} does not know {word}");
        }
        for option in ["policy-sha256", "insights-names", "require-live", "ca-cert", "no-progress"]
        {
            assert!(script.contains(option), "{shell} does not know --{option}");
        }
        for odd in ["@workspaces", "@exemptions", "complete:"] {
            assert!(!script.contains(odd), "{shell} offers {odd}");
        }
    }
    assert_eq!(run_in(root(), &["completions", "tcsh"], &[]).code, 2);
}

/// Every option that takes a value has something to offer: words, paths, or nothing rather than
/// files.
#[test]
fn completions_offer_files_only_where_paths_are_meant() {
    let (zsh, fish) = (printed(&["completions", "zsh"]), printed(&["completions", "fish"]));
    assert!(!zsh.contains(":_default'"), "zsh offers files for a value");
    assert!(!fish.lines().any(|line| line.ends_with(" -r")), "fish offers files for a value");
    let offered = |option: &str, offer: &str| {
        let line = |script: &str, start: &str| {
            let lines = script.lines().filter(|line| line.contains(start));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let (zsh, fish) =
            (line(&zsh, &format!("--{option}=[")), line(&fish, &format!(" -l {option} ")));
        assert!(!zsh.is_empty() && !fish.is_empty(), "{option}");
        (zsh.iter().any(|line| line.contains(offer)), fish.iter().all(|line| line.contains(" -F")))
    };
    for formats in ["(json junit sarif csv markdown html github in-toto)", "(text json csv)"] {
        assert!(zsh.contains(&format!(":FORMAT[=PATH]:{formats}")), "{formats}");
    }
    for path in ["policy", "members", "roster", "ca-cert", "previous"] {
        assert_eq!(offered(path, ":_files"), (true, true), "{path}");
    }
    for (option, offer) in [
        ("slack", "(violations always)"),
        ("category", "(service-account break-glass mitigated waiver onboarding)"),
        ("expires", ":YYYY-MM-DD:"),
        ("workspace", ":SLUG:{compadd"),
        ("timeout", ":TIME:"),
        ("api-url", ":URL:"),
    ] {
        assert_eq!(offered(option, offer), (true, false), "{option}");
    }
}

/// A folder with two policies, one of which has an id that a shell would run.
#[cfg(unix)]
fn folder() -> Sandbox {
    let sandbox = Sandbox::new();
    let exemption = |id: &str| {
        format!(
            "  - {{id: \"{id}\", email: {}@a.example, reason: x, expires: 2026-10-29}}\n",
            id.len()
        )
    };
    let policy = |workspaces: &str, ids: &[&str]| {
        let exemptions: String = ids.iter().copied().map(exemption).collect();
        format!("version: 1\nworkspaces: [{workspaces}]\nexemptions:\n{exemptions}")
    };
    sandbox.write(
        "policy.yaml",
        policy("acme, acme-labs", &["EX-7", "$(touch ran)", "EX two", "EX-10"]),
    );
    sandbox.write("other.yaml", policy("beta", &["EX-1"]));
    sandbox
}

/// A shell in such a folder, in which the program is found by its name.
#[cfg(unix)]
fn shell(program: &str, sandbox: &Sandbox) -> std::process::Command {
    let gate = Path::new(env!("CARGO_BIN_EXE_mfa-gate"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths =
        [gate.parent().unwrap().to_owned()].into_iter().chain(std::env::split_paths(&paths));
    let mut command = std::process::Command::new(program);
    command.current_dir(sandbox.path("")).env("PATH", std::env::join_paths(paths).unwrap());
    command.env_remove("MFA_GATE_POLICY");
    command
}

/// Behind a subcommand too, which a version of the generator forgot.
#[cfg(unix)]
#[test]
fn bash_completes_what_the_script_says() {
    let script = r#"
        eval "$(mfa-gate completions bash)"
        tab() {
          COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
          _mfa-gate mfa-gate "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          echo "${COMPREPLY[*]}"
        }
        tab mfa-gate che
        tab mfa-gate check --insi
        tab mfa-gate policy li
        tab mfa-gate policy lint --policy-s
        tab mfa-gate explain two-factor-u
        tab mfa-gate check --report ''
        tab mfa-gate check --slack a
        tab mfa-gate check --color n
        tab mfa-gate policy add --category w
        tab mfa-gate policy add --expires C
        tab mfa-gate check --workspace ''
        tab mfa-gate policy add --only acme-
        tab mfa-gate audit --workspace C
        tab mfa-gate policy renew EX
        tab mfa-gate check --policy other.yaml --workspace ''
        tab mfa-gate policy renew --policy = other.yaml EX
        tab mfa-gate policy renew --policy none.yaml EX
        tab mfa-gate check --policy-sha256 C
        tab mfa-gate check --policy pol"#;
    let sandbox = folder();
    let output =
        shell("bash", &sandbox).args(["--noprofile", "--norc", "-c", script]).output().unwrap();
    let right = "check\n--insights-names\nlint list\n--policy-sha256\ntwo-factor-unknown\n\
                 json junit sarif csv markdown html github in-toto\nalways\nnever\nwaiver\n\
                 C\nacme acme-labs\nacme-labs\n\nEX-7 EX-10\nbeta\nEX-1\n\nC\npolicy.yaml\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), right);
    assert!(!sandbox.path("ran").exists());
}

/// What zsh and fish offer after a text; none where the shell is not installed.
#[cfg(target_os = "linux")]
fn offers(name: &str, options: &[&str], script: &str) -> Option<String> {
    let sandbox = folder();
    let mut command = shell("timeout", &sandbox);
    let output = command.args(["120", name]).args(options).args(["-c", script]).output().ok()?;
    assert!(!sandbox.path("ran").exists());
    // What `timeout` ends with where there is no such program.
    (output.status.code() != Some(127)).then(|| String::from_utf8(output.stdout).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn fish_completes_values() {
    let script = r#"
        mfa-gate completions fish | source
        for text in "check --sla" "check --slack " "check --report sa" "members --only u" \
            "members --report " "explain two-factor-u" "schema p" "policy add --category w" \
            "check --workspace " "policy add --only=acme-" "policy renew EX" \
            "check --policy other.yaml --workspace " "policy renew --policy=other.yaml EX"
          complete -C "mfa-gate $text" | string split -f 1 \t
        end"#;
    let right = "--slack\n--slack-names\nalways\nviolations\nsarif\nunknown\nunprotected\ncsv\njson\n\
                 text\ntwo-factor-unknown\npolicy\nwaiver\nacme\nacme-labs\n--only=acme-labs\n\
                 EX-7\nEX-10\nbeta\nEX-1\n";
    if let Some(offered) = offers("fish", &["--no-config"], script) {
        assert_eq!(offered, right);
    }
}

/// A zsh in a terminal of its own, whose `compadd` says what it would offer.
#[cfg(target_os = "linux")]
#[test]
fn zsh_completes_values() {
    let script = r#"
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z '
          PROMPT=
          autoload -Uz compinit; compinit -D -u
          eval "$(mfa-gate completions zsh)"; compdef _mfa-gate mfa-gate
          compadd() {
            if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] { builtin compadd "$@"; return }
            local -a offered; builtin compadd -A offered "$@"; print -r -- "OFFERED ${offered[*]}"
          }
          capture() { zle complete-word; print -r -- DONE; BUFFER=; zle accept-line }
          zle -C complete-word complete-word _main_complete; zle -N capture
          bindkey "^I" capture; print READY'
        zpty -r -m z line '*READY*READY*'
        for text in 'check --slack ' 'check --report ' 'members --only ' 'explain two-factor-u' \
            'schema p' 'policy add --category w' 'check --workspace ' 'policy add --only=acme-' \
            'policy renew EX' 'check --policy other.yaml --workspace ' \
            'policy renew --policy=other.yaml EX'; do
          zpty -w -n z "mfa-gate $text"$'\t'
          zpty -r -m z line '*DONE*'
          print -r -- "$line" | tr -d '\r' | sed -n 's/.*OFFERED //p'
        done
        zpty -d z"#;
    let right = "violations always\njson junit sarif csv markdown html github in-toto\n\
                 unprotected unknown owners\ntwo-factor-unknown\npolicy\nwaiver\nacme acme-labs\n\
                 acme-labs\nEX-7 EX-10\nbeta\nEX-1\n";
    if let Some(offered) = offers("zsh", &["-f"], script) {
        assert_eq!(offered, right);
    }
}
