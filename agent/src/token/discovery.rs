//! Which modules there are: those configured, those that the person added, those that profiles know the place of, those that
//! p11-kit lists.

use std::collections::{HashMap, HashSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use pkcs11_profiles::{Catalogue, OperatingSystem, is_version_of};
use serde::Serialize;

use super::launch::ModuleSpec;
use super::p11_kit::{self, P11KitDirectories};

/// Where modules are looked for besides those configured.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// Directories of the system that a profile's file may lie in, besides the profile's own places.
    pub libraries: Vec<PathBuf>,
    /// p11-kit's files.
    pub p11_kit: P11KitDirectories,
}

impl Discovery {
    /// The places of this system and this user.
    pub fn system() -> Self {
        let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let libraries = library_directories();
        Self {
            p11_kit: P11KitDirectories {
                package: "/usr/share/p11-kit/modules".into(),
                system: "/etc/pkcs11/modules".into(),
                user: home.map(|home| home.join(".config/pkcs11/modules")),
                settings: "/etc/pkcs11/pkcs11.conf".into(),
                libraries: libraries.clone(),
            },
            libraries,
        }
    }
}

/// Why a module is on the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The configuration names it.
    Configured,
    /// The person added it on the command line.
    Added,
    /// Its file lies where a profile knows it.
    Profile,
    /// A file of p11-kit's names it.
    P11Kit,
}

/// Every module once, by its real path: the configured ones first and as configured, then those added, then what is found.
pub(super) fn modules(
    configured: &[ModuleSpec],
    added: &[ModuleSpec],
    discovery: Option<&Discovery>,
    catalogue: &Catalogue,
) -> Vec<(ModuleSpec, Origin)> {
    let named = configured.iter().map(|spec| (spec.clone(), Origin::Configured));
    let added = added.iter().map(|spec| (spec.clone(), Origin::Added));
    let found = discovery.into_iter().flat_map(|discovery| found(discovery, catalogue));
    let mut seen = HashSet::new();
    let mut families: HashSet<String> = HashSet::new();
    let mut modules = Vec::new();
    for (spec, origin) in named.chain(added).chain(found) {
        if !seen.insert(real(&spec.path)) {
            continue;
        }
        let family = spec.profile.clone().or_else(|| family(&spec.path, catalogue));
        // Two copies of one vendor's library would show each of its tokens twice: of those that are found the first one counts,
        // and none where one is named.
        let first = family.is_none_or(|family| families.insert(family));
        if first || matches!(origin, Origin::Configured | Origin::Added) {
            modules.push((spec, origin));
        }
    }
    modules
}

/// What profiles know the place of and what p11-kit lists, without what the person switched off there and what only a
/// configuration may load.
fn found(discovery: &Discovery, catalogue: &Catalogue) -> Vec<(ModuleSpec, Origin)> {
    let listing = p11_kit::modules(&discovery.p11_kit);
    let disabled: HashSet<PathBuf> = listing.disabled.iter().map(|path| real(path)).collect();
    let by_profile = known_places(discovery, catalogue).into_iter().map(|(path, profile)| {
        let spec = ModuleSpec {
            path,
            profile: Some(profile),
            ..ModuleSpec::default()
        };
        (spec, Origin::Profile)
    });
    let by_p11_kit = listing.modules.into_iter().map(|path| {
        let spec = ModuleSpec {
            path,
            ..ModuleSpec::default()
        };
        (spec, Origin::P11Kit)
    });
    let only_configured = |spec: &ModuleSpec| {
        let family = spec.profile.clone().or_else(|| family(&spec.path, catalogue));
        family.is_some_and(|family| {
            catalogue
                .profile(&family)
                .is_some_and(|profile| profile.configured_only)
        })
    };
    by_profile
        .chain(by_p11_kit)
        .filter(|(spec, _)| !disabled.contains(&real(&spec.path)) && !only_configured(spec))
        .collect()
}

/// The system that profiles are read for.
pub(super) fn operating_system() -> OperatingSystem {
    match env::consts::OS {
        "macos" => OperatingSystem::Macos,
        "windows" => OperatingSystem::Windows,
        _ => OperatingSystem::Linux,
    }
}

/// For each profile its module's first file that exists, by the profile's order of names and places.
fn known_places(discovery: &Discovery, catalogue: &Catalogue) -> Vec<(PathBuf, String)> {
    let mut shelves = Shelves::default();
    let mut found = Vec::new();
    for profile in catalogue.iter() {
        let locations = profile
            .locations
            .iter()
            .filter(|location| location.os == operating_system());
        let path = locations
            .flat_map(|location| location.files.iter().map(move |file| (location, file)))
            .find_map(|(location, file)| {
                let places = location.places.iter().map(Path::new);
                places
                    .chain(discovery.libraries.iter().map(PathBuf::as_path))
                    .find_map(|place| shelves.find(place, file))
            });
        if let Some(path) = path {
            found.push((path, profile.name.clone()));
        }
    }
    found
}

/// Directories with what is in them, each read once.
#[derive(Default)]
struct Shelves {
    read: HashMap<PathBuf, Vec<String>>,
}

impl Shelves {
    /// The file of that name in the directory; where only numbered ones lie there (`libykcs11.so.2`), the one with the shortest
    /// name, which the others' names lead to.
    fn find(&mut self, directory: &Path, name: &str) -> Option<PathBuf> {
        let names = self
            .read
            .entry(directory.to_owned())
            .or_insert_with(|| file_names(directory));
        let fitting = names.iter().filter(|found| is_version_of(found, name));
        let best = fitting.min_by_key(|found| (found.len(), found.as_str() != name))?;
        Some(directory.join(best)).filter(|path| path.is_file())
    }
}

