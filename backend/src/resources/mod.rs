//! The things that are planned, one folder each: `model` (shapes), `rules` (decisions without I/O), `store` (queries),
//! `api` (routes and handlers). A resource uses what another exports, never its `store`.

pub mod accounts;
pub mod assignments;
pub mod audit;
pub mod availabilities;
pub mod calendar;
pub mod conflicts;
pub mod invitations;
pub mod missions;
pub mod orgs;
pub mod projects;
pub mod rates;
pub mod users;
