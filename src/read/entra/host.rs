//! The two servers of Microsoft Entra, and what their refusals mean.

use serde::Deserialize;
use url::Url;

use crate::env::{AZURE_AUTHORITY_HOST, GRAPH_URL};
use crate::http::{Answer, Host, Refusal, Said};

/// Where app registrations get their tokens.
#[derive(Clone, Debug)]
pub(crate) struct Login(pub(crate) Url);

#[derive(Clone, Debug)]
pub(crate) struct Graph(pub(crate) Url);

/// What Graph says where a tenant has no licence for the list of registered methods;
/// tenants with one have seen it now and then.
pub(super) const NO_LICENCE: &str = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";

/// An error of the token endpoint. The description starts with a number such as `AADSTS7000215`:
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
#[derive(Deserialize)]
struct TokenError {
    error: String,
    error_description: Option<String>,
}

/// An error of Graph: <https://learn.microsoft.com/graph/errors>.
#[derive(Deserialize)]
struct GraphError {
    error: GraphErrorDetail,
}

#[derive(Deserialize)]
struct GraphErrorDetail {
    code: String,
    message: Option<String>,
}

impl Host for Login {
    fn name(&self) -> &'static str {
        "Microsoft Entra"
    }

    fn set_by(&self) -> &'static str {
        AZURE_AUTHORITY_HOST
    }

    fn said(&self, answer: &Answer) -> Said {
        let error: Option<TokenError> = serde_json::from_slice(&answer.body).ok();
        let message = error.map(|TokenError { error, error_description }| {
            // What follows are ids of the request, for Microsoft's support.
            let said = error_description.as_deref().and_then(|text| text.split("Trace ID").next());
            said.map_or(error, str::to_owned)
        });
        Said { message, ..Said::default() }
    }

    fn help(&self, refusal: &Refusal) -> String {
        let status = refusal.status.as_u16();
        let number = refusal.message.split_once("AADSTS");
        let number = number.and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
        let help = match (status, number) {
            (429, _) => "Try again later: Microsoft Entra limits how many tokens it issues.",
            (_, Some("7000215")) => {
                "AZURE_CLIENT_SECRET is not a secret of this app registration. Set it to the \
                 secret's value, not to its id; the value is shown only when the secret is made."
            }
            (_, Some("7000222")) => {
                "AZURE_CLIENT_SECRET has expired. Make a new secret for the app registration, or \
                 use a federated credential, which does not expire."
            }
            (_, Some("90002" | "900021" | "900023" | "9002313" | "50059")) => {
                "Check AZURE_TENANT_ID: there is no such tenant. It is the directory (tenant) id \
                 on the overview of the app registration. For a national cloud, set \
                 AZURE_AUTHORITY_HOST too."
            }
            (_, Some("700016")) => {
                "Check AZURE_CLIENT_ID and AZURE_TENANT_ID: the tenant has no such app \
                 registration. AZURE_CLIENT_ID is the application (client) id, not the object id."
            }
            (_, Some("70021" | "700211" | "700212" | "700213")) => {
                "No federated credential of the app registration fits the token in \
                 AZURE_FEDERATED_TOKEN_FILE. Compare its issuer, subject and audience; the token's \
                 are in the message above."
            }
            (_, Some("700024")) => {
                "The token in AZURE_FEDERATED_TOKEN_FILE has expired. Have it written right before \
                 this runs."
            }
            (_, Some("7000112")) => {
                "The app registration is disabled in this tenant. Enable it under Enterprise \
                 applications."
            }
            (_, Some(_) | None) => {
                "Check AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or \
                 AZURE_FEDERATED_TOKEN_FILE."
            }
        };
        help.into()
    }
}

impl Host for Graph {
    fn name(&self) -> &'static str {
        "Microsoft Graph"
    }

    fn set_by(&self) -> &'static str {
        GRAPH_URL
    }

    fn said(&self, answer: &Answer) -> Said {
        let error: Option<GraphError> = serde_json::from_slice(&answer.body).ok();
        let message = error.map(|GraphError { error: GraphErrorDetail { code, message } }| {
            message.map_or(code.clone(), |message| format!("{code}: {message}"))
        });
        Said { message, ..Said::default() }
    }

    fn help(&self, refusal: &Refusal) -> String {
        let help = match refusal.status.as_u16() {
            401 => {
                "The token that Microsoft Entra issued was not accepted. Check that \
                    MFA_GATE_GRAPH_URL and AZURE_AUTHORITY_HOST are of the same cloud."
            }
            403 if refusal.message.contains(NO_LICENCE) => {
                "The list of registered methods needs Microsoft Entra ID P1 or P2 in this tenant. \
                 Without it, use an identity provider's export with --roster, or take `roster` out \
                 of `accept`."
            }
            403 => {
                "Give the app registration the application permissions AuditLog.Read.All and \
                    User.Read.All of Microsoft Graph, and grant admin consent."
            }
            404 | 410 => "Check MFA_GATE_GRAPH_URL.",
            429 => "Try again later: Microsoft Graph limits requests.",
            _ => "Check MFA_GATE_GRAPH_URL and AZURE_TENANT_ID.",
        };
        help.into()
    }
}
