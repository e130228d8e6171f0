//! HTTP/1.1 by hand, since a server has to break off at any byte.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use crate::dice::Dice;
use crate::weather::Fault;

/// Longest that a thread of the server waits for a reader that has gone, should it not be told.
const PATIENCE: Duration = Duration::from_secs(60);

/// What somebody asked.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// What goes over the wire in answer to one request.
pub(crate) struct Reply {
    bytes: Vec<u8>,
    /// Whether the connection ends after it.
    last: bool,
    slow: bool,
    /// How long it takes to think of it.
    delay: Duration,
}

/// How the end of a body is told.
#[derive(Clone, Copy)]
pub(crate) enum Framing {
    Length,
    /// In chunks of so many bytes.
    Chunked(usize),
    /// The connection ends where the body does.
    Close,
}

/// Something that answers requests; none where one is left hanging.
pub(crate) trait Answers: Sync {
    fn answer(&self, request: &Request) -> Option<Reply>;

    /// Somebody connected.
    fn visited(&self) {}
}

/// Answers whoever connects, until it is over and somebody connects once more.
pub(crate) fn listen<'s>(
    scope: &'s Scope<'s, '_>,
    listener: &'s TcpListener,
    server: &'s impl Answers,
    over: &'s AtomicBool,
) {
    scope.spawn(move || {
        for stream in listener.incoming() {
            if over.load(Ordering::SeqCst) {
                break;
            }
            server.visited();
            // A reader that hangs up is no reason to complain.
            scope.spawn(move || stream.and_then(|stream| serve(stream, server)).ok());
        }
    });
}

/// Answers the requests of one connection.
fn serve(mut stream: TcpStream, server: &impl Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    while let Some(request) = Request::read(&mut stream)? {
        let Some(reply) = server.answer(&request) else {
            // Until the reader gives up.
            let _ = stream.read(&mut [0])?;
            break;
        };
        thread::sleep(reply.delay);
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

impl Request {
    /// The next request; none where the reader has hung up.
    fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 2048];
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read(&mut buffer)? {
                0 => return Ok(None),
                count => bytes.extend_from_slice(&buffer[..count]),
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |wanted: &str| {
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            let mut found = fields.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.to_owned())
        };
        let length = header("Content-Length").map_or(0, |length| length.parse().unwrap());
        while bytes.len() < end + length {
            match stream.read(&mut buffer)? {
                0 => return Ok(None),
                count => bytes.extend_from_slice(&buffer[..count]),
            }
        }
        let mut line = head.split(' ');
        let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Some(Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            authorization: header("Authorization"),
            body: String::from_utf8_lossy(&bytes[end..]).into_owned(),
        }))
    }

    /// Whether a text stands anywhere in it.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        format!("{self:?}").contains(text)
    }
}

impl Framing {
    fn new(dice: &mut Dice) -> Self {
        let chunk = dice.of(1..=400);
        dice.pick(&[Framing::Length, Framing::Length, Framing::Chunked(chunk), Framing::Close])
    }
}

impl Reply {
    pub(crate) fn whole(status: u16, headers: &str, body: &str, framing: Framing) -> Self {
        let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
        let head = format!("HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\n{headers}");
        let bytes = match framing {
            Framing::Length => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into(),
            Framing::Close => format!("{head}Connection: close\r\n\r\n{body}").into(),
            Framing::Chunked(length) => {
                let mut bytes = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
                for chunk in body.as_bytes().chunks(length) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    bytes.extend([chunk, b"\r\n"].concat());
                }
                bytes.extend(b"0\r\n\r\n");
                bytes
            }
        };
        let last = matches!(framing, Framing::Close);
        Reply { bytes, last, slow: false, delay: Duration::ZERO }
    }

    /// The reply with that body, or what becomes of it; and whether every byte of it is sent. A
    /// redirect leads astray to that address.
    pub(crate) fn befallen(
        fault: Fault,
        body: &str,
        astray: &str,
        dice: &mut Dice,
    ) -> (Option<Self>, bool) {
        let framing = Framing::new(dice);
        let delay = Duration::from_millis(if dice.percent(20) { dice.of(1..=4) } else { 0 } as u64);
        let mut reply = Reply::whole(200, "", body, framing);
        let whole = match fault {
            Fault::None => true,
            Fault::Drip => {
                reply.slow = true;
                true
            }
            Fault::Hang => return (None, false),
            Fault::Cut(thousandths) => {
                reply.bytes.truncate(reply.bytes.len() * thousandths / 1000);
                reply.last = true;
                false
            }
            Fault::Status(status, header) => {
                let header = header.map(|header| format!("{header}\r\n")).unwrap_or_default();
                let body = r#"{"type": "error", "error": {"message": "Try again later."}}"#;
                reply = Reply::whole(status, &header, body, framing);
                false
            }
            Fault::Redirect => {
                reply = Reply::whole(302, &format!("Location: {astray}\r\n"), "", framing);
                false
            }
            Fault::Html => {
                reply = Reply::whole(200, "", "<!DOCTYPE html><title>Log in</title>", framing);
                false
            }
        };
        (Some(Reply { delay, ..reply }), whole)
    }
}
