use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Directories, ModuleConfig};
use crate::messages::{Code, Fault};
use crate::platform;

/// The modules that the person added on the command line: a file of the agent's own in the state directory, so that the person's configuration
/// stays as they wrote it.
#[derive(Clone, Debug)]
pub struct AddedModules {
    file: PathBuf,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    modules: Vec<ModuleConfig>,
}

impl AddedModules {
    /// Those of one agent.
    pub fn of(directories: &Directories) -> Self {
        Self {
            file: directories.state.join("modules.toml"),
        }
    }

    /// Every module that was added, in the order of adding.
    ///
    /// # Errors
    /// `config_invalid` when the file cannot be read.
    pub fn load(&self) -> Result<Vec<ModuleConfig>, Fault> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.unreadable(error)),
        };
        let written: Written = toml::from_str(&text).map_err(|error| self.unreadable(error.message()))?;
        Ok(written.modules)
    }

    /// Adds a module, or replaces the one of the same path.
    ///
    /// # Errors
    /// `config_invalid` when the file cannot be read, `store_failed` when it cannot be written.
    pub fn add(&self, module: ModuleConfig) -> Result<(), Fault> {
        let mut modules = self.load()?;
        modules.retain(|other| other.path != module.path);
        modules.push(module);
        self.save(modules)
    }

    /// Takes the module of that path away; false when it was not added.
    ///
    /// # Errors
    /// `config_invalid` when the file cannot be read, `store_failed` when it cannot be written.
    pub fn remove(&self, path: &Path) -> Result<bool, Fault> {
        let mut modules = self.load()?;
        let before = modules.len();
        modules.retain(|other| other.path != path);
        let found = modules.len() < before;
        if found {
            self.save(modules)?;
        }
        Ok(found)
    }

    fn save(&self, modules: Vec<ModuleConfig>) -> Result<(), Fault> {
        let text = toml::to_string(&Written { modules }).map_err(Fault::internal)?;
        platform::write_private_file(&self.file, text.as_bytes()).map_err(|error| {
            Fault::new(Code::StoreFailed)
                .arg("path", self.file.display())
                .detail(error)
        })
    }

    fn unreadable(&self, reason: impl std::fmt::Display) -> Fault {
        Fault::new(Code::ConfigInvalid)
            .arg("path", self.file.display())
            .arg("reason", reason)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn module(path: &str) -> ModuleConfig {
        ModuleConfig {
            path: path.into(),
            profile: Some("softhsm".to_owned()),
            env: [("SOFTHSM2_CONF".to_owned(), "/c".to_owned())].into(),
        }
    }

    fn paths(added: &AddedModules) -> Vec<PathBuf> {
        added.load().unwrap().into_iter().map(|module| module.path).collect()
    }

    #[test]
    fn what_is_added_stays_until_it_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let added = AddedModules {
            file: directory.path().join("modules.toml"),
        };
        assert_eq!(paths(&added), Vec::<PathBuf>::new());
        added.add(module("/a.so")).unwrap();
        added.add(module("/b.so")).unwrap();
        added.add(module("/a.so")).unwrap();
        assert_eq!(paths(&added), [Path::new("/b.so"), Path::new("/a.so")]);
        assert_eq!(added.load().unwrap()[0].env["SOFTHSM2_CONF"], "/c");
        assert!(added.remove(Path::new("/b.so")).unwrap());
        assert!(!added.remove(Path::new("/b.so")).unwrap());
        assert_eq!(paths(&added), [Path::new("/a.so")]);
    }

    #[test]
    fn a_file_that_was_broken_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("modules.toml");
        fs::write(&file, "modules = 1").unwrap();
        let added = AddedModules { file: file.clone() };
        assert_eq!(added.add(module("/a.so")).unwrap_err().code(), Code::ConfigInvalid);
        assert_eq!(fs::read_to_string(file).unwrap(), "modules = 1");
    }
}
