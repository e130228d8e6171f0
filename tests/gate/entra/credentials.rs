//! With what Microsoft Entra is asked, and what is refused before anything is asked.

use serde_json::json;
use wiremock::ResponseTemplate;

use super::{ALONE, CLIENT, Entra, GRAPH_TOKEN, POLICY, SECRET, TENANT, Tenant};
use crate::organisation::AS_OF;
use crate::support::policy;

/// Checks that a run ends with 2 before anything is asked, and says all of this.
fn refuses(entra: &Entra, more: &str, args: &[&str], env: &[(&str, &str)], says: &[&str]) {
    entra.ground.sandbox.write("policy.yaml", policy("acme", more));
    let before = (entra.asked(), entra.ground.asked());
    let outcome = entra.run(&[&["check"], args].concat(), &[&ALONE[..], env].concat());
    assert_eq!(outcome.code, 2, "{}{}", outcome.stdout, outcome.stderr);
    for text in says {
        assert!(outcome.stderr.contains(text), "{} does not say {text}", outcome.stderr);
    }
    assert_eq!((entra.asked(), entra.ground.asked()), before);
}

#[test]
fn none_half_and_two_are_refused_by_name() {
    let entra = Entra::with(1);
    let all = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let none = all.map(|name| (name, ""));
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"];
    refuses(&entra, POLICY, &[], &none, &names);
    for missing in all {
        let says = [missing, "is not complete", "/docs/sign-on.md"];
        refuses(&entra, POLICY, &[], &[(missing, "")], &says);
    }
    entra.ground.sandbox.write("token", "eyJh.federated.token");
    let both = [("AZURE_FEDERATED_TOKEN_FILE", "token")];
    let says = ["AZURE_CLIENT_SECRET and AZURE_FEDERATED_TOKEN_FILE are both set"];
    refuses(&entra, POLICY, &[], &both, &says);
    let missing = [("AZURE_CLIENT_SECRET", ""), ("AZURE_FEDERATED_TOKEN_FILE", "no-such-file")];
    refuses(&entra, POLICY, &[], &missing, &["no-such-file", "AZURE_FEDERATED_TOKEN_FILE"]);
    let unknown = [("MFA_GATE_GRAPH_URI", "https://graph.microsoft.com")];
    refuses(&entra, POLICY, &[], &unknown, &["MFA_GATE_GRAPH_URL"]);
}

#[test]
fn a_policy_that_contradicts_itself_or_the_command_line_is_refused() {
    let entra = Entra::with(1);
    entra.ground.sandbox.write("roster.csv", "email,mfa\nmember0@acme.example,yes\n");
    let roster = ["--roster", "roster.csv", "--roster-as-of", AS_OF];
    refuses(&entra, POLICY, &roster, &[], &["--roster is given", "delete `from: entra`"]);
    let headings = "accept: [roster]\nroster: {from: entra, email: Mail}\n";
    refuses(&entra, headings, &[], &[], &["policy.yaml:4:16", "reads no file"]);
    let word = "accept: [roster]\nroster: {from: azure}\n";
    refuses(&entra, word, &[], &[], &["unknown value of `from`", "entra"]);
    let sso = "accept: [roster, sso]\nroster: {from: entra}\n";
    refuses(&entra, sso, &[], &[], &["accepts `sso`", "Microsoft Entra"]);
}

#[test]
fn a_federated_token_stands_for_the_secret() {
    let entra = Entra::with(1);
    entra.ground.sandbox.write("token", "eyJh.very-secret.federated-token\n");
    entra.serve(Tenant::of(0..1));
    let env = [("AZURE_CLIENT_SECRET", ""), ("AZURE_FEDERATED_TOKEN_FILE", "token")];
    let checked = entra.check_by(POLICY, &["-vv"], &[&ALONE[..], &env].concat());
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert!(!checked.console.contains("eyJh.very-secret"), "{}", checked.console);
    let body = String::from_utf8(entra.logins()[0].body.clone()).unwrap();
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    for (name, value) in [
        ("client_assertion", "eyJh.very-secret.federated-token"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ] {
        assert!(form.contains(&(name.into(), value.into())), "{form:?}");
    }
    assert!(form.iter().all(|(name, _)| name != "client_secret"), "{form:?}");
}

#[test]
fn secrets_may_come_from_files_and_are_masked_wherever_they_come_back() {
    let entra = Entra::with(1);
    entra.ground.sandbox.write("secret", format!("{SECRET}\n"));
    let echo = format!("you sent {SECRET} and got {GRAPH_TOKEN}");
    let answer = super::graph_refusal(400, "BadRequest", &echo);
    entra.graph_first(super::USERS, 9, answer);
    entra.serve(Tenant::of(0..1));
    let env = [("AZURE_CLIENT_SECRET", ""), ("AZURE_CLIENT_SECRET_FILE", "secret")];
    let checked = entra.check_by(POLICY, &["-vv"], &[&ALONE[..], &env].concat());
    checked.is_incomplete("you sent *** and got ***");
}

#[test]
fn an_answer_with_a_token_is_not_quoted() {
    let entra = Entra::with(1);
    let body = json!({"access_token": 7, "note": GRAPH_TOKEN});
    entra.login(move |_| ResponseTemplate::new(200).set_body_json(&body));
    let checked = entra.check();
    assert_eq!(checked.code, 3, "{}", checked.console);
    assert_eq!(entra.asked(), (1, 0));
}

#[test]
fn doctor_says_what_the_credential_is_and_can() {
    let entra = Entra::with(1);
    entra.serve(Tenant::of(0..1));
    entra.ground.sandbox.write("policy.yaml", policy("acme", POLICY));
    let outcome = entra.run(&["doctor"], &ALONE);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    for says in [
        &*format!("the app registration {CLIENT} of the tenant {TENANT} gets a token by a secret"),
        "the users can be read (User.Read.All)",
        "the methods that users have registered can be read (AuditLog.Read.All)",
    ] {
        let words: Vec<_> = outcome.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(says), "{}", outcome.stdout);
    }
    let entra = Entra::with(1);
    let denied = super::graph_refusal(403, "Authorization_RequestDenied", "No.");
    entra.graph_first(super::REGISTRATIONS, 9, denied);
    entra.serve(Tenant::of(0..1));
    entra.ground.sandbox.write("policy.yaml", policy("acme", POLICY));
    let outcome = entra.run(&["doctor"], &ALONE);
    assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("AuditLog.Read.All"), "{}", outcome.stdout);
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let unset = [&ALONE[..], &names.map(|name| (name, ""))].concat();
    let outcome = entra.run(&["doctor"], &unset);
    let words: Vec<_> = outcome.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("there is no credential for it"), "{}", outcome.stdout);
}
