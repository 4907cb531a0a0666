//! Where everything lies in the directory of a set.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The directory of a set of fixtures, absolute.
#[derive(Clone, Debug)]
pub(crate) struct Directory(PathBuf);

/// Tells a directory of fixtures, whole or half-made, from any other.
const MARKER: &str = ".softhsm-fixtures";

/// Everything that a set, or an agent that runs on it, puts into the directory.
const ENTRIES: [&str; 14] = [
    "fixtures.json",
    "tokensign.toml",
    "ca.pem",
    "gost-ca.pem",
    "kz-gost-ca.pem",
    "gost-openssl.cnf",
    "softhsm2.conf",
    "ca",
    "certs",
    "pin",
    "tokens",
    "gost-token",
    "state",
    "run",
];

impl Directory {
    /// Makes an empty place for a new set: a former set, whole or half-made, goes; files of others stay.
    ///
    /// # Errors
    /// When the directory holds files of others and `force` is false, or cannot be written.
    pub(crate) fn prepare(path: &Path, force: bool) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(Error::file(path))?;
        let directory = Self::open(path)?;
        let marker = directory.0.join(MARKER);
        let is_empty = fs::read_dir(&directory.0).map_err(Error::file(path))?.next().is_none();
        if !is_empty && !force && !marker.exists() {
            return Err(Error::ForeignDirectory(directory.0));
        }
        fs::write(&marker, "made by softhsm-fixtures; may be deleted at any time\n").map_err(Error::file(marker))?;
        for entry in ENTRIES {
            remove(&directory.0.join(entry))?;
        }
        Ok(directory)
    }

    /// The directory of an existing set.
    ///
    /// # Errors
    /// When there is no such directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self(fs::canonicalize(path).map_err(Error::file(path))?))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.0.join("fixtures.json")
    }

    pub(crate) fn agent_configuration(&self) -> PathBuf {
        self.0.join("tokensign.toml")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub(crate) fn gost_ca(&self) -> PathBuf {
        self.0.join("gost-ca.pem")
    }

    pub(crate) fn kz_gost_ca(&self) -> PathBuf {
        self.0.join("kz-gost-ca.pem")
    }

    pub(crate) fn gost_openssl_configuration(&self) -> PathBuf {
        self.0.join("gost-openssl.cnf")
    }

    pub(crate) fn authority_keys(&self) -> PathBuf {
        self.0.join("ca")
    }

    pub(crate) fn certificates(&self) -> PathBuf {
        self.0.join("certs")
    }

    pub(crate) fn pin(&self) -> PathBuf {
        self.0.join("pin")
    }

    pub(crate) fn softhsm_configuration(&self) -> PathBuf {
        self.0.join("softhsm2.conf")
    }

    pub(crate) fn softhsm_tokens(&self) -> PathBuf {
        self.0.join("tokens")
    }

    pub(crate) fn gost_token(&self) -> PathBuf {
        self.0.join("gost-token")
    }

    /// Copies the set in `template` here, all but what depends on the place: that is written anew.
    pub(crate) fn copy_from(&self, template: &Self) -> Result<(), Error> {
        for entry in ENTRIES.into_iter().filter(|entry| !["state", "run"].contains(entry)) {
            copy(&template.0.join(entry), &self.0.join(entry))?;
        }
        Ok(())
    }
}

/// Writes a file that only the owner may read.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(directory).map_err(Error::file(directory))?;
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(Error::file(path))?;
    file.write_all(content).map_err(Error::file(path))?;
    file.persist(path).map_err(|error| Error::File {
        path: path.to_owned(),
        source: error.error,
    })?;
    Ok(())
}

/// Writes a file that everybody may read.
pub(crate) fn write_public(path: &Path, content: &[u8]) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
    }
    fs::write(path, content).map_err(Error::file(path))
}

fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::File {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        // `fs::copy` keeps the permissions, so private files stay private.
        return fs::copy(from, to).map(drop).map_err(Error::file(from));
    }
    fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in fs::read_dir(from).map_err(Error::file(from))? {
        let name = entry.map_err(Error::file(from))?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}
