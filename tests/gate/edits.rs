//! A report that somebody edited never ends better than it did before.
//!
//! Each field of several kinds of reports is deleted, given other values and given twice. What comes
//! of an edit is refused, or the whole document is consistent with itself: written again from what it
//! contains it is the same document, and then it ends as it did before. Only [`FACTS`] can be edited
//! so, since nothing else in a report tells whether they are true.

use std::collections::BTreeMap;

use mfa_gate::judge::Refusal;
use mfa_gate::report::Report;
use mfa_gate::rule::Rule;
use serde_json::{Value, json};

use crate::kinds::reports;
use crate::support::Sandbox;

/// What was seen, and what tells of other reports. `*` stands for a position.
const FACTS: [&str; 14] = [
    "tool.version",
    "checked_at",
    "today",
    "options",
    "source",
    "subject",
    "policy",
    "workspaces",
    "members",
    "exemptions",
    "findings.*.help",
    "changes",
    "previous",
    "redaction",
];

/// What is concluded from them, which no edit can change unseen.
const CLAIMS: [&str; 16] = [
    "verdict",
    "complete",
    "exit_code",
    "summary",
    "findings",
    "assurance",
    "workspaces_not_checked",
    "workspaces.*.complete",
    "workspaces.*.members",
    "workspaces.*.completeness",
    "members.*.key",
    "members.*.two_factor",
    "members.*.decided_by",
    "members.*.outcome",
    "members.*.exemption",
    "exemptions.*.state",
];

fn is_under(place: &str, above: &[&str]) -> bool {
    above.iter().any(|above| {
        place.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// A step down into a document.
#[derive(Clone)]
enum Step {
    Key(String),
    At(usize),
}

type Place = Vec<Step>;

fn shown(place: &[Step]) -> String {
    let steps = place.iter().map(|step| match step {
        Step::Key(key) => key.as_str(),
        Step::At(_) => "*",
    });
    steps.collect::<Vec<_>>().join(".")
}

fn at<'v>(document: &'v mut Value, place: &[Step]) -> &'v mut Value {
    place.iter().fold(document, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::At(position) => &mut value[*position],
    })
}

/// Every place of a document, itself left out.
fn places(value: &Value, above: &[Step], all: &mut Vec<(Place, Value)>) {
    let mut add = |step: Step, value: &Value| {
        let place = [above, &[step]].concat();
        all.push((place.clone(), value.clone()));
        places(value, &place, all);
    };
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| add(Step::Key(key.clone()), value));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(position, value)| add(Step::At(position), value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What else may stand in a place: values of the same key elsewhere, and what is easily typed.
fn others(place: &[Step], value: &Value, seen: &BTreeMap<String, Vec<Value>>) -> Vec<Value> {
    let mut others = seen.get(&shown(place)).cloned().unwrap_or_default();
    others.push(Value::Null);
    match value {
        Value::Null => {}
        Value::Bool(set) => others.push(json!(!set)),
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            others.extend([json!(0), json!(1), json!(number + 1), json!(u64::MAX), json!(-1)]);
            others.push(json!(number.saturating_sub(1)));
        }
        Value::String(text) => {
            others.extend(["", "x", "compliant", "0.0.1", "enabled", "allow"].map(Value::from));
            others.push(text.to_uppercase().into());
            if text.starts_with("20") {
                let times = ["2020-01-01", "2026-09-02", "2027-01-01", "2026-09-01T12:00:00Z"];
                others.extend(times.map(Value::from));
            }
        }
        Value::Array(list) => {
            others.push(json!([]));
            let mut reversed = list.clone();
            reversed.reverse();
            others.push(reversed.into());
            if let Some(first) = list.first() {
                others.push([&list[..], std::slice::from_ref(first)].concat().into());
            }
        }
        Value::Object(_) => others.push(json!({})),
    }
    others.retain(|other| other != value);
    others
}

