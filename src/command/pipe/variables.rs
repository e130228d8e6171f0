//! The variables of the pipe as Pipelines hands them over: a YAML list as `NAME_COUNT`, `NAME_0`,
//! `NAME_1`, …, and a variable that the pipeline does not have as the text `$NAME`. What would be
//! passed over because of that is refused.

use std::collections::BTreeMap;

use crate::env::{Variables as Environment, not_text};
use crate::failure::{Failure, docs};
use crate::suggest::nearest;

/// What the pipe declares, without the secured ones.
const SETTINGS: [&str; 15] = [
    "POLICY",
    "POLICY_SHA256",
    "WORKSPACES",
    "ROSTER",
    "ROSTER_AS_OF",
    "REPORTS",
    "PREVIOUS",
    "CODE_INSIGHTS",
    "INSIGHTS_NAMES",
    "SLACK",
    "SLACK_NAMES",
    "REDACT",
    "VERIFY",
    "MAX_AGE",
    "DEBUG",
];

/// Those whose default in `pipe.yml` is their own name, for the pipeline's secured variable: where
/// the pipeline has none, they are unset.
pub(super) const SECURED: [&str; 14] = [
    "BITBUCKET_EMAIL",
    "BITBUCKET_API_TOKEN",
    "BITBUCKET_ACCESS_TOKEN",
    "BITBUCKET_CLIENT_ID",
    "BITBUCKET_CLIENT_SECRET",
    "ATLASSIAN_ORG_ID",
    "ATLASSIAN_API_KEY",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "SLACK_WEBHOOK_URL",
    "REDACT_KEY",
];

/// The one that may be a list.
const WORKSPACES: &str = "WORKSPACES";

/// Prefixes of variables that Pipelines and the program itself know.
const FOREIGN: [&str; 4] = ["BITBUCKET_", "ATLASSIAN_", "AZURE_", "MFA_GATE_"];

/// The variables of the pipe.
pub(super) struct Variables {
    set: BTreeMap<String, String>,
    /// The names of those that are not UTF-8.
    unreadable: Vec<String>,
}

impl Variables {
    pub(super) fn new(environment: &Environment) -> Self {
        let mut variables = Variables { set: BTreeMap::new(), unreadable: Vec::new() };
        for (name, value) in environment {
            let name = name.to_string_lossy().into_owned();
            match value.to_str() {
                Some(value) => {
                    variables.set.insert(name, value.to_owned());
                }
                None => variables.unreadable.push(name),
            }
        }
        variables
    }

    /// A variable that is set, and neither to nothing nor to the name of a missing one.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.set.get(name)?;
        (!value.is_empty() && !is_name_of(value, name)).then(|| value.clone())
    }

    /// A variable as Pipelines hands it over.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }

    /// Whether a variable is given, and is nothing or its own name: the pipeline has no such one.
    pub(super) fn is_void(&self, name: &str) -> bool {
        self.value(name).is_some() && self.text(name).is_none()
    }

    /// Whether a setting is set, and not to `false`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }

    /// An option with the value of a variable, if it is set.
    pub(super) fn option(&self, option: &str, name: &str) -> Option<String> {
        self.text(name).map(|value| format!("{option}={value}"))
    }

    /// The digest that the policy must have; `none` asks for none.
    pub(super) fn pin(&self) -> Option<String> {
        let digest = self.text("POLICY_SHA256").filter(|digest| digest != "none")?;
        Some(format!("--policy-sha256={digest}"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some(yes) if yes.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(no) if no.eq_ignore_ascii_case("false") => Ok(Some(false)),
            // It is not repeated: it may be a key in the wrong place.
            Some(_) => Err(Failure::usage(
                format!("the pipe's variable {name} is neither true nor false"),
                format!("Set {name} to true or false, or omit it."),
            )),
        }
    }

    /// The workspaces: a text with commas, blanks or line breaks between them, or a YAML list.
    pub(super) fn workspaces(&self) -> Result<Vec<String>, Failure> {
        if let Some(items) = self.list(WORKSPACES)? {
            return Ok(items);
        }
        let Some(text) = self.text(WORKSPACES) else { return Ok(Vec::new()) };
        let slugs = text.split(|c: char| c == ',' || c.is_whitespace());
        let slugs: Vec<String> = slugs.filter(|slug| !slug.is_empty()).map(str::to_owned).collect();
        if slugs.is_empty() { Err(empty(WORKSPACES)) } else { Ok(slugs) }
    }

    /// Refuses what would otherwise be passed over: to judge by less than what was asked for would
    /// be to pass by accident.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if let Some(name) = self.unreadable.iter().find(|name| is_of_the_pipe(name)) {
            return Err(not_text(name));
        }
        for (name, value) in &self.set {
            self.check_one(name, value)?;
        }
        self.list(WORKSPACES).map(|_| ())
    }

    fn check_one(&self, name: &str, value: &str) -> Result<(), Failure> {
        let (is_secured, is_setting) = (SECURED.contains(&name), SETTINGS.contains(&name));
        if is_name_of(value, name) {
            return if is_secured { Ok(()) } else { Err(missing(name, value)) };
        }
        if (is_secured || is_setting) && is_reference(value) {
            return Err(missing(name, value));
        }
        // Whether Pipelines hands over a variable that was not given as an empty one is not
        // documented. An empty pin would drop what security approved, so its default is a word.
        if is_setting && value.trim().is_empty() && (name == "POLICY_SHA256" || !value.is_empty()) {
            return Err(empty(name));
        }
        if is_secured || is_setting {
            return Ok(());
        }
        match item_of(name) {
            Some(WORKSPACES) => Ok(()),
            Some(list) => Err(Failure::usage(
                format!("the pipe's variable {list} is a YAML list"),
                format!("{list} takes one value. Only {WORKSPACES} may be a list."),
            )),
            None => refuse_misspelt(name),
        }
    }

    /// The items of a variable that is written as a YAML list, if it is.
    fn list(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        let malformed = |what: String| {
            Failure::usage(
                format!("the pipe's variable {name} is not a complete list: {what}"),
                format!("Write {name} as one YAML list or as one text in the pipe's variables."),
            )
        };
        let given = self.set.keys().filter(|key| item_of(key) == Some(name)).count();
        if given == 0 {
            return Ok(None);
        }
        let counter = format!("{name}_COUNT");
        let Some(count) = self.set.get(&counter) else {
            return Err(malformed(format!("{counter} is missing")));
        };
        // As it is written by Pipelines, and no other way.
        let number = count.parse::<usize>().ok().filter(|number| number.to_string() == *count);
        let Some(number) = number else {
            return Err(malformed(format!("{counter} is not a number")));
        };
        if self.set.contains_key(name) {
            return Err(malformed(format!("{name} and {counter} are both set")));
        }
        if number == 0 {
            return Err(empty(name));
        }
        let mut items = Vec::new();
        for key in (0..number).map(|position| format!("{name}_{position}")) {
            match self.set.get(&key) {
                Some(item) if !item.trim().is_empty() => items.push(item.trim().to_owned()),
                Some(_) => return Err(malformed(format!("{key} is empty"))),
                None => return Err(malformed(format!("{key} is missing"))),
            }
        }
        if given != items.len() + 1 {
            return Err(malformed(format!("there are more items than {counter} says")));
        }
        Ok(Some(items))
    }
}

