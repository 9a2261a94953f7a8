//! What is recorded, in `snapshots/` or in a table of docs/, and compared with what is found; `UPDATE_SNAPSHOTS=1` accepts what is found.

use std::path::{Path, PathBuf};

/// The recorded text. One that may be accepted is given as `found`.
pub fn recorded(file: &str, found: Option<String>) -> String {
    accepted(&folder().join(file), found)
}

/// The same of a file elsewhere.
pub fn accepted(file: &Path, found: Option<String>) -> String {
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1");
    if let Some(found) = found.filter(|_| update) {
        std::fs::write(file, found).expect("the snapshot is written");
    }
    std::fs::read_to_string(file).unwrap_or_default()
}

/// Where they are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots")
}
