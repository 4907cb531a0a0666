use std::fs;
use std::io;
use std::path::Path;

use super::{check_private, owner_is_us};

/// Makes a directory that only its owner can enter (0700), its parents as the system makes them, or checks one that exists.
///
/// # Errors
/// When it cannot be made, is no directory, belongs to somebody else, or others can enter it. The text says what mends it.
pub fn ensure_private_directory(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match create_directory(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_private_directory(path),
        other => other,
    }
}

/// As [`ensure_private_directory`], but narrows a directory of this user's that others can enter: for one that is the agent's alone.
///
/// # Errors
/// When it cannot be made or narrowed, is no directory, or belongs to somebody else.
pub fn make_private_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if belongs_to_us(path).unwrap_or(false) {
        use std::os::unix::fs::PermissionsExt;
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
    }
    ensure_private_directory(path)
}

/// Makes the names in a directory durable: a rename survives a power cut only after this.
///
/// # Errors
/// When the directory cannot be synced.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    // Windows cannot sync a directory; NTFS journals its names. Not tested on Windows.
    if cfg!(unix) {
        fs::File::open(directory)?.sync_all()
    } else {
        Ok(())
    }
}

/// Whether this is a directory of this user.
pub(in crate::platform) fn belongs_to_us(path: &Path) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(path)?;
    Ok(metadata.is_dir() && owner_is_us(&metadata))
}

fn check_private_directory(path: &Path) -> io::Result<()> {
    // Not followed: a link that somebody else put there leads where they want.
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() && fs::metadata(path)?.is_dir() && owner_is_us(&metadata) {
        return check_private_directory(&fs::canonicalize(path)?);
    }
    if !metadata.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("{} is not a directory", path.display()),
        ));
    }
    check_private(&metadata, path, 0o700)
}

#[cfg(unix)]
fn create_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_directory(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_private_directory_is_made_and_accepted_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        ensure_private_directory(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        ensure_private_directory(&path).unwrap();
    }

    #[test]
    fn an_open_directory_is_refused_with_what_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("open");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let error = ensure_private_directory(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_directory_of_the_agent_s_own_is_narrowed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("open");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        make_private_directory(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn a_link_to_an_open_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        symlink(&open, dir.path().join("link")).unwrap();
        assert!(ensure_private_directory(&dir.path().join("link")).is_err());
    }
}
