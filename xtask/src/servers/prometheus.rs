//! Prometheus, which the tests start themselves: what it is to read is known only there.

use std::path::PathBuf;

use super::programs::{Version, on_path, version_of};

pub(crate) struct Installation {
    pub(crate) version: Version,
    pub(crate) program: PathBuf,
}

impl Installation {
    pub(crate) fn find() -> Option<Self> {
        let program = on_path("prometheus")?;
        let version = version_of(&program, "")?;
        Some(Self { version, program })
    }
}
