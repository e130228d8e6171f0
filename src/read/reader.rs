//! A file that is read and digested in a thread of its own, ahead of the parser.

use std::io::{self, BufRead, Cursor, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use ring::digest::{Context, SHA256};

use crate::digest::hex;

/// Bytes in a piece.
const PIECE: usize = 1 << 18;

/// Pieces that may wait to be parsed.
const WAITING: usize = 4;

/// Reads and digests a file: parsing need not wait for either.
pub(super) struct DigestingReader {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
    thread: JoinHandle<Context>,
}

impl DigestingReader {
    pub(super) fn new(source: impl Read + Send + 'static) -> io::Result<Self> {
        let (send, pieces) = sync_channel(WAITING);
        let thread = Builder::new().spawn(move || digest(source, &send))?;
        Ok(DigestingReader { pieces, piece: Cursor::default(), thread })
    }

    /// The digest of everything, once everything was read, in lower-case hexadecimal.
    pub(super) fn sha256(self) -> io::Result<String> {
        // This stops a thread that is not at the end of the file yet.
        drop(self.pieces);
        let stopped = |_| io::Error::other("the thread that reads the file stopped");
        let digest = self.thread.join().map_err(stopped)?;
        Ok(hex(digest.finish()))
    }
}

/// Reads to the end, to an error, or until the parser has stopped.
fn digest(mut source: impl Read, send: &SyncSender<io::Result<Vec<u8>>>) -> Context {
    let mut digest = Context::new(&SHA256);
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut source).take(PIECE as u64).read_to_end(&mut piece);
        if let Ok(0) = read {
            return digest;
        }
        digest.update(&piece);
        let failed = read.is_err();
        if send.send(read.map(|_| piece)).is_err() || failed {
            return digest;
        }
    }
}

impl Read for DigestingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for DigestingReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.position() >= self.piece.get_ref().len() as u64 {
            match self.pieces.recv() {
                Ok(piece) => self.piece = Cursor::new(piece?),
                // The thread is done, so this is the end.
                Err(_) => return Ok(&[]),
            }
        }
        self.piece.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.piece.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    #[test]
    fn everything_arrives_and_is_digested() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 7 * PIECE + 3] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut reader = DigestingReader::new(Cursor::new(bytes.clone())).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert!(read == bytes, "{length}");
            assert_eq!(reader.sha256().unwrap(), hex(sha256(&bytes)));
        }
    }

    #[test]
    fn an_error_arrives_and_a_parser_may_stop_early() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let mut reader = DigestingReader::new(Fails).unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().to_string(), "broken");
        let mut endless = DigestingReader::new(io::repeat(b'x')).unwrap();
        assert_eq!(endless.read(&mut [0; 8]).unwrap(), 8);
        endless.sha256().unwrap();
    }
}