fn file_names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

pub(super) fn family(path: &Path, catalogue: &Catalogue) -> Option<String> {
    let name_of = |path: &Path| {
        let file_name = path.file_name()?.to_str()?;
        Some(catalogue.profile_of_file(operating_system(), file_name)?.name.clone())
    };
    name_of(path).or_else(|| name_of(&real(path)))
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Where libraries lie on this system.
fn library_directories() -> Vec<PathBuf> {
    match operating_system() {
        OperatingSystem::Linux => {
            let multiarch = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
            let names = [
                "/usr/lib64/pkcs11",
                "/usr/lib64",
                "/usr/lib/pkcs11",
                "/usr/lib",
                "/usr/local/lib",
            ];
            [format!("{multiarch}/pkcs11"), multiarch]
                .into_iter()
                .chain(names.map(str::to_owned))
                .map(PathBuf::from)
                .collect()
        }
        OperatingSystem::Macos => vec!["/usr/local/lib".into(), "/opt/homebrew/lib".into()],
        OperatingSystem::Windows => vec![r"C:\Windows\System32".into()],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn nowhere(root: &Path) -> Discovery {
        Discovery {
            libraries: vec![root.join("lib")],
            p11_kit: P11KitDirectories {
                package: root.join("package"),
                system: root.join("system"),
                user: Some(root.join("user")),
                settings: root.join("pkcs11.conf"),
                libraries: vec![root.join("lib")],
            },
        }
    }

    #[test]
    fn a_module_that_is_configured_found_and_listed_appears_once_and_as_configured() {
        let root = tempfile::tempdir().unwrap();
        let module = root.path().join("lib/libvendor.so");
        fs::create_dir_all(root.path().join("lib")).unwrap();
        fs::create_dir_all(root.path().join("package")).unwrap();
        fs::write(&module, "").unwrap();
        fs::write(root.path().join("package/vendor.module"), "module: libvendor.so\n").unwrap();
        let configured = ModuleSpec {
            path: module.clone(),
            env: [("X".to_owned(), "1".to_owned())].into(),
            ..ModuleSpec::default()
        };
        let catalogue = Catalogue::embedded().unwrap();
        let discovery = nowhere(root.path());
        let mine = |specs: Vec<(ModuleSpec, Origin)>| {
            specs
                .into_iter()
                .filter(|(spec, _)| spec.path.starts_with(root.path()))
                .collect::<Vec<_>>()
        };
        let added = ModuleSpec {
            path: root.path().join("lib/../lib/libvendor.so"),
            ..ModuleSpec::default()
        };
        let once = std::slice::from_ref;
        assert_eq!(
            mine(modules(once(&configured), once(&added), Some(&discovery), &catalogue)),
            [(configured, Origin::Configured)]
        );
        assert_eq!(
            mine(modules(&[], once(&added), Some(&discovery), &catalogue)),
            [(added, Origin::Added)]
        );
        let found = mine(modules(&[], &[], Some(&discovery), &catalogue));
        assert_eq!((&found[0].0.path, found[0].1), (&module, Origin::P11Kit));
        assert!(modules(&[], &[], None, &catalogue).is_empty());
    }

    #[test]
    fn what_is_switched_off_in_p11_kit_is_not_found_by_its_profile_either() {
        let root = tempfile::tempdir().unwrap();
        let module = root.path().join("lib/libgost_token.so");
        for directory in ["lib", "package", "user"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::write(&module, "").unwrap();
        let catalogue = Catalogue::embedded().unwrap();
        let is_found = || {
            let found = modules(&[], &[], Some(&nowhere(root.path())), &catalogue);
            found.iter().any(|(spec, _)| spec.path == module)
        };
        assert!(is_found());
        fs::write(root.path().join("package/gost.module"), "module: libgost_token.so\n").unwrap();
        assert!(is_found());
        fs::write(root.path().join("user/gost.module"), "module:\n").unwrap();
        assert!(!is_found());
    }

    #[test]
    fn a_numbered_file_is_found_and_what_only_a_configuration_loads_is_not() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("lib")).unwrap();
        for name in ["libgost_token.so.1.0", "libgost_token.so.1", "libsoftokn3.so"] {
            fs::write(root.path().join("lib").join(name), "").unwrap();
        }
        let catalogue = Catalogue::embedded().unwrap();
        let mine: Vec<_> = modules(&[], &[], Some(&nowhere(root.path())), &catalogue)
            .into_iter()
            .filter_map(|(spec, _)| Some(spec.path.strip_prefix(root.path()).ok()?.to_owned()))
            .collect();
        assert_eq!(mine, [Path::new("lib/libgost_token.so.1")]);
    }

    #[test]
    fn of_a_family_the_first_module_found_counts_and_every_one_configured() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["lib", "a", "b"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
            fs::write(root.path().join(directory).join("libgost_token.so"), "").unwrap();
        }
        let catalogue = Catalogue::embedded().unwrap();
        let spec = |directory: &str| ModuleSpec {
            path: root.path().join(directory).join("libgost_token.so"),
            ..ModuleSpec::default()
        };
        let both = modules(&[spec("a")], &[spec("b")], Some(&nowhere(root.path())), &catalogue);
        let gost: Vec<_> = both
            .into_iter()
            .filter(|(spec, _)| spec.path.ends_with("libgost_token.so"))
            .collect();
        assert_eq!(gost, [(spec("a"), Origin::Configured), (spec("b"), Origin::Added)]);
    }
}
