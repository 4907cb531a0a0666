use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{OperatingSystem, Profile, Recognition};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../profiles/", $name, ".toml")))),*]
    };
}

/// The profiles that come with the agent.
const EMBEDDED: &[(&str, &str)] = embedded![
    "akis",
    "belgian-eid",
    "bit4id",
    "cryptopro-csp",
    "epass2003",
    "esmart",
    "gost-token",
    "idprime",
    "jacarta",
    "kaztoken",
    "kryoptic",
    "nss",
    "opencryptoki",
    "opensc",
    "rutoken-ecp",
    "rutoken-lite",
    "rutoken-s",
    "safenet-etoken",
    "smartcard-hsm",
    "softhsm",
    "tpm2",
    "vipnet",
    "yubikey",
];

/// All known token families, by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    profiles: BTreeMap<String, Profile>,
}

impl Catalogue {
    /// The profiles that come with the agent.
    ///
    /// # Errors
    /// A profile that does not read; a test keeps this from happening.
    pub fn embedded() -> Result<Self, ProfileError> {
        let mut catalogue = Self {
            profiles: BTreeMap::new(),
        };
        for (name, text) in EMBEDDED {
            catalogue.insert(Path::new(name), name, text)?;
        }
        Ok(catalogue)
    }

    /// These profiles, replaced and added to by the `*.toml` files of a directory, each named after its profile. A directory
    /// that is not there adds nothing.
    ///
    /// # Errors
    /// The directory or a file in it cannot be read, or a file is no profile.
    pub fn overridden_by(mut self, directory: &Path) -> Result<Self, ProfileError> {
        let unreadable = |path: &Path, source| ProfileError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self),
            Err(error) => return Err(unreadable(directory, error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| unreadable(directory, error))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let (Some(stem), Some("toml")) = (stem, path.extension().and_then(|extension| extension.to_str())) else {
                continue;
            };
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            self.insert(&path, stem, &text)?;
        }
        Ok(self)
    }

    /// The profile of that name.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    /// The profile that a module's file name belongs to.
    pub fn profile_of_file(&self, system: OperatingSystem, file_name: &str) -> Option<&Profile> {
        self.profiles
            .values()
            .find(|profile| profile.names_file(system, file_name))
    }

    /// The profiles that recognise a card: by its answer to reset, or else, where none knows that, by its reader's name.
    pub fn profiles_of_card(&self, reader: &str, atr: &[u8]) -> Vec<&Profile> {
        match self.recognised(|recognition| recognition.fits_atr(atr)) {
            none if none.is_empty() => self.recognised(|recognition| recognition.fits_reader(reader)),
            profiles => profiles,
        }
    }

    /// The profiles that recognise a token which a module shows: by its model, or else as a card.
    pub fn profiles_of_token(&self, model: &str, reader: &str, atr: &[u8]) -> Vec<&Profile> {
        match self.recognised(|recognition| recognition.fits_model(model)) {
            none if none.is_empty() => self.profiles_of_card(reader, atr),
            profiles => profiles,
        }
    }

    fn recognised(&self, fits: impl Fn(&Recognition) -> bool) -> Vec<&Profile> {
        let profiles = self.profiles.values();
        profiles
            .filter(|profile| profile.recognition.iter().any(&fits))
            .collect()
    }

    /// All profiles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    fn insert(&mut self, path: &Path, stem: &str, text: &str) -> Result<(), ProfileError> {
        let path = || path.to_owned();
        let profile: Profile = toml::from_str(text).map_err(|source| ProfileError::Malformed {
            path: path(),
            source: Box::new(source),
        })?;
        if profile.name != stem {
            return Err(ProfileError::Misnamed {
                path: path(),
                name: profile.name,
            });
        }
        if let Some(place) = profile
            .locations
            .iter()
            .flat_map(|location| &location.places)
            .find(|place| !is_absolute(place))
        {
            return Err(ProfileError::RelativePlace {
                path: path(),
                place: place.clone(),
            });
        }
        self.profiles.insert(profile.name.clone(), profile);
        Ok(())
    }
}

