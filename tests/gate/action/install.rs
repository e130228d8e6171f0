//! Which binary is put on the runner, and what is checked before it is.

use std::fs;
use std::process::Command;

use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use super::release::{
    ReleasePage, archive, archive_name, digest, pack_a_caller, released, right_sums,
};
use super::runner::{Job, VERSION};
use crate::support::{Bitbucket, Sandbox, rows};

#[test]
fn a_release_is_checked_unpacked_and_run() {
    let page = ReleasePage::new();
    let real = released();
    let other = format!("{}  other.tar.gz", "0".repeat(64));
    let sums = format!("{other}\n{}  {}\n", digest(real), archive_name());
    page.serve("SHA256SUMS", sums.as_bytes());
    page.serve(&archive_name(), real);
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let mut job = Job::checking(&server);
    let installing = Job::installing(&page);
    job.binary = None;
    job.github = installing.github;
    job.env.insert("GITHUB_SERVER_URL".into(), page.url());
    let ran = job.run();
    ran.ends(0, "compliant");
    assert_eq!(ran.outputs["members"], "3");
}

#[test]
fn a_release_holds_completions_and_the_manual_page() {
    let sandbox = Sandbox::new();
    sandbox.write("archive.tar.gz", released());
    let mut tar = Command::new("tar");
    let unpacked = tar.args(["-xzf", "archive.tar.gz", "--strip-components=1"]);
    assert!(unpacked.current_dir(sandbox.path("")).status().unwrap().success());
    let said = |args: &[&str]| sandbox.run(args).stdout;
    assert_eq!(sandbox.read("man/man1/mfa-gate.1"), said(&["man"]));
    for (shell, file) in [
        ("bash", "mfa-gate.bash"),
        ("zsh", "_mfa-gate"),
        ("fish", "mfa-gate.fish"),
        ("elvish", "mfa-gate.elv"),
        ("powershell", "_mfa-gate.ps1"),
    ] {
        assert_eq!(sandbox.read(&format!("completions/{file}")), said(&["completions", shell]));
    }
}

#[test]
fn an_archive_that_cannot_be_checked_is_not_unpacked() {
    let wrong = format!("{}  {}\n", "0".repeat(64), archive_name());
    let cases = [
        (wrong.clone(), "is not what it must be"),
        (format!("{}  other.tar.gz\n", digest(archive())), "does not say once"),
        (format!("{}x\n", right_sums().trim_end()), "does not say once"),
        (format!("{wrong}{}", right_sums()), "does not say once"),
        (String::new(), "does not say once"),
        ("<html>".into(), "does not say once"),
    ];
    for (sums, words) in cases {
        let page = ReleasePage::with(&sums);
        let job = Job::installing(&page);
        let ran = job.run();
        ran.ends(3, "");
        ran.says(words);
        for entry in fs::read_dir(job.sandbox.path("temp")).unwrap() {
            let unpacked = entry.unwrap().path().join(archive_name().replace(".tar.gz", ""));
            assert!(!unpacked.exists(), "{sums}");
        }
    }
}

#[test]
fn a_release_that_is_not_there_is_refused() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.set("version", "99.0.0");
    let ran = job.run();
    ran.ends(3, "");
    ran.says("status 404; is 99.0.0 a release of mfa-gate/mfa-gate?");

    let no_release = ReleasePage::new();
    let ran = Job::installing(&no_release).run();
    ran.ends(3, "");
    ran.says("status 404");

    let no_sums = ReleasePage::new();
    no_sums.serve(&archive_name(), archive());
    let ran = Job::installing(&no_sums).run();
    ran.ends(3, "");
    ran.says("SHA256SUMS could not be downloaded");
}

#[test]
fn a_pinned_digest_stands_in_for_the_checksums() {
    let page = ReleasePage::new();
    page.serve(&archive_name(), archive());
    let mut job = Job::installing(&page);
    job.set("sha256", &digest(archive()).to_uppercase());
    let ran = job.run();
    // The program was run: it is told to print its help and gives no verdict.
    ran.says("Usage: mfa-gate check");

    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.set("sha256", &"0".repeat(64));
    let ran = job.run();
    ran.ends(3, "");
    ran.says("is not what it must be");
    job.set("sha256", "0");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("64 hexadecimal digits");
}

#[test]
fn a_pin_of_the_archive_is_never_dropped() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    // What an expression gives whose variable is missing.
    job.set("sha256", "");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("sha256 is empty");
    job.set("sha256", &digest(archive()));
    job.set("build-from-source", "true");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("build-from-source uses none");
}

