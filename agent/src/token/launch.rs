//! What a worker is started with: a module's profile and configuration, resolved for this machine.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pkcs11_profiles::{Catalogue, Confining, Profile, Quirks, StateFromConfig};

use super::discovery;
use super::protocol::Settings;

/// A module to load, from the configuration or from discovery.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ModuleSpec {
    /// Its file, absolute.
    pub path: PathBuf,
    /// The profile to run it by; by the file's name when absent.
    pub profile: Option<String>,
    /// Environment variables for it (`SOFTHSM2_CONF`, …). They are no place for secrets.
    pub env: BTreeMap<String, String>,
}

/// How long a module may take before it counts as hung, where its profile says nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// One signature.
    pub signature: Duration,
    /// Loading, reading what lies on the tokens, logging in.
    pub reading: Duration,
    /// A signature or login that waits for a person at the device.
    pub person: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            signature: Duration::from_secs(30),
            reading: Duration::from_secs(60),
            person: Duration::from_secs(120),
        }
    }
}

/// A module, ready to be started.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// For people.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) profile: Option<String>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) settings: Settings,
    pub(super) deadlines: Deadlines,
}

/// What every module gets of the agent's environment. `LD_*` never crosses: the worker loads what its path says.
const ENVIRONMENT: &[&str] = &["HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER"];

impl Launch {
    /// Resolves a module for a machine of so many cores. A profile named in the specification that does not exist is the error.
    pub(super) fn new(
        spec: &ModuleSpec,
        catalogue: &Catalogue,
        deadlines: Deadlines,
        cores: usize,
    ) -> Result<Self, UnknownProfile> {
        let file_name = spec.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let profile = match &spec.profile {
            Some(name) => Some(catalogue.profile(name).ok_or_else(|| UnknownProfile(name.clone()))?),
            None => catalogue.profile_of_file(discovery::operating_system(), file_name),
        };
        let confining = profile.map(|profile| profile.confining().clone()).unwrap_or_default();
        let environment = environment(&confining, spec);
        let places = Places {
            environment: &environment,
        };
        // The library's own directory: it may lie outside of the system's, and vendors put helper libraries beside it.
        let beside = spec
            .path
            .canonicalize()
            .ok()
            .and_then(|real| real.parent().map(Path::to_owned));
        let quirks = places.quirks(profile);
        let settings = Settings {
            sessions: if quirks.parallel_sessions && !quirks.single_threaded {
                cores
            } else {
                1
            },
            confinement: confining.level,
            reads: confining
                .reads
                .iter()
                .filter_map(|place| places.resolve(place))
                .chain(beside)
                .collect(),
            writes: places.state(&confining),
            quirks,
        };
        Ok(Self {
            name: profile.map_or_else(|| file_name.to_owned(), |profile| profile.title.clone()),
            path: spec.path.clone(),
            profile: profile.map(|profile| profile.name.clone()),
            deadlines: deadlines_of(profile, deadlines),
            settings,
            environment,
        })
    }
}

/// A specification names a profile that there is not.
#[derive(Clone, Debug, thiserror::Error)]
#[error("there is no token profile {0:?}")]
pub(super) struct UnknownProfile(String);

fn deadlines_of(profile: Option<&Profile>, default: Deadlines) -> Deadlines {
    let timing = profile.map(|profile| profile.timing()).unwrap_or_default();
    let or = |seconds: Option<u64>, default| seconds.map_or(default, Duration::from_secs);
    Deadlines {
        signature: or(timing.signature_seconds, default.signature),
        reading: or(timing.reading_seconds, default.reading),
        person: or(timing.person_seconds, default.person),
    }
}

fn environment(confining: &Confining, spec: &ModuleSpec) -> Vec<(OsString, OsString)> {
    let inherited = ENVIRONMENT
        .iter()
        .copied()
        .chain(confining.environment.iter().map(String::as_str));
    let mut environment: BTreeMap<OsString, OsString> = inherited
        .filter_map(|name| Some((name.into(), env::var_os(name)?)))
        .collect();
    environment.insert("PATH".into(), "/usr/bin:/bin".into());
    environment.extend(spec.env.iter().map(|(name, value)| (name.into(), value.into())));
    environment.into_iter().collect()
}

/// The places that a profile writes as `~/…`, `$NAME` or absolutely.
struct Places<'a> {
    environment: &'a [(OsString, OsString)],
}

