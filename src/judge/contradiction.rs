//! Where a saved report contradicts itself: facts that cannot all be true, and claims that judging
//! again does not confirm.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::saved::Contradiction;
use crate::completeness;
use crate::member::{Evidence, Ids};
use crate::quote::{excerpt, shortened};
use crate::reading::{Completeness, Coverage, Origin};
use crate::report::{Finding, JudgedMember, ListedMember, Options, Report, Verdict, Workspace};

/// Longest value that is quoted, in characters.
const LONGEST: usize = 60;

impl Report {
    /// The same run, judged again.
    ///
    /// The whole document is compared with what comes of it. Judging again takes over as it stands:
    /// - what was seen: the time and day, the source, the options, the subject, the effective policy,
    ///   the exemptions, how each workspace was read, and the members with their evidence,
    /// - which version wrote it, and how that version worded its findings,
    /// - `previous`, `changes` and `redaction`, which tell of another report and of a key.
    ///
    /// # Errors
    /// Where the report claims anything else, or holds facts that cannot all be true.
    pub fn judged_again(&self) -> Result<Report, Contradiction> {
        let mut judged = self.rejudged();
        match self.conflict().or_else(|| self.false_claim(&mut judged)) {
            None => Ok(judged),
            Some(why) => {
                Err(Contradiction { why, violations: judged.verdict == Verdict::Violations })
            }
        }
    }

    /// The first claim that judging again does not confirm.
    fn false_claim(&self, judged: &mut Report) -> Option<String> {
        let version = std::mem::replace(&mut judged.tool.version, self.tool.version.clone());
        let reworded = (version != self.tool.version).then(|| worded_as(self, &judged.findings));
        let findings = reworded.map(|findings| std::mem::replace(&mut judged.findings, findings));
        let why = (self != judged).then(|| first_difference(self, judged));
        judged.tool.version = version;
        if let Some(findings) = findings {
            judged.findings = findings;
        }
        why
    }

    /// The first facts that cannot all be true.
    fn conflict(&self) -> Option<String> {
        self.conflict_of_policy()
            .or_else(|| self.conflict_of_run())
            .or_else(|| self.conflict_of_sources())
            .or_else(|| self.conflict_of_lists())
    }

    fn conflict_of_policy(&self) -> Option<String> {
        let accept = &self.policy.effective.accept;
        if accept.is_empty() || has_repeated(accept) {
            return Some("its policy accepts no proof, or the same one twice".into());
        }
        let coverage = &self.policy.effective.coverage;
        if !coverage.contains(&Coverage::Members) || has_repeated(coverage) {
            return Some(
                "its policy does not look at the members, or names a kind of people twice".into(),
            );
        }
        let others = |workspace: &&Workspace| workspace.complete && workspace.coverage != *coverage;
        if let Some(other) = self.workspaces.iter().find(others) {
            let slug = &other.slug;
            return Some(format!("others were looked at in the workspace {slug} than it demands"));
        }
        if has_repeated(&self.policy.effective.workspaces) {
            return Some("its policy names a workspace twice".into());
        }
        let mut ids = HashSet::new();
        if let Some(twice) = self.exemptions.iter().find(|exemption| !ids.insert(&exemption.id)) {
            return Some(format!("it has the exemption {} twice", twice.id));
        }
        let selectorless =
            self.exemptions.iter().find(|exemption| exemption.ids() == Ids::default())?;
        Some(format!("its exemption {} does not say which member it is about", selectorless.id))
    }

    fn conflict_of_run(&self) -> Option<String> {
        let Options { today, members, workspace: selected, .. } = &self.options;
        let slugs: HashSet<&str> = self.workspaces.iter().map(|checked| &*checked.slug).collect();
        let policy = &self.policy.effective.workspaces;
        if let Some(slug) = slugs.iter().find(|slug| !policy.iter().any(|named| &**named == **slug))
        {
            return Some(format!("the workspace {slug} is not one of its policy"));
        }
        if selected.iter().any(|slug| !slugs.contains(&**slug)) {
            return Some("it is not about all workspaces that were selected".into());
        }
        if selected.is_empty() && !self.workspaces_not_checked.is_empty() {
            return Some("workspaces were not checked although all were selected".into());
        }
        let day = self.day_of_reading();
        (!today && !members && self.today != day)
            .then(|| format!("it was made on {day}, and judged by {}", self.today))
    }

    fn conflict_of_sources(&self) -> Option<String> {
        let (options, source) = (&self.options, &self.source);
        let asked = self.workspaces.iter().filter(|workspace| workspace.source == Origin::Api);
        let asked: HashSet<&str> = asked.map(|workspace| &*workspace.slug).collect();
        let from_file = self.workspaces.iter().any(|workspace| workspace.source != Origin::Api);
        if options.members != from_file || options.members == source.inputs.is_empty() {
            return Some("it disagrees with itself on whether members came from a file".into());
        }
        if source.api_url.is_some() == asked.is_empty() {
            return Some("it disagrees with itself on whether the API was asked".into());
        }
        let has_roster = source.roster.is_some();
        if (options.roster && !has_roster) || (has_roster && !options.roster && !options.members) {
            return Some("it disagrees with itself on whether there was a roster".into());
        }
        let unsourced = self.members.iter().any(|JudgedMember { member, .. }| {
            let Evidence { bitbucket: _, atlassian, roster, sso } = member.evidence;
            let elsewhere = source.atlassian.is_some() || !asked.contains(&*member.workspace);
            (!has_roster && sso.is_some())
                || (!has_roster && source.entra.is_none() && roster.is_some())
                || (!elsewhere && atlassian.is_some())
        });
        unsourced.then(|| "it has evidence of a source that it does not name".into())
    }