#[test]
fn the_version_is_that_of_the_actions_own_ref() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    for other in ["main", "v1", "3d3c42e5aac5ba805825da76410c181273ba90b1", ""] {
        job.github.insert("github.action_ref".into(), other.into());
        let ran = job.run();
        ran.ends(2, "");
        ran.says("set version");
    }
    job.set("version", VERSION);
    job.run().says("Usage: mfa-gate check");
    for wrong in ["latest", "../../x", "1.2.3/..", "1.2"] {
        job.set("version", wrong);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("version must be that of a release");
    }
}

#[test]
fn an_archive_of_another_version_is_refused() {
    let page = ReleasePage::new();
    let name = "mfa-gate-9.9.9-x86_64-unknown-linux-musl.tar.gz";
    let packed = pack_a_caller(name);
    let at = format!("/mfa-gate/mfa-gate/releases/download/v9.9.9/{name}");
    let pin = digest(&packed);
    let answer = ResponseTemplate::new(200).set_body_bytes(packed);
    page.0.mount(Mock::given(method("GET")).and(path(at)).respond_with(answer));
    let mut job = Job::installing(&page);
    job.set("version", "v9.9.9");
    job.set("sha256", &pin);
    let ran = job.run();
    ran.ends(3, "");
    ran.says(&format!("the archive of 9.9.9 holds mfa-gate {VERSION}"));
}

#[test]
fn plain_http_is_for_the_loopback_address() {
    let page = ReleasePage::with(&right_sums());
    let port = page.url().rsplit_once(':').unwrap().1.to_owned();
    for address in [
        "http://github.com".to_owned(),
        format!("http://127.0.0.1:{port}@github.com"),
        format!("http://127.0.0.1.example:{port}"),
        "ftp://127.0.0.1:21".into(),
    ] {
        let mut job = Job::installing(&page);
        job.env.insert("GITHUB_SERVER_URL".into(), address);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("not an https one");
    }
}

#[test]
fn a_runner_without_a_release_is_told_what_to_do() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.env.insert("RUNNER_ARCH".into(), "X86".into());
    let ran = job.run();
    ran.ends(2, "");
    ran.says("no release for Linux on X86: set build-from-source");
}

#[test]
fn the_attestation_is_checked_where_gh_can() {
    let page = ReleasePage::with(&right_sums());
    let mut job = Job::installing(&page);
    job.github.insert("github.token".into(), "github-token".into());
    let help = r#"case "$*" in *--help*) echo "  --source-ref"; exit ;; esac"#;
    job.stub("gh", &format!("{help}\necho \"$@\" >\"$HOME/asked\"; exit 1"));
    let ran = job.run();
    ran.ends(3, "");
    ran.says("attestation of");
    let asked = job.sandbox.read("home/asked");
    assert_eq!(
        asked.trim_end(),
        format!(
            "attestation verify {} --repo mfa-gate/mfa-gate --source-ref refs/tags/v{VERSION} \
             --signer-workflow mfa-gate/mfa-gate/.github/workflows/release.yml \
             --deny-self-hosted-runners",
            archive_name()
        )
    );
    job.stub("gh", help);
    job.run().says("Usage: mfa-gate check");
    job.stub("gh", "echo too old; exit 1");
    job.run().says("the attestation was not asked for");
    // GitHub's token goes to no server but github.com.
    job.stub("gh", &format!("{help}\ntouch \"$HOME/leaked\""));
    job.env.insert("GITHUB_SERVER_URL".into(), "https://127.0.0.1:1".into());
    job.run().ends(3, "");
    assert!(!job.sandbox.path("home/leaked").exists());
}

#[test]
fn the_actions_own_checkout_is_built_where_asked_for() {
    let mut job = Job::new();
    job.binary = None;
    job.asks_for_help();
    job.set("build-from-source", "true");
    let built = env!("CARGO_BIN_EXE_mfa-gate");
    job.stub(
        "cargo",
        &format!(
            "echo \"$PWD $*\" >\"$HOME/asked\"\nwhile [ \"$1\" != --target-dir ]; do shift; done\n\
             mkdir -p \"$2/release\"; ln -s '{built}' \"$2/release/mfa-gate\""
        ),
    );
    job.run().says("Usage: mfa-gate check");
    let asked = job.sandbox.read("home/asked");
    let start = format!("{} build --release --locked ", env!("CARGO_MANIFEST_DIR"));
    assert!(asked.starts_with(&start), "{asked}");

    job.stub("cargo", "exit 101");
    let ran = job.run();
    ran.ends(3, "");
    ran.says("could not be built");
    job.set("build-from-source", "yes");
    job.run().ends(2, "");
}
