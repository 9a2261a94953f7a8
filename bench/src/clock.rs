//! The time, and ids made from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

static MADE: AtomicU64 = AtomicU64::new(0);

/// Microseconds since 1970, as both databases keep instants.
#[allow(clippy::disallowed_methods, reason = "there is nothing to test here that time decides")]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A new UUIDv7. Its random part is a number instead, so that drawing it costs nothing; only this process writes ids of
/// this kind.
pub(crate) fn new_id() -> Uuid {
    let mut rest = [0; 10];
    // The first three bytes share their bits with the version and the variant.
    rest[2..].copy_from_slice(&(MADE.fetch_add(1, Ordering::Relaxed) & (u64::MAX >> 8)).to_be_bytes());
    let millis = u64::try_from(now() / 1000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// As the product names a request.
pub(crate) fn request_id() -> String {
    new_id().simple().to_string()
}

/// A number for a list's version that it did not have before.
pub(crate) fn new_version() -> i64 {
    now() << 8 | i64::try_from(MADE.fetch_add(1, Ordering::Relaxed) & 0xff).unwrap_or_default()
}
