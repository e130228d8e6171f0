//! The shape of the house: imports point down, and every file says what it is for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of `src` from the roof to the ground. A room imports rooms of lower floors only, so
/// that those of one floor do not know each other and nothing goes round in a circle.
const FLOORS: &[&[&str]] = &[
    &["main"],
    &["command"],
    &["run", "doctor"],
    &["publish"],
    &["cli"],
    &["read", "judge", "redact", "emit"],
    &["http"],
    &["report"],
    &["policy"],
    &["yaml"],
    &["completeness"],
    &["reading", "credential", "roster_kind"],
    &["files"],
    &["env"],
    &["failure", "rule", "location", "member"],
    &["quote", "escape", "suggest", "digest", "hosts", "ci", "schema", "unique", "words"],
];

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The Rust files of the program, with their paths in `src` and their texts.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    let text = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    files.iter().map(text).collect()
}

/// The folder or file of `src` that a file belongs to.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// A file without its unit tests, which may import anything.
fn code<'a>(file: &str, text: &'a str) -> &'a str {
    if file.ends_with("/tests.rs") {
        ""
    } else {
        text.split("#[cfg(test)]\nmod tests").next().unwrap()
    }
}

/// The rooms that code imports.
fn imports(code: &str) -> BTreeSet<String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let after = lines.flat_map(|line| line.split("crate::").skip(1));
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        rest.get(..end.unwrap_or(rest.len())).unwrap().to_owned()
    };
    after.map(name).collect()
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| file != "lib.rs" && file != "main.rs") {
        let own = room(file);
        let Some(at) = floor(own) else {
            wrong.push(format!("{own} has no floor"));
            continue;
        };
        for other in imports(code(file, text)).iter().filter(|other| *other != own) {
            match floor(other) {
                Some(below) if below > at => {}
                Some(_) => wrong.push(format!("{file} imports {other}, which is not below it")),
                None => wrong.push(format!("{file} imports {other}, which has no floor")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_file_knows_the_variables_of_ci_systems() {
    // Bitbucket's credentials, which this program reads, begin alike; so do the pipe's prefixes.
    let ours = ["EMAIL", "API_", "ACCESS_", "CLIENT_", "USERNAME", "APP_PASSWORD", "\""];
    for (file, text) in sources().iter().filter(|(file, _)| file != "ci.rs") {
        let code = code(file, text);
        for prefix in ["\"GITHUB_", "\"BITBUCKET_", "\"CI_"] {
            for rest in code.split(prefix).skip(1) {
                let name = rest.lines().next().unwrap();
                let is_ours = ours.iter().any(|start| name.starts_with(start));
                assert!(is_ours, "{file} knows the variable {prefix}{name}");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, text) in sources() {
        assert!(text.starts_with("//! "), "{file} does not begin with `//!`");
    }
}

#[test]
fn the_architecture_has_a_row_for_every_room() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let document = fs::read_to_string(document).unwrap();
    let rows: BTreeSet<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `src/")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeSet<String> = fs::read_dir(src)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_dir() { format!("{name}/") } else { name }
        })
        .collect();
    let rooms: BTreeSet<&str> =
        rooms.iter().map(String::as_str).filter(|room| *room != "lib.rs").collect();
    assert_eq!(rows, rooms);
}
