//! The links of the documentation lead somewhere: to files of the repository, and to headings.

use std::fs;
use std::path::{Path, PathBuf};

use super::root;

/// The pages: Markdown files of the repository and of its documentation.
fn pages() -> Vec<PathBuf> {
    let folders = [root().to_owned(), root().join("docs")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

/// What GitHub calls a heading: <https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links>.
fn anchor(heading: &str) -> String {
    let kept = |sign: &char| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_');
    heading.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

/// A page without its code.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).unwrap();
    text.split("```").step_by(2).collect()
}

fn has_heading(page: &Path, heading: &str) -> bool {
    let text = prose(page);
    text.lines().filter_map(|line| line.split_once("# ")).any(|(_, own)| anchor(own) == heading)
}

#[test]
fn links_lead_somewhere() {
    let mut followed = 0;
    for page in pages() {
        let text = prose(&page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let to = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            assert!(to.exists(), "{}: {link}", page.display());
            let found = heading.is_empty() || has_heading(&to, heading);
            assert!(found, "{}: {link}", page.display());
            followed += 1;
        }
    }
    assert!(followed > 50, "only {followed} links were found");
}
