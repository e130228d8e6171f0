//! A period, from the reports of its runs: whether the control worked through it, who was exposed
//! for how long, which exemption excused which member. Pure: reports come in, each judged again
//! before, the earliest first; what is said about people and days is kept, and the report is not.

mod conclusion;
mod difference;
mod exemptions;
mod findings;
mod people;
mod policies;
mod stretches;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use self::exemptions::Exemptions;
use self::findings::{errors, is_about};
use self::people::People;
use self::policies::Policies;
use crate::report::{
    BrokenRule, Finding, JudgedExemption, JudgedMember, Look, NotCounted, Outcome, PreviousReport,
    Redaction, Redirection, Report, Verdict, Why,
};
use crate::rule::Rule;

/// What an audit is about.
#[derive(Clone, Debug)]
pub struct Period {
    /// Its first day, from its start, UTC.
    pub from: Date,
    /// Its last day, to its end, UTC.
    pub to: Date,
    /// The longest time that may pass without a look.
    pub max_gap: SignedDuration,
    /// The workspaces that are looked at; empty for those of the policies.
    pub workspaces: Vec<Arc<str>>,
    /// The digests of the policies that are allowed; empty for all.
    pub policy_sha256: Vec<Box<str>>,
}

/// The start of a day, UTC; at the end of the calendar, its last moment.
fn start_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |start| start.timestamp())
}

impl Period {
    /// The first moment of the period.
    pub fn start(&self) -> Timestamp {
        start_of(self.from)
    }

    /// The first moment after the period.
    pub fn end(&self) -> Timestamp {
        self.to.checked_add(1.day()).map_or(Timestamp::MAX, start_of)
    }

    fn is_about(&self, slug: &str) -> bool {
        self.workspaces.is_empty() || self.workspaces.iter().any(|named| **named == *slug)
    }
}

/// A file that holds a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filed {
    /// When the report was made, as it says itself.
    pub checked_at: Timestamp,
    /// The SHA-256 of its bytes.
    pub sha256: Arc<str>,
    /// The file, for messages.
    pub path: Box<str>,
}

/// The report names people by other pseudonyms than those before it, or by their names where those
/// have pseudonyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MixedPseudonyms;

/// A rule that was broken, and the workspace or the exemption that it is about.
type Broken = (Rule, Option<Arc<str>>, Option<Arc<str>>);

/// Takes the reports of a period, one after another, and says what they show together.
#[derive(Debug)]
pub struct Auditor {
    period: Period,
    start: Timestamp,
    end: Timestamp,
    /// The looks of each workspace, those before the period too.
    looks: BTreeMap<Arc<str>, Vec<Look>>,
    people: People,
    exemptions: Exemptions,
    policies: Policies,
    broken: BTreeMap<Broken, BrokenRule>,
    previous: Vec<(Timestamp, Arc<str>, Option<PreviousReport>)>,
    not_counted: BTreeSet<NotCounted>,
    redirected_by: BTreeMap<(String, Option<String>), Redirection>,
    /// How the reports so far name people.
    redaction: Option<Option<Redaction>>,
    /// Whether a report that is not evidence shows violations all the same.
    refused_with_violations: bool,
}

impl Auditor {
    /// One that has seen no report.
    pub fn new(period: Period) -> Self {
        let (start, end) = (period.start(), period.end());
        Auditor {
            period,
            start,
            end,
            looks: BTreeMap::new(),
            people: People::new(start),
            exemptions: Exemptions::default(),
            policies: Policies::default(),
            broken: BTreeMap::new(),
            previous: Vec::new(),
            not_counted: BTreeSet::new(),
            redirected_by: BTreeMap::new(),
            redaction: None,
            refused_with_violations: false,
        }
    }

    /// Takes the next report, judged again. Those of the period and those before it are to come in
    /// the order of [`Filed`]; those after it are passed over.
    ///
    /// # Errors
    /// Where it names people otherwise than those before it.
    pub fn add(&mut self, filed: &Filed, report: &Report) -> Result<(), MixedPseudonyms> {
        if filed.checked_at >= self.end {
            return Ok(());
        }
        if *self.redaction.get_or_insert_with(|| report.redaction.clone()) != report.redaction {
            return Err(MixedPseudonyms);
        }
        let is_in_period = filed.checked_at >= self.start;
        if is_in_period {
            let previous = report.previous.clone();
            self.previous.push((filed.checked_at, Arc::clone(&filed.sha256), previous));
        }
        let why = if !report.is_live() {
            Some(Why::not_live(report.assurance))
        } else if report.options.ignore_exemptions {
            Some(Why::ExemptionsIgnored)
        } else {
            None
        };
        if let Some(why) = why {
            if is_in_period {
                self.pass_over(filed, None, why, None);
            }
            return Ok(());
        }
        if self.policies.agree_with(report) {
            self.policies.name(filed.checked_at, report);
            self.look(filed, report, is_in_period);
        } else {
            let file = not_counted(filed, Why::NotEvidence, Some(OTHER_EXEMPTIONS.into()));
            self.refuse(file, report.verdict == Verdict::Violations);
        }
        Ok(())
    }

