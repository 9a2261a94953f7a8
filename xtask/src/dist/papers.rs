//! Manual pages and shell completions, written by an example of the backend, which knows its command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::archive::Contents;
use crate::cleanup::Cleanup;
use crate::server;
use crate::servers::temporary_directory;

pub(super) fn add(contents: &mut Contents, cleanup: &Cleanup) -> Result<()> {
    let program = server::build_example("papers", cleanup)?;
    let directory = temporary_directory(cleanup)?;
    let status = Command::new(program).arg(&directory).stdin(Stdio::null()).status();
    ensure!(status.is_ok_and(|status| status.success()), "the manual pages could not be written: see above");
    add_folder(contents, &directory, "share")
}

fn add_folder(contents: &mut Contents, directory: &Path, name: &str) -> Result<()> {
    for entry in fs::read_dir(directory).context("the manual pages cannot be read")? {
        let entry = entry?;
        let (path, file) = (entry.path(), entry.file_name());
        let name = format!("{name}/{}", file.to_str().context("a page's name is no text")?);
        if path.is_dir() {
            add_folder(contents, &path, &name)?;
        } else {
            contents.add(&name, super::read(&path)?);
        }
    }
    Ok(())
}
