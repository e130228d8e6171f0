//! The organisation's server: who asks what there, and what becomes of the answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::dice::Dice;
use crate::http::{Answers, Framing, Reply, Request};
use crate::listing::{Asked, List, Page};
use crate::organisation::Organisation;
use crate::server::complaint;
use crate::weather::{self, Fault, RESET};

/// The key that the organisation is asked with.
pub(crate) const KEY: &str = "org-k3y";

/// One request for a page of the directory, and what became of it.
pub(crate) type Told = weather::Told<Asked, Page>;

/// What the organisation's server saw.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    /// The requests for pages; the first at tick 0, the next one at tick 1.
    pub(crate) told: Vec<Told>,
    /// What no reader should have sent.
    pub(crate) complaints: Vec<String>,
    /// Whether anybody so much as connected.
    pub(crate) any: bool,
}

/// The server.
pub(crate) struct Reception<'a> {
    seed: u64,
    /// Without one there is nobody here.
    organisation: Option<&'a Organisation>,
    /// The port of the server that must not be asked.
    other: u16,
    visits: Mutex<Visits>,
    any: AtomicBool,
}

impl<'a> Reception<'a> {
    pub(crate) fn new(seed: u64, organisation: Option<&'a Organisation>, other: u16) -> Self {
        let (visits, any) = (Mutex::default(), AtomicBool::new(false));
        Reception { seed, organisation, other, visits, any }
    }

    /// Who was there.
    pub(crate) fn close(self) -> Visits {
        let visits = self.visits.into_inner().unwrap_or_else(PoisonError::into_inner);
        Visits { any: self.any.into_inner(), ..visits }
    }
}

impl Answers for Reception<'_> {
    fn visited(&self) {
        self.any.store(true, Ordering::SeqCst);
    }

    fn answer(&self, request: &Request) -> Option<Reply> {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.complaints.extend(complaint(request, KEY));
        let (organisation, asked) = match (self.organisation, Asked::parse(request)) {
            (Some(organisation), Ok(asked)) => (organisation, asked),
            (None, _) => return None,
            (_, Err(complaint)) => {
                visits.complaints.push(complaint);
                return Some(Reply::whole(400, "", "{}", Framing::Length));
            }
        };
        let gone = organisation.search_is_gone.filter(|_| asked.search);
        if let Some(status) = organisation.refuses.or(gone) {
            visits.told.push(Told { asked, fault: Fault::Status(status, None), page: None });
            // What is sent is told back, as some servers do.
            let body = format!(r#"{{"code": {status}, "message": "No: {KEY}"}}"#);
            return Some(Reply::whole(status, "", &body, Framing::Length));
        }
        let tick = visits.told.len();
        let page = organisation.page(self.seed, tick, asked, self.other);
        let attempt = visits.told.iter().filter(|told| told.asked == asked).count();
        let list = match asked.list {
            List::All => 1_000,
            List::With => 2_000,
            List::Without => 3_000,
        };
        let thing = list + organisation.number(tick, asked);
        let fault = organisation.weather.fault(self.seed, thing, attempt, RESET);
        let astray = format!("http://127.0.0.1:{}/admin", self.other);
        let dice = &mut Dice::new(&[self.seed, 23, tick as u64]);
        let (reply, whole) = Reply::befallen(fault, &page.body.to_string(), &astray, dice);
        visits.told.push(Told { asked, fault, page: whole.then_some(page) });
        reply
    }
}
