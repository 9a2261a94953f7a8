//! A file that is there whole or not at all: it is written beside its place, only for its owner to read, and takes the place
//! when it is complete and on the disk.

use super::TransferError;
use crate::db::DatabaseUrl;
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
    /// When there is a file in its place, unless `replace`, when that is one of the database's own files, or it cannot be made.
    pub fn create(place: &Path, replace: bool, database: &DatabaseUrl) -> Result<Self, TransferError> {
        if let DatabaseUrl::Sqlite(file) = database
            && is_of_database(place, file)
        {
            return Err(TransferError::Refused(format!(
                "{} belongs to the database itself; name another file",
                place.display()
            )));
        }
        if !replace && fs::symlink_metadata(place).is_ok() {
            return Err(TransferError::Refused(format!(
                "{} is there already; name another file, or add --force to write a new one in its place",
                place.display()
            )));
        }
        let beside = beside(place, "part");
        let file = loop {
            let file = locked(place, &beside)?;
            // Another may have put the one that was opened in its place before it was locked: then it is complete.
            if is_at(&file, &beside).map_err(TransferError::file("read", &beside))? {
                break file;
            }
        };
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

/// Whether a name is that of the database or of a file that SQLite, or this program, has beside it.
fn is_of_database(place: &Path, database: &Path) -> bool {
    let whole = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        fs::canonicalize(path).unwrap_or_else(|_| folder.join(path.file_name().unwrap_or_default()))
    };
    let (place, database) = (whole(place), whole(database));
    let (Some(place), Some(database)) = (place.to_str(), database.to_str()) else { return place == database };
    place
        .strip_prefix(database)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-') || rest == ".new")
}

fn locked(place: &Path, beside: &Path) -> Result<File, TransferError> {
    let file = private(no_link(OpenOptions::new().write(true).create(true)))
        .open(beside)
        .map_err(TransferError::file("write", beside))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(TransferError::Refused(format!(
            "another coulisses is writing {}; wait for it, or name another file",
            place.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(TransferError::file("lock", beside)(error)),
    }
}

/// Whether this file has that name, and not another one by now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where a file that is open cannot be renamed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Does not open a link, which would lead to somebody else's file.
#[cfg(target_os = "linux")]
fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
    const O_NOFOLLOW: i32 =
        if cfg!(any(target_arch = "arm", target_arch = "aarch64")) { 0o100_000 } else { 0o400_000 };
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, O_NOFOLLOW)
}

#[cfg(not(target_os = "linux"))]
fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
    options
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
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
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