/// The documents that one edit in a place makes of another.
fn edits(document: &Value, place: &[Step], value: &Value, others: &[Value]) -> Vec<String> {
    let (last, above) = place.split_last().unwrap();
    let mut edits = Vec::new();
    let mut add = |edit: &dyn Fn(&mut Value)| {
        let mut edited = document.clone();
        edit(at(&mut edited, above));
        edits.push(edited.to_string());
    };
    match last {
        Step::At(position) => add(&|list| drop(list.as_array_mut().unwrap().remove(*position))),
        Step::Key(key) => {
            add(&|object| drop(object.as_object_mut().unwrap().remove(key)));
            add(&|object| object[format!("{key} too")] = json!(null));
        }
    }
    for other in others {
        add(&|above| *at(above, std::slice::from_ref(last)) = other.clone());
    }
    let Step::Key(key) = last else { return edits };
    let both = |first: &Value, second: &Value| {
        let mut edited = document.clone();
        let object = at(&mut edited, above).as_object_mut().unwrap();
        object.insert(key.clone(), first.clone());
        object.insert(format!("{key}\u{1}"), second.clone());
        edited.to_string().replace(&format!("\"{key}\\u0001\""), &format!("\"{key}\""))
    };
    edits.push(both(value, value));
    for other in others.iter().take(2) {
        edits.extend([both(value, other), both(other, value)]);
    }
    edits
}

/// What an untouched report is worth.
struct Untouched {
    code: u8,
    live: bool,
}

fn worth(mut judged: Report) -> Untouched {
    let live = judged.is_live();
    judged.options.exit_zero = false;
    Untouched { code: judged.exit().code(), live }
}

/// The exit code of `verify`.
fn code(refusal: &Refusal) -> u8 {
    match refusal {
        Refusal::NoReport(_) | Refusal::Version(_) => 2,
        Refusal::Contradiction(contradiction) if contradiction.violations => 1,
        Refusal::Contradiction(_) => 3,
    }
}

/// Without what may as well be left out: what is nothing where it is missing.
fn plain(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let nothing = [json!(null), json!([]), json!(false), json!(0)];
            object.retain(|_, value| !nothing.contains(value));
            object.values_mut().for_each(plain);
        }
        Value::Array(list) => list.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_the_same(edited: &str, judged: &Report) -> bool {
    let mut documents =
        [serde_json::from_str(edited).unwrap(), serde_json::to_value(judged).unwrap()];
    for document in &mut documents {
        document["tool"]["version"] = json!(null);
        let rules = document["policy"]["effective"]["rules"].as_object_mut().unwrap();
        for rule in Rule::ALL.into_iter().filter(|rule| !rule.allowed_levels().is_empty()) {
            rules.entry(rule.id()).or_insert_with(|| json!(rule.default_level()));
        }
        plain(document);
    }
    documents[0] == documents[1]
}

#[test]
fn no_edit_of_a_report_ends_better() {
    let reports = reports();
    let mut seen: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (_, _, report) in &reports {
        let mut all = Vec::new();
        places(report, &[], &mut all);
        for (place, value) in all {
            let known = seen.entry(shown(&place)).or_default();
            if known.len() < 4 && !value.is_object() && !known.contains(&value) {
                known.push(value);
            }
        }
    }
    let mut number = 0_usize;
    for (name, sandbox, report) in &reports {
        let untouched = Report::from_saved(report.to_string().as_bytes());
        let untouched = worth(untouched.unwrap_or_else(|why| panic!("{name}: {why:?}")));
        let mut all = Vec::new();
        places(report, &[], &mut all);
        for (place, value) in &all {
            let others = others(place, value, &seen);
            let place_shown = shown(place);
            for edited in edits(report, place, value, &others) {
                number += 1;
                let what = || format!("{name}, {place_shown}: {edited}");
                let ended = match Report::from_saved(edited.as_bytes()) {
                    Ok(judged) => {
                        assert!(is_the_same(&edited, &judged), "{}", what());
                        let worth = worth(judged);
                        assert_eq!(worth.code, untouched.code, "{}", what());
                        assert!(untouched.live || !worth.live, "{}", what());
                        let unseen = is_under(&place_shown, &FACTS)
                            && (!is_under(&place_shown, &CLAIMS)
                                || place_shown == "findings.*.help");
                        let is_one = || {
                            let original: Report = serde_json::from_value(report.clone()).unwrap();
                            !is_the_same(&edited, &original)
                        };
                        assert!(unseen || !is_one(), "{}", what());
                        worth.code
                    }
                    Err(refusal) => {
                        let code = code(&refusal);
                        // A pipeline that tolerates 3 tolerates no violation.
                        let excused = untouched.code != 1 || !is_under(&place_shown, &CLAIMS);
                        assert!(code != 3 || excused, "{refusal:?} {}", what());
                        code
                    }
                };
                if number.is_multiple_of(499) {
                    sandbox.write("edited.json", &edited);
                    let outcome = sandbox.run(&["verify", "-q", "edited.json"]);
                    assert_eq!(outcome.code, i32::from(ended), "{} {}", outcome.stderr, what());
                }
            }
        }
    }
    assert!(number > 10_000, "{number}");
}

