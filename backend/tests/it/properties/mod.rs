//! Rules held against what a few lines of arithmetic, or a loop over everything, say they should give. Cases are drawn
//! from a fixed seed and made smaller when one fails.

mod answers;
mod commands;
mod conflict_pages;
mod cursors;
mod duplicates;
mod feeds;
mod free_json;
mod keys;
mod overlaps;
mod pages;
mod quotas;
mod search;
mod sent_back;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngSeed, TestRunner},
};
use tokio::{runtime::Handle, task::block_in_place};

/// Always the same cases, and nothing written down when one fails.
fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    }
}

/// Holds a rule for so many cases. A case panics when it does not hold; all of them share one database, so each makes
/// objects of its own. Needs a test with `flavor = "multi_thread"`.
fn for_all<S: Strategy>(cases: u32, strategy: S, case: impl AsyncFn(S::Value)) {
    let mut runner = TestRunner::new(config(cases));
    let outcome = runner.run(&strategy, |value| {
        block_in_place(|| Handle::current().block_on(case(value)));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
