//! A server that may do with a connection what no well-behaved server does.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Takes connections, each on a thread of its own, and notes the heads of the requests that came.
pub(crate) struct Raw {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// Starts a server: for each request, `answer` gets its head and the connection, and says
    /// whether the connection may be used again.
    pub(crate) fn start(
        answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<bool> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&heads), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                // A client that hangs up is no trouble of the server.
                thread::spawn(move || serve(stream, &noted, &*answer).ok());
            }
        });
        Raw { address, heads }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    noted: &Mutex<Vec<String>>,
    answer: &dyn Fn(&str, &mut TcpStream) -> std::io::Result<bool>,
) -> std::io::Result<()> {
    // Nagle's algorithm would hold small pieces back.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        noted.lock().unwrap().push(head.clone());
        if !answer(&head, &mut stream)? {
            return Ok(());
        }
    }
}

/// Sends a whole answer.
pub(crate) fn send(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<bool> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n")?;
    stream.write_all(body)?;
    Ok(true)
}

/// Sends a byte now and a byte then, for ever.
pub(crate) fn drip(stream: &mut TcpStream, start: &str) -> std::io::Result<bool> {
    stream.write_all(start.as_bytes())?;
    loop {
        stream.write_all(b" ")?;
        thread::sleep(Duration::from_millis(50));
    }
}
