use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates `dir` (and its missing parents) for this user alone, mode 0700; one that exists with a wider mode is narrowed.
///
/// # Errors
/// When it cannot be created, or belongs to another user and is open to more than its owner.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        if fs::metadata(dir)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        }
    }
    // Windows: a directory under the user's profile inherits an access list of that user. Not tested on Windows.
    #[cfg(not(unix))]
    fs::create_dir_all(dir)?;
    Ok(())
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

/// Makes the names in `dir` durable: a rename survives a power cut only after this.
///
/// # Errors
/// When the directory cannot be synced.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    // Windows cannot sync a directory; NTFS journals its names. Not tested on Windows.
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Whether `path` lies on a network filesystem, where SQLite's write-ahead log and locks cannot be trusted.
///
/// # Errors
/// When the filesystem cannot be asked.
pub fn is_network_filesystem(path: &Path) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        // statfs(2): NFS, SMB, CIFS, SMB2, AFS, Ceph, Coda.
        const NETWORK: [u32; 7] = [
            0x6969,
            0x517b,
            0xff53_4d42,
            0xfe53_4d42,
            0x5346_414f,
            0x00c3_6400,
            0x7375_7245,
        ];
        let magic = rustix::fs::statfs(path)?.f_type as u32;
        Ok(NETWORK.contains(&magic))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        Ok(false)
    }
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
