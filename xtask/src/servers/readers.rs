//! Libraries that read calendars, for the tests of what we write: icalendar of PyPI and ical.js of npm.

use std::path::PathBuf;

use anyhow::Result;

use crate::cleanup::Cleanup;
use crate::node::Node;
use crate::{cargo, python};

/// What `backend/tests/it/support/calendars/read.py` imports.
const REQUIREMENTS: &str = include_str!("../../calendars/requirements.txt");

pub(crate) struct Readers {
    /// The Python that has icalendar.
    pub(super) python: PathBuf,
    /// The module ical.js.
    pub(super) ical_js: PathBuf,
}

impl Readers {
    pub(super) fn install(node: &Node, cleanup: &Cleanup) -> Result<Self> {
        let directory = cargo::target_directory()?.join("calendars");
        let python = python::programs(&directory, "icalendar", REQUIREMENTS)?.join("python");
        node.modules(&directory, &cargo::workspace_root().join("xtask").join("calendars"), cleanup)?;
        let ical_js = directory.join("node_modules").join("ical.js").join("dist").join("ical.js");
        Ok(Self { python, ical_js })
    }
}