/// A document with one key twice, at any depth and in maps too, is read by nobody in two ways.
#[test]
fn a_key_that_comes_twice_is_named() {
    let (_, sandbox, report) = reports().swap_remove(2);
    for (key, twice) in [
        ("\"verdict\":", "\"verdict\":\"compliant\",\"verdict\":"),
        ("\"two-factor-disabled\":", "\"two-factor-disabled\":\"deny\",\"two-factor-disabled\":"),
        ("\"ci\":{", "\"ci\":{\"A\":\"1\",\"\\u0041\":\"2\""),
        ("\"nickname\":", "\"nickname\":\"a\",\"nickname\":"),
        ("\"outcome\":", "\"outcome\":\"protected\",\"outcome\":"),
    ] {
        let text = report.to_string();
        assert!(text.contains(key), "{key}");
        sandbox.write("twice.json", text.replacen(key, twice, 1));
        for command in ["verify", "render"] {
            let outcome = sandbox.run(&[command, "-q", "twice.json"]);
            assert_eq!(outcome.code, 3, "{key}: {}", outcome.stderr);
            assert!(outcome.stderr.contains("twice in one object"), "{key}: {}", outcome.stderr);
        }
    }
}

#[test]
fn what_no_report_can_say_is_refused() {
    let (_, sandbox, report) = reports().swap_remove(2);
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut edited = report.clone();
        edit(&mut edited);
        sandbox.write("edited.json", edited.to_string());
        sandbox.run(&["verify", "-q", "edited.json"])
    };
    let selectorless = edited(&|report| {
        report["exemptions"][0].as_object_mut().unwrap().remove("account_id");
    });
    assert_eq!(selectorless.code, 1, "it excuses nobody: {}", selectorless.stderr);
    assert!(selectorless.stderr.contains("EX-0 does not say"), "{}", selectorless.stderr);
    for (code, said, edit) in [
        (
            2,
            "unknown field `note`",
            (&|report: &mut Value| report["note"] = json!(1)) as &dyn Fn(&mut Value),
        ),
        (2, "unknown field `note`", &|report| report["members"][1]["note"] = json!(1)),
        (2, "unknown variant `fine`", &|report| report["members"][1]["outcome"] = json!("fine")),
        (2, "unknown variant `fine`", &|report| {
            report["policy"]["effective"]["rules"]["fine"] = json!("deny");
        }),
        (3, "`assurance` is \"live\"", &|report| report["assurance"] = json!("live")),
        (3, "twice", &|report| report["exemptions"][1]["id"] = json!("EX-0")),
    ] {
        let outcome = edited(edit);
        assert_eq!(outcome.code, code, "{said}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
}

/// So that no field can be added whose unknown neighbours are passed over, and that validators take
/// the schemas with their defaults.
#[test]
fn schemas_are_closed_and_have_an_id_and_no_format() {
    fn hold(schema: &Value) {
        match schema {
            Value::Object(object) => {
                assert!(!object.get("format").is_some_and(Value::is_string), "{schema:#}");
                let is_closed = object.get("additionalProperties") == Some(&json!(false));
                assert!(is_closed || !object.contains_key("properties"), "{schema:#}");
                object.values().for_each(hold);
            }
            Value::Array(list) => list.iter().for_each(hold),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let sandbox = Sandbox::new();
    for kind in ["policy", "report"] {
        let schema: Value = serde_json::from_str(&sandbox.run(&["schema", kind]).stdout).unwrap();
        hold(&schema);
        let id = schema["$id"].as_str().unwrap();
        assert!(id.ends_with(&format!("/docs/schema/{kind}.schema.json")), "{id}");
    }
}
