//! `audit`: what the reports of a period show together.

mod chain;
mod evidence;
mod exposures;
mod formats;
mod policies;
mod scope;

use jiff::Timestamp;
use mfa_gate::emit::{self, Format};
use mfa_gate::member::{Member, TwoFactor};
use mfa_gate::report::Report;
use serde_json::Value;

use crate::live;
use crate::support::{Outcome, Sandbox};

pub(super) const POLICY: &str = "version: 1\nworkspaces: [acme]\n";

/// A time of September 2025, such as `03 02:00`.
pub(super) fn at(time: &str) -> Timestamp {
    let (day, time) = time.split_once(' ').unwrap();
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2025-09-{day}T{time}{seconds}Z").parse().unwrap()
}

/// The report as the program writes it.
pub(super) fn json(report: &Report) -> String {
    let mut out = Vec::new();
    emit::write(Format::Json, report, emit::Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Members who have a second factor, and those who have none.
pub(super) fn members(
    on: impl IntoIterator<Item = usize>,
    off: impl IntoIterator<Item = usize>,
) -> live::Listed {
    let on = on.into_iter().map(|number| live::member(number, TwoFactor::Enabled));
    let off = off.into_iter().map(|number| live::member(number, TwoFactor::Disabled));
    Ok(on.chain(off).collect::<Vec<Member>>())
}

/// A folder of reports.
pub(super) struct Reports {
    pub(super) sandbox: Sandbox,
}

impl Reports {
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new();
        std::fs::create_dir(sandbox.path("reports")).unwrap();
        Reports { sandbox }
    }

    /// Compliant looks at acme at two o'clock of these days.
    pub(super) fn daily(days: impl IntoIterator<Item = i8>) -> Self {
        let reports = Reports::new();
        for day in days {
            reports.look(&format!("{day:02} 02:00"), &[("acme", members(0..3, []))]);
        }
        reports
    }

    /// A live look by the policy of acme.
    pub(super) fn look(&self, time: &str, workspaces: &[(&str, live::Listed)]) {
        self.look_by(POLICY, time, workspaces);
    }

    pub(super) fn look_by(&self, policy: &str, time: &str, workspaces: &[(&str, live::Listed)]) {
        let report = live::report(policy, at(time), workspaces);
        self.write(time, &json(&report));
    }

    pub(super) fn name(time: &str) -> String {
        format!("reports/{}.json", time.replace([' ', ':'], "-"))
    }

    pub(super) fn write(&self, time: &str, text: &str) {
        self.sandbox.write(&Self::name(time), text);
    }

    pub(super) fn read(&self, time: &str) -> Value {
        self.sandbox.json(&Self::name(time))
    }

    pub(super) fn remove(&self, time: &str) {
        std::fs::remove_file(self.sandbox.path(&Self::name(time))).unwrap();
    }

    /// Audits the days from the first to the last one.
    pub(super) fn audit_of(&self, from: &str, to: &str, more: &[&str]) -> Audited {
        let (from, to) = (format!("--from=2025-09-{from}"), format!("--to=2025-09-{to}"));
        let args = ["audit", "reports", &from, &to, "--report=json=audit.json"];
        let outcome = self.sandbox.run(&[&args, more].concat());
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        let json = match outcome.code {
            2 => Value::Null,
            _ => self.sandbox.json("audit.json"),
        };
        Audited { outcome, json }
    }

    /// Audits the first ten days.
    pub(super) fn audit(&self, more: &[&str]) -> Audited {
        self.audit_of("01", "10", more)
    }
}

/// What an audit said.
pub(super) struct Audited {
    pub(super) outcome: Outcome,
    pub(super) json: Value,
}

impl Audited {
    /// It ended with this code, and the report says the same.
    #[track_caller]
    pub(super) fn ends(&self, code: i32, verdict: &str) {
        let Outcome { code: ended, stdout, stderr } = &self.outcome;
        assert_eq!(*ended, code, "{stdout}{stderr}");
        assert_eq!(self.json["verdict"], verdict, "{stdout}");
        assert_eq!(self.json["exit_code"], code);
        assert!(stdout.starts_with(&format!("{verdict}: ")), "{stdout}");
    }

    /// It says this, wherever the lines end.
    #[track_caller]
    pub(super) fn says(&self, text: &str) {
        let said: Vec<&str> = self.outcome.stdout.split_whitespace().collect();
        assert!(said.join(" ").contains(text), "{text:?} is not in\n{}", self.outcome.stdout);
    }

    /// A value, as JSON.
    #[track_caller]
    pub(super) fn is(&self, pointer: &str, value: impl Into<Value>) {
        let own = self.json.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(*own, value.into(), "{pointer}\n{}", self.outcome.stdout);
    }
}
