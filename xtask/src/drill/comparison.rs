//! Rounds of the same measurement without and with trouble, so that what else happens on the machine touches both alike.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::latency::Latencies;

/// A p99 of fewer reads is chance.
const ENOUGH: usize = 2000;

pub(super) struct Comparison {
    /// What is read, and the ratio of each round
    ratios: BTreeMap<&'static str, Vec<f64>>,
    most: f64,
    rounds: usize,
}

impl Comparison {
    /// Passes when the p99 of everything that is read is, with trouble, at most `most` times that without.
    pub(super) fn at_most(most: f64) -> Self {
        Self { ratios: BTreeMap::new(), most, rounds: 0 }
    }

    /// Measures once without and once with the trouble, and prints both.
    pub(super) fn round(
        &mut self,
        without: impl FnOnce() -> Result<Vec<Latencies>>,
        with: impl FnOnce() -> Result<Vec<Latencies>>,
    ) -> Result<()> {
        if self.rounds == 0 {
            println!(
                "{:>5}  {:<10}  {:<7}  {:>7}  {:>8}  {:>8}  {:>9}",
                "round", "read", "trouble", "reads", "p50 ms", "p99 ms", "p99 ratio"
            );
        }
        self.rounds += 1;
        let (without, with) = (without()?, with()?);
        let mut worst = 0.0_f64;
        for (without, with) in without.iter().zip(&with) {
            let ratio = with.percentile(99) / without.percentile(99);
            self.print("without", without, "");
            self.print("with", with, &format!("{ratio:.2}"));
            self.ratios.entry(with.what()).or_default().push(ratio);
            worst = worst.max(ratio);
        }
        // Of a server that hardly answers there are few, and that is no excuse for it.
        let reads = |all: &[Latencies]| all.iter().map(Latencies::number).sum::<usize>();
        let few = reads(&without).min(reads(&with));
        ensure!(few >= ENOUGH || worst > self.most, "{few} reads are too few to tell; allow more --seconds");
        Ok(())
    }

    fn print(&self, trouble: &str, latencies: &Latencies, ratio: &str) {
        println!(
            "{:>5}  {:<10}  {trouble:<7}  {:>7}  {:>8.2}  {:>8.2}  {ratio:>9}",
            self.rounds,
            latencies.what(),
            latencies.number(),
            latencies.percentile(50),
            latencies.percentile(99)
        );
    }

    /// By the medians, which one odd round does not move.
    pub(super) fn verdict(self) -> ExitCode {
        let mut passed = true;
        for (what, mut ratios) in self.ratios {
            ratios.sort_unstable_by(f64::total_cmp);
            let median = ratios[ratios.len() / 2];
            println!(
                "{what}: p99 with trouble is {median:.2} times that without (median of the rounds; at most {} passes)",
                self.most
            );
            passed &= median <= self.most;
        }
        if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
