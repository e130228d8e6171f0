//! The chart and the time line of the HTML page.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use mfa_gate::emit::Format;
use mfa_gate::member::Source;
use mfa_gate::report::JudgedExemption;

use crate::fixture::{report, written};
use crate::page::Page;

/// Percentages, in hundredths.
fn percents(values: &[&str]) -> Vec<u64> {
    let read = |text: &&str| Some(text.strip_suffix('%')?.replace('.', "").parse().unwrap());
    values.iter().filter_map(read).collect()
}

#[test]
fn the_chart_shows_everybody_and_one_of_ten_thousand_too() {
    let mut report = report();
    report.summary.violations = 1;
    report.summary.exempt = 0;
    report.summary.not_applicable = 0;
    report.summary.protected_by = [(Source::Bitbucket, 9_990), (Source::Sso, 9)].into();
    report.members.clear();
    let page = Page::of(&report);
    let drawn = page.elements.iter().filter(|(name, own)| name == "rect" && own.contains_key("x"));
    let parts: Vec<(String, u64, u64)> = drawn
        .filter(|(_, own)| own["height"] == "100%")
        .map(|(_, own)| {
            let at = |name: &str| percents(&[&*own[name]])[0];
            (own["class"].clone(), at("x"), at("width"))
        })
        .collect();
    let wanted = [("bitbucket", 0, 9_840), ("sso", 9_840, 80), ("off", 9_920, 80)];
    assert_eq!(parts, wanted.map(|(class, at, width)| (class.to_owned(), at, width)));
}

#[test]
fn a_share_of_less_than_all_is_less_than_a_hundred_percent() {
    let mut report = report();
    report.complete = true;
    report.summary.members = 10_000;
    report.summary.not_applicable = 0;
    report.summary.protected = 9_999;
    Page::of(&report).says("that the policy accepts: 99 %.");
    report.summary.members = 0;
    Page::of(&report).says("No member who logs in is listed.");
}

#[test]
fn the_line_of_days_takes_any_day() {
    let mut report = report();
    let one = report.exemptions[0].clone();
    for today in [Date::MIN, date(2026, 10, 20), date(2028, 2, 29), Date::MAX] {
        report.today = today;
        let ends = [Date::MIN, today, today.saturating_add(1.day()), Date::MAX];
        let exemption = |expires: Date| JudgedExemption {
            starts: Some(expires.min(today)),
            expires,
            ..one.clone()
        };
        report.exemptions = ends.map(exemption).into();
        let page = Page::of(&report);
        let line = page.elements.iter().filter(|(name, _)| name == "rect" || name == "line");
        for (_, own) in line {
            for name in ["x", "x1", "x2"] {
                let at = own.get(name).map(|value| percents(&[value]));
                assert!(at.is_none_or(|at| at.iter().all(|at| *at <= 10_000)), "{own:?}");
            }
        }
        page.says(&format!("{today} today"));
    }
}

#[test]
fn the_line_of_days_draws_sixty_and_counts_the_rest() {
    let mut report = report();
    let one = report.exemptions[0].clone();
    let exemption = |days: i64| JudgedExemption {
        id: format!("EX-{days}").into(),
        expires: report.today.saturating_add(days.days()),
        ..one.clone()
    };
    report.exemptions = (0..100).rev().map(exemption).collect();
    let html = written(Format::Html, &report);
    let page = Page::read(&html);
    page.says("40 exemptions more that end later are in the table.");
    // The last of the policy ends first.
    let first = html.split("<li><a href=\"#exemption-").nth(1).unwrap();
    assert!(first.starts_with("100\">EX-0</a>"), "{}", &first[..40]);
}
