//! The database: connecting, reading, writing, and value types that PostgreSQL and SQLite store alike.
//!
//! A read of one statement uses the [`Database`] itself; several that must agree use [`Database::read`]; every write uses a
//! [`Tx`] from [`Database::write`] and ends with [`Tx::commit`].

mod connect;
mod constraint;
pub mod distribution;
mod failure;
pub mod filter;
mod insert;
mod json_text;
pub mod migrations;
mod reader;
mod refusal;
mod sqlite_file;
mod statistics;
mod storage;
mod template;
mod tenancy;
mod time;
mod transaction;
mod url;
mod versions;
mod waiting;

pub use connect::{ConnectError, Database, Pool, watch_statements};
pub use constraint::{Constraint, OrRefusal};
pub use filter::{contains, is_referenced};
pub use json_text::JsonText;
pub use reader::Reader;
pub use template::Template;
pub use tenancy::OfOrg;
pub use time::ASKED_EVERY as TIME_ASKED_EVERY;
pub use transaction::{Actor, Origin, Tx};
pub use url::{DatabaseUrl, DatabaseUrlError, hides_a_password};
pub use versions::{List, Versions, renew as renew_versions};
pub use waiting::Connections;
