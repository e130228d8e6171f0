//! What limits a verdict, and what to know before relying on it.

use super::{count, number, slugs};
use crate::member::Source;
use crate::reading::{Coverage, Origin};
use crate::report::{
    Assurance, EntraRecord, Provenance, Redaction, Redirection, Report, Workspace,
};

/// Why a report is not live, if it is not: by what it says of itself.
pub(crate) fn not_live(report: &Report) -> Option<String> {
    let what = match report.assurance {
        Assurance::Live => return None,
        Assurance::Offline | Assurance::Simulated => report.assurance.id(),
    };
    let is_from_file = |workspace: &&Workspace| workspace.source != Origin::Api;
    let from_file = report.workspaces.iter().filter(is_from_file);
    let from_file: Vec<&str> = from_file.map(|workspace| &*workspace.slug).collect();
    let was_asked = report.workspaces.iter().any(|workspace| workspace.requests > 0);
    let from = match &report.source.api_url {
        Some(url) if from_file.is_empty() && was_asked => format!("{url} was asked"),
        Some(url) if from_file.is_empty() => format!("{url} was to be asked"),
        Some(url) if from_file.len() < report.workspaces.len() => {
            let slugs = slugs(from_file.into_iter());
            format!("the members of {slugs} come from a file, {url} was asked for the rest")
        }
        Some(_) | None => "the members come from a file, Bitbucket was not asked".into(),
    };
    let Provenance { atlassian, entra, .. } = &report.source;
    let organisation = atlassian.as_ref().filter(|asked| !asked.is_at_default());
    let organisation =
        organisation.map(|asked| format!(", {} was asked for the organisation", asked.api_url));
    let entra = entra.as_ref().filter(|asked| !asked.is_at_microsoft()).map(|asked| {
        let EntraRecord { login_url, graph_url, .. } = asked;
        format!(", {login_url} and {graph_url} were asked for Microsoft Entra")
    });
    let day = report.options.today.then(|| format!("; judged as of {}", report.today));
    let [organisation, entra, day] = [organisation, entra, day].map(Option::unwrap_or_default);
    Some(format!("{what}: {from}{organisation}{entra}{day}"))
}

/// What a reader must know before relying on the verdict, one fragment of a sentence each.
pub(crate) fn caveats(report: &Report) -> Vec<String> {
    let mut caveats = Vec::new();
    caveats.extend(not_live(report));
    caveats.extend(clock(&report.source));
    caveats.extend(redirected(&report.options.redirected_by));
    if !report.workspaces_not_checked.is_empty() {
        let selected = number(report.workspaces.len());
        let all = selected.saturating_add(number(report.workspaces_not_checked.len()));
        caveats.push(format!(
            "{selected} of {} selected, not checked: {}",
            count(all, "workspace"),
            slugs(report.workspaces_not_checked.iter().map(|slug| &**slug))
        ));
    }
    caveats.extend(report.redaction.as_ref().map(redacted));
    let alone = report.summary.protected_by_roster_alone;
    if alone > 0 {
        let are = if alone == 1 { "is" } else { "are" };
        caveats.push(format!(
            "{} {are} protected by {} alone, which says who registered a second factor, not who is \
             made to use it",
            count(alone, "member"),
            report.policy.effective.roster.in_a_sentence()
        ));
    }
    caveats.extend(unseen(&report.policy.effective.coverage).map(str::to_owned));
    if report.options.ignore_exemptions {
        caveats.push("--ignore-exemptions: no exemption is applied".into());
    }
    if report.options.strict {
        caveats.push("--strict: warnings are errors".into());
    }
    if report.options.exit_zero {
        caveats.push("--exit-zero: violations alone do not fail the run".into());
    }
    caveats
}

/// Who was not looked at, where that is not everybody.
pub(crate) fn unseen(coverage: &[Coverage]) -> Option<&'static str> {
    let unseen = "people with access to single repositories were not looked at";
    (!coverage.contains(&Coverage::Repositories)).then_some(unseen)
}

/// Through what others could have answered, if there is anything.
pub(crate) fn redirected(by: &[Redirection]) -> Option<String> {
    let by: Vec<String> = by.iter().map(ToString::to_string).collect();
    let what = || format!("redirected: {} could answer in place of a server", by.join(", "));
    (!by.is_empty()).then(what)
}

/// What is replaced and withheld.
pub(crate) fn redacted(redaction: &Redaction) -> String {
    let key = if redaction.for_this_run {
        "the key is this run's alone".into()
    } else {
        format!("key fingerprint {}", redaction.key_id)
    };
    format!("redacted: people are named by pseudonyms ({key}), what people wrote is withheld")
}

/// That the machine's clock was wrong, where the difference matters.
pub(crate) fn clock(source: &Provenance) -> Option<String> {
    let gap = source.clock.filter(|gap| gap.is_notable())?;
    Some(format!("the clock of the machine that asked is not right: {gap}"))
}

/// A hint for the case that many members fail and only Bitbucket's own flag counts, which does not
/// know about single sign-on or the Atlassian account.
pub(crate) fn sign_on_hint(report: &Report) -> Option<&'static str> {
    let summary = &report.summary;
    let applicable = summary.members.saturating_sub(summary.not_applicable);
    let many = summary.violations.saturating_mul(5) > applicable;
    (many && report.policy.effective.accept == [Source::Bitbucket]).then_some(
        "Bitbucket's flag is Bitbucket's own second step: members who sign in through SSO, or have \
         two-step verification on their Atlassian account, can show as off here. `accept` in the \
         policy takes other proofs: the Atlassian organisation, or an identity provider's export.",
    )
}
