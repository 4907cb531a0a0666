use std::path::PathBuf;

/// The user id of this process; `None` on systems that have none.
pub fn current_uid() -> Option<u32> {
    #[cfg(unix)]
    {
        Some(rustix::process::getuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// The user's home directory: by the environment, else by the system's list of users (a bare container sets no `HOME`).
pub(super) fn home_directory() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}
