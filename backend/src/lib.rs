//! Coulisses Crew: plans crews for live shows. `ARCHITECTURE.md` says how the parts fit together.

#![forbid(unsafe_code)]

pub mod app;
pub mod auth;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod delivery;
pub mod error;
pub mod events;
pub mod fair;
pub mod http;
pub mod ical;
pub mod ids;
pub mod jobs;
pub mod json;
pub mod live;
pub mod locale;
pub mod mail;
pub mod openapi;
pub mod outbox;
pub mod pages;
pub mod random;
pub mod resources;
pub mod role;
pub mod seal;
pub mod search;
pub mod secret;
pub mod state;
pub mod system;
pub mod telemetry;
pub mod text;
pub mod timestamp;
pub mod transfer;
pub mod web;
mod words;
pub mod workers;
