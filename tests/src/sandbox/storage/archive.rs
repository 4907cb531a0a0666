//! ZIP archives, byte for byte the same each time they are made of the same files.

use std::collections::HashSet;
use std::io::{self, Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Packs named files. A name that comes again gets a number in front; `comment` is the archive's.
pub(crate) fn zip_of(files: &[(String, Vec<u8>)], comment: &str) -> io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut names = HashSet::new();
    for (n, (name, bytes)) in files.iter().enumerate() {
        let entry = if names.insert(name.clone()) {
            name.clone()
        } else {
            format!("{}-{name}", n + 1)
        };
        archive.start_file(entry, options).map_err(io::Error::other)?;
        archive.write_all(bytes)?;
    }
    archive.set_comment(comment).map_err(io::Error::other)?;
    Ok(archive.finish().map_err(io::Error::other)?.into_inner())
}
