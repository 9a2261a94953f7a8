//! Finding overlaps.

use crate::db::Timestamp;
use std::{collections::HashMap, hash::Hash};

/// The pairs of one person's periods that overlap, as indices with the smaller start first. The periods `(who, start,
/// end)` are half-open and sorted by start; each is compared only with those of the same person still running when it
/// starts, so the work grows with their number and with the number of overlaps, never with the square of the former.
pub fn overlaps<K: Copy + Eq + Hash>(
    periods: &[(K, Timestamp, Timestamp)],
) -> impl Iterator<Item = (usize, usize)> {
    let mut running: HashMap<K, Vec<usize>> = HashMap::new();
    periods.iter().enumerate().flat_map(move |(i, (who, start, _))| {
        let running = running.entry(*who).or_default();
        running.retain(|&earlier| periods[earlier].2 > *start);
        let pairs: Vec<_> = running.iter().map(|&earlier| (earlier, i)).collect();
        running.push(i);
        pairs
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_exactly_the_overlapping_pairs(spans in prop::collection::vec((0_u8..3, 0_i64..60, 1_i64..20), 0..40)) {
            let at = Timestamp::from_micros;
            let mut periods: Vec<_> =
                spans.into_iter().map(|(who, start, length)| (who, at(start), at(start + length))).collect();
            periods.sort_by_key(|(_, start, _)| *start);
            let mut brute = Vec::new();
            for j in 0..periods.len() {
                for i in 0..j {
                    let (a, b) = (periods[i], periods[j]);
                    if a.0 == b.0 && a.1 < b.2 && b.1 < a.2 {
                        brute.push((i, j));
                    }
                }
            }
            prop_assert_eq!(overlaps(&periods).collect::<Vec<_>>(), brute);
        }
    }
}
