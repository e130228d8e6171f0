//! Bitbucket's server, and all the servers that a reader meets.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use url::form_urlencoded;

use crate::answer::{Asked, Page, Ports, Position, Wants, members_of};
use crate::dice::Dice;
use crate::http::{Answers, Framing, Reply, Request, listen};
use crate::microsoft::{self, GRAPH_TOKEN, Graph, Login, Microsoft, SECRET};
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
    pub(crate) tenant: microsoft::Visits,
    /// What no reader should have sent to Bitbucket.
    pub(crate) complaints: Vec<String>,
    /// Whether anybody so much as connected to the server that nobody named.
    pub(crate) other_was_asked: bool,
}

/// Each is for one server, and none is for a report.
pub(crate) const SECRETS: [&str; 4] = [TOKEN, KEY, SECRET, GRAPH_TOKEN];

/// What a server has to say of the credential that came with a request to it.
pub(crate) fn complaint(request: &Request, own: &str) -> Option<String> {
    let foreign = SECRETS.into_iter().any(|secret| secret != own && request.mentions(secret));
    let right = match &request.authorization {
        Some(authorization) => *authorization == format!("Bearer {own}"),
        None => own == SECRET && request.mentions(&format!("client_secret={own}")),
    };
    (!right || foreign).then(|| format!("it was sent {request:?}"))
}

/// The base addresses of the servers that a reader is told of.
pub(crate) struct Addresses {
    pub(crate) bitbucket: String,
    pub(crate) organisation: String,
    pub(crate) login: String,
    pub(crate) graph: String,
}

/// Plays the schedules of a run to a reader. The organisation and the tenant are those of the first
/// schedule. Gives what was seen of each.
pub(crate) fn play<T>(
    schedules: &[Schedule],
    reader: impl FnOnce(&Addresses) -> T,
) -> (T, Vec<Log>) {
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let listeners = [bind(), bind(), bind(), bind()];
    let places = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let [own, _, _, graph_port] = places.map(|place| place.port());
    // Nobody accepts at the last one: a connection would wait in the queue, and is looked for in
    // the end.
    let other = bind();
    other.set_nonblocking(true).unwrap();
    let other_port = other.local_addr().unwrap().port();
    let ports = |own| Ports { own, other: other_port };
    let server = |schedule| Server { schedule, ports: ports(own), seen: Mutex::default() };
    let bitbucket = Bitbucket(schedules.iter().map(server).collect());
    let (seed, elsewhere) = (schedules[0].seed, &schedules[0].elsewhere);
    let reception = Reception::new(seed, elsewhere.organisation.as_ref(), other_port);
    let microsoft = Microsoft::new(seed, elsewhere.tenant.as_ref(), ports(graph_port));
    let (login, graph) = (Login(&microsoft), Graph(&microsoft));
    let over = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        let [at_bitbucket, at_reception, at_login, at_graph] = &listeners;
        listen(scope, at_bitbucket, &bitbucket, &over);
        listen(scope, at_reception, &reception, &over);
        listen(scope, at_login, &login, &over);
        listen(scope, at_graph, &graph, &over);
        let [bitbucket, organisation, login, graph] = places.map(|place| format!("http://{place}"));
        let bitbucket = format!("{bitbucket}/2.0");
        let result = reader(&Addresses { bitbucket, organisation, login, graph });
        over.store(true, Ordering::SeqCst);
        for place in places {
            TcpStream::connect(place).unwrap();
        }
        result
    });
    let other_was_asked = other.accept().is_ok();
    let mut visits = Some((reception.close(), microsoft.close()));
    let log = |server: Server<'_>| {
        let Seen { served, looked_up, complaints } =
            server.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (organisation, tenant) = visits.take().unwrap_or_default();
        Log { served, looked_up, organisation, tenant, complaints, other_was_asked }
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
        let lookup = self.schedule.elsewhere.lookup;
        let (found, absurd) = (lookup.answer(listed, &asked), lookup.is_absurd(listed, &asked));
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
