//! The buffer of log lines. A thread of its own writes them, so that a full pipe or a hanging disk blocks neither requests
//! nor shutdown. Lines that do not fit into the buffer meanwhile are dropped and counted; the number is logged when writing
//! succeeds again.
//!
//! Ordinary lines are buffered for [`DELAY`] and written together: a system call for each took a tenth of the time of a
//! signed-in request. A warning or an error is written at once, after the lines buffered before it.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The longest time that an ordinary line waits.
const DELAY: Duration = Duration::from_millis(20);
/// With so many bytes in the buffer it is written without waiting for more.
const ENOUGH: usize = 64 * 1024;
/// Size of the buffer in bytes: some thousands of lines.
const ROOM: usize = 1024 * 1024;
/// How long dropping [`LastLines`] waits.
const DROP_TIMEOUT: Duration = Duration::from_secs(1);

static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines of this process were dropped or could not be written so far.
pub(super) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The buffer. Clones share it.
pub(super) struct Lines(Arc<Inner>);

struct Inner {
    gathered: Mutex<Gathered>,
    /// Notified when there is something to write.
    more: Condvar,
    written: Condvar,
    delay: Duration,
}

#[derive(Default)]
struct Gathered {
    lines: Vec<u8>,
    /// Whether one of the lines must not wait.
    urgent: bool,
    /// Whether the thread is writing lines that it took from the buffer.
    writing: bool,
    /// Lines lost since their number was last logged.
    lost: u64,
}

/// Dropping it waits, for a second at most, until the buffer is written. Hold it until the program ends.
#[must_use = "the last lines are lost without it"]
pub struct LastLines(Option<Lines>);

pub(super) struct Line<'l> {
    inner: &'l Inner,
    at_once: bool,
}

impl Clone for Lines {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Lines {
    pub(super) fn new() -> Self {
        Self::waiting(DELAY)
    }

    fn waiting(delay: Duration) -> Self {
        let gathered = Mutex::default();
        Self(Arc::new(Inner { gathered, more: Condvar::new(), written: Condvar::new(), delay }))
    }

    /// Starts the thread that writes the lines, which runs as long as the process. When writing succeeds after lines were lost,
    /// it calls `tell` with their number.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn write_behind(
        &self,
        out: impl Write + Send + 'static,
        tell: impl Fn(u64) + Send + 'static,
    ) -> io::Result<LastLines> {
        let lines = self.clone();
        thread::Builder::new().name("log".into()).spawn(move || lines.0.write_again_and_again(out, tell))?;
        Ok(LastLines(Some(self.clone())))
    }
}

impl LastLines {
    /// For a process whose lines another subscriber writes.
    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        let Some(Lines(inner)) = &self.0 else { return };
        let mut gathered = inner.gathered();
        gathered.urgent = true;
        inner.more.notify_one();
        let unwritten = |gathered: &mut Gathered| gathered.writing || !gathered.lines.is_empty();
        drop(inner.written.wait_timeout_while(gathered, DROP_TIMEOUT, unwritten));
    }
}

impl Inner {
    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // A panic in another thread cannot leave it half-changed.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_again_and_again(&self, mut out: impl Write, tell: impl Fn(u64)) {
        loop {
            let lines = self.next();
            let written = out.write_all(&lines).and_then(|()| out.flush());
            let lost = {
                let mut gathered = self.gathered();
                gathered.writing = false;
                match written {
                    Ok(()) => std::mem::take(&mut gathered.lost),
                    Err(_) => {
                        let lines = lines.iter().filter(|byte| **byte == b'\n').count();
                        gathered.lose(u64::try_from(lines).unwrap_or(u64::MAX));
                        0
                    }
                }
            };
            self.written.notify_all();
            if lost > 0 {
                tell(lost);
            }
        }
    }

    /// Waits until it is time to write, and takes the lines from the buffer.
    fn next(&self) -> Vec<u8> {
        let idle = |gathered: &mut Gathered| gathered.lines.is_empty();
        let early = |gathered: &mut Gathered| !gathered.urgent && gathered.lines.len() < ENOUGH;
        let gathered = self.more.wait_while(self.gathered(), idle).unwrap_or_else(PoisonError::into_inner);
        let waited = self.more.wait_timeout_while(gathered, self.delay, early);
        let (mut gathered, _) = waited.unwrap_or_else(PoisonError::into_inner);
        gathered.urgent = false;
        gathered.writing = true;
        std::mem::take(&mut gathered.lines)
    }
}

