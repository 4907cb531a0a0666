//! p11-kit's module files (pkcs11.conf(5)): read, not loaded. They say which modules the system and the user have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the files lie, and where relative module paths start.
#[derive(Clone, Debug)]
pub struct P11KitDirectories {
    /// Packages' files (`/usr/share/p11-kit/modules`).
    pub package: PathBuf,
    /// The administrator's (`/etc/pkcs11/modules`).
    pub system: PathBuf,
    /// The user's (`~/.config/pkcs11/modules`).
    pub user: Option<PathBuf>,
    /// Directories that a relative `module:` may be in.
    pub libraries: Vec<PathBuf>,
}

/// The modules that the files name and that are not disabled. A file of the same name in a later directory replaces the keys it
/// has; an empty `module:` disables.
pub(super) fn modules(directories: &P11KitDirectories) -> Vec<PathBuf> {
    let mut files: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let places = [
        Some(&directories.package),
        Some(&directories.system),
        directories.user.as_ref(),
    ];
    for (name, text) in places.into_iter().flatten().flat_map(|place| module_files(place)) {
        files.entry(name).or_default().extend(parse(&text));
    }
    files
        .values()
        .filter_map(|keys| usable(keys, &directories.libraries))
        .collect()
}

/// The `*.module` files of a directory, by name. One that cannot be read is passed over: discovery is a convenience.
fn module_files(directory: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let named = |path: &Path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".module")?.to_owned();
        Some((name, fs::read_to_string(path).ok()?))
    };
    entries.flatten().filter_map(|entry| named(&entry.path())).collect()
}

/// `key: value` lines; `#` starts a comment at the beginning of a line only.
fn parse(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
}

/// This program's name where p11-kit lists programs.
const PROGRAM: &str = "tokensign";

/// Modules of p11-kit's own: a list of CAs, and doors to all other modules, which a second handle does not reach.
const NO_TOKENS: &[&str] = &["p11-kit-trust", "p11-kit-proxy", "p11-kit-client"];

fn usable(keys: &BTreeMap<String, String>, libraries: &[PathBuf]) -> Option<PathBuf> {
    let lists = |key: &str| {
        keys.get(key)
            .map(|value| value.split([',', ' ']).any(|program| program == PROGRAM))
    };
    let enabled = lists("enable-in").unwrap_or(true) && !lists("disable-in").unwrap_or(false);
    let module = Path::new(keys.get("module").filter(|module| !module.is_empty())?);
    let stem = module.file_stem()?.to_str()?;
    // A remote module is a command line, not a library.
    if !enabled || keys.contains_key("remote") || NO_TOKENS.contains(&stem) {
        return None;
    }
    if module.is_absolute() {
        return Some(module.to_owned());
    }
    libraries
        .iter()
        .map(|library| library.join(module))
        .find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Files {
        directories: P11KitDirectories,
        _root: tempfile::TempDir,
    }

    impl Files {
        fn new(files: &[(&str, &str, &str)]) -> Self {
            let root = tempfile::tempdir().unwrap();
            for (place, name, text) in files {
                fs::create_dir_all(root.path().join(place)).unwrap();
                fs::write(root.path().join(place).join(name), text).unwrap();
            }
            let directories = P11KitDirectories {
                package: root.path().join("package"),
                system: root.path().join("system"),
                user: Some(root.path().join("user")),
                libraries: vec![root.path().join("lib")],
            };
            Self {
                directories,
                _root: root,
            }
        }
    }

    #[test]
    fn absolute_and_relative_modules_are_found_and_p11_kits_own_are_not() {
        let files = Files::new(&[
            (
                "package",
                "softhsm2.module",
                "# comment\n\nmodule: /usr/lib/softhsm/libsofthsm2.so\n",
            ),
            ("package", "opensc.module", "module: opensc-pkcs11.so\n"),
            ("package", "gone.module", "module: gone.so\n"),
            ("package", "p11-kit-trust.module", "module: p11-kit-trust.so\n"),
            (
                "package",
                "far.module",
                "remote: |ssh host p11-kit remote /x.so\nmodule: /x.so\n",
            ),
            ("package", "notes.txt", "module: /never.so\n"),
            ("lib", "opensc-pkcs11.so", ""),
        ]);
        let found = modules(&files.directories);
        let expected = [
            files.directories.libraries[0].join("opensc-pkcs11.so"),
            "/usr/lib/softhsm/libsofthsm2.so".into(),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_user_and_the_administrator_can_disable_a_module() {
        let files = Files::new(&[
            ("package", "a.module", "module: /a.so\n"),
            ("package", "b.module", "module: /b.so\n"),
            ("package", "c.module", "module: /c.so\n"),
            ("package", "d.module", "module: /d.so\nenable-in: ssh, tokensign\n"),
            ("user", "a.module", "module:\n"),
            ("system", "b.module", "disable-in: tokensign\n"),
            ("system", "c.module", "enable-in: firefox\n"),
        ]);
        assert_eq!(modules(&files.directories), [PathBuf::from("/d.so")]);
    }

    #[test]
    fn directories_that_are_not_there_name_nothing() {
        assert!(modules(&Files::new(&[]).directories).is_empty());
    }
}
