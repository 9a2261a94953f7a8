//! `cargo xtask dist`: the tarball of a release and its checksum, under `target/dist`.
//!
//! Two runs of one commit on one machine make the same bytes: what is in the tarball is sorted, belongs to nobody, and has
//! the time of the commit.

mod archive;
mod papers;
mod sbom;
mod source;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use self::archive::{Contents, checksum};
use self::source::Source;
use crate::cargo;
use crate::cleanup::Cleanup;
use crate::server::{self, Profile};

/// What of the repository is delivered; all that README.md refers to can be read without a connection.
const DOCUMENTS: [&str; 8] = [
    ".env.example",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "deploy",
    "docs",
];

/// Scripts that are run as they are.
const SCRIPTS: [&str; 1] = ["deploy/coulisses-admin"];

#[derive(Args)]
pub(crate) struct Options {
    /// Also from a work tree with changes that are in no commit
    #[arg(long)]
    allow_dirty: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let source = Source::read(options.allow_dirty)?;
    // Before what takes long, so that they are of the commit whose time they get.
    let mut contents = documents(&source)?;
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Release, &cleanup)?;
    let name = program.file_name().and_then(|name| name.to_str()).context("the program has no name")?;
    contents.add_program(&format!("bin/{name}"), read(&program)?);
    papers::add(&mut contents, &cleanup)?;
    contents.add("coulisses.cdx.json", sbom::make(&source)?);
    let sums = contents.checksums();
    contents.add("SHA256SUMS", sums.into_bytes());

    let directory = cargo::target_directory()?.join("dist");
    fs::create_dir_all(&directory).context("cannot create a directory under target")?;
    let name = format!("coulisses-{}-{}", source.version, source.target);
    let (tarball, file) = (contents.pack(&name, source.commit_seconds)?, format!("{name}.tar.gz"));
    let write = |name: &str, bytes: &[u8]| {
        fs::write(directory.join(name), bytes).with_context(|| format!("cannot write {name} under target"))
    };
    write(&file, &tarball)?;
    write(&format!("{file}.sha256"), format!("{}  {file}\n", checksum(&tarball)).as_bytes())?;
    println!("{} ({} files, {} KiB)", directory.join(&file).display(), contents.len(), tarball.len() / 1024);
    Ok(ExitCode::SUCCESS)
}

fn documents(source: &Source) -> Result<Contents> {
    let mut contents = Contents::default();
    for path in source.tracked(&DOCUMENTS)? {
        let bytes = read(&cargo::workspace_root().join(&path))?;
        if SCRIPTS.contains(&&*path) {
            contents.add_program(&path, bytes);
        } else {
            contents.add(&path, bytes);
        }
    }
    Ok(contents)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
