//! Calendars as iCalendar text (RFC 5545).

use crate::{secret::Secret, timestamp::Timestamp};
use jiff::tz::TimeZone;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Publish,
    Cancel,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub id: Uuid,
    pub sequence: i64,
    pub changed_at: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    pub zone: TimeZone,
    pub status: Status,
    pub summary: String,
    pub location: Option<String>,
    pub description: Option<String>,
    pub url: Option<Secret>,
}

#[derive(Debug, Clone)]
pub struct Calendar {
    pub method: Method,
    pub name: Option<String>,
    pub events: Vec<Event>,
}

impl Calendar {
    pub fn to_ics(&self) -> Secret {
        let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Coulisses Crew//EN\r\n");
        let mut line = |name: &str, value: &str| {
            let value =
                value.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n");
            text.push_str(&format!("{name}:{value}\r\n"));
        };
        let at = |at: Timestamp| jiff::Timestamp::from(at).strftime("%Y%m%dT%H%M%SZ").to_string();
        line("METHOD", if self.method == Method::Publish { "PUBLISH" } else { "CANCEL" });
        if let Some(name) = &self.name {
            line("X-WR-CALNAME", name);
        }
        for event in &self.events {
            line("BEGIN", "VEVENT");
            line("UID", &event.id.to_string());
            line("DTSTAMP", &at(event.changed_at));
            line("DTSTART", &at(event.start));
            line("DTEND", &at(event.end));
            line("SEQUENCE", &event.sequence.to_string());
            let status = match event.status {
                Status::Tentative => "TENTATIVE",
                Status::Confirmed => "CONFIRMED",
                Status::Cancelled => "CANCELLED",
            };
            line("STATUS", status);
            line("SUMMARY", &event.summary);
            for (name, value) in [("LOCATION", &event.location), ("DESCRIPTION", &event.description)] {
                if let Some(value) = value {
                    line(name, value);
                }
            }
            line("END", "VEVENT");
        }
        line("END", "VCALENDAR");
        text.into()
    }
}
