//! Checks of a request's head that RFC 9112 demands and hyper's parser does not make: lines end with CRLF (section 2.2;
//! servers that disagree about a bare LF allow request smuggling), and there is one `Host` (section 3.2).
//!
//! hyper has no switch for the former and does not keep line endings, so [`Heads`] scans the bytes before the parser gets
//! them. It scans heads only: the parser tells how long a body is ([`Framing::parsed`]); where only the parser can know
//! that (chunked bodies), the connection is closed after the request.

use axum::{
    extract::Request,
    http::{HeaderValue, Version, header, uri::Authority},
};
use hyper::body::{Body, Incoming};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// On requests that came over a connection. Those of tests that call the router have no wire form and no `Host`.
#[derive(Debug, Clone, Copy)]
struct Seen {
    bare_lf: bool,
}

/// A stream whose request heads are scanned. No read goes beyond the end of a head or a body.
pub(super) struct Heads<S> {
    stream: S,
    /// Bytes read beyond the end of the current head or body.
    beyond: Vec<u8>,
    framing: Framing,
}

/// What a connection reads next. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Framing(Arc<Mutex<Reading>>);

enum Reading {
    Head(Head),
    /// The parser has a complete head and will tell what follows; `true` if the head has a bare LF.
    Parsing(bool),
    /// Bytes left of a body.
    Body(u64),
    /// All that follows belongs to the connection's last request.
    Last,
    Over,
}

#[derive(Default)]
struct Head {
    /// Whether a line with text has ended; empty lines before the first one do not count.
    begun: bool,
    /// Whether the current line has anything but its line ending.
    text: bool,
    /// Whether the last byte was CR.
    cr: bool,
    bare_lf: bool,
}

impl Default for Reading {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Head {
    /// How many of `bytes` belong to the head, and whether it is complete. A bare LF ends a line here, as it does for the
    /// parser, so that both find the same end.
    fn read(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (i, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' => {
                    self.bare_lf |= !self.cr;
                    if self.begun && !self.text {
                        return (i + 1, true);
                    }
                    self.begun |= self.text;
                    (self.text, self.cr) = (false, false);
                }
                b'\r' => {
                    self.text |= self.cr;
                    self.cr = true;
                }
                _ => (self.text, self.cr) = (true, false),
            }
        }
        (bytes.len(), false)
    }
}

impl Reading {
    /// How many of `bytes` the parser may have now.
    fn read(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Head(head) => {
                let (length, complete) = head.read(bytes);
                if complete {
                    *self = Self::Parsing(head.bare_lf);
                }
                length
            }
            Self::Body(left) => {
                let length = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                // At most `left`, so it fits.
                *left -= length as u64;
                if *left == 0 {
                    *self = Self::default();
                }
                length
            }
            Self::Last => bytes.len(),
            Self::Parsing(_) | Self::Over => 0,
        }
    }
}

impl Framing {
    /// Called when the parser made `request` of the head. Returns whether it is the connection's last.
    pub(super) fn parsed(&self, request: &mut Request<Incoming>) -> bool {
        let mut reading = self.reading();
        // If no head was complete here, the parser splits lines in another way than this module.
        let bare_lf = !matches!(*reading, Reading::Parsing(false));
        request.extensions_mut().insert(Seen { bare_lf });
        let faulty = fault(request).is_some();
        *reading = match request.body().size_hint().exact() {
            _ if faulty => Reading::Over,
            Some(0) => Reading::default(),
            Some(length) => Reading::Body(length),
            None => Reading::Last,
        };
        matches!(*reading, Reading::Last | Reading::Over)
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        // A panic cannot leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Heads<S> {
    pub(super) fn of(stream: S) -> Self {
        Self { stream, beyond: Vec::new(), framing: Framing::default() }
    }

    pub(super) fn framing(&self) -> Framing {
        self.framing.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, beyond, framing } = self.get_mut();
        match *framing.reading() {
            // The response is being sent and closes the connection.
            Reading::Over => return Poll::Pending,
            // The parser wants more of a head that ended here.
            Reading::Parsing(_) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            Reading::Head(_) | Reading::Body(_) | Reading::Last => {}
        }
        if !beyond.is_empty() {
            let length = beyond.len().min(buffer.remaining());
            let length = framing.reading().read(&beyond[..length]);
            buffer.put_slice(&beyond[..length]);
            beyond.drain(..length);
            if beyond.is_empty() {
                // An idle connection keeps no memory.
                *beyond = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        let read = &buffer.filled()[before..];
        let length = framing.reading().read(read);
        beyond.extend_from_slice(&read[length..]);
        buffer.set_filled(before + length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// What is wrong with a request's head, as text for the client. HTTP/1.0 needs no `Host`.
pub(super) fn fault<B>(request: &Request<B>) -> Option<&'static str> {
    let Seen { bare_lf } = request.extensions().get()?;
    if *bare_lf {
        return Some("end each line of its head with CR and LF");
    }
    let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    if !request.headers().get_all(header::TRANSFER_ENCODING).iter().all(chunked) {
        return Some("send its body as it is, or in chunks: there is no other Transfer-Encoding");
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let right = match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host),
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    };
    (!right).then_some("send one Host header with the name and port of this server")
}

fn is_host(value: &HeaderValue) -> bool {
    let host = value.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| !host.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length of the head, whether it is complete, and whether it has a bare LF.
    fn head(bytes: &str) -> (usize, bool, bool) {
        let mut whole = Head::default();
        let (length, complete) = whole.read(bytes.as_bytes());
        // Byte by byte the result is the same.
        let (mut pieces, mut count, mut last) = (Head::default(), 0, false);
        for byte in bytes.as_bytes() {
            if !last {
                let (one, complete) = pieces.read(&[*byte]);
                (count, last) = (count + one, complete);
            }
        }
        assert_eq!((length, complete, whole.bare_lf), (count, last, pieces.bare_lf), "{bytes:?}");
        (length, complete, whole.bare_lf)
    }

    #[test]
    fn a_head_ends_with_an_empty_line_and_every_line_with_crlf() {
        for (bytes, length, complete, bare_lf) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET", 27, true, false),
            ("GET / HTTP/1.1\r\nHost: x\r\n", 25, false, false),
            ("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 22, true, false),
            ("\nGET / HTTP/1.1\r\n\r\n", 19, true, true),
            ("GET / HTTP/1.1\nHost: x\r\n\r\n", 26, true, true),
            ("GET / HTTP/1.1\r\nHost: x\n\r\n", 26, true, true),
            ("GET / HTTP/1.1\r\nHost: x\r\n\n", 26, true, true),
            ("GET / HTTP/1.1\r\nHost: x\n\nbody", 25, true, true),
            ("GET / HTTP/1.1\r\nA: \r\r\n\r\n", 24, true, false),
            ("GET / HTTP/1.1\r\n\r\r\n", 19, false, false),
        ] {
            assert_eq!(head(bytes), (length, complete, bare_lf), "{bytes:?}");
        }
    }

    #[test]
    fn a_host_is_a_name_and_perhaps_a_port() {
        for (value, right) in [
            ("crew.example", true),
            ("crew.example:8443", true),
            ("127.0.0.1:8000", true),
            ("[::1]:8000", true),
            ("", false),
            ("a b", false),
            ("a, b", false),
            ("user@crew.example", false),
            ("crew.example/x", false),
        ] {
            assert_eq!(is_host(&HeaderValue::from_static(value)), right, "{value:?}");
        }
    }
}
