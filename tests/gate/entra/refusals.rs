//! What Microsoft Entra refuses, in plain words and with what to do.

use super::{ALONE, Entra, POLICY, REGISTRATIONS, Tenant, USERS, graph_refusal, login_refusal};
use crate::support::rows;

const NO_LICENCE: &str = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";

/// The one member who needs Entra is not judged, and the message says this and what to do.
fn is_refused(entra: &Entra, what: &str, help: &str) {
    let checked = entra.check();
    checked.is_incomplete(what);
    let console = checked.console.replace("\n", " ");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&console).contains(help), "{console} does not say {help}");
}

#[test]
fn a_token_that_is_not_granted() {
    for (error, description, help) in [
        ("invalid_client", "AADSTS7000215: Invalid client secret provided.", "secret's value"),
        (
            "invalid_client",
            "AADSTS7000222: The provided client secret keys are expired.",
            "expired",
        ),
        ("invalid_request", "AADSTS90002: Tenant 'x' not found.", "Check AZURE_TENANT_ID"),
        ("invalid_request", "AADSTS900023: Specified tenant is neither.", "Check AZURE_TENANT_ID"),
        ("unauthorized_client", "AADSTS700016: Application not found.", "Check AZURE_CLIENT_ID"),
        ("invalid_client", "AADSTS700213: No matching federated identity.", "issuer, subject"),
        ("invalid_client", "AADSTS700024: Client assertion is not in time.", "has expired"),
        ("invalid_client", "AADSTS7000112: Application is disabled.", "disabled in this tenant"),
        ("invalid_grant", "AADSTS53003: Access has been blocked.", "AZURE_FEDERATED_TOKEN_FILE"),
    ] {
        let entra = Entra::with(1);
        entra.login(move |_| login_refusal(error, description));
        is_refused(&entra, description, help);
        assert_eq!(entra.asked(), (1, 0), "{description}");
    }
}

#[test]
fn a_tenant_without_a_licence() {
    let entra = Entra::with(1);
    entra.graph_first(REGISTRATIONS, 9, graph_refusal(403, NO_LICENCE, "Not premium."));
    entra.serve(Tenant::of(0..1));
    is_refused(&entra, NO_LICENCE, "needs Microsoft Entra ID P1 or P2");
    // It is asked a few times: tenants with a licence have seen this now and then.
    let asked = entra.lists().into_iter().filter(|request| request.url.path() == REGISTRATIONS);
    assert_eq!(asked.count(), 3);
    let entra = Entra::with(1);
    entra.graph_first(REGISTRATIONS, 1, graph_refusal(403, NO_LICENCE, "Not premium."));
    entra.serve(Tenant::of(0..1));
    assert_eq!(entra.check().code, 0);
}

#[test]
fn a_missing_permission_is_named() {
    for (list, permission) in [(USERS, "User.Read.All"), (REGISTRATIONS, "AuditLog.Read.All")] {
        let entra = Entra::with(1);
        let denied = graph_refusal(403, "Authorization_RequestDenied", "Insufficient privileges.");
        entra.graph_first(list, 9, denied);
        entra.serve(Tenant::of(0..1));
        let help = format!("the application permission {permission} of Microsoft Graph");
        is_refused(&entra, "Authorization_RequestDenied: Insufficient privileges.", &help);
    }
}

#[test]
fn other_refusals() {
    for (status, code, help) in [
        (401, "InvalidAuthenticationToken", "are of the same cloud"),
        (404, "ResourceNotFound", "Check MFA_GATE_GRAPH_URL"),
        (400, "BadRequest", "Check MFA_GATE_GRAPH_URL"),
        (302, "", "redirect"),
    ] {
        let entra = Entra::with(1);
        entra.graph_first(USERS, 9, graph_refusal(status, code, "why"));
        entra.serve(Tenant::of(0..1));
        let checked = entra.check();
        assert_eq!(checked.code, 3, "{}", checked.console);
        let console: Vec<_> = checked.console.split_whitespace().collect();
        assert!(console.join(" ").contains(help), "{}", checked.console);
    }
}

#[test]
fn a_refusal_concerns_only_the_workspaces_that_need_it() {
    let entra = Entra::with(1);
    entra.ground.bitbucket.workspace("labs", &rows(0..3, true));
    entra.ground.bitbucket.permission("labs", "owner");
    entra.login(|_| login_refusal("invalid_client", "AADSTS7000215: Invalid client secret."));
    let policy = format!("version: 1\nworkspaces: [acme, labs]\n{POLICY}");
    entra.ground.sandbox.write("both.yaml", policy);
    let args = ["check", "--policy", "both.yaml", "--report", "json=report.json"];
    let outcome = entra.run(&args, &ALONE);
    assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
    let report = entra.ground.sandbox.json("report.json");
    let complete = [0, 1].map(|number| report["workspaces"][number]["complete"].clone());
    assert_eq!(complete, [false, true]);
    assert_eq!(report["source"]["entra"].get("rows"), None);
}
