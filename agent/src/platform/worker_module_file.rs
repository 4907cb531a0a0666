//! Whether the file of a PKCS#11 module may be loaded: only its owner, who is root or the user, can have put it there.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Why a module's file is not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleFileError {
    /// There is no such file.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// The path is not absolute.
    #[error("{} is not an absolute path", .0.display())]
    Relative(PathBuf),
    /// It is a directory, a device or a socket.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Another user owns it.
    #[error("{} belongs to user id {owner}, who is neither root nor you", path.display())]
    ForeignOwner {
        /// The file or directory.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others may change it.
    #[error("{} can be written by others than its owner (mode {mode:04o})", path.display())]
    Writable {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It cannot be examined.
    #[error("{} cannot be examined: {source}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Checks a file of the system's configuration, which names modules, programs and the sources of PINs: it and its directory belong to root or to
/// this user, and not everybody can write them.
///
/// # Errors
/// What is wrong with the file, in words for a person.
pub fn check_configuration_file(path: &Path) -> Result<(), ModuleFileError> {
    let real = path.canonicalize().map_err(|error| unreadable(path, error))?;
    for part in real.ancestors().take(2) {
        let metadata = examine(part)?;
        trusted_owner(part, &metadata)?;
        if metadata.mode() & (STICKY | WRITABLE_BY_EVERYBODY) == WRITABLE_BY_EVERYBODY {
            unwritable(part, &metadata)?;
        }
    }
    Ok(())
}

/// Checks a module's file and gives its path without symbolic links: the file and the directory that holds it belong to root
/// or to this user, and neither they nor any directory above can be written by others (a sticky directory such as `/tmp`
/// can, but lets nobody replace what is not his).
///
/// # Errors
/// What is wrong with the file, in words for a person.
pub fn check_module_file(path: &Path) -> Result<PathBuf, ModuleFileError> {
    if !path.is_absolute() {
        return Err(ModuleFileError::Relative(path.to_owned()));
    }
    let real = path.canonicalize().map_err(|error| unreadable(path, error))?;
    let metadata = examine(&real)?;
    if !metadata.is_file() {
        return Err(ModuleFileError::NotAFile(real));
    }
    trusted_owner(&real, &metadata)?;
    unwritable(&real, &metadata)?;
    for (height, directory) in real.ancestors().skip(1).enumerate() {
        let metadata = examine(directory)?;
        if height == 0 {
            trusted_owner(directory, &metadata)?;
        }
        if metadata.mode() & STICKY == 0 {
            unwritable(directory, &metadata)?;
        }
    }
    Ok(real)
}

const STICKY: u32 = 0o1000;
const WRITABLE_BY_OTHERS: u32 = 0o022;
const WRITABLE_BY_EVERYBODY: u32 = 0o002;

fn trusted_owner(path: &Path, metadata: &Metadata) -> Result<(), ModuleFileError> {
    let owner = metadata.uid();
    if owner == 0 || owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(ModuleFileError::ForeignOwner {
        path: path.to_owned(),
        owner,
    })
}

fn unwritable(path: &Path, metadata: &Metadata) -> Result<(), ModuleFileError> {
    if metadata.mode() & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    Err(ModuleFileError::Writable {
        path: path.to_owned(),
        mode: metadata.mode() & 0o7777,
    })
}

fn examine(path: &Path) -> Result<Metadata, ModuleFileError> {
    path.symlink_metadata().map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, source: io::Error) -> ModuleFileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => ModuleFileError::Missing(path),
        _ => ModuleFileError::Unreadable { path, source },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_that_only_its_owner_writes_is_taken_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("module.so");
        fs::write(&file, "").unwrap();
        let link = directory.path().join("link.so");
        symlink(&file, &link).unwrap();
        assert_eq!(check_module_file(&link).unwrap(), file.canonicalize().unwrap());
    }

    #[test]
    fn a_file_or_directory_that_others_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("module.so");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(
            check_module_file(&file),
            Err(ModuleFileError::Writable { mode: 0o666, .. })
        ));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(
            check_module_file(&file),
            Err(ModuleFileError::Writable { mode: 0o777, .. })
        ));
    }

    #[test]
    fn what_is_no_file_or_no_absolute_path_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(
            check_module_file(Path::new("module.so")),
            Err(ModuleFileError::Relative(_))
        ));
        assert!(matches!(
            check_module_file(directory.path()),
            Err(ModuleFileError::NotAFile(_))
        ));
        assert!(matches!(
            check_module_file(&directory.path().join("none.so")),
            Err(ModuleFileError::Missing(_))
        ));
    }
}