impl Gathered {
    fn lose(&mut self, lines: u64) {
        self.lost += lines;
        LOST.fetch_add(lines, Ordering::Relaxed);
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut gathered = self.inner.gathered();
        if gathered.lines.len() + line.len() > ROOM {
            gathered.lose(1);
            return Ok(line.len());
        }
        let first = gathered.lines.is_empty();
        let was_early = !gathered.urgent && gathered.lines.len() < ENOUGH;
        gathered.lines.extend_from_slice(line);
        gathered.urgent |= self.at_once;
        let is_time = gathered.urgent || gathered.lines.len() >= ENOUGH;
        drop(gathered);
        if first || was_early && is_time {
            self.inner.more.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'l> MakeWriter<'l> for Lines {
    type Writer = Line<'l>;

    fn make_writer(&'l self) -> Self::Writer {
        Line { inner: &self.0, at_once: false }
    }

    fn make_writer_for(&'l self, meta: &Metadata<'_>) -> Self::Writer {
        Line { inner: &self.0, at_once: *meta.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use tracing::subscriber::with_default;
    use tracing_subscriber::{layer::SubscriberExt, registry};

    const SOON: Duration = Duration::from_secs(20);
    const NEVER: Duration = Duration::from_secs(3600);

    /// Sends the bytes of each write to the test, and blocks until the test sends its result.
    struct Calls {
        made: Sender<String>,
        end: Receiver<io::Result<()>>,
    }

    impl Write for Calls {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.made.send(String::from_utf8_lossy(bytes).into_owned());
            self.end.recv().unwrap_or(Ok(())).map(|()| bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Log {
        lines: Lines,
        last: LastLines,
        calls: Receiver<String>,
        end: Sender<io::Result<()>>,
        lost: Receiver<u64>,
    }

    impl Log {
        fn waiting(delay: Duration) -> Self {
            let ((made, calls), (end, ended), (tell, lost)) = (channel(), channel(), channel());
            let lines = Lines::waiting(delay);
            let out = Calls { made, end: ended };
            let last = lines.write_behind(out, move |lost| tell.send(lost).unwrap()).unwrap();
            Self { lines, last, calls, end, lost }
        }

        fn of(&self, work: impl FnOnce()) {
            let layer = tracing_subscriber::fmt::layer().without_time().with_target(false).with_ansi(false);
            with_default(registry().with(layer.with_writer(self.lines.clone())), work);
        }

        /// The bytes of the next write, which succeeds.
        fn call(&self) -> String {
            let call = self.calls.recv_timeout(SOON).unwrap();
            self.end.send(Ok(())).unwrap();
            call
        }
    }

    #[test]
    fn a_warning_is_written_at_once_and_after_what_was_told_before_it() {
        let log = Log::waiting(NEVER);
        log.of(|| {
            tracing::info!("one");
            tracing::info!("two");
            assert!(log.calls.try_recv().is_err(), "an ordinary line waits");
            tracing::warn!("three");
        });
        assert_eq!(log.call(), " INFO one\n INFO two\n WARN three\n");
        log.of(|| tracing::error!("four"));
        assert_eq!(log.call(), "ERROR four\n");
    }

    #[test]
    fn ordinary_lines_are_written_soon_though_nothing_follows() {
        let log = Log::waiting(DELAY);
        for _ in 0..3 {
            log.of(|| tracing::info!("one"));
            assert_eq!(log.call(), " INFO one\n");
        }
    }

    #[test]
    fn the_last_lines_are_written_at_the_end() {
        let log = Log::waiting(NEVER);
        log.of(|| tracing::info!("one"));
        log.end.send(Ok(())).unwrap();
        drop(log.last);
        assert_eq!(log.calls.recv_timeout(SOON).unwrap(), " INFO one\n");
    }

    #[test]
    fn what_is_enough_is_written_without_waiting_for_more() {
        let log = Log::waiting(NEVER);
        log.of(|| tracing::info!("{}", "x".repeat(ENOUGH)));
        assert!(log.call().len() > ENOUGH);
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read_and_what_is_lost_is_told() {
        let log = Log::waiting(DELAY);
        log.of(|| tracing::warn!("nobody reads this"));
        log.calls.recv_timeout(SOON).unwrap();
        log.of(|| {
            for _ in 0..5 {
                tracing::info!("{}", "x".repeat(ROOM / 4));
            }
        });
        assert!(log.lines.0.gathered().lines.len() <= ROOM);
        assert!(lost() >= 2);
        log.end.send(Ok(())).unwrap();
        assert_eq!(log.lost.recv_timeout(SOON).unwrap(), 2);
        assert!(log.call().len() > ROOM / 2);
        // Dropping waits for a second at most.
        log.of(|| tracing::error!("the last"));
        log.calls.recv_timeout(SOON).unwrap();
        drop(log.last);
    }

    #[test]
    fn what_cannot_be_written_is_told_when_something_can() {
        let log = Log::waiting(DELAY);
        log.of(|| tracing::warn!("one"));
        log.calls.recv_timeout(SOON).unwrap();
        log.end.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        log.of(|| tracing::warn!("two"));
        assert_eq!(log.call(), " WARN two\n");
        assert_eq!(log.lost.recv_timeout(SOON).unwrap(), 1);
    }
}
