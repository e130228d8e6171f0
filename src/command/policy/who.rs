//! The member that is meant by an id, an address or a name.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use crate::escape::terminal;
use crate::failure::Failure;
use crate::member::Member;
use crate::policy::{as_email, is_account_id};
use crate::reading::Reading;
use crate::run::Context;
use crate::suggest::nearest;

/// How many of the members that match are listed.
const LISTED: usize = 50;

/// The shortest account id that was seen, in bytes.
const SHORTEST_ID: usize = 24;

/// A member that matches a text.
pub(super) struct Person<'r> {
    /// As the first workspace shows the member.
    pub(super) member: &'r Member,
    /// The slugs of the workspaces where it matches.
    workspaces: Vec<&'r str>,
}

impl Person<'_> {
    /// The member on one line, for people.
    fn described(&self) -> String {
        let nickname = self.member.nickname.as_deref();
        let nickname =
            nickname.map(|nickname| format!(", nickname {nickname}")).unwrap_or_default();
        let (label, workspaces) = (self.member.label(), self.workspaces.join(", "));
        terminal(&format!("{label}{nickname}, in {workspaces}")).into_owned()
    }
}

/// Every member, with the slug of the workspace.
pub(super) fn members(readings: &[Reading]) -> impl Iterator<Item = (&str, &Member)> {
    readings.iter().flat_map(|reading| {
        let members = reading.members.iter().flat_map(|list| &list.members);
        members.map(|member| (&*reading.workspace, &**member))
    })
}

/// The members that match a text: by id; else by address, if it is one; else by nickname or display
/// name. Members choose their names, so a text that looks like an id or an address matches no name:
/// else a member could be taken for another one who is not there.
fn matching<'r>(who: &str, readings: &'r [Reading]) -> Vec<Person<'r>> {
    let email = as_email(who);
    let is_id = |member: &Member| {
        [&member.account_id, &member.uuid].iter().any(|id| id.as_deref() == Some(who))
    };
    let looks_like_id = who.starts_with('{')
        || (who.len() >= SHORTEST_ID
            && is_account_id(who)
            && who.contains(|c: char| c.is_ascii_digit()));
    let by_id = looks_like_id || members(readings).any(|(_, member)| is_id(member));
    let plain = |name: &str| name.trim().to_lowercase();
    let name = plain(who);
    let is_name = |member: &Member| {
        let names = [&member.nickname, &member.display_name];
        let is_it = |other: &str| !name.is_empty() && plain(other) == name;
        names.iter().any(|other| other.as_deref().is_some_and(is_it))
    };
    let matches = |member: &Member| match (&email, by_id) {
        (_, true) => is_id(member),
        (Some(_), false) => member.email == email,
        (None, false) => is_name(member),
    };
    let mut people: BTreeMap<&str, Person<'_>> = BTreeMap::new();
    for (slug, member) in members(readings).filter(|(_, member)| matches(member)) {
        let nowhere = Person { member, workspaces: Vec::new() };
        people.entry(member.key()).or_insert(nowhere).workspaces.push(slug);
    }
    people.into_values().collect()
}

/// The one member that a text means; where several match, the answer on the terminal decides.
pub(super) fn find<'r>(
    who: &str,
    readings: &'r [Reading],
    context: &Context<'_>,
) -> Result<Person<'r>, Failure> {
    let mut matching = matching(who, readings);
    match matching.len() {
        0 => Err(no_such_member(who, readings)),
        1 => Ok(matching.swap_remove(0)),
        _ if context.asks && !context.stderr.quiet => {
            let stdin = io::stdin().lock();
            let chosen = ask(who, &matching, stdin, &mut io::stderr().lock());
            let chosen = chosen.filter(|position| *position < matching.len());
            chosen.map(|position| matching.swap_remove(position)).ok_or_else(|| {
                Failure::usage("no member was chosen; nothing was written", "Name one by its id.")
            })
        }
        count => Err(Failure::rendered(format!(
            "error: {count} members match {}\n{}  help: Name one of them by the id in parentheses.",
            terminal(who),
            listed(&matching, |_| "-".to_owned()),
        ))),
    }
}

fn no_such_member(who: &str, readings: &[Reading]) -> Failure {
    let handles = members(readings).flat_map(|(_, member)| {
        let names = [&member.nickname, &member.display_name, &member.email];
        names.into_iter().filter_map(Option::as_deref)
    });
    let near = nearest(who, handles).map(|near| format!("Did you mean {near}? "));
    let slugs: Vec<&str> = readings.iter().map(|reading| &*reading.workspace).collect();
    Failure::usage(
        format!("no member of {} has the id, address or name {who}", slugs.join(", ")),
        format!(
            "{}`mfa-gate members` lists all members. Give the whole name or address.",
            near.unwrap_or_default()
        ),
    )
}

/// A line for each of the first members, and how many more there are.
fn listed(people: &[Person<'_>], mark: impl Fn(usize) -> String) -> String {
    let shown = people.iter().enumerate().take(LISTED);
    let mut lines: String = shown
        .map(|(position, person)| format!("  {} {}\n", mark(position), person.described()))
        .collect();
    if people.len() > LISTED {
        lines += &format!("  and {} more\n", people.len() - LISTED);
    }
    lines
}

/// Asks which one is meant, until there is an answer; `None` for none of them.
fn ask(
    who: &str,
    people: &[Person<'_>],
    mut answers: impl BufRead,
    questions: &mut dyn Write,
) -> Option<usize> {
    let last = people.len().min(LISTED);
    let numbered = listed(people, |position| format!("{:>2})", position + 1));
    write!(questions, "{} members match {}:\n{numbered}", people.len(), terminal(who)).ok()?;
    loop {
        write!(questions, "Which one? 1 to {last}, or nothing for none of them: ").ok()?;
        questions.flush().ok()?;
        let mut answer = String::new();
        if answers.read_line(&mut answer).ok()? == 0 || answer.trim().is_empty() {
            return None;
        }
        if let Some(number) =
            answer.trim().parse().ok().filter(|number| (1..=last).contains(number))
        {
            return Some(number - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Person, ask};
    use crate::member::Member;

    /// What comes of answers, and what was asked.
    fn answered(answers: &str) -> (Option<usize>, String) {
        let named = |name: &str| Member {
            account_id: Some(format!("557058:{name}").into()),
            display_name: Some("A\u{202e}da".into()),
            nickname: Some(name.into()),
            ..Member::nobody()
        };
        let members = [named("one"), named("two")];
        let person = |member| Person { member, workspaces: vec!["acme", "labs"] };
        let people: Vec<Person<'_>> = members.iter().map(person).collect();
        let mut questions = Vec::new();
        let chosen = ask("ada", &people, answers.as_bytes(), &mut questions);
        (chosen, String::from_utf8(questions).unwrap())
    }

    #[test]
    fn a_number_chooses_and_an_empty_line_does_not() {
        for (answers, chosen) in [
            ("1\n", Some(0)),
            (" 2 \n", Some(1)),
            ("0\n3\nada\n-1\n2", Some(1)),
            ("\n1\n", None),
            ("", None),
            ("9\n", None),
        ] {
            assert_eq!(answered(answers).0, chosen, "{answers:?}");
        }
    }

    #[test]
    fn members_are_shown_with_their_ids() {
        let expected = "\
2 members match ada:
   1) A\\u{202e}da (557058:one), nickname one, in acme, labs
   2) A\\u{202e}da (557058:two), nickname two, in acme, labs
Which one? 1 to 2, or nothing for none of them: ";
        assert_eq!(answered("").1, expected);
    }
}
