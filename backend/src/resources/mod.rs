//! One folder per resource: `model` (shapes), `entity` (rows), `event` (what happens to it), `rules` (decisions
//! without I/O), `read` and `write` (queries), `api` (routes and handlers). A resource uses what another exports, never its `read` or `write`.

pub mod accounts;
pub mod assignments;
pub mod audit;
pub mod availabilities;
pub mod calendar;
pub mod conflicts;
pub mod feeds;
pub mod invitations;
pub mod mails;
pub mod missions;
pub mod orgs;
pub mod planning;
pub mod privacy;
pub mod projects;
pub mod rates;
pub mod users;
