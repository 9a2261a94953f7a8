//! Many sockets that hold on: whenever the server closes one, another of its kind takes its place.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

/// Each socket gets its turn once a second.
const TURN: Duration = Duration::from_secs(1);
/// A second is divided, so that the drops fall evenly and not all at once.
const SLICES: usize = 100;
/// Answers that together are more than the buffers between hold.
const UNREAD_ANSWERS: usize = 20;

#[derive(Clone, Copy)]
enum Kind {
    Silent,
    DripsHeader,
    DripsBody,
    DoesNotRead,
}

const KINDS: [Kind; 4] = [Kind::Silent, Kind::DripsHeader, Kind::DripsBody, Kind::DoesNotRead];

struct Slow {
    kind: Kind,
    stream: TcpStream,
}

impl Slow {
    fn open(kind: Kind, address: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).context("the server takes no more connections")?;
        let host = "Host: drill\r\n";
        let begin = match kind {
            Kind::Silent => String::new(),
            Kind::DripsHeader => format!("GET /healthz HTTP/1.1\r\n{host}X-Slow: "),
            Kind::DripsBody => format!(
                "POST /api/v1/auth/login HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n"
            ),
            Kind::DoesNotRead => format!("GET /openapi.json HTTP/1.1\r\n{host}\r\n").repeat(UNREAD_ANSWERS),
        };
        stream.write_all(begin.as_bytes())?;
        stream.set_nonblocking(true)?;
        Ok(Self { kind, stream })
    }

    /// Its turn: whether it is still open.
    fn turn(&mut self) -> bool {
        let open = |result: std::io::Result<usize>| match result {
            Ok(length) => length > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        match self.kind {
            Kind::Silent => open(self.stream.read(&mut [0])),
            Kind::DripsHeader | Kind::DripsBody => {
                // What is answered before the end is of no interest.
                open(self.stream.write(b" ")) && open(self.stream.read(&mut [0; 1024]))
            }
            // Reading would show it, too, but then it would read.
            Kind::DoesNotRead => open(self.stream.write(b"G")),
        }
    }
}

pub(super) struct Crowd {
    leaving: Arc<AtomicBool>,
    thread: JoinHandle<Result<usize>>,
}

impl Crowd {
    /// All of them are connected when it returns.
    pub(super) fn gather(url: &str, number: usize) -> Result<Self> {
        let address = url.trim_start_matches("http://").to_owned();
        let slow = (0..number).map(|i| Slow::open(KINDS[i % KINDS.len()], &address));
        let mut slow = slow.collect::<Result<Vec<_>>>()?;
        let leaving = Arc::new(AtomicBool::new(false));
        let left = Arc::clone(&leaving);
        let thread = thread::spawn(move || hold_on(&mut slow, &address, &left));
        Ok(Self { leaving, thread })
    }

    /// Closes all of them; how many the server had closed before.
    pub(super) fn leave(self) -> Result<usize> {
        self.leaving.store(true, Ordering::SeqCst);
        self.thread.join().map_err(|_| anyhow!("the crowd panicked"))?
    }
}

fn hold_on(slow: &mut [Slow], address: &str, leaving: &AtomicBool) -> Result<usize> {
    let (begin, mut closed) = (Instant::now(), 0);
    let slice = TURN / u32::try_from(SLICES)?;
    for turn in 0_u32.. {
        let first = usize::try_from(turn)? % SLICES;
        for socket in slow.iter_mut().skip(first).step_by(SLICES) {
            if !socket.turn() {
                *socket = Slow::open(socket.kind, address)?;
                closed += 1;
            }
        }
        if leaving.load(Ordering::SeqCst) {
            break;
        }
        sleep((slice * (turn + 1)).saturating_sub(begin.elapsed()));
    }
    Ok(closed)
}
