//! A file that is there whole or not at all: it is written beside its place, only for its owner to read, and takes the place
//! when it is complete and on the disk.

use super::TransferError;
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

pub struct Draft {
    place: PathBuf,
    beside: PathBuf,
    file: File,
    done: bool,
}

impl Draft {
    /// # Errors
    /// When there is a file in its place, unless `replace`, or it cannot be made.
    pub fn create(place: &Path, replace: bool) -> Result<Self, TransferError> {
        if !replace && fs::symlink_metadata(place).is_ok() {
            return Err(TransferError::Refused(format!(
                "{} is there already; name another file, or add --force to write a new one in its place",
                place.display()
            )));
        }
        let beside = beside(place, "part");
        let file = private(OpenOptions::new().write(true).create(true))
            .open(&beside)
            .map_err(TransferError::file("write", &beside))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(TransferError::Refused(format!(
                    "another coulisses is writing {}; wait for it, or name another file",
                    place.display()
                )));
            }
            Err(fs::TryLockError::Error(error)) => return Err(TransferError::file("lock", &beside)(error)),
        }
        // Only now: until it was locked, it may have been another's.
        file.set_len(0).and_then(|()| owners_only(&file)).map_err(TransferError::file("write", &beside))?;
        Ok(Self { place: place.to_owned(), beside, file, done: false })
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is until it is complete.
    pub fn beside(&self) -> &Path {
        &self.beside
    }

    /// Puts it in its place, and sees to it that it is there after a power failure, too; its size in bytes.
    ///
    /// # Errors
    /// When the file system fails; then nothing is in the place that was not before.
    pub fn complete(mut self) -> Result<u64, TransferError> {
        let size = put(&self.file, &self.beside, &self.place)?;
        self.done = true;
        Ok(size)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done {
            // What is left of it is overwritten by the next.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// The name of a file beside another.
pub(super) fn beside(place: &Path, ending: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Renames a file that is complete; its size.
pub(super) fn put(file: &File, from: &Path, to: &Path) -> Result<u64, TransferError> {
    file.sync_all().map_err(TransferError::file("write", from))?;
    let size = file.metadata().map_err(TransferError::file("read", from))?.len();
    fs::rename(from, to).map_err(TransferError::file("replace", to))?;
    // The name is in the folder, which is written for itself.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_folder(folder).map_err(TransferError::file("write the folder", folder))?;
    Ok(size)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// On other systems a folder cannot be opened as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Also when the file was there before.
#[cfg(unix)]
fn owners_only(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn owners_only(_: &File) -> io::Result<()> {
    Ok(())
}