/// Whether a place is absolute on the system it is meant for, whichever system this is.
fn is_absolute(place: &str) -> bool {
    place.starts_with('/') || place.as_bytes().get(1) == Some(&b':')
}

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The file is not TOML, or not a profile.
    #[error("{} is no token profile: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// `name` differs from the file's name.
    #[error("{} names itself {name:?}: name it as the file is called, without .toml", path.display())]
    Misnamed {
        /// The file.
        path: PathBuf,
        /// The name inside.
        name: String,
    },
    /// A place that is not absolute.
    #[error("{} has the place {place:?}: give an absolute directory", path.display())]
    RelativePlace {
        /// The file.
        path: PathBuf,
        /// The place.
        place: String,
    },
    /// The file or directory cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Confinement;

    #[test]
    fn every_file_in_the_directory_is_embedded_and_reads() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
        let mut files: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let catalogue = Catalogue::embedded().unwrap();
        let names: Vec<_> = catalogue.iter().map(|profile| profile.name.clone()).collect();
        assert_eq!(files, names);
    }

    #[test]
    fn every_family_can_be_installed_or_says_why_not() {
        let catalogue = Catalogue::embedded().unwrap();
        for profile in catalogue.iter().filter(|profile| profile.name != "gost-token") {
            match &profile.cannot_sign {
                Some(reason) => {
                    assert!(!reason.use_instead.is_empty(), "{}", profile.name);
                    for name in &reason.use_instead {
                        assert!(catalogue.profile(name).is_some(), "{}: {name}", profile.name);
                    }
                    assert!(profile.locations.is_empty(), "{}", profile.name);
                }
                None => assert!(
                    profile.installations(OperatingSystem::Linux).next().is_some(),
                    "{}",
                    profile.name
                ),
            }
            for location in &profile.locations {
                assert!(
                    !location.files.is_empty() && !location.places.is_empty(),
                    "{}",
                    profile.name
                );
                assert!(
                    profile.installations(location.os).next().is_some(),
                    "{} on {:?}",
                    profile.name,
                    location.os
                );
            }
        }
    }

    #[test]
    fn a_file_belongs_to_one_family() {
        let catalogue = Catalogue::embedded().unwrap();
        for profile in catalogue.iter() {
            for location in &profile.locations {
                for file in &location.files {
                    let owner = catalogue.profile_of_file(location.os, file).unwrap();
                    assert_eq!(owner.name, profile.name, "{file}");
                }
            }
        }
    }

    #[test]
    fn cards_are_recognised_by_reader_and_by_answer_to_reset() {
        let catalogue = Catalogue::embedded().unwrap();
        let families = |reader: &str, atr: &str| {
            let atr: Vec<u8> = atr
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            let families = catalogue.profiles_of_card(reader, &atr);
            families.iter().map(|profile| profile.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(families("Aktiv Rutoken ECP 00 00", ""), ["rutoken-ecp"]);
        assert_eq!(families("Aktiv Rutoken lite 00 00", ""), ["rutoken-lite"]);
        assert_eq!(
            families("ACS 38U 00 00", "3B9C96005275746F6B656E4543507363"),
            ["rutoken-ecp"]
        );
        assert_eq!(
            families("ACS 38U 00 00", "3B9E96005275746F6B656E4C697465534332"),
            ["rutoken-lite"]
        );
        assert_eq!(families("Yubico YubiKey CCID 00 00", ""), ["yubikey"]);
        assert_eq!(families("X", "3B7F96000080318065B0850300EF120FFE829000"), ["idprime"]);
        assert_eq!(
            families("X", "3B7F96000080318065B085040120120FFF829000"),
            ["belgian-eid"]
        );
        assert_eq!(
            families("X", "3B9F958131FE9F006646530510001171DF0000006A825E"),
            ["epass2003"]
        );
        assert_eq!(
            families("Nitrokey Nitrokey HSM (DENK0100000) 00 00", ""),
            ["smartcard-hsm"]
        );
        assert_eq!(
            families("Yubico YubiKey CCID 00 00", "3B8B015275746F6B656E20445320C1"),
            ["rutoken-ecp"]
        );
        assert_eq!(families("X", "3B00"), Vec::<String>::new());
    }

    #[test]
    fn a_token_is_recognised_by_its_model_before_its_card() {
        let catalogue = Catalogue::embedded().unwrap();
        let families = |model: &str, reader: &str| {
            let families = catalogue.profiles_of_token(model, reader, &[]);
            families.iter().map(|profile| profile.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(families("Rutoken lite", "ACS 38U 00 00"), ["rutoken-lite"]);
        assert_eq!(families("Rutoken ECP", "Yubico YubiKey CCID 00 00"), ["rutoken-ecp"]);
        assert_eq!(families("PKCS#15", "Aktiv Rutoken lite 00 00"), ["rutoken-lite"]);
        assert_eq!(families("", "X"), Vec::<String>::new());
    }

    #[test]
    fn a_module_is_known_by_its_file_name() {
        let catalogue = Catalogue::embedded().unwrap();
        let name = |file| {
            catalogue
                .profile_of_file(OperatingSystem::Linux, file)
                .map(|profile| profile.name.as_str())
        };
        assert_eq!(name("libsofthsm2.so"), Some("softhsm"));
        assert_eq!(name("libykcs11.so.2"), Some("yubikey"));
        assert_eq!(name("librtPKCS11ECP.so"), Some("rutoken-ecp"));
        assert_eq!(name("libykcs11.so.evil"), None);
        assert_eq!(name("libc.so.6"), None);
    }

    #[test]
    fn an_override_replaces_the_profile_of_its_name_and_must_be_sound() {
        let directory = std::env::temp_dir().join(format!("profiles-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let own = directory.join("softhsm.toml");
        fs::write(
            &own,
            "name = 'softhsm'\ntitle = 'Mine'\nconfining = { level = 'off', source = 'mine' }\n",
        )
        .unwrap();
        let catalogue = Catalogue::embedded().unwrap().overridden_by(&directory).unwrap();
        assert_eq!(
            catalogue.profile("softhsm").unwrap().confining().level,
            Confinement::Off
        );

        fs::write(
            &own,
            "name = 'other'\ntitle = 'Mine'\nconfining = { level = 'off', source = 'mine' }\n",
        )
        .unwrap();
        assert!(matches!(
            Catalogue::embedded().unwrap().overridden_by(&directory),
            Err(ProfileError::Misnamed { .. })
        ));

        let sound = "confining = { level = 'off', source = 'mine' }";
        let note = "note = { en = 'x', kk = 'x', ru = 'x' }";
        for unfounded in [
            "confining = { level = 'off' }",
            &format!("{sound}\n[[locations]]\nos = 'linux'\nfiles = ['x.so']"),
            &format!("{sound}\nrank = {{ value = 40 }}"),
            &format!("{sound}\nrank = 40"),
            &format!("{sound}\n{note}"),
            &format!("{sound}\n[timing]\nsignature_seconds = 60"),
        ] {
            fs::write(&own, format!("name = 'softhsm'\ntitle = 'Mine'\n{unfounded}\n")).unwrap();
            let read = Catalogue::embedded().unwrap().overridden_by(&directory);
            assert!(matches!(read, Err(ProfileError::Malformed { .. })), "{unfounded}");
        }
        fs::remove_dir_all(&directory).unwrap();
    }
}
