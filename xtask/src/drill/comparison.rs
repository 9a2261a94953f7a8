//! Rounds of the same measurement without and with trouble, so that what else happens on the machine touches both alike.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::latency::Latencies;

/// A p99 of fewer reads is chance.
const ENOUGH: usize = 2000;

pub(super) struct Comparison {
    ratios: Vec<f64>,
    most: f64,
}

impl Comparison {
    /// Passes when the p99 with trouble is at most `most` times that without.
    pub(super) fn at_most(most: f64) -> Self {
        Self { ratios: Vec::new(), most }
    }

    /// Measures once without and once with the trouble, and prints both.
    pub(super) fn round(
        &mut self,
        without: impl FnOnce() -> Result<Latencies>,
        with: impl FnOnce() -> Result<Latencies>,
    ) -> Result<()> {
        if self.ratios.is_empty() {
            println!(
                "{:>5}  {:<7}  {:>7}  {:>8}  {:>8}  {:>9}",
                "round", "trouble", "reads", "p50 ms", "p99 ms", "p99 ratio"
            );
        }
        let (without, with) = (without()?, with()?);
        let ratio = with.percentile(99) / without.percentile(99);
        let round = self.ratios.len() + 1;
        for (trouble, latencies, ratio) in
            [("without", &without, String::new()), ("with", &with, format!("{ratio:.2}"))]
        {
            println!(
                "{round:>5}  {trouble:<7}  {:>7}  {:>8.2}  {:>8.2}  {ratio:>9}",
                latencies.number(),
                latencies.percentile(50),
                latencies.percentile(99)
            );
        }
        // Of a server that hardly answers there are few, and that is no excuse for it.
        let few = without.number().min(with.number());
        ensure!(few >= ENOUGH || ratio > self.most, "{few} reads are too few to tell; allow more --seconds");
        self.ratios.push(ratio);
        Ok(())
    }

    /// By the median, which one odd round does not move.
    pub(super) fn verdict(mut self) -> ExitCode {
        self.ratios.sort_unstable_by(f64::total_cmp);
        let median = self.ratios[self.ratios.len() / 2];
        println!(
            "p99 with trouble is {median:.2} times that without (median of the rounds; at most {} passes)",
            self.most
        );
        if median <= self.most { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
