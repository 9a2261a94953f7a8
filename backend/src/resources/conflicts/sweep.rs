//! Finds overlaps by a sweep over accepted assignments in order of their starts: one that has not ended when another one of the
//! same user starts is in conflict with it. Pairs come out in the order of the list, so the sweep ends as soon as the page is
//! full.
//!
//! The database refuses overlaps of accepted assignments unless one of the two has an override. So each pair has an overridden
//! one, and those without override (the undisputed) never overlap each other: they matter only where the user has an overridden
//! one.

use super::model::ConflictKey;
use crate::{
    ids::{AssignmentId, UserId},
    timestamp::Timestamp,
};
use std::collections::HashMap;

/// The columns of an accepted assignment that overlaps depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    pub user: UserId,
    pub id: AssignmentId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub overridden: bool,
}

/// The sort key of a side.
pub type Place = (Timestamp, AssignmentId);

impl Side {
    pub fn place(&self) -> Place {
        (self.starts_at, self.id)
    }
}

/// Two sides that overlap, the earlier first.
pub type Pair = (Side, Side);

/// The sort key of a pair in the list.
pub fn key((a, b): &Pair) -> ConflictKey {
    (b.starts_at, b.id, a.starts_at, a.id)
}

/// A period that a user's overridden assignments cover without a gap: an undisputed one that overlaps it is in conflict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub user: UserId,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// The state of the sweep.
pub struct Sweep {
    after: Option<ConflictKey>,
    wanted: usize,
    /// The assignments of each user that have not ended yet, in order.
    busy: HashMap<UserId, Vec<Side>>,
    /// Until when each user's overridden assignments follow without a gap.
    covered: HashMap<UserId, Timestamp>,
    found: Vec<Pair>,
}

impl Sweep {
    /// Looks for the first `wanted` pairs behind the cursor `after`.
    pub fn new(after: Option<ConflictKey>, wanted: usize) -> Self {
        Self { after, wanted, busy: HashMap::new(), covered: HashMap::new(), found: Vec::new() }
    }

    /// What has ended by then is in none of the wanted pairs.
    pub fn begins_at(&self) -> Option<Timestamp> {
        self.after.map(|(starts_at, ..)| starts_at)
    }

    /// The ranges that the next `overridden`, in order, form together with earlier ones: the earlier ones from `from` on, all
    /// of them up to `end`.
    pub fn cover(
        &mut self,
        from: Option<Timestamp>,
        overridden: &[Side],
        end: Option<Timestamp>,
    ) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        let mut latest: HashMap<UserId, usize> = HashMap::new();
        if let Some(from) = from {
            self.covered.retain(|_, until| *until > from);
            for (&user, &until) in &self.covered {
                latest.insert(user, ranges.len());
                ranges.push(Range { user, from, until });
            }
        }
        for side in overridden {
            let from = self.begins_at().map_or(side.starts_at, |begin| side.starts_at.max(begin));
            match latest.get(&side.user).map(|last| &mut ranges[*last]) {
                Some(range) if from <= range.until => range.until = range.until.max(side.ends_at),
                _ => {
                    latest.insert(side.user, ranges.len());
                    ranges.push(Range { user: side.user, from, until: side.ends_at });
                }
            }
        }
        self.covered.extend(latest.into_iter().map(|(user, last)| (user, ranges[last].until)));
        ranges.iter_mut().for_each(|range| range.until = end.map_or(range.until, |end| range.until.min(end)));
        ranges
    }

    /// Processes the next sides; true when enough pairs are found. Sides come in order, except undisputed ones that start
    /// before their range: no overridden one was running then, so they complete no pair.
    pub fn meet(&mut self, mut sides: Vec<Side>) -> bool {
        sides.sort_by_key(Side::place);
        for side in sides {
            if self.is_full() {
                break;
            }
            self.arrive(side);
        }
        self.is_full()
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.wanted
    }

    fn arrive(&mut self, b: Side) {
        let busy = self.busy.entry(b.user).or_default();
        if busy.binary_search_by_key(&b.place(), Side::place).is_ok() {
            // An undisputed one that was read for two ranges.
            return;
        }
        // Sides before the cursor only fill `busy`: those that had ended by then were not even read.
        if self.after.is_none_or(|(starts_at, id, ..)| b.place() >= (starts_at, id)) {
            busy.retain(|a| a.ends_at > b.starts_at);
            let overlapping = busy.iter().take_while(|a| a.place() < b.place());
            let pairs = overlapping.filter(|a| a.overridden || b.overridden).map(|a| (*a, b));
            let unseen = pairs.filter(|pair| self.after.is_none_or(|after| key(pair) > after));
            self.found.extend(unseen.take(self.wanted - self.found.len()));
        }
        busy.insert(busy.partition_point(|a| a.place() < b.place()), b);
    }

    pub fn into_found(self) -> Vec<Pair> {
        self.found
    }
}

