//! The VTIMEZONE of each zone that the events name, from jiff's transitions.
//!
//! Each transition is an observance of its own. A yearly rule would be wrong where a zone has none (Morocco), and of an
//! RDATE ical.js reads one value.

use super::Event;
use ics::{
    components::Component,
    properties::{DtStart, TzID, TzName, TzOffsetFrom, TzOffsetTo},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{DateTime, date},
    tz::{Offset, TimeZone},
};
use std::collections::{BTreeMap, BTreeSet};

/// The form of local times.
pub(super) const LOCAL: &str = "%Y%m%dT%H%M%S";

/// When an observance begins that has no transition. ical.js takes the time before the first observance for UTC.
const ALWAYS: DateTime = date(1900, 1, 1).at(0, 0, 0, 0);

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The zone's TZID; `None` where instants are to be written in UTC.
pub(super) fn name(zone: &TimeZone) -> Option<&str> {
    zone.iana_name().filter(|name| *name != "UTC" && is_plain(name))
}

/// Whether a text can neither end a parameter or a line nor begin another. Zones may have been read from anywhere.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte))
}

/// In the order of their names.
pub(super) fn components(events: &[Event]) -> Vec<Component<'_>> {
    let utc = TimeZone::UTC;
    let mut zones: BTreeMap<&str, (&TimeZone, BTreeSet<Timestamp>)> = BTreeMap::new();
    for event in events {
        if let Some(name) = name(&event.zone) {
            let (zone, onsets) = zones.entry(name).or_insert((&event.zone, BTreeSet::new()));
            onsets.extend(needed(zone, whole_second(event.start), whole_second(event.end)));
        }
    }
    // RFC 5545 section 3.6 asks for at least one component.
    if events.is_empty() {
        zones.insert("UTC", (&utc, [Timestamp::MIN].into()));
    }
    zones.into_iter().map(|(name, (zone, onsets))| component(name, zone, onsets)).collect()
}

/// Transitions are at whole seconds.
fn whole_second(at: crate::timestamp::Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_seconds()).unwrap_or_default()
}

/// The onsets of the observances from the one in force at `start` to the one that follows `end`, so that no list grows with
/// the years between two events.
fn needed(zone: &TimeZone, start: Timestamp, end: Timestamp) -> impl Iterator<Item = Timestamp> {
    // `preceding` leaves out a transition at the instant itself.
    let until_start = zone.preceding(start.saturating_add(SECOND).unwrap_or(start)).next();
    let first = until_start.map_or(Timestamp::MIN, |transition| transition.timestamp());
    let onsets_after = |at| zone.following(at).map(|transition| transition.timestamp());
    let during = onsets_after(start).take_while(move |onset| *onset <= end);
    [first].into_iter().chain(during).chain(onsets_after(end).take(1))
}

fn component<'a>(name: &'a str, zone: &TimeZone, onsets: BTreeSet<Timestamp>) -> Component<'a> {
    let mut component = Component::new("VTIMEZONE");
    component.add_property(TzID::new(name));
    for onset in onsets {
        component.add_component(observance(zone, onset));
    }
    component
}

fn observance(zone: &TimeZone, onset: Timestamp) -> Component<'static> {
    let info = zone.to_offset_info(onset);
    let before = onset.checked_sub(SECOND).map_or(info.offset(), |before| zone.to_offset(before));
    // RFC 5545 section 3.6.5: by the clock that ends here.
    let begins = if onset == Timestamp::MIN { ALWAYS } else { before.to_datetime(onset) };
    let mut observance = Component::new(if info.dst().is_dst() { "DAYLIGHT" } else { "STANDARD" });
    observance.add_property(DtStart::new(begins.strftime(LOCAL).to_string()));
    observance.add_property(TzOffsetFrom::new(signed(before)));
    observance.add_property(TzOffsetTo::new(signed(info.offset())));
    if is_plain(info.abbreviation()) {
        observance.add_property(TzName::new(info.abbreviation().to_owned()));
    }
    observance
}

/// `+HHMM`, with seconds only where there are any.
fn signed(offset: Offset) -> String {
    let sign = if offset.is_negative() { '-' } else { '+' };
    let seconds = offset.seconds().unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match seconds {
        0 => format!("{sign}{hours:02}{minutes:02}"),
        _ => format!("{sign}{hours:02}{minutes:02}{seconds:02}"),
    }
}
