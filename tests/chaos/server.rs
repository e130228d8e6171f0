//! Bitbucket's server, and all the servers that a reader meets.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use url::form_urlencoded;

use crate::answer::{Asked, Page, Ports, Position, Wants, members_of};
use crate::dice::Dice;
use crate::http::{Answers, Framing, Reply, Request, listen};
use crate::reception::{KEY, Reception, Visits};
use crate::schedule::{Permission, Schedule};
use crate::weather::Fault;

/// What Bitbucket is asked with.
pub(crate) const TOKEN: &str = "s3cret";

/// One request for a page, and what became of it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) position: Position,
    pub(crate) wants: Wants,
    /// What became of the answer, for people.
    #[expect(dead_code, reason = "shown where a seed is run alone")]
    pub(crate) fault: Fault,
    /// The page, where every byte of it was sent.
    pub(crate) page: Option<Page>,
}

/// One question for the owners of addresses, and what became of it.
#[derive(Debug)]
pub(crate) struct LookedUp {
    /// How many pages of members had been asked for.
    pub(crate) tick: usize,
    #[expect(dead_code, reason = "shown where a seed is run alone")]
    pub(crate) asked: Vec<String>,
    #[expect(dead_code, reason = "shown where a seed is run alone")]
    pub(crate) fault: Fault,
    /// Whether all of an answer was sent that can be told to be none.
    pub(crate) absurd: bool,
}

/// What the servers saw.
#[derive(Debug)]
pub(crate) struct Log {
    /// The requests for pages of members; the first at tick 0, the next one at tick 1.
    pub(crate) served: Vec<Served>,
    pub(crate) looked_up: Vec<LookedUp>,
    pub(crate) organisation: Visits,
    /// What no reader should have sent to Bitbucket.
    pub(crate) complaints: Vec<String>,
    /// Whether anybody so much as connected to the server that nobody named.
    pub(crate) other_was_asked: bool,
}

/// What a server has to say of the credential that came with a request to it.
pub(crate) fn complaint(request: &Request, own: &str) -> Option<String> {
    let foreign = if own == TOKEN { KEY } else { TOKEN };
    let right = request.authorization.as_deref() == Some(&format!("Bearer {own}"));
    (!right || request.mentions(foreign)).then(|| format!("it was sent {request:?}"))
}

/// Plays the schedules of a run to a reader, who is told the base addresses of Bitbucket and of the
/// organisation, which is that of the first schedule. Gives what was seen of each.
pub(crate) fn play<T>(
    schedules: &[Schedule],
    reader: impl FnOnce(&str, &str) -> T,
) -> (T, Vec<Log>) {
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    // Nobody accepts at the last one: a connection would wait in the queue, and is looked for in
    // the end.
    let (listener, office, other) = (bind(), bind(), bind());
    other.set_nonblocking(true).unwrap();
    let [address, office_address, other_address] =
        [&listener, &office, &other].map(|listener| listener.local_addr().unwrap());
    let ports = Ports { own: address.port(), other: other_address.port() };
    let server = |schedule| Server { schedule, ports, seen: Mutex::default() };
    let bitbucket = Bitbucket(schedules.iter().map(server).collect());
    let first = &schedules[0];
    let reception = Reception::new(first.seed, first.elsewhere.organisation.as_ref(), ports.other);
    let over = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        listen(scope, &listener, &bitbucket, &over);
        listen(scope, &office, &reception, &over);
        let result = reader(&format!("http://{address}/2.0"), &format!("http://{office_address}"));
        over.store(true, Ordering::SeqCst);
        for address in [address, office_address] {
            TcpStream::connect(address).unwrap();
        }
        result
    });
    let other_was_asked = other.accept().is_ok();
    let mut visits = Some(reception.close());
    let log = |server: Server<'_>| {
        let Seen { served, looked_up, complaints } =
            server.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let organisation = visits.take().unwrap_or_default();
        Log { served, looked_up, organisation, complaints, other_was_asked }
    };
    (result, bitbucket.0.into_iter().map(log).collect())
}

/// Bitbucket, a server for each workspace. What is about none of them, the first one answers.
struct Bitbucket<'a>(Vec<Server<'a>>);

impl Answers for Bitbucket<'_> {
    fn answer(&self, request: &Request) -> Option<Reply> {
        let mut parts = request.path.split('/').skip_while(|part| *part != "workspaces");
        let slug = parts.nth(1);
        let named = self.0.iter().find(|server| Some(server.schedule.slug) == slug);
        named.unwrap_or(&self.0[0]).answer(request)
    }
}

/// What the server of a workspace saw.
#[derive(Default)]
struct Seen {
    served: Vec<Served>,
    looked_up: Vec<LookedUp>,
    complaints: Vec<String>,
}

struct Server<'a> {
    schedule: &'a Schedule,
    ports: Ports,
    seen: Mutex<Seen>,
}

impl Server<'_> {
    fn answer(&self, request: &Request) -> Option<Reply> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.complaints.extend(complaint(request, TOKEN));
        if request.path == members_of(self.schedule.slug) {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            return match pairs.find(|(name, _)| name == "q") {
                Some((_, filter)) => self.look_up(&mut seen, &filter),
                None => self.members(&mut seen, Asked::parse(&request.query)),
            };
        }
        let body = self.schedule.own_permission().map(|body| body.to_string());
        let status = if body.is_some() { 200 } else { 503 };
        debug_assert!(body.is_some() || self.schedule.permission == Permission::Unavailable);
        Some(Reply::whole(status, "", body.as_deref().unwrap_or("{}"), Framing::Length))
    }

    /// The answer to a request for a page; none where it is left hanging.
    fn members(&self, seen: &mut Seen, asked: Asked) -> Option<Reply> {
        let log = &mut seen.served;
        let tick = log.len();
        let number = self.schedule.number(tick, asked.position);
        let attempt = log.iter().filter(|served| served.position == asked.position).count();
        let page = self.schedule.page(tick, asked, self.ports);
        let fault = self.schedule.fault(number, attempt);
        let (reply, whole) = self.reply(&[4, tick as u64], fault, &page.body.to_string());
        let Asked { position, wants } = asked;
        log.push(Served { position, wants, fault, page: whole.then_some(page) });
        reply
    }

    /// The answer to the question who has some addresses.
    fn look_up(&self, seen: &mut Seen, filter: &str) -> Option<Reply> {
        let asked: Vec<String> = filter.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        let tick = seen.served.len();
        let listed = self.schedule.history.at(tick);
        let (found, absurd) = match &self.schedule.elsewhere.roster {
            Some(roster) => (roster.look_up(listed, &asked), roster.is_absurd(listed, &asked)),
            None => (Err(400), true),
        };
        let attempt = seen.looked_up.len();
        let fault = self.schedule.fault(10_000, attempt);
        let (reply, whole) = match found {
            Ok(body) => self.reply(&[5, attempt as u64], fault, &body.to_string()),
            Err(status) => (Some(Reply::whole(status, "", "{}", Framing::Length)), true),
        };
        seen.looked_up.push(LookedUp { tick, asked, fault, absurd: absurd && whole });
        reply
    }

    /// A reply with a body, or what becomes of it, and whether every byte of it is sent.
    fn reply(&self, of: &[u64], fault: Fault, body: &str) -> (Option<Reply>, bool) {
        let dice = &mut Dice::new(&[&[self.schedule.seed], of].concat());
        let (port, members) = (self.ports.other, members_of(self.schedule.slug));
        let astray = format!("http://127.0.0.1:{port}{members}");
        Reply::befallen(fault, body, &astray, dice)
    }
}
