//! Finding overlaps.

use crate::db::Timestamp;

/// The pairs of `periods` that overlap, as indices with the smaller start first. The periods are half-open and sorted by
/// start; each is compared only with those still running when it starts, so the work grows with their number and
/// with the number of overlaps, never with the square of the former.
pub fn overlaps(periods: &[(Timestamp, Timestamp)]) -> Vec<(usize, usize)> {
    let mut running: Vec<usize> = Vec::new();
    let mut pairs = Vec::new();
    for (i, (start, _)) in periods.iter().enumerate() {
        running.retain(|&earlier| periods[earlier].1 > *start);
        pairs.extend(running.iter().map(|&earlier| (earlier, i)));
        running.push(i);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_exactly_the_overlapping_pairs(spans in prop::collection::vec((0_i64..60, 1_i64..20), 0..40)) {
            let mut periods: Vec<_> = spans
                .into_iter()
                .map(|(start, length)| (Timestamp::from_micros(start), Timestamp::from_micros(start + length)))
                .collect();
            periods.sort();
            let mut brute = Vec::new();
            for j in 0..periods.len() {
                for i in 0..j {
                    if periods[i].0 < periods[j].1 && periods[j].0 < periods[i].1 {
                        brute.push((i, j));
                    }
                }
            }
            prop_assert_eq!(overlaps(&periods), brute);
        }
    }
}
