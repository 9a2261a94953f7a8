//! Finds server programs and reads their versions.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `15.18`, `7.0.15`; compares as numbers, so 9 comes before 15.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(Vec<u32>);

impl Version {
    /// Reads the number a text begins with: `16`, `15.18`, `17beta1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let parts = text[..end].trim_end_matches('.').split('.');
        parts.map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>().map(Self)
    }

    pub(crate) fn major(&self) -> u32 {
        self.0.first().copied().unwrap_or_default()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// The version `program --version` reports: the first word that begins with a digit after
/// `before` has been cut off.
pub(crate) fn version_of(program: &Path, before: &str) -> Option<Version> {
    let output = Command::new(program).arg("--version").output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout), before)
}

fn version_in(text: &str, before: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| Version::parse(word.strip_prefix(before)?))
}

/// The first program of that name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    path_directories().into_iter().find_map(|directory| inside(&directory, name))
}

/// The directories of PATH, and those of system programs that a plain user's PATH leaves out.
pub(crate) fn path_directories() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if cfg!(unix) {
        directories.extend(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    }
    directories
}

/// `directory/name`, with the system's suffix, if there is such a file.
pub(crate) fn inside(directory: &Path, name: &str) -> Option<PathBuf> {
    let file = directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    file.is_file().then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("9.6") < version("15"));
        assert!(version("15") < version("15.18"));
        assert!(version("15.9") < version("15.18"));
        assert_eq!(version("15.18").major(), 15);
        assert_eq!(version("15.18").to_string(), "15.18");
    }

    #[test]
    fn a_version_ends_where_its_digits_end() {
        assert_eq!(version("17beta1"), version("17"));
        assert_eq!(version("15.18-0+deb12u1"), version("15.18"));
        assert_eq!(Version::parse("current"), None);
        assert_eq!(Version::parse(""), None);
    }

    #[test]
    fn reads_what_servers_print() {
        let postgres = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)";
        assert_eq!(version_in(postgres, ""), Some(version("15.18")));
        let redis = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64";
        assert_eq!(version_in(redis, "v="), Some(version("7.0.15")));
        assert_eq!(version_in("command not found", ""), None);
    }
}
