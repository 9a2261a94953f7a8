//! The database: connecting, reading, writing, and the values that both PostgreSQL and SQLite hold alike.
//!
//! A read of one statement takes the [`Database`] itself; several that must agree take [`Database::read`]; every write
//! takes a [`Tx`] from [`Database::write`] and ends with [`Tx::commit`].

mod connect;
pub mod migrations;
mod timestamp;
mod transaction;
mod url;
mod violation;

pub use connect::{ConnectError, Database, Pool};
pub use timestamp::{Timestamp, TimestampError};
pub use transaction::{Actor, Origin, Tx};
pub use url::{DatabaseUrl, DatabaseUrlError};
pub use violation::Violation;

use sea_orm::sea_query::LikeExpr;

/// A LIKE pattern that matches any text containing `part` as it is: its own `%` and `_` are not wildcards.
pub fn contains(part: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for c in part.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}
