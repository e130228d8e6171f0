//! What an auditor asks for, in words.

use crate::emit::summary;
use crate::emit::summary::count;
use crate::reading::Origin;
use crate::report::{
    CredentialKind, DirectoryRecord, EffectivePolicy, Redaction, Report, Workspace,
};
use crate::rule::Rule;

/// How far the run can be relied on.
pub(super) fn assurance(report: &Report) -> String {
    summary::not_live(report).unwrap_or_else(|| {
        "live: the default hosts, the real clock, no file in place of the API".into()
    })
}

/// The sources whose proof counts, in order of preference.
pub(super) fn accepted(policy: &EffectivePolicy) -> String {
    let names = policy.accept.iter().map(|&source| policy.roster.heading(source));
    names.collect::<Vec<_>>().join(", ")
}

/// The level of every rule.
pub(super) fn levels(policy: &EffectivePolicy) -> String {
    let level = |rule: Rule| match rule.allowed_levels() {
        [] => "error",
        _ => policy.rules.of(rule).id(),
    };
    let of = |rule: Rule| format!("{}: {}", rule.id(), level(rule));
    Rule::ALL.map(of).join(", ")
}

/// What exemptions and rosters may look like.
pub(super) fn limits(policy: &EffectivePolicy) -> String {
    let limits = &policy.limits;
    let required: Vec<_> = limits.require.iter().map(|field| field.id()).collect();
    let all = [
        limits.max_days.map(|days| format!("max_days: {days}")),
        limits.max_exemptions.map(|most| format!("max_exemptions: {most}")),
        Some(format!("warn_before_days: {}", limits.warn_before_days)),
        Some(format!("roster_max_age_days: {}", limits.roster_max_age_days)),
        (!required.is_empty()).then(|| format!("require: {}", required.join(" "))),
        Some(format!("admins: {}", limits.admins.id())),
        limits.max_owners.map(|most| format!("max_owners: {most}")),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The options that can change a verdict, as they are typed.
pub(super) fn options(report: &Report) -> String {
    let options = &report.options;
    let flags = [
        (options.today, "--today"),
        (options.members, "--members"),
        (options.roster, "--roster"),
        (options.ignore_exemptions, "--ignore-exemptions"),
        (options.strict, "--strict"),
        (options.exit_zero, "--exit-zero"),
    ];
    let flags = flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.to_owned());
    let workspaces = options.workspace.iter().map(|slug| format!("--workspace {slug}"));
    let given: Vec<String> = flags.chain(workspaces).collect();
    if given.is_empty() { "none that can change a verdict".into() } else { given.join(", ") }
}

/// With what kind of credential Bitbucket was asked.
pub(super) fn credential(report: &Report) -> Option<&'static str> {
    report.source.credential_kind.map(|kind| match kind {
        CredentialKind::ApiToken => "an API token",
        CredentialKind::AccessToken => "an access token",
        CredentialKind::Oauth => "an OAuth consumer",
    })
}

/// How far an organisation's directory was read.
pub(super) fn accounts(organisation: &DirectoryRecord) -> String {
    let requests = count(organisation.requests.into(), "request");
    match organisation.accounts {
        Some(accounts) => format!("{}, {requests}", count(accounts, "managed account")),
        None => format!("not read to the end, {requests}"),
    }
}

/// Where the members of a workspace came from, and what it took to read them.
pub(super) fn reading(workspace: &Workspace) -> String {
    let size = workspace.reported_size.map(|size| format!("the server counts {size}"));
    let effort = match workspace.source {
        Origin::Api => {
            let requests = count(workspace.requests.into(), "request");
            let walks = count(workspace.walks.into(), "walk");
            let (seconds, rest) = (workspace.duration_ms / 1000, workspace.duration_ms % 1000);
            format!("from Bitbucket's API in {requests}, {walks} and {seconds}.{rest:03} s")
        }
        Origin::Snapshot => "from a file of mfa-gate members".into(),
        Origin::SavedPages => "from saved pages of the API".into(),
        Origin::UserExport => "from Bitbucket's user export".into(),
    };
    size.into_iter().chain([effort]).collect::<Vec<_>>().join("; ")
}

/// What was replaced or withheld, and whether another report has the same pseudonyms.
pub(super) fn redaction(redaction: &Redaction) -> String {
    let key = if redaction.for_this_run {
        "their key was made for this run: no other report has the same ones"
    } else {
        "every report with the same key fingerprint has the same ones"
    };
    let fingerprint = &redaction.key_id;
    format!(
        "people are named by pseudonyms (key fingerprint {fingerprint}; {key}); reasons, controls, \
         tickets, owners and approvers are withheld"
    )
}

/// The controls of each framework.
pub(super) fn controls() -> Vec<(&'static str, Vec<String>)> {
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for control in Rule::ALL.into_iter().flat_map(|rule| rule.controls()) {
        let id = control.id_and_condition();
        match all.iter_mut().find(|(framework, _)| *framework == control.framework) {
            Some((_, ids)) if ids.contains(&id) => {}
            Some((_, ids)) => ids.push(id),
            None => all.push((control.framework, vec![id])),
        }
    }
    all
}
