//! A loopback server in place of the release page, and archives as releases have them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use super::runner::{Job, VERSION, text, yaml};
use crate::support::{Bitbucket, Sandbox};

/// A server that plays the release page.
pub(super) struct ReleasePage(pub(super) Bitbucket);

impl ReleasePage {
    pub(super) fn new() -> Self {
        ReleasePage(Bitbucket::start())
    }

    /// The page of this version, with the archive and this file of checksums.
    pub(super) fn with(sums: &str) -> Self {
        let page = ReleasePage::new();
        page.serve("SHA256SUMS", sums.as_bytes());
        page.serve(&archive_name(), archive());
        page
    }

    pub(super) fn serve(&self, file: &str, bytes: &[u8]) {
        let at = format!("/mfa-gate/mfa-gate/releases/download/v{VERSION}/{file}");
        let answer = ResponseTemplate::new(200).set_body_bytes(bytes);
        self.0.mount(Mock::given(method("GET")).and(path(at)).respond_with(answer));
    }

    pub(super) fn url(&self) -> String {
        self.0.api_url().trim_end_matches("/2.0").to_owned()
    }
}

pub(super) fn archive_name() -> String {
    format!("mfa-gate-{VERSION}-x86_64-unknown-linux-musl.tar.gz")
}

/// The archive of the real program, packed by the step of `release.yml` itself.
pub(super) fn released() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(pack_as_the_release_does)
}

fn pack_as_the_release_does() -> Vec<u8> {
    let job = Job::new();
    let name = archive_name();
    let target = name.trim_end_matches(".tar.gz").split_once(VERSION).unwrap().1.trim_matches('-');
    let built = job.sandbox.path("target").join(target).join("release");
    fs::create_dir_all(&built).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_mfa-gate"), built.join("mfa-gate")).unwrap();
    for file in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), job.sandbox.path(file)).unwrap();
    }
    // The step looks whether the program is static; this one is built for tests.
    job.stub("file", "echo statically linked");
    let workflow = yaml(".github/workflows/release.yml");
    let mut steps = workflow["jobs"]["build"]["steps"].as_array().unwrap().iter();
    let pack = steps.find(|step| step["name"] == "Pack").unwrap();
    let packed = Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", text(&pack["run"])])
        .current_dir(job.sandbox.path(""))
        .env_clear()
        .env("PATH", &job.env["PATH"])
        .envs([("VERSION", VERSION), ("TARGET", target), ("SUFFIX", "")])
        .output()
        .unwrap();
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    fs::read(job.sandbox.path(&name)).unwrap()
}

/// An archive with a program alone, of this name.
fn pack(name: &str, program: &Path) -> Vec<u8> {
    let folder = name.strip_suffix(".tar.gz").unwrap();
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path(folder)).unwrap();
    fs::copy(program, sandbox.path(folder).join("mfa-gate")).unwrap();
    let packed = Command::new("tar")
        .args(["-czf", "-", "-C"])
        .args([sandbox.path(""), folder.into()])
        .output()
        .unwrap();
    packed.stdout
}

pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An archive of a few bytes, which stands in for the program under test by calling it.
pub(super) fn archive() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| pack_a_caller(&archive_name()))
}

pub(super) fn pack_a_caller(name: &str) -> Vec<u8> {
    let job = Job::new();
    job.stub("calls", &format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_mfa-gate")));
    pack(name, &job.sandbox.path("bin/calls"))
}

/// The line that `sha256sum` writes about the archive.
pub(super) fn right_sums() -> String {
    format!("{}  {}\n", digest(archive()), archive_name())
}
