use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;

use crate::preview::model::{ArchiveEntry, Preview, Unshowable};

/// So many entries are listed.
const LISTED: usize = 5_000;

/// Lists a ZIP by its directory; nothing is unpacked, so its compression cannot be a trap.
pub(super) fn list(document: File) -> Result<Preview, Unshowable> {
    let mut archive = ZipArchive::new(BufReader::new(document)).map_err(|_| Unshowable::Broken)?;
    let total = archive.len();
    let mut entries = Vec::with_capacity(total.min(LISTED));
    for index in 0..total.min(LISTED) {
        let entry = archive.by_index_raw(index).map_err(|_| Unshowable::Broken)?;
        entries.push(ArchiveEntry {
            name: entry.name().map_or_else(
                |_| String::from_utf8_lossy(entry.name_raw()).into_owned(),
                |name| name.into_owned(),
            ),
            size: entry.size(),
            encrypted: entry.encrypted(),
        });
    }
    Ok(Preview::Archive {
        entries,
        total: total as u64,
    })
}
