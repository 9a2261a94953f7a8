//! Files, and the tarball of them that has the same bytes whoever packs it.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// Files by their path, with forward slashes; sorted.
#[derive(Default)]
pub(super) struct Contents(BTreeMap<String, File>);

struct File {
    bytes: Vec<u8>,
    mode: u32,
}

impl Contents {
    pub(super) fn add(&mut self, path: &str, bytes: Vec<u8>) {
        self.0.insert(path.to_owned(), File { bytes, mode: 0o644 });
    }

    /// A file that can be run.
    pub(super) fn add_program(&mut self, path: &str, bytes: Vec<u8>) {
        self.0.insert(path.to_owned(), File { bytes, mode: 0o755 });
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What `sha256sum --check` reads.
    pub(super) fn checksums(&self) -> String {
        self.0.iter().map(|(path, file)| format!("{}  {path}\n", checksum(&file.bytes))).collect()
    }

    /// A compressed tarball with all of them in `folder`.
    pub(super) fn pack(&self, folder: &str, seconds: u64) -> Result<Vec<u8>> {
        let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        let mut tarball = tar::Builder::new(gzip);
        for (path, file) in &self.0 {
            let mut header = tar::Header::new_ustar();
            header.set_size(file.bytes.len() as u64);
            header.set_mode(file.mode);
            header.set_mtime(seconds);
            header.set_uid(0);
            header.set_gid(0);
            let path = format!("{folder}/{path}");
            let added = tarball.append_data(&mut header, &path, &*file.bytes);
            added.with_context(|| format!("{path} does not fit into a tarball"))?;
        }
        let mut gzip = tarball.into_inner()?;
        gzip.flush()?;
        Ok(gzip.finish()?)
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    const COMMIT_SECONDS: u64 = 1_790_000_000;

    fn contents(paths: &[&str]) -> Contents {
        let mut contents = Contents::default();
        contents.add_program("bin/coulisses", b"program".to_vec());
        paths.iter().for_each(|path| contents.add(path, path.as_bytes().to_vec()));
        contents
    }

    #[test]
    fn whoever_packs_the_same_files_makes_the_same_bytes() {
        let first = contents(&["README.md", "docs/api.md"]).pack("coulisses-1", COMMIT_SECONDS).unwrap();
        // Later by the clock, and collected in another order.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let second = contents(&["docs/api.md", "README.md"]).pack("coulisses-1", COMMIT_SECONDS).unwrap();
        assert_eq!(checksum(&first), checksum(&second));
    }

    #[test]
    fn files_are_sorted_and_have_the_commits_time_and_no_owner() {
        let packed = contents(&["docs/api.md", "README.md"]).pack("coulisses-1", COMMIT_SECONDS).unwrap();
        // Bytes 4 to 7 of a gzip header are a time (RFC 1952).
        assert_eq!(packed[4..8], [0; 4]);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&*packed));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let header = entry.header().clone();
            assert_eq!(header.mtime().unwrap(), COMMIT_SECONDS);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((path, header.mode().unwrap(), text));
        }
        let file = |path: &str, mode, text: &str| (format!("coulisses-1/{path}"), mode, text.to_owned());
        assert_eq!(
            found,
            [
                file("README.md", 0o644, "README.md"),
                file("bin/coulisses", 0o755, "program"),
                file("docs/api.md", 0o644, "docs/api.md"),
            ]
        );
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let mut contents = Contents::default();
        contents.add("empty", Vec::new());
        assert_eq!(contents.checksums(), format!("{empty}  empty\n"));
    }
}
