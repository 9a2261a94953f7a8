//! Finds the PostgreSQL programs of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::servers::programs::{Version, inside, path_directories, version_of};

/// The oldest release the backend supports.
const OLDEST: u32 = 15;

/// The contrib extension the schema needs, by the file that announces it to the server.
const EXTENSION: &str = "btree_gist.control";

/// The server programs of one release.
pub(crate) struct Installation {
    pub(crate) version: Version,
    pub(crate) directory: PathBuf,
}

impl Installation {
    /// What PATH names comes first, then the newest of the places where packages put it.
    pub(crate) fn find() -> Option<Self> {
        let installed = newest_first(version_directories()).into_iter();
        path_directories().into_iter().chain(installed).find_map(Self::at)
    }

    fn at(directory: PathBuf) -> Option<Self> {
        for program in ["initdb", "pg_ctl"] {
            inside(&directory, program)?;
        }
        let version = version_of(&inside(&directory, "postgres")?, "")?;
        let usable = version.major() >= OLDEST && has_extension(&directory);
        usable.then_some(Self { version, directory })
    }
}

/// Directories of programs with the version that their path states.
fn version_directories() -> Vec<(Version, PathBuf)> {
    let mut places = vec![
        (PathBuf::from("/usr/lib/postgresql"), ""),
        (PathBuf::from("/usr"), "pgsql-"),
        (PathBuf::from("/opt/homebrew/opt"), "postgresql@"),
        (PathBuf::from("/usr/local/opt"), "postgresql@"),
        (PathBuf::from("/Applications/Postgres.app/Contents/Versions"), ""),
    ];
    if let Some(programs) = std::env::var_os("ProgramFiles") {
        places.push((Path::new(&programs).join("PostgreSQL"), ""));
    }
    let mut found = Vec::new();
    for (parent, prefix) in places {
        for entry in fs::read_dir(&parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| Version::parse(name.strip_prefix(prefix)?));
            found.extend(version.map(|version| (version, entry.path().join("bin"))));
        }
    }
    found
}

fn newest_first(mut directories: Vec<(Version, PathBuf)>) -> Vec<PathBuf> {
    directories.sort_by(|(one, _), (other, _)| other.cmp(one));
    directories.into_iter().map(|(_, directory)| directory).collect()
}

/// Whether the contrib extension is there; some systems package it apart from the server.
fn has_extension(directory: &Path) -> bool {
    let asked = inside(directory, "pg_config").and_then(|program| {
        let output = Command::new(program).arg("--sharedir").output().ok()?;
        String::from_utf8(output.stdout).ok()
    });
    // Without pg_config, which some systems put in a package for developers: the Windows installer's
    // layout, Fedora's, Arch's.
    let beside = ["../share", "../share/pgsql", "../share/postgresql"];
    let beside = beside.into_iter().map(|shared| directory.join(shared));
    let mut shared = asked.map(|text| PathBuf::from(text.trim())).into_iter().chain(beside);
    shared.any(|shared| shared.join("extension").join(EXTENSION).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_release_is_tried_first() {
        let found = ["9.6", "15", "9", "17", "16"].map(|name| {
            let version = Version::parse(name).unwrap();
            (version, Path::new("/usr/lib/postgresql").join(name).join("bin"))
        });
        let directories = newest_first(found.to_vec());
        let expected = ["17", "16", "15", "9.6", "9"]
            .map(|name| Path::new("/usr/lib/postgresql").join(name).join("bin"));
        assert_eq!(directories, expected);
    }
}
