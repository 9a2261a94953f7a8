//! Log lines on their way out. Ordinary ones are gathered for a moment and written together: a call of the system for each
//! took a tenth of a signed-in request. A warning or an error is written before its maker goes on, after all that
//! was gathered before it, so that a crash finds the lines that explain it.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The longest that an ordinary line waits.
const DELAY: Duration = Duration::from_millis(20);
/// Bytes that may be gathered; whoever comes above them writes them, and waits if nobody takes them.
const ENOUGH: usize = 64 * 1024;

/// Where lines are gathered. Clones share it.
pub(super) struct Lines<W>(Arc<Inner<W>>);

struct Inner<W> {
    gathered: Mutex<Vec<u8>>,
    more: Condvar,
    /// Locked before `gathered`, so that what was gathered first is written first.
    out: Mutex<W>,
}

/// Dropping it writes what is gathered. Hold it as long as the program tells anything.
#[must_use = "the last lines are lost without it"]
pub struct LastLines(Option<Box<dyn Fn() + Send + Sync>>);

/// The writer of one line.
pub(super) struct Line<'l, W: Write> {
    inner: &'l Inner<W>,
    at_once: bool,
}

impl<W> Clone for Lines<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Lines<W> {
    pub(super) fn to(out: W) -> Self {
        Self(Arc::new(Inner { gathered: Mutex::default(), more: Condvar::new(), out: Mutex::new(out) }))
    }

    /// Starts the thread that writes them, which stays as long as the process.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn write_behind(&self) -> io::Result<LastLines> {
        let lines = self.clone();
        thread::Builder::new().name("log".into()).spawn(move || lines.0.write_again_and_again())?;
        let last = self.clone();
        Ok(LastLines(Some(Box::new(move || last.0.write_out()))))
    }
}

impl LastLines {
    /// For lines that somebody else writes.
    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        if let Some(write) = &self.0 {
            write();
        }
    }
}

impl<W: Write> Inner<W> {
    fn write_again_and_again(&self) {
        loop {
            let gathered = self.more.wait_while(lock(&self.gathered), |lines| lines.is_empty());
            let gathered = gathered.unwrap_or_else(PoisonError::into_inner);
            // Nothing is told before it is full or the time is over.
            drop(self.more.wait_timeout(gathered, DELAY));
            self.write_out();
        }
    }

    fn write_out(&self) {
        let mut out = lock(&self.out);
        let lines = std::mem::take(&mut *lock(&self.gathered));
        // Where a line cannot be written, nobody can be told so.
        let _ = out.write_all(&lines).and_then(|()| out.flush());
    }
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let (first, enough) = {
            let mut gathered = lock(&self.inner.gathered);
            let first = gathered.is_empty();
            gathered.extend_from_slice(line);
            (first, gathered.len() >= ENOUGH)
        };
        if self.at_once || enough {
            self.inner.write_out();
        } else if first {
            self.inner.more.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'l, W: Write + 'l> MakeWriter<'l> for Lines<W> {
    type Writer = Line<'l, W>;

    fn make_writer(&'l self) -> Self::Writer {
        Line { inner: &self.0, at_once: false }
    }

    fn make_writer_for(&'l self, meta: &Metadata<'_>) -> Self::Writer {
        Line { inner: &self.0, at_once: *meta.level() <= Level::WARN }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves nothing half-done in it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use tracing::subscriber::with_default;
    use tracing_subscriber::{layer::SubscriberExt, registry};

    const SOON: Duration = Duration::from_secs(20);

    /// Tells each call of the system.
    struct Calls(Sender<String>);

    impl Write for Calls {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines() -> (Lines<Calls>, Receiver<String>) {
        let (calls, told) = channel();
        (Lines::to(Calls(calls)), told)
    }

    fn while_logging(lines: &Lines<Calls>, work: impl FnOnce()) {
        let layer = tracing_subscriber::fmt::layer().without_time().with_target(false).with_ansi(false);
        with_default(registry().with(layer.with_writer(lines.clone())), work);
    }

    #[test]
    fn a_warning_is_written_at_once_and_after_what_was_told_before_it() {
        let (lines, told) = lines();
        while_logging(&lines, || {
            tracing::info!("one");
            tracing::info!("two");
            assert!(told.try_recv().is_err(), "an ordinary line waits");
            tracing::warn!("three");
            assert_eq!(told.try_recv().unwrap(), " INFO one\n INFO two\n WARN three\n");
            tracing::error!("four");
            assert_eq!(told.try_recv().unwrap(), "ERROR four\n");
        });
    }

    #[test]
    fn ordinary_lines_are_written_soon_though_nothing_follows() {
        let (lines, told) = lines();
        let _last = lines.write_behind().unwrap();
        for _ in 0..3 {
            while_logging(&lines, || tracing::info!("one"));
            assert_eq!(told.recv_timeout(SOON).unwrap(), " INFO one\n");
        }
    }

    #[test]
    fn the_last_lines_are_written_at_the_end() {
        let (lines, told) = lines();
        let inner = Arc::clone(&lines.0);
        let last = LastLines(Some(Box::new(move || inner.write_out())));
        while_logging(&lines, || tracing::info!("one"));
        assert!(told.try_recv().is_err());
        drop(last);
        assert_eq!(told.try_recv().unwrap(), " INFO one\n");
    }

    #[test]
    fn what_is_enough_is_written_by_whoever_brings_it() {
        let (lines, told) = lines();
        while_logging(&lines, || {
            tracing::info!("{}", "x".repeat(ENOUGH / 2));
            assert!(told.try_recv().is_err());
            tracing::info!("{}", "x".repeat(ENOUGH / 2));
            assert!(told.try_recv().unwrap().len() > ENOUGH);
        });
    }
}
