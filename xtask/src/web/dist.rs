//! What is built, and what is committed of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::cleanup::Cleanup;

/// Files by their path with `/` between its parts.
type Files = BTreeMap<String, Vec<u8>>;

const PAGE: &str = "index.html";

/// The server, which describes its API, is not compiled without a page.
const PLACEHOLDER: &str = "<!doctype html>\n<title>Coulisses: run `cargo xtask web`</title>\n";

/// Puts a page there if there is none, until the application is built.
pub(super) fn hold_the_place(dist: &Path, cleanup: &Cleanup) -> Result<()> {
    let page = dist.join(PAGE);
    if page.exists() {
        return Ok(());
    }
    cleanup.start(|actions| {
        fs::create_dir_all(dist)
            .and_then(|()| fs::write(&page, PLACEHOLDER))
            .context("cannot write web/dist")?;
        actions.push(Box::new(move || {
            if fs::read_to_string(&page).is_ok_and(|text| text == PLACEHOLDER) {
                // If it cannot be deleted, its title says what to do.
                let _ = fs::remove_file(&page);
            }
        }));
        Ok(())
    })
}

/// Fails unless both have the same files, byte by byte.
pub(super) fn compare(committed: &Path, built: &Path) -> Result<()> {
    let differences = differences(&read(committed)?, &read(built)?);
    ensure!(
        differences.is_empty(),
        "web/dist is not what its sources build: run `cargo xtask web` and commit web/dist\n  {}",
        differences.join("\n  ")
    );
    Ok(())
}

/// Makes the one equal to the other. What is the same is left alone, so that nothing is compiled for it. Returns what was done.
pub(super) fn publish(committed: &Path, built: &Path) -> Result<String> {
    let (before, after) = (read(committed)?, read(built)?);
    let new: Vec<_> = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).collect();
    let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    for (path, bytes) in &new {
        let file = committed.join(path);
        let directory = file.parent().context("a file has a directory")?;
        fs::create_dir_all(directory)
            .and_then(|()| fs::write(&file, bytes))
            .with_context(|| format!("cannot write web/dist/{path}"))?;
    }
    for path in &gone {
        fs::remove_file(committed.join(path)).with_context(|| format!("cannot delete web/dist/{path}"))?;
    }
    Ok(format!("{} of {} files of web/dist are new, {} are gone", new.len(), after.len(), gone.len()))
}

fn differences(committed: &Files, built: &Files) -> Vec<String> {
    let missing = built.keys().filter(|path| !committed.contains_key(*path));
    let missing = missing.map(|path| format!("{path} is built, but not there"));
    let left = committed.iter().filter_map(|(path, bytes)| match built.get(path) {
        None => Some(format!("{path} is there, but not built")),
        Some(other) if other != bytes => Some(format!("{path} has other bytes")),
        Some(_) => None,
    });
    missing.chain(left).collect()
}

/// Without what begins with a dot: manifests, and what systems leave behind. Nothing if there is no such directory.
fn read(directory: &Path) -> Result<Files> {
    let mut files = Files::new();
    if directory.exists() {
        walk(directory, "", &mut files).with_context(|| format!("cannot read {}", directory.display()))?;
    }
    Ok(files)
}

fn walk(directory: &Path, before: &str, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().context("a name is not UTF-8")?;
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{before}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = directory.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        directory
    }

    #[test]
    fn what_differs_is_named() {
        let committed = directory(&[("index.html", "a"), ("assets/old.js", "x"), ("assets/same.js", "y")]);
        let built = directory(&[
            ("index.html", "b"),
            ("assets/new.js", "x"),
            ("assets/same.js", "y"),
            (".vite/manifest.json", "{}"),
        ]);
        let refusal = compare(committed.path(), built.path()).unwrap_err().to_string();
        assert!(refusal.contains("`cargo xtask web`"), "{refusal}");
        assert_eq!(
            refusal.lines().skip(1).map(str::trim).collect::<Vec<_>>(),
            [
                "assets/new.js is built, but not there",
                "assets/old.js is there, but not built",
                "index.html has other bytes",
            ]
        );
        assert!(compare(&committed.path().join("nowhere"), built.path()).is_err());

        publish(committed.path(), built.path()).unwrap();
        compare(committed.path(), built.path()).unwrap();
        assert!(!committed.path().join(".vite").exists());
    }

    #[test]
    fn what_is_the_same_is_not_written_again() {
        let files = [("index.html", "a"), ("assets/new.js", "x")];
        let (committed, built) = (directory(&files), directory(&files));
        let page = committed.path().join("index.html");
        let long_ago = std::time::UNIX_EPOCH;
        fs::File::options().write(true).open(&page).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(
            publish(committed.path(), built.path()).unwrap(),
            "0 of 2 files of web/dist are new, 0 are gone"
        );
        assert_eq!(fs::metadata(&page).unwrap().modified().unwrap(), long_ago);
    }
}
