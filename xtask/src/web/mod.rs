//! `cargo xtask web`: builds the web application from `web/app` into `web/dist`, which is committed, so that whoever
//! compiles the program needs Rust alone.
//!
//! `--check` changes nothing: it type-checks, lints and tests the sources, builds them under target, and fails when that is
//! not what is committed, or when a browser has more to load than it should.

mod dist;
mod weight;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use self::weight::Weights;
use crate::cargo::{self, workspace_root};
use crate::cleanup::Cleanup;
use crate::node::Node;
use crate::server::{self, Profile};
use crate::step::step;

/// What `package.json` calls the checks.
const CHECKS: [&str; 3] = ["check", "lint", "test"];

#[derive(Args)]
pub(crate) struct Options {
    /// Check the sources, and whether web/dist is what they build, instead of building it
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let committed = sources().join("dist");
    if !options.check {
        dist::hold_the_place(&committed, &cleanup)?;
    }
    let project = Project::prepare(&cleanup)?;
    if options.check {
        project.check()?;
    }
    let built = project.build()?;
    let weights = Weights::of(&built)?;
    println!("{weights}");
    if options.check {
        dist::compare(&committed, &built)?;
        weights.ensure_light()?;
        println!("web: checked; web/dist is what its sources build");
    } else {
        println!("web: {}", dist::publish(&committed, &built)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn sources() -> PathBuf {
    workspace_root().join("web")
}

/// The sources with all that they need: packages of npm and the types of the API.
struct Project<'a> {
    /// What is made on the way, under target.
    work: PathBuf,
    node: Node,
    cleanup: &'a Cleanup,
}

impl<'a> Project<'a> {
    fn prepare(cleanup: &'a Cleanup) -> Result<Self> {
        let work = cargo::target_directory()?.join("web");
        fs::create_dir_all(&work).context("cannot create a directory under target")?;
        let project = Self { work, node: Node::find()?, cleanup };
        project.node.modules_here(&sources(), cleanup)?;
        project.types()?;
        Ok(project)
    }

    /// From the document of the server that these sources make; not committed.
    fn types(&self) -> Result<()> {
        let program = server::build(Profile::Dev, self.cleanup)?;
        let document = self.work.join("openapi.json");
        let output = fs::File::create(&document).context("cannot write under target")?;
        // In a directory where nobody has an `.env`.
        let mut describe = server::command(&program, &[], &self.work, &["openapi"]);
        step("the document of the API", describe.stdout(output), self.cleanup)?;
        let mut generate = self.module("openapi-typescript/bin/cli.js");
        let types = sources().join("app").join("api").join("schema.d.ts");
        generate.arg(&document).arg("--default-non-nullable=false").arg("-o").arg(types);
        step("the types of the API", &mut generate, self.cleanup)
    }

    fn check(&self) -> Result<()> {
        for name in CHECKS {
            let mut npm = self.node.npm();
            npm.args(["run", "--silent", name]).current_dir(sources());
            step(&format!("npm run {name}"), &mut npm, self.cleanup)?;
        }
        Ok(())
    }

    /// Under target, so that what is committed is whole at any moment. Returns where.
    fn build(&self) -> Result<PathBuf> {
        let built = self.work.join("dist");
        let mut vite = self.module("vite/bin/vite.js");
        // Which chunk is what, for the weights; its name begins with a dot, so it is no part of the application.
        vite.args(["build", "--emptyOutDir", "--manifest", weight::MANIFEST, "--outDir"]).arg(&built);
        step("vite build", &mut vite, self.cleanup)?;
        Ok(built)
    }

    fn module(&self, file: &str) -> std::process::Command {
        let mut command = self.node.run(&sources().join("node_modules").join(Path::new(file)));
        command.current_dir(sources());
        command
    }
}
