//! Clients that read lists without a pause. Every read has to succeed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, ensure};

use super::latency;
use super::ledger::lenient_agent;

const LISTS: [&str; 3] = ["/projects?limit=100", "/missions?limit=100", "/assignments?limit=50"];

pub(super) struct Readers {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<u64>>>,
}

impl Readers {
    pub(super) fn begin(url: &str, clients: usize) -> Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let authorization = latency::planner(url)?;
        let thread = |number: usize| {
            let (over, url, authorization) = (over.clone(), url.to_owned(), authorization.clone());
            thread::spawn(move || {
                let (agent, mut reads) = (lenient_agent(), 0);
                while !over.load(Ordering::Relaxed) {
                    let list = LISTS[(number + reads as usize) % LISTS.len()];
                    let request = agent.get(format!("{url}/api/v1{list}"));
                    let mut answer = request.header("Authorization", &authorization).call()?;
                    let body = answer.body_mut().read_to_string().context("a read broke off")?;
                    ensure!(answer.status() == 200, "{list} is answered {} {body}", answer.status());
                    reads += 1;
                }
                Ok(reads)
            })
        };
        Ok(Self { threads: (0..clients).map(thread).collect(), over })
    }

    /// How many reads there were.
    pub(super) fn end(self) -> Result<u64> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = 0;
        for thread in self.threads {
            all += thread.join().map_err(|_| anyhow!("a reader panicked"))??;
        }
        Ok(all)
    }
}
