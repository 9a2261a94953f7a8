//! Clients that write without a pause, each again and again under one key until it is acknowledged, and keep a ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use super::ledger::{Answer, Ledger, Planner};

/// Between two tries of the same write.
pub(super) const PAUSE: Duration = Duration::from_millis(100);
/// What a write may be answered while what it needs is away.
const WHILE_AWAY: [&str; 4] = ["unavailable", "outcome_unknown", "contended", "timed_out"];

/// What clients take for a reason to try again; anything else ends the drill.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tolerance {
    /// Nothing: every write is acknowledged at once.
    Nothing,
    /// Answers that say that the database is away.
    Away,
    /// Those, and connections that are refused or break: the server is killed.
    Killed,
}

pub(super) struct Load {
    over: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    writers: Vec<JoinHandle<Result<Ledger>>>,
}

impl Load {
    /// The clients take turns at these addresses. What they write is named after the round.
    pub(super) fn begin(urls: &[&str], round: u32, writers: usize, tolerance: Tolerance) -> Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::<AtomicU64>::default();
        let mut all = Vec::new();
        for (writer, url) in urls.iter().cycle().take(writers).enumerate() {
            let (planner, over, acknowledged) = (Planner::sign_in(url)?, over.clone(), acknowledged.clone());
            all.push(thread::spawn(move || {
                let mut ledger = Ledger::default();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("Drill{round}x{writer}x{number}");
                    if write(&planner, &name, &mut ledger, (tolerance, &over))? {
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                        ledger.note(name, Answer::Done);
                    }
                }
                Ok(ledger)
            }));
        }
        Ok(Self { over, acknowledged, writers: all })
    }

    /// How many writes were acknowledged so far.
    #[cfg(unix)]
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    pub(super) fn end(self) -> Result<Ledger> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Ledger::default();
        for writer in self.writers {
            all.extend(writer.join().map_err(|_| anyhow!("a writer panicked"))??);
        }
        Ok(all)
    }
}

/// Whether it was acknowledged before the load was over.
fn write(
    planner: &Planner,
    name: &str,
    ledger: &mut Ledger,
    (tolerance, over): (Tolerance, &AtomicBool),
) -> Result<bool> {
    loop {
        match planner.add(name) {
            Ok(Answer::Done) => return Ok(true),
            Ok(Answer::Refused(503, code))
                if tolerance != Tolerance::Nothing && WHILE_AWAY.contains(&code.as_str()) =>
            {
                ledger.count(&Answer::Refused(503, code));
            }
            Err(_) if tolerance == Tolerance::Killed => ledger.count(&Answer::Refused(0, "no answer".into())),
            // Signing in again is not what this is about.
            Ok(other) => bail!("a write is answered {other:?}"),
            Err(error) => return Err(error),
        }
        if over.load(Ordering::Relaxed) {
            return Ok(false);
        }
        sleep(PAUSE);
    }
}
