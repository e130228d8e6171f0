//! The exemptions over the period: on which days each was in force and needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Period;
use super::stretches::day_of;
use crate::report::{AuditedExemption, JudgedExemption, Report, State, StateSpan};

/// An exemption's id, and the account id, uuid and address that it selects by.
type Entry = (Arc<str>, [Option<Box<str>>; 3]);

/// The exemptions so far. An entry that comes to be about another member is another one.
#[derive(Debug, Default)]
pub(super) struct Exemptions(BTreeMap<Entry, Log>);

#[derive(Debug)]
struct Log {
    audited: AuditedExemption,
    /// The last days that were counted.
    in_force: Option<Date>,
    needed: Option<Date>,
}

impl Exemptions {
    /// The exemptions of the next report.
    pub(super) fn note(&mut self, at: Timestamp, report: &Report, period: &Period) {
        let is_meant = |entry: &JudgedExemption| {
            entry.workspaces.is_empty() || entry.workspaces.iter().any(|slug| period.is_about(slug))
        };
        for entry in report.exemptions.iter().filter(|entry| is_meant(entry)) {
            let selector = [&entry.account_id, &entry.uuid, &entry.email].map(Clone::clone);
            let log = self.0.entry((Arc::clone(&entry.id), selector)).or_insert_with(|| Log {
                audited: AuditedExemption {
                    entry: entry.clone(),
                    days_in_force: 0,
                    days_needed: 0,
                    states: Vec::new(),
                },
                in_force: None,
                needed: None,
            });
            log.note(at, entry);
        }
    }

    pub(super) fn finish(self) -> Vec<AuditedExemption> {
        self.0.into_values().map(|log| log.audited).collect()
    }
}

impl Log {
    fn note(&mut self, at: Timestamp, entry: &JudgedExemption) {
        if self.audited.entry != *entry {
            self.audited.entry = entry.clone();
        }
        let day = day_of(at);
        let is_in_force = entry.starts.is_none_or(|starts| starts <= day) && day <= entry.expires;
        let days = &mut self.audited.days_in_force;
        *days += u64::from(is_in_force && self.in_force.replace(day) != Some(day));
        let days = &mut self.audited.days_needed;
        *days += u64::from(entry.state.excuses() && self.needed.replace(day) != Some(day));
        // A report that did not read all of its workspaces says nothing about it.
        if entry.state == State::Unresolved {
            return;
        }
        match self.audited.states.last_mut() {
            Some(span) if span.state == entry.state => {
                span.last = at;
                span.reports += 1;
            }
            Some(_) | None => {
                let span = StateSpan { state: entry.state, first: at, last: at, reports: 1 };
                self.audited.states.push(span);
            }
        }
    }
}
