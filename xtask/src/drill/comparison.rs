//! Rounds of the same measurement without and with trouble, so that what else happens on the machine touches both alike.

use std::process::ExitCode;

use anyhow::Result;

use super::latency::Latencies;

/// More than that is felt.
const MOST: f64 = 2.0;

#[derive(Default)]
pub(super) struct Comparison(Vec<f64>);

impl Comparison {
    /// Measures once without and once with the trouble, and prints both.
    pub(super) fn round(
        &mut self,
        without: impl FnOnce() -> Result<Latencies>,
        with: impl FnOnce() -> Result<Latencies>,
    ) -> Result<()> {
        if self.0.is_empty() {
            println!(
                "{:>5}  {:<7}  {:>7}  {:>8}  {:>8}  {:>9}",
                "round", "trouble", "reads", "p50 ms", "p99 ms", "p99 ratio"
            );
        }
        let (without, with) = (without()?, with()?);
        let ratio = with.percentile(99) / without.percentile(99);
        let round = self.0.len() + 1;
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
        self.0.push(ratio);
        Ok(())
    }

    /// By the median, which one odd round does not move.
    pub(super) fn verdict(mut self) -> ExitCode {
        self.0.sort_unstable_by(f64::total_cmp);
        let median = self.0[self.0.len() / 2];
        let passed = median <= MOST;
        println!(
            "p99 with trouble is {median:.2} times that without (median of the rounds; at most {MOST} passes)"
        );
        if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