/// The first `wanted` pairs among these, by the start of the overlap.
pub fn first_pairs(sides: Vec<Side>, wanted: usize) -> Vec<Pair> {
    let mut sweep = Sweep::new(None, wanted);
    sweep.meet(sides);
    sweep.into_found()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const PERSON: UserId = UserId(Uuid::from_u128(1));

    fn side(id: u128, from: i64, until: i64, overridden: bool) -> Side {
        let [starts_at, ends_at] = [from, until].map(Timestamp::from_micros);
        Side { user: PERSON, id: AssignmentId(Uuid::from_u128(id)), starts_at, ends_at, overridden }
    }

    fn range(from: i64, until: i64) -> Range {
        let [from, until] = [from, until].map(Timestamp::from_micros);
        Range { user: PERSON, from, until }
    }

    /// Whether the page is full, and the pairs by their ids.
    fn met(mut sweep: Sweep, sides: &[Side]) -> (bool, Vec<(u128, u128)>) {
        let full = sweep.meet(sides.to_vec());
        let ids = sweep.into_found().into_iter().map(|(a, b)| (a.id.0.as_u128(), b.id.0.as_u128()));
        (full, ids.collect())
    }

    #[test]
    fn a_page_ends_as_soon_as_it_is_full() {
        let all: Vec<_> = (1..=600).map(|id| side(id, 0, 10, true)).collect();
        assert_eq!(met(Sweep::new(None, 4), &all), (true, vec![(1, 2), (1, 3), (2, 3), (1, 4)]));
        // Behind a pair whose later side is in further pairs.
        let after = key(&(all[1], all[3]));
        assert_eq!(met(Sweep::new(Some(after), 3), &all), (true, vec![(3, 4), (1, 5), (2, 5)]));
    }

    #[test]
    fn those_without_an_override_are_in_conflict_only_with_those_who_have_one() {
        let all = [side(1, 0, 5, false), side(2, 3, 9, true), side(3, 5, 8, false), side(4, 9, 12, false)];
        assert_eq!(met(Sweep::new(None, 9), &all), (false, vec![(1, 2), (2, 3)]));
        // Read for two ranges, it is processed once.
        let twice = [all[0], all[1], all[2], all[2]];
        assert_eq!(met(Sweep::new(None, 9), &twice).1, [(1, 2), (2, 3)]);
    }

    #[test]
    fn ranges_go_on_from_one_part_to_the_next() {
        let mut sweep = Sweep::new(None, 9);
        let first = [side(1, 0, 4, true), side(2, 4, 20, true)];
        let end = Timestamp::from_micros(5);
        assert_eq!(sweep.cover(None, &first, Some(end)), [range(0, 5)], "without a gap, up to the end");
        let next = [side(3, 6, 8, true), side(4, 30, 31, true)];
        let from = Some(Timestamp::from_micros(4));
        assert_eq!(sweep.cover(from, &next, None), [range(4, 20), range(30, 31)]);
        assert_eq!(sweep.cover(Some(Timestamp::from_micros(40)), &[], None), []);
    }
}
