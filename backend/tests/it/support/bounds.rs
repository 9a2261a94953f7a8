//! How large an answer may be.

use crate::operations::declared;
use std::collections::BTreeMap;

/// The largest refusal, whatever is refused.
pub const REFUSAL: usize = 2 * 1024 * 1024;

/// Each operation with the bytes that its success has at most.
pub fn bounds() -> BTreeMap<String, usize> {
    let bytes = |bound: &str| {
        let (number, unit) = bound.split_once(' ').expect("a number and a unit");
        let unit = match unit {
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            other => panic!("{other} is no unit of a bound"),
        };
        number.parse::<usize>().expect("a number") * unit
    };
    let bounded = declared().iter().filter_map(|one| Some((one.name(), bytes(one.bound()?.0))));
    bounded.collect()
}
