//! Which modules there are: those configured, those that profiles know the place of, those that p11-kit lists.

use std::collections::HashSet;
use std::env;
use std::path::{Path, PathBuf};

use pkcs11_profiles::{Catalogue, OperatingSystem};

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
                libraries: libraries.clone(),
            },
            libraries,
        }
    }
}

/// Every module once, by its real path: the configured ones first and as configured, then what is found.
pub(super) fn modules(
    configured: &[ModuleSpec],
    discovery: Option<&Discovery>,
    catalogue: &Catalogue,
) -> Vec<ModuleSpec> {
    let found = discovery.into_iter().flat_map(|discovery| {
        let by_profile = known_places(discovery, catalogue).map(|(path, profile)| ModuleSpec {
            path,
            profile: Some(profile),
            ..ModuleSpec::default()
        });
        let by_p11_kit = p11_kit::modules(&discovery.p11_kit).into_iter().map(|path| ModuleSpec {
            path,
            ..ModuleSpec::default()
        });
        by_profile.chain(by_p11_kit)
    });
    let mut seen = HashSet::new();
    let mut profiles: HashSet<String> = HashSet::new();
    let mut modules = Vec::new();
    for (place, spec) in configured
        .iter()
        .cloned()
        .enumerate()
        .map(|(i, s)| (Some(i), s))
        .chain(found.map(|s| (None, s)))
    {
        if !seen.insert(spec.path.canonicalize().unwrap_or_else(|_| spec.path.clone())) {
            continue;
        }
        let family = spec.profile.clone().or_else(|| family(&spec.path, catalogue));
        // Two copies of one vendor's library would show each of its tokens twice: of those that are found the first one counts,
        // and none where one is configured.
        let first = family.is_none_or(|family| profiles.insert(family));
        if first || place.is_some() {
            modules.push(spec);
        }
    }
    modules
}

/// The system that profiles are read for.
pub(super) fn operating_system() -> OperatingSystem {
    match env::consts::OS {
        "macos" => OperatingSystem::Macos,
        "windows" => OperatingSystem::Windows,
        _ => OperatingSystem::Linux,
    }
}

/// For each profile its module's first file that exists.
fn known_places<'a>(
    discovery: &'a Discovery,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (PathBuf, String)> + 'a {
    catalogue.iter().filter_map(move |profile| {
        let locations = profile
            .locations
            .iter()
            .filter(|location| location.os == operating_system());
        let mut candidates = locations.flat_map(|location| {
            location.files.iter().flat_map(move |file| {
                let places = location
                    .places
                    .iter()
                    .map(Path::new)
                    .chain(discovery.libraries.iter().map(PathBuf::as_path));
                places.map(move |place| place.join(file))
            })
        });
        Some((candidates.find(|path| path.is_file())?, profile.name.clone()))
    })
}

fn family(path: &Path, catalogue: &Catalogue) -> Option<String> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name_of = |path: &Path| {
        let file_name = path.file_name()?.to_str()?;
        Some(catalogue.profile_of_file(operating_system(), file_name)?.name.clone())
    };
    name_of(path).or_else(|| name_of(&real))
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
    use std::fs;

    use super::*;

    fn nowhere(root: &Path) -> Discovery {
        Discovery {
            libraries: vec![root.join("lib")],
            p11_kit: P11KitDirectories {
                package: root.join("package"),
                system: root.join("system"),
                user: None,
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
        let mine = |specs: Vec<ModuleSpec>| {
            specs
                .into_iter()
                .filter(|s| s.path.starts_with(root.path()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            mine(modules(std::slice::from_ref(&configured), Some(&discovery), &catalogue)),
            [configured]
        );
        assert_eq!(mine(modules(&[], Some(&discovery), &catalogue))[0].path, module);
        assert!(modules(&[], None, &catalogue).is_empty());
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
        let both = modules(&[spec("a"), spec("b")], Some(&nowhere(root.path())), &catalogue);
        let gost: Vec<_> = both
            .iter()
            .filter(|spec| spec.path.ends_with("libgost_token.so"))
            .cloned()
            .collect();
        assert_eq!(gost, [spec("a"), spec("b")]);
    }
}
