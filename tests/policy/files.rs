//! The file that a policy is read from, and its digest.

use std::path::Path;

use mfa_gate::failure::Failure;
use mfa_gate::policy::load;

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
