//! Directories and files for their owner alone.

mod directory;
mod file;

use std::fs;
use std::io;
use std::path::Path;

pub(super) use directory::belongs_to_us;
pub use directory::{ensure_private_directory, make_private_directory, sync_directory};
pub use file::{
    create_private_file, file_version, open_private_file, read_private_file, write_private_file, write_result_file,
    write_result_file_with,
};

#[cfg(unix)]
fn check_private(metadata: &fs::Metadata, path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let refuse = |text: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    if !owner_is_us(metadata) {
        return refuse(format!("{} belongs to another user", path.display()));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return refuse(format!(
            "{0} is open to other users: chmod {mode:o} {0}",
            path.display()
        ));
    }
    Ok(())
}

/// Windows: what lies in the user's profile is private by its inherited access list. Not tested on Windows.
#[cfg(not(unix))]
fn check_private(_metadata: &fs::Metadata, _path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn owner_is_us(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    Some(metadata.uid()) == super::user::current_uid()
}

#[cfg(not(unix))]
fn owner_is_us(_metadata: &fs::Metadata) -> bool {
    true
}
