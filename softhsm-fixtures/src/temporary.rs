//! Sets that live as long as a test.

use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::error::Error;
use crate::fixtures::Fixtures;

/// A template older than this is made again: certificates must not come near their end.
const TEMPLATE_LIFE: Duration = Duration::from_secs(12 * 3600);

/// A set in a temporary directory that goes with the value.
#[derive(Debug)]
pub struct TempFixtures {
    fixtures: Fixtures,
    _directory: TempDir,
}

impl TempFixtures {
    /// A copy of a template that all tests of a build share; the first one to ask makes it.
    ///
    /// The template lies in cargo's target directory, beside the test program. It is made again when the program that
    /// asks is newer.
    ///
    /// # Errors
    /// As [`Fixtures::create`].
    pub fn new() -> Result<Self, Error> {
        let directory = tempfile::Builder::new()
            .prefix("fixtures-")
            .tempdir()
            .map_err(Error::file("temporary directory"))?;
        let program = std::env::current_exe().map_err(Error::file("the running program"))?;
        let templates = program
            .parent()
            .unwrap_or_else(|| Path::new("."))
            .join("softhsm-fixtures-template");
        fs::create_dir_all(&templates).map_err(Error::file(&templates))?;
        let lock_path = templates.join("lock");
        let lock = File::create(&lock_path).map_err(Error::file(&lock_path))?;
        // Held while copying too, so that nobody replaces the template meanwhile.
        lock.lock().map_err(Error::file(&lock_path))?;
        let template = fresh_template(&templates, &program)?;
        let fixtures = Fixtures::copy_from_template(&template, directory.path())?;
        Ok(Self {
            fixtures,
            _directory: directory,
        })
    }
}

impl Deref for TempFixtures {
    type Target = Fixtures;

    fn deref(&self) -> &Fixtures {
        &self.fixtures
    }
}

/// The template, made if there is none that the program can trust.
fn fresh_template(templates: &Path, program: &Path) -> Result<PathBuf, Error> {
    let template = templates.join("set");
    let built = fs::metadata(program)
        .and_then(|metadata| metadata.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let is_fresh = Fixtures::load(&template).is_ok_and(|fixtures| {
        let created = SystemTime::UNIX_EPOCH + Duration::from_secs(fixtures.created().try_into().unwrap_or(0));
        created >= built && created.elapsed().is_ok_and(|age| age < TEMPLATE_LIFE)
    });
    if !is_fresh {
        Fixtures::create(&template)?;
    }
    Ok(template)
}
