//! Microsoft's servers: the one that issues tokens, and the one that has the lists of a tenant.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::answer::Ports;
use crate::dice::Dice;
use crate::graph::{Asked, Page, USERS};
use crate::http::{Answers, Framing, Reply, Request};
use crate::server::complaint;
use crate::tenant::{List, Refusal, Tenant};
use crate::weather::{self, Fault, RETRY_AFTER};

/// What tokens are asked for with.
pub(crate) const SECRET: &str = "cl1ent-w0rd";

/// What lists are asked for with.
pub(crate) const GRAPH_TOKEN: &str = "gr4ph-t0ken";

pub(crate) const TENANT: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

const TOKEN_PATH: &str = "/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/oauth2/v2.0/token";

/// One request for a page, and what became of it.
pub(crate) type Told = weather::Told<Asked, Page>;

/// What both servers saw.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    /// The requests for pages; the first at tick 0, the next one at tick 1.
    pub(crate) told: Vec<Told>,
    /// How often a token was asked for.
    logins: usize,
    /// How often a list was refused for want of a licence.
    unlicensed: usize,
    /// What a reader must not send.
    pub(crate) complaints: Vec<String>,
    /// Whether there was any connection.
    pub(crate) any: bool,
}

/// What both servers know.
pub(crate) struct Microsoft<'a> {
    seed: u64,
    /// Without one no request is expected.
    tenant: Option<&'a Tenant>,
    /// Where the lists are, and the server that must not be asked.
    ports: Ports,
    visits: Mutex<Visits>,
    any: AtomicBool,
}

/// The server that issues tokens.
pub(crate) struct Login<'a>(pub(crate) &'a Microsoft<'a>);

/// The server that has the lists.
pub(crate) struct Graph<'a>(pub(crate) &'a Microsoft<'a>);

impl<'a> Microsoft<'a> {
    pub(crate) fn new(seed: u64, tenant: Option<&'a Tenant>, ports: Ports) -> Self {
        let (visits, any) = (Mutex::default(), AtomicBool::new(false));
        Microsoft { seed, tenant, ports, visits, any }
    }

    /// Who was there.
    pub(crate) fn close(self) -> Visits {
        let visits = self.visits.into_inner().unwrap_or_else(PoisonError::into_inner);
        Visits { any: self.any.into_inner(), ..visits }
    }

    fn befallen(&self, of: &[u64], fault: Fault, body: &Value) -> (Option<Reply>, bool) {
        let dice = &mut Dice::new(&[&[self.seed], of].concat());
        let astray = format!("http://127.0.0.1:{}{USERS}", self.ports.other);
        Reply::befallen(fault, &body.to_string(), &astray, dice)
    }
}

/// A refusal that tells back what was sent, as some servers do.
fn refusal(status: u16, body: &Value) -> Option<Reply> {
    Some(Reply::whole(status, "", &body.to_string(), Framing::Length))
}

impl Answers for Login<'_> {
    fn visited(&self) {
        self.0.any.store(true, Ordering::SeqCst);
    }

    fn answer(&self, request: &Request) -> Option<Reply> {
        let mut visits = self.0.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.complaints.extend(complaint(request, SECRET));
        let tenant = self.0.tenant?;
        if (&*request.method, &*request.path) != ("POST", TOKEN_PATH) {
            visits.complaints.push(format!("{} {}", request.method, request.path));
            return refusal(404, &json!({}));
        }
        let attempt = visits.logins;
        visits.logins += 1;
        let grant = match tenant.refuses {
            Some(Refusal::Secret(status)) => {
                let why = format!("AADSTS7000215: No: {SECRET}");
                return refusal(status, &json!({"error": "invalid", "error_description": why}));
            }
            Some(Refusal::Token(true)) => json!({"access_token": ""}),
            Some(Refusal::Token(false)) => json!({"token": GRAPH_TOKEN}),
            Some(Refusal::List(..) | Refusal::Licence(_)) | None => {
                json!({"token_type": "Bearer", "expires_in": 3599, "access_token": GRAPH_TOKEN})
            }
        };
        let fault = tenant.weather.fault(self.0.seed, 7_000, attempt, RETRY_AFTER);
        self.0.befallen(&[25, attempt as u64], fault, &grant).0
    }
}

impl Answers for Graph<'_> {
    fn visited(&self) {
        self.0.any.store(true, Ordering::SeqCst);
    }

    fn answer(&self, request: &Request) -> Option<Reply> {
        let mut visits = self.0.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.complaints.extend(complaint(request, GRAPH_TOKEN));
        let tenant = self.0.tenant?;
        let asked = match Asked::parse(request) {
            Ok(asked) => asked,
            Err(complaint) => {
                visits.complaints.push(complaint);
                return refusal(400, &json!({}));
            }
        };
        let refused = |status: u16, code: &str| {
            let error = json!({"code": code, "message": format!("No: {GRAPH_TOKEN}")});
            refusal(status, &json!({"error": error}))
        };
        match tenant.refuses {
            Some(Refusal::List(list, status)) if list == asked.list => {
                visits.told.push(Told { asked, fault: Fault::Status(status, None), page: None });
                return refused(status, "Authorization_RequestDenied");
            }
            Some(Refusal::Licence(times))
                if asked.list == List::Registrations && visits.unlicensed < times =>
            {
                visits.unlicensed += 1;
                return refused(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant");
            }
            Some(
                Refusal::List(..) | Refusal::Licence(_) | Refusal::Secret(_) | Refusal::Token(_),
            )
            | None => {}
        }
        let tick = visits.told.len();
        let page = Page::new(tenant, self.0.seed, tick, asked, self.0.ports);
        let attempt = visits.told.iter().filter(|told| told.asked == asked).count();
        let list = match asked.list {
            List::Users => 4_000,
            List::Registrations => 5_000,
        };
        let thing = list + asked.number(tenant, tick);
        let fault = tenant.weather.fault(self.0.seed, thing, attempt, RETRY_AFTER);
        let (reply, whole) = self.0.befallen(&[26, tick as u64], fault, &page.body);
        visits.told.push(Told { asked, fault, page: whole.then_some(page) });
        reply
    }
}
