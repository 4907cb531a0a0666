use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::{check_private, sync_directory};

/// Writes a file that only its owner can read (0600), whole or not at all: beside the place, synced, then renamed over it.
///
/// # Errors
/// Those of the file system.
pub fn write_private_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_atomically(path, 0o600, true, |file| file.write_all(contents))
}

/// Writes a result file for the user (permissions by the umask), whole or not at all.
///
/// # Errors
/// `AlreadyExists` when the file is there and `overwrite` is not set; those of the file system.
pub fn write_result_file(path: &Path, contents: &[u8], overwrite: bool) -> io::Result<()> {
    write_atomically(path, 0o666, overwrite, |file| file.write_all(contents))
}

/// As [`write_result_file`], with a file of any size: `fill` writes it. What fails leaves nothing behind.
///
/// # Errors
/// Those of [`write_result_file`], and what `fill` returns.
pub fn write_result_file_with(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    write_atomically(path, 0o666, overwrite, fill)
}

/// Reads a file that holds a secret.
///
/// # Errors
/// When it cannot be read, is no ordinary file, belongs to somebody else, others can read it, or it is longer than `limit` bytes.
pub fn read_private_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    // Checked on the open descriptor, so that the file cannot be exchanged in between.
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    if metadata.len() > limit {
        return Err(io::Error::other(format!("is longer than {limit} bytes")));
    }
    check_private(&metadata, path, 0o600)?;
    let mut contents = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    Read::by_ref(&mut file).take(limit).read_to_end(&mut contents)?;
    Ok(contents)
}

/// Opens `file` for reading and writing, created if missing, mode 0600; one that exists with a wider mode is narrowed.
///
/// # Errors
/// When it cannot be opened or narrowed.
pub fn open_private_file(file: &Path) -> io::Result<File> {
    let opened = private_options().create(true).truncate(false).open(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if opened.metadata()?.permissions().mode() & 0o077 != 0 {
            opened.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(opened)
}

/// Creates `file`, which must not exist, with mode 0600.
///
/// # Errors
/// When it exists or cannot be created.
pub fn create_private_file(file: &Path) -> io::Result<File> {
    private_options().create_new(true).open(file)
}

fn write_atomically(
    path: &Path,
    mode: u32,
    overwrite: bool,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let temporary = directory.join(temporary_name);
    let written = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        let mut file = options.open(&temporary)?;
        write(&mut file)?;
        file.sync_all()?;
        if overwrite {
            fs::rename(&temporary, path)?;
        } else {
            // A hard link, unlike a rename, does not replace what came there meanwhile.
            match fs::hard_link(&temporary, path) {
                Ok(()) => fs::remove_file(&temporary)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // Some file systems have no hard links (FAT on a stick).
                Err(_) if path.try_exists()? => return Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => fs::rename(&temporary, path)?,
            }
        }
        sync_directory(directory)
    })();
    if written.is_err() {
        // Best effort: the error above is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Which file lies there and when it was last written, in one text; `None` when there is none.
pub fn file_version(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let metadata = fs::metadata(&path).ok()?;
    let written = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let file = file_number(&metadata);
    Some(format!("{} {file} {}", path.display(), written.as_nanos()))
}

#[cfg(unix)]
fn file_number(metadata: &fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;

    format!("{}:{}", metadata.dev(), metadata.ino())
}

/// Windows: the time has to do.
#[cfg(not(unix))]
fn file_number(_metadata: &fs::Metadata) -> String {
    String::new()
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_private_file_is_written_whole_and_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        write_private_file(&path, b"one").unwrap();
        write_private_file(&path, b"two").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read_private_file(&path, 10).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(read_private_file(&path, 2).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read_private_file(&path, 10).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_result_is_not_overwritten_silently() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.p7s");
        write_result_file(&path, b"one", false).unwrap();
        assert_eq!(
            write_result_file(&path, b"two", false).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write_result_file(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
