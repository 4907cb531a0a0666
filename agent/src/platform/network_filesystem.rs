use std::io;
use std::path::Path;

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
