//! Reading the lists of a tenant to their end, and saying so where that cannot be done.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{ALONE, Entra, POLICY, REGISTRATIONS, Tenant, USERS, registration};

/// A page with this address of the next one.
fn page(next: &Value) -> ResponseTemplate {
    let rows = [registration(0, &json!({})), registration(1, &json!({}))];
    ResponseTemplate::new(200).set_body_json(json!({"value": rows, "@odata.nextLink": next}))
}

#[test]
fn a_next_page_is_followed_nowhere_else() {
    let other = Entra::with(1);
    let entra = Entra::with(2);
    let here = entra.graph_url();
    let https = here.replace("http://", "https://");
    let first = format!("{here}{REGISTRATIONS}?$top=999");
    for (next, why) in [
        (format!("{}{REGISTRATIONS}?$skiptoken=1", other.graph_url()), "elsewhere"),
        (format!("{here}/v1.0/users?$skiptoken=1"), "elsewhere"),
        (format!("{here}{REGISTRATIONS}/more?$skiptoken=1"), "elsewhere"),
        (format!("{https}{REGISTRATIONS}?$skiptoken=1"), "elsewhere"),
        (format!("{REGISTRATIONS}?$skiptoken=1"), "elsewhere"),
        (first, "circle"),
        (String::new(), "empty"),
    ] {
        let entra = Entra::with(2);
        let next = next.replace(&here, &entra.graph_url());
        let next = next.replace(&https, &entra.graph_url().replace("http://", "https://"));
        entra.graph_first(REGISTRATIONS, 9, page(&json!(next)));
        entra.serve(Tenant::of(0..2));
        let checked = entra.check();
        checked.is_incomplete(why);
        let error = checked.report["workspaces"][0]["error"].as_str().unwrap();
        assert!(error.contains("Microsoft Entra could not be asked"), "{error}");
    }
    assert_eq!(other.asked(), (0, 0), "nothing is sent elsewhere");
}

#[test]
fn a_next_page_is_not_followed_to_plain_http() {
    // The mock server itself speaks plain http, so this differs by its host too; the other way
    // round is tried above.
    let entra = Entra::with(2);
    let next = format!("http://graph.example{REGISTRATIONS}?$skiptoken=1");
    entra.graph_first(REGISTRATIONS, 9, page(&json!(next)));
    entra.serve(Tenant::of(0..2));
    entra.check().is_incomplete("elsewhere");
}

#[test]
fn a_list_that_names_a_user_twice_is_read_once_more() {
    let twice = || {
        let row = registration(0, &json!({}));
        ResponseTemplate::new(200).set_body_json(json!({"value": [row, row]}))
    };
    let entra = Entra::with(2);
    entra.graph_first(REGISTRATIONS, 1, twice());
    entra.serve(Tenant::of(0..2));
    assert_eq!(entra.check().code, 0);
    let entra = Entra::with(2);
    entra.graph_first(REGISTRATIONS, 9, twice());
    entra.serve(Tenant::of(0..2));
    entra.check().is_incomplete("did not add up");
}

#[test]
fn answers_of_another_shape_are_refused() {
    for body in [
        json!({"values": []}),
        json!([]),
        json!({"value": [["user-0"]]}),
        json!({"value": [{"isMfaCapable": true}]}),
        json!({"value": [{"id": "user-0", "isMfaCapable": "true"}]}),
        json!({"value": [{"id": "user-0", "isMfaCapable": 1}]}),
    ] {
        let entra = Entra::with(2);
        let answer = ResponseTemplate::new(200).set_body_json(&body);
        entra.graph_first(REGISTRATIONS, 9, answer);
        entra.serve(Tenant::of(0..2));
        let checked = entra.check();
        assert_eq!(checked.code, 3, "{body}: {}", checked.console);
    }
}

#[test]
fn a_limit_is_waited_for() {
    for list in [USERS, REGISTRATIONS] {
        let entra = Entra::with(2);
        let limited = super::graph_refusal(429, "TooManyRequests", "slow down");
        entra.graph_first(list, 2, limited.insert_header("Retry-After", "0"));
        entra.serve(Tenant::of(0..2));
        let checked = entra.check();
        assert_eq!(checked.code, 0, "{}", checked.console);
        assert_eq!(checked.report["source"]["entra"]["requests"], 4);
    }
    let entra = Entra::with(2);
    let limited = super::graph_refusal(429, "TooManyRequests", "slow down");
    entra.graph_first(USERS, 9, limited.insert_header("Retry-After", "86400"));
    entra.serve(Tenant::of(0..2));
    entra.check().is_incomplete("86400s");
}

#[test]
fn a_page_that_does_not_come_ends_with_the_deadline() {
    let entra = Entra::with(2);
    let late = page(&Value::Null).set_delay(std::time::Duration::from_secs(300));
    entra.graph_first(REGISTRATIONS, 9, late);
    entra.serve(Tenant::of(0..2));
    let checked = entra.check_by(POLICY, &["--deadline", "5s"], &ALONE);
    checked.is_incomplete("5s");
}
