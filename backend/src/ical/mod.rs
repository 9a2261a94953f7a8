//! iCalendar files (RFC 5545): what calendar programs subscribe to and what mails carry.
//!
//! [`Calendar::to_ics`] reads no clock and draws nothing at random, so the same calendar has the same bytes.

mod event;
mod folding;
mod text;
mod zones;

use crate::{secret::Secret, timestamp::Timestamp};
use ics::{
    ICalendar,
    components::Property,
    properties::{CalScale, Name, RefreshInterval},
};
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Without a version, so that a release changes no file.
const PRODUCT: &str = "-//Coulisses Crew//Coulisses Crew//EN";

/// How often a program that subscribes is to ask again.
const REFRESH: &str = "PT1H";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
}

/// What the receiver is to do with the events (RFC 5546).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Publish,
    Cancel,
}

#[derive(Debug, Clone)]
pub struct Event {
    /// The UID: a program that has seen it replaces the event.
    pub id: Uuid,
    /// Rises with each change; at most 2³¹ − 1 is written.
    pub sequence: i64,
    pub changed_at: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Whose local time is shown; without an IANA name it is UTC.
    pub zone: TimeZone,
    pub status: Status,
    pub summary: String,
    pub location: Option<String>,
    /// In any number of lines.
    pub description: Option<String>,
    /// Carries a token, and with it the whole file does.
    pub url: Option<Secret>,
}

#[derive(Debug, Clone)]
pub struct Calendar {
    pub method: Method,
    /// Of a feed; a file of single events has none.
    pub name: Option<String>,
    pub events: Vec<Event>,
}

impl Calendar {
    pub fn to_ics(&self) -> Secret {
        let mut file = ICalendar::new("2.0", PRODUCT);
        file.push(CalScale::default());
        file.push(ics::properties::Method::new(match self.method {
            Method::Publish => "PUBLISH",
            Method::Cancel => "CANCEL",
        }));
        if let Some(name) = self.name.as_deref().and_then(text::line) {
            file.push(Name::new(name.clone()));
            // What programs read that do not know RFC 7986.
            file.push(Property::new("X-WR-CALNAME", name));
            file.push(RefreshInterval::new(REFRESH));
            file.push(Property::new("X-PUBLISHED-TTL", REFRESH));
        }
        for zone in zones::components(&self.events) {
            file.add_component(zone);
        }
        for event in &self.events {
            file.add_event(event::component(event));
        }
        folding::refold(&file.to_string()).into()
    }
}

#[cfg(test)]
mod tests;