/// All variables that `pipe.yml` declares.
fn declared() -> impl Iterator<Item = &'static str> {
    SETTINGS.into_iter().chain(SECURED)
}

/// The variable of the pipe that this is a part of, as Pipelines names the parts of a YAML list.
fn item_of(name: &str) -> Option<&'static str> {
    let (list, part) = name.rsplit_once('_')?;
    let is_part = part == "COUNT" || (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    declared().find(|declared| is_part && *declared == list)
}

fn is_of_the_pipe(name: &str) -> bool {
    declared().any(|declared| declared == name) || item_of(name).is_some()
}

/// Whether a value is the name of its own variable: what `$NAME` and the defaults of `pipe.yml` are
/// where the pipeline has no such variable.
pub(super) fn is_name_of(value: &str, name: &str) -> bool {
    referred(value) == Some(name)
}

/// Whether a value is nothing but the name of a variable.
fn is_reference(value: &str) -> bool {
    referred(value).is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// What stands after the dollar, or between the braces.
fn referred(value: &str) -> Option<&str> {
    let name = value.strip_prefix('$')?;
    let braced = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    Some(braced.unwrap_or(name))
}

fn refuse_misspelt(name: &str) -> Result<(), Failure> {
    if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
        return Ok(());
    }
    match nearest(name, declared()) {
        None => Ok(()),
        Some(meant) => Err(Failure::usage(
            format!("the pipe has no variable {name}"),
            format!("Did you mean {meant}? All of them: {}", docs("pipe.md")),
        )),
    }
}

/// The value is not repeated: it may be a secret that looks like a name.
pub(super) fn missing(name: &str, value: &str) -> Failure {
    let holds = if value.is_empty() {
        "is set and empty"
    } else {
        "holds the name of a variable that the pipeline does not have"
    };
    Failure::usage(
        format!("the pipe's variable {name} {holds}"),
        "Define that variable in the repository's settings, or omit it in the pipe's variables.",
    )
}

fn empty(name: &str) -> Failure {
    Failure::usage(
        format!("the pipe's variable {name} is set and empty"),
        format!("Give {name} a value, or omit it."),
    )
}

/// The variables `$NAME` of which the pipeline has none, for what the program itself reads.
pub(super) fn is_unset(value: &str, name: &str) -> bool {
    SECURED.contains(&name) && is_name_of(value, name)
}

#[cfg(test)]
pub(super) fn of(variables: &[(&str, &str)]) -> Variables {
    let set = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Variables { set: set.collect(), unreadable: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::declared;

    /// A variable that is misspelt in the code would never be set.
    #[test]
    fn only_variables_that_the_pipe_declares_are_asked_for() {
        for code in [include_str!("../pipe.rs"), include_str!("demands.rs")] {
            let code = code.split("#[cfg(test)]").next().unwrap();
            let texts = code.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
            let is_name = |text: &&str| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            };
            let names: Vec<&str> = texts.filter(is_name).collect();
            assert!(!names.is_empty());
            for name in names {
                assert!(declared().any(|declared| declared == name), "{name}");
            }
        }
    }
}
