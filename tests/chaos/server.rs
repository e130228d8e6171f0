//! The server: HTTP/1.1 by hand, since it has to break off at any byte.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::answer::{Asked, MEMBERS, Page, Ports, Position, Wants};
use crate::dice::Dice;
use crate::schedule::{Fault, Permission, Schedule};

/// Longest that a thread of the server waits for a reader that has gone, should it not be told.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// What the two servers saw.
#[derive(Debug)]
pub(crate) struct Log {
    /// The requests for pages; the first at tick 0, the next one at tick 1.
    pub(crate) served: Vec<Served>,
    /// Whether anybody so much as connected to the other server.
    pub(crate) other_was_asked: bool,
}

/// Plays the schedule to a reader, who is told the base address.
pub(crate) fn play<T>(schedule: &Schedule, reader: impl FnOnce(&str) -> T) -> (T, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Nobody accepts here: a connection would wait in the queue, and is looked for in the end.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let ports = Ports { own: address.port(), other: other.local_addr().unwrap().port() };
    let server = Server { schedule, ports, log: Mutex::default() };
    let over = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        scope.spawn(|| {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let server = &server;
                // A reader that hangs up is no reason to complain.
                scope.spawn(move || stream.and_then(|stream| server.serve(stream)).ok());
            }
        });
        let result = reader(&format!("http://{address}/2.0"));
        over.store(true, Ordering::SeqCst);
        TcpStream::connect(address).unwrap();
        result
    });
    let served = server.log.into_inner().unwrap_or_else(PoisonError::into_inner);
    (result, Log { served, other_was_asked: other.accept().is_ok() })
}

struct Server<'a> {
    schedule: &'a Schedule,
    ports: Ports,
    log: Mutex<Vec<Served>>,
}

/// What goes over the wire in answer to one request.
struct Reply {
    bytes: Vec<u8>,
    /// Whether the connection ends after it.
    last: bool,
    slow: bool,
}

impl Server<'_> {
    /// Answers the requests of one connection.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        while let Some(target) = request(&mut stream)? {
            let Some(reply) = self.reply(&target) else {
                // Until the reader gives up.
                let _ = stream.read(&mut [0])?;
                break;
            };
            if reply.slow {
                for piece in reply.bytes.chunks(7) {
                    stream.write_all(piece)?;
                    thread::sleep(Duration::from_millis(10));
                }
            } else {
                stream.write_all(&reply.bytes)?;
            }
            if reply.last {
                stream.shutdown(Shutdown::Write)?;
                break;
            }
        }
        Ok(())
    }

    /// The answer to a request; none where it is left hanging.
    fn reply(&self, target: &str) -> Option<Reply> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path == MEMBERS {
            return self.members(Asked::parse(query));
        }
        let body = self.schedule.own_permission().map(|body| body.to_string());
        let status = if body.is_some() { 200 } else { 503 };
        debug_assert!(body.is_some() || self.schedule.permission == Permission::Unavailable);
        Some(Reply::whole(status, "", body.as_deref().unwrap_or("{}"), Framing::Length))
    }

    fn members(&self, asked: Asked) -> Option<Reply> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let tick = log.len();
        let number = self.schedule.number(tick, asked.position);
        let attempt = log.iter().filter(|served| served.position == asked.position).count();
        let page = self.schedule.page(tick, asked, self.ports);
        let fault = self.schedule.fault(number, attempt);
        let dice = &mut Dice::new(&[self.schedule.seed, 4, tick as u64]);
        let chunk = dice.of(1..=400);
        let framing =
            dice.pick(&[Framing::Length, Framing::Length, Framing::Chunked(chunk), Framing::Close]);
        let latency = if dice.percent(20) { dice.of(1..=4) } else { 0 };
        let mut reply = Reply::whole(200, "", &page.body.to_string(), framing);
        let mut whole = true;
        match fault {
            Fault::None | Fault::Hang => {}
            Fault::Drip => reply.slow = true,
            Fault::Cut(thousandths) => {
                reply.bytes.truncate(reply.bytes.len() * thousandths / 1000);
                reply.last = true;
                whole = false;
            }
            Fault::Status(status, after) => {
                let after = after.map(|after| format!("Retry-After: {after}\r\n"));
                let body = r#"{"type": "error", "error": {"message": "Try again later."}}"#;
                reply = Reply::whole(status, &after.unwrap_or_default(), body, framing);
                whole = false;
            }
            Fault::Redirect => {
                let to = format!("Location: http://127.0.0.1:{}{MEMBERS}\r\n", self.ports.other);
                reply = Reply::whole(302, &to, "", framing);
                whole = false;
            }
            Fault::Html => {
                reply = Reply::whole(200, "", "<!DOCTYPE html><title>Log in</title>", framing);
                whole = false;
            }
        }
        let Asked { position, wants } = asked;
        whole &= fault != Fault::Hang;
        log.push(Served { position, wants, fault, page: whole.then_some(page) });
        drop(log);
        thread::sleep(Duration::from_millis(latency as u64));
        (fault != Fault::Hang).then_some(reply)
    }
}

/// How the end of a body is told.
#[derive(Clone, Copy)]
enum Framing {
    Length,
    /// In chunks of so many bytes.
    Chunked(usize),
    /// The connection ends where the body does.
    Close,
}

impl Reply {
    fn whole(status: u16, headers: &str, body: &str, framing: Framing) -> Self {
        let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
        let head = format!("HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\n{headers}");
        let text = match framing {
            Framing::Length => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
            Framing::Close => format!("{head}Connection: close\r\n\r\n{body}"),
            Framing::Chunked(length) => {
                let mut text = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
                let mut rest = body;
                while !rest.is_empty() {
                    let (chunk, after) = rest.split_at(length.min(rest.len()));
                    text += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
                    rest = after;
                }
                text + "0\r\n\r\n"
            }
        };
        let last = matches!(framing, Framing::Close);
        Reply { bytes: text.into_bytes(), last, slow: false }
    }
}

/// The target of the next request; none where the reader has hung up.
fn request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    let line = String::from_utf8_lossy(&head);
    Ok(line.split(' ').nth(1).map(str::to_owned))
}
