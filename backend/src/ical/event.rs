//! An event as a component.

use super::{Event, Status, text, zones};
use crate::timestamp::Timestamp;
use ics::{
    components::Property,
    parameters::TzIDParam,
    properties::{Description, DtEnd, DtStart, LastModified, Location, Sequence, Summary, Transp, URL},
};
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What no URI contains as it is (RFC 3986 section 2); other than ASCII is encoded in any case.
const NOT_IN_A_URI: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');

pub(super) fn component(event: &Event) -> ics::Event<'_> {
    let changed = in_utc(event.changed_at);
    let mut component = ics::Event::new(event.id.to_string(), changed.clone());
    component.push(LastModified::new(changed));
    // RFC 5545 section 3.3.8: 32 bits.
    component.push(Sequence::new(event.sequence.clamp(0, i32::MAX.into()).to_string()));
    let (start, zone) = moment(event.start, &event.zone);
    component.push(in_zone(DtStart::new(start), zone));
    // An end that is not later than the start is not allowed, and without one the event ends at once. Both are written
    // in whole seconds.
    if event.end.as_seconds() > event.start.as_seconds() {
        let (end, zone) = moment(event.end, &event.zone);
        component.push(in_zone(DtEnd::new(end), zone));
    }
    component.push(match event.status {
        Status::Tentative => ics::properties::Status::tentative(),
        Status::Confirmed => ics::properties::Status::confirmed(),
        Status::Cancelled => ics::properties::Status::cancelled(),
    });
    component.push(match event.status {
        Status::Confirmed => Transp::opaque(),
        // Takes no time from anybody yet, or any more.
        Status::Tentative | Status::Cancelled => Transp::transparent(),
    });
    if let Some(summary) = text::line(&event.summary) {
        component.push(Summary::new(summary));
    }
    if let Some(location) = event.location.as_deref().and_then(text::line) {
        component.push(Location::new(location));
    }
    if let Some(description) = event.description.as_deref().and_then(text::lines) {
        component.push(Description::new(description));
    }
    if let Some(url) = &event.url {
        component.push(URL::new(utf8_percent_encode(url, NOT_IN_A_URI).to_string()));
    }
    component
}

/// An instant as a value, and the TZID that it needs.
///
/// A local time that the clock shows twice is written in UTC: RFC 5545 section 3.3.5 takes it for the first, ical.js for the
/// second.
fn moment(at: Timestamp, zone: &TimeZone) -> (String, Option<&str>) {
    let local = at.in_zone(zone).datetime();
    match zones::name(zone) {
        Some(name) if !zone.to_ambiguous_timestamp(local).is_ambiguous() => {
            (local.strftime(zones::LOCAL).to_string(), Some(name))
        }
        _ => (in_utc(at), None),
    }
}

fn in_utc(at: Timestamp) -> String {
    at.in_zone(&TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn in_zone<'a>(property: impl Into<Property<'a>>, zone: Option<&'a str>) -> Property<'a> {
    let mut property = property.into();
    if let Some(zone) = zone {
        property.add(TzIDParam::new(zone));
    }
    property
}