impl Places<'_> {
    fn state(&self, confining: &Confining) -> Vec<PathBuf> {
        let named = confining.state.iter().filter_map(|place| self.resolve(place));
        named
            .chain(confining.state_from.iter().filter_map(|from| self.state_from(from)))
            .collect()
    }

    fn state_from(&self, from: &StateFromConfig) -> Option<PathBuf> {
        let text = from
            .files
            .iter()
            .filter_map(|file| self.resolve(file))
            .find_map(|file| fs::read_to_string(file).ok())?;
        let value = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == from.key)?
            .1;
        Some(PathBuf::from(value.trim())).filter(|path| path.is_absolute())
    }

    /// A profile's quirks, with the variables in the library's parameters filled in. One that is not set stays as it is written, and the worker
    /// says so.
    fn quirks(&self, profile: Option<&Profile>) -> Quirks {
        let mut quirks = profile.map_or_else(Quirks::default, Profile::quirks);
        if let Some(parameters) = &mut quirks.library_parameters {
            for (name, value) in self.environment {
                let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
                *parameters = parameters.replace(&format!("${name}"), &value);
            }
        }
        quirks
    }

    fn resolve(&self, place: &str) -> Option<PathBuf> {
        let path = if let Some(rest) = place.strip_prefix("~/") {
            self.variable("HOME")?.join(rest)
        } else if let Some(name) = place.strip_prefix('$') {
            self.variable(name)?
        } else {
            PathBuf::from(place)
        };
        path.is_absolute().then_some(path)
    }

    fn variable(&self, name: &str) -> Option<PathBuf> {
        let value = self
            .environment
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)?;
        Some(Path::new(value).to_owned()).filter(|path| !path.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use pkcs11_profiles::Confinement;

    use super::*;

    fn softhsm(env: &[(&str, &str)]) -> ModuleSpec {
        ModuleSpec {
            path: "/usr/lib/softhsm/libsofthsm2.so".into(),
            profile: None,
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn softhsm_may_write_the_token_directory_that_its_configuration_names() {
        let directory = tempfile::tempdir().unwrap();
        let conf = directory.path().join("softhsm2.conf");
        let tokens = directory.path().join("tokens");
        fs::write(
            &conf,
            format!("# x\ndirectories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
        )
        .unwrap();
        let spec = softhsm(&[("SOFTHSM2_CONF", conf.to_str().unwrap())]);
        let launch = Launch::new(&spec, &Catalogue::embedded().unwrap(), Deadlines::default(), 2).unwrap();
        assert_eq!(launch.settings.confinement, Confinement::Strict);
        assert!(launch.settings.writes.contains(&tokens));
        assert!(launch.settings.reads.contains(&conf));
        assert_eq!(launch.settings.sessions, 2, "one a core");
        assert_eq!(launch.profile.as_deref(), Some("softhsm"));
    }

    #[test]
    fn the_environment_is_a_list_and_not_the_agents() {
        let spec = softhsm(&[("SOFTHSM2_CONF", "/x")]);
        let launch = Launch::new(&spec, &Catalogue::embedded().unwrap(), Deadlines::default(), 2).unwrap();
        let names: Vec<_> = launch
            .environment
            .iter()
            .map(|(name, _)| name.to_str().unwrap())
            .collect();
        assert!(names.contains(&"SOFTHSM2_CONF"));
        // Cargo sets these for the test process.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(!names.contains(&"CARGO_MANIFEST_DIR"));
    }

    #[test]
    fn the_parameters_of_a_library_name_the_modules_variables() {
        let parameters = |env: &[(&str, &str)]| {
            let spec = ModuleSpec {
                path: "/usr/lib/x86_64-linux-gnu/libsoftokn3.so".into(),
                ..softhsm(env)
            };
            let launch = Launch::new(&spec, &Catalogue::embedded().unwrap(), Deadlines::default(), 2).unwrap();
            launch.settings.quirks.library_parameters.unwrap()
        };
        assert!(parameters(&[("NSS_CONFIG_DIR", "/db")]).starts_with("configdir='sql:/db' "));
        assert!(parameters(&[]).contains("$NSS_CONFIG_DIR"));
    }

    #[test]
    fn a_module_of_no_known_family_is_named_after_its_file_and_a_wrong_profile_is_an_error() {
        let catalogue = Catalogue::embedded().unwrap();
        let mut spec = ModuleSpec {
            path: "/opt/vendor/libvendor.so".into(),
            ..ModuleSpec::default()
        };
        let launch = Launch::new(&spec, &catalogue, Deadlines::default(), 2).unwrap();
        assert_eq!((launch.name.as_str(), launch.profile), ("libvendor.so", None));
        assert_eq!(launch.settings.confinement, Confinement::NoExec);
        spec.profile = Some("nothing".to_owned());
        assert!(Launch::new(&spec, &catalogue, Deadlines::default(), 2).is_err());
    }

    #[test]
    fn a_profile_may_be_given_more_time() {
        let spec = ModuleSpec {
            path: "/usr/lib/x86_64-linux-gnu/libykcs11.so".into(),
            ..ModuleSpec::default()
        };
        let launch = Launch::new(&spec, &Catalogue::embedded().unwrap(), Deadlines::default(), 2).unwrap();
        assert_eq!(launch.deadlines.signature, Duration::from_secs(60));
        assert_eq!(launch.settings.sessions, 1, "it says nothing of several");
        assert_eq!(launch.deadlines.reading, Deadlines::default().reading);
    }
}