    /// Takes a file that is not evidence: it cannot be read as a report, or contradicts itself.
    pub fn refuse(&mut self, file: NotCounted, shows_violations: bool) {
        // What is outside of the period has no say in it.
        if file.checked_at.is_none_or(|at| at >= self.start && at < self.end) {
            self.refused_with_violations |= shows_violations;
            self.not_counted.insert(file);
        }
    }

    fn pass_over(
        &mut self,
        filed: &Filed,
        slug: Option<&Arc<str>>,
        why: Why,
        detail: Option<String>,
    ) {
        let file = not_counted(filed, why, detail);
        self.not_counted.insert(NotCounted { workspace: slug.cloned(), ..file });
    }

    fn look(&mut self, filed: &Filed, report: &Report, is_in_period: bool) {
        let mut members: HashMap<&str, Vec<&JudgedMember>> = HashMap::new();
        for judged in &report.members {
            members.entry(&judged.member.workspace).or_default().push(judged);
        }
        let (errors, policy) = (errors(report), self.policies.digest(&report.policy.sha256));
        let mut looked_at = Vec::new();
        for workspace in &report.workspaces {
            if !self.period.is_about(&workspace.slug) {
                continue;
            }
            if !workspace.complete {
                if is_in_period {
                    let why = workspace.error.clone();
                    self.pass_over(filed, Some(&workspace.slug), Why::Incomplete, why);
                }
                continue;
            }
            let members = members.remove(&*workspace.slug).unwrap_or_default();
            let exposed = members.iter().filter(|judged| judged.outcome == Outcome::Violation);
            let exposed = exposed.count() as u64;
            let broken = errors.iter().any(|(finding, exemption)| {
                is_about(finding, *exemption, |slug| *slug == *workspace.slug)
            });
            self.people.look(filed.checked_at, workspace, &members);
            self.looks.entry(Arc::clone(&workspace.slug)).or_default().push(Look {
                at: filed.checked_at,
                compliant: exposed == 0 && !broken,
                members: members.len() as u64,
                exposed,
                report: Arc::clone(&filed.sha256),
                policy: Arc::clone(&policy),
            });
            looked_at.push(&workspace.slug);
        }
        if looked_at.is_empty() {
            return;
        }
        self.policies.note(filed.checked_at, report, &looked_at, self.start);
        if is_in_period {
            self.note_rules(filed.checked_at, &errors);
            self.exemptions.note(filed.checked_at, report, &self.period);
            for by in &report.options.redirected_by {
                self.redirected_by.entry((by.by.clone(), by.to.clone())).or_insert(by.clone());
            }
        }
    }

    /// The rules other than the two-factor rules, which exposures tell of.
    fn note_rules(&mut self, at: Timestamp, errors: &[(&Finding, Option<&JudgedExemption>)]) {
        for (finding, exemption) in errors {
            let exposes = matches!(finding.rule, Rule::TwoFactorDisabled | Rule::TwoFactorUnknown);
            if exposes || !is_about(finding, *exemption, |slug| self.period.is_about(slug)) {
                continue;
            }
            let (rule, workspace) = (finding.rule, finding.workspace.clone());
            let exemption = finding.exemption.clone();
            let key = (rule, workspace.clone(), exemption.clone());
            let broken = self.broken.entry(key).or_insert_with(|| BrokenRule {
                rule,
                workspace,
                exemption,
                first: at,
                last: at,
                reports: 0,
            });
            // More than one finding of a report may be about the same.
            broken.reports += u64::from(broken.last != at || broken.reports == 0);
            broken.last = at;
        }
    }
}

/// Why a report is not evidence that has other exemptions than its policy file.
const OTHER_EXEMPTIONS: &str = "it has other exemptions than the reports before it have of the \
                                same policy file: one of them was edited";

fn not_counted(filed: &Filed, why: Why, detail: Option<String>) -> NotCounted {
    NotCounted {
        checked_at: Some(filed.checked_at),
        path: filed.path.clone(),
        report: Some(Arc::clone(&filed.sha256)),
        workspace: None,
        why,
        detail,
    }
}
