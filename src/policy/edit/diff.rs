//! An edit as a unified diff.

use std::fmt::Write;
use std::ops::Range;

use super::{Splice, applied};

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// Lines in place of others.
struct Change<'t> {
    /// The lines that go, by their positions in the old text.
    old: Range<usize>,
    /// The lines that come.
    new: Vec<&'t str>,
}

/// The difference that splices make to a text, as `diff -u` shows it; `path` is escaped already.
/// `None` where the splices overlap.
pub(super) fn unified(path: &str, text: &str, splices: &[Splice]) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let groups = groups(&lines, splices);
    let mut texts = Vec::with_capacity(groups.len());
    for (old, splices) in &groups {
        let start: usize = lines.iter().take(old.start).map(|line| line.len()).sum();
        let part: String = lines.get(old.clone())?.concat();
        let moved = splices.iter().map(|splice| Splice {
            range: splice.range.start - start..splice.range.end - start,
            text: splice.text.clone(),
        });
        texts.push(applied(&part, moved.collect())?);
    }
    let changes =
        groups.iter().zip(&texts).map(|((old, _), new)| trimmed(&lines, old.clone(), new));
    let mut out = format!("--- {path}\n+++ {path}\n");
    let mut added: usize = 0;
    let mut removed: usize = 0;
    let mut hunk: Vec<Change<'_>> = Vec::new();
    for change in changes.map(Some).chain([None]) {
        let is_near = |change: &Change<'_>| {
            hunk.last().is_none_or(|last| change.old.start <= last.old.end + 2 * CONTEXT)
        };
        match change {
            Some(change) if is_near(&change) => hunk.push(change),
            other => {
                write_hunk(&mut out, &lines, &hunk, (added, removed));
                added += hunk.iter().map(|change| change.new.len()).sum::<usize>();
                removed += hunk.iter().map(|change| change.old.len()).sum::<usize>();
                hunk = other.into_iter().collect();
            }
        }
    }
    Some(out)
}

/// The lines that each splice touches, with the splices that touch them.
fn groups<'s>(lines: &[&str], splices: &'s [Splice]) -> Vec<(Range<usize>, Vec<&'s Splice>)> {
    let mut ends = Vec::with_capacity(lines.len());
    let mut end = 0;
    for line in lines {
        end += line.len();
        ends.push(end);
    }
    // After the last line break there is no line.
    let line_of = |at: usize| ends.partition_point(|end| *end <= at).min(lines.len());
    let mut groups: Vec<(Range<usize>, Vec<&Splice>)> = Vec::new();
    for splice in splices {
        let at_end =
            splice.range.start == end && lines.last().is_some_and(|line| !line.ends_with('\n'));
        let first = line_of(splice.range.start) - usize::from(at_end);
        let last = (line_of(splice.range.end) + 1).min(lines.len()).max(first);
        match groups.last_mut() {
            Some((old, touching)) if first <= old.end => {
                old.end = old.end.max(last);
                touching.push(splice);
            }
            Some(_) | None => groups.push((first..last, vec![splice])),
        }
    }
    groups
}

/// A change without the lines at its start and end that stay.
fn trimmed<'t>(lines: &[&str], mut old: Range<usize>, new: &'t str) -> Change<'t> {
    let mut new: Vec<&str> = new.split_inclusive('\n').collect();
    while !old.is_empty() && new.last().is_some() && lines.get(old.end - 1) == new.last() {
        new.pop();
        old.end -= 1;
    }
    let same = new.iter().zip(lines.get(old.clone()).unwrap_or_default());
    let same = same.take_while(|(new, old)| new == old).count();
    Change { old: old.start + same..old.end, new: new.split_off(same) }
}

/// Writes neighbouring changes with the lines around them; `before` says how many lines were added
/// and removed above.
fn write_hunk(
    out: &mut String,
    lines: &[&str],
    changes: &[Change<'_>],
    (added, removed): (usize, usize),
) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return };
    let start = first.old.start.saturating_sub(CONTEXT);
    let end = (last.old.end + CONTEXT).min(lines.len());
    let gone: usize = changes.iter().map(|change| change.old.len()).sum();
    let come: usize = changes.iter().map(|change| change.new.len()).sum();
    let old = place(start, end - start);
    let new = place(start + added - removed, end - start + come - gone);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "@@ -{old} +{new} @@");
    let mut at = start;
    for change in changes {
        write_lines(out, ' ', lines.get(at..change.old.start).unwrap_or_default());
        write_lines(out, '-', lines.get(change.old.clone()).unwrap_or_default());
        write_lines(out, '+', &change.new);
        at = change.old.end;
    }
    write_lines(out, ' ', lines.get(at..end).unwrap_or_default());
}

/// The number of the first line, from 1, and how many there are.
fn place(start: usize, count: usize) -> String {
    match count {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        several => format!("{},{several}", start + 1),
    }
}

fn write_lines(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        let _ = writeln!(out, "{sign}{}", line.trim_end_matches(['\r', '\n']));
        if !line.ends_with('\n') {
            out.push_str("\\ No newline at end of file\n");
        }
    }
}