    fn conflict_of_lists(&self) -> Option<String> {
        let mut lists: HashMap<&str, Vec<&ListedMember>> = HashMap::new();
        for JudgedMember { member, .. } in &self.members {
            lists.entry(&member.workspace).or_default().push(member);
        }
        let conflict = self.workspaces.iter().find_map(|workspace| {
            let list = lists.remove(&*workspace.slug).unwrap_or_default();
            let why = conflict_of_list(workspace, &list)?;
            Some(format!("of the workspace {}, {why}", workspace.slug))
        });
        conflict.or_else(|| {
            let slug = lists.keys().min()?;
            Some(format!("it lists members of the workspace {slug}, which it does not name"))
        })
    }
}

fn conflict_of_list(workspace: &Workspace, members: &[&ListedMember]) -> Option<String> {
    let outsiders = members.iter().filter(|member| member.access.is_some()).count();
    if outsiders > 0 && !workspace.coverage.contains(&Coverage::Repositories) {
        return Some("people are listed who were not looked for".into());
    }
    let listed = members.len().saturating_sub(outsiders) as u64;
    let is_csv = workspace.source == Origin::UserExport;
    let fits = match (workspace.completeness?, workspace.reported_size) {
        (Completeness::Size, Some(size)) if size != listed => {
            return Some(format!("{listed} members are listed and {size} were counted"));
        }
        (Completeness::Size, size) => size.is_some() && !is_csv,
        (Completeness::LastPage, size) => size.is_none() && !is_csv,
        (Completeness::Asserted, size) => match workspace.source {
            Origin::UserExport => size.is_none(),
            // One that has lost its word on how it is complete may have kept the count.
            Origin::Snapshot => size.is_none_or(|size| size == listed),
            Origin::Api | Origin::SavedPages => false,
        },
    };
    if !fits {
        return Some("the list cannot be complete in the way that is stated".into());
    }
    let list: Vec<_> = members.iter().map(|listed| Arc::clone(&listed.member)).collect();
    let twice = completeness::distinct_members(&list).err();
    twice.map(|inconsistency| inconsistency.to_string()).or_else(|| {
        let member = members.iter().find(|member| member.has_other_key())?;
        let key = excerpt(member.key());
        Some(format!("the member {key} has another key than its ids make"))
    })
}

fn has_repeated<T: Eq + std::hash::Hash>(items: &[T]) -> bool {
    let mut seen = HashSet::new();
    !items.iter().all(|item| seen.insert(item))
}

/// Findings in the words of another version, where it has the same ones.
fn worded_as(claimed: &Report, findings: &[Finding]) -> Vec<Finding> {
    let mut findings = findings.to_vec();
    // Where they are not the same ones, comparing them says so.
    for (finding, claimed) in findings.iter_mut().zip(&claimed.findings) {
        finding.message.clone_from(&claimed.message);
        finding.help.clone_from(&claimed.help);
    }
    findings
}

/// The verdict first, if that is what differs: everything else may follow from it.
fn first_difference(claimed: &Report, judged: &Report) -> String {
    let said = |report: &Report| serde_json::to_value(report).unwrap_or_default();
    let verdicts = [claimed, judged].map(|report| Value::from(report.verdict.id()));
    let [claimed_verdict, judged_verdict] = &verdicts;
    difference(claimed_verdict, judged_verdict, "verdict")
        .or_else(|| difference(&said(claimed), &said(judged), ""))
        .unwrap_or_else(|| "it says something else than what judging again gives".into())
}

fn difference(claimed: &Value, judged: &Value, place: &str) -> Option<String> {
    match (claimed, judged) {
        (Value::Object(own), Value::Object(other)) => {
            own.keys().chain(other.keys()).find_map(|key| {
                let values = [own, other].map(|object| object.get(key).unwrap_or(&Value::Null));
                let [own, other] = values;
                let dot = if place.is_empty() { "" } else { "." };
                difference(own, other, &format!("{place}{dot}{key}"))
            })
        }
        (Value::Array(own), Value::Array(other)) if own.len() == other.len() => {
            let pairs = own.iter().zip(other).enumerate();
            pairs.into_iter().find_map(|(position, (own, other))| {
                difference(own, other, &format!("{place}[{position}]"))
            })
        }
        (Value::Array(own), Value::Array(other)) => Some(format!(
            "`{place}` has {} entries where judging again gives {}",
            own.len(),
            other.len()
        )),
        (own, other) if own == other => None,
        (own, other) => Some(format!(
            "`{place}` is {} where judging again gives {}",
            quoted(own),
            quoted(other)
        )),
    }
}

/// A value as it stands in the document, as far as a message has room for it.
fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Null => "missing".into(),
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => value.to_string(),
    };
    shortened(&text, LONGEST).into_owned()
}
