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
    /// The administrator's settings (`/etc/pkcs11/pkcs11.conf`).
    pub settings: PathBuf,
    /// Directories that a relative `module:` may be in.
    pub libraries: Vec<PathBuf>,
}

/// What the files say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Listing {
    /// Modules for this program.
    pub(super) modules: Vec<PathBuf>,
    /// Modules that the administrator or the user switched off, or keeps from this program: they are not looked for elsewhere either.
    pub(super) disabled: Vec<PathBuf>,
}

/// What the files name. A file of the same name in a later directory replaces the keys it has; an empty `module:` disables.
pub(super) fn modules(directories: &P11KitDirectories) -> Listing {
    let user = UserFiles::of(&directories.settings);
    let system = [&directories.package, &directories.system];
    let system = system.into_iter().filter(|_| user != UserFiles::Only);
    let own = directories.user.as_ref().filter(|_| user != UserFiles::Ignored);
    let mut files: BTreeMap<String, Module> = BTreeMap::new();
    for (name, text) in system.chain(own).flat_map(|place| module_files(place)) {
        files.entry(name).or_default().read(&text);
    }
    let mut listing = Listing::default();
    for module in files.values() {
        let mut paths = module
            .paths
            .iter()
            .filter_map(|path| located(path, &directories.libraries));
        if module.is_off() {
            listing.disabled.extend(paths);
        } else if module.is_library() {
            listing.modules.extend(paths.next_back());
        }
    }
    listing
}

/// Whether the user's files count (`user-config` in pkcs11.conf(5)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum UserFiles {
    /// With the system's. p11-kit's own default.
    Merged,
    /// And the system's do not.
    Only,
    /// They do not.
    Ignored,
}

impl UserFiles {
    fn of(settings: &Path) -> Self {
        let text = fs::read_to_string(settings).unwrap_or_default();
        let mode = parse(&text).filter(|(key, _)| key == "user-config").last();
        match mode.as_ref().map(|(_, value)| value.as_str()) {
            Some("none") => Self::Ignored,
            Some("only" | "override") => Self::Only,
            _ => Self::Merged,
        }
    }
}

/// A module, as the files of its name describe it together.
#[derive(Debug, Default)]
struct Module {
    keys: BTreeMap<String, String>,
    /// Every path that any of the files gives it.
    paths: Vec<PathBuf>,
}

impl Module {
    fn read(&mut self, text: &str) {
        for (key, value) in parse(text) {
            if key == "module" && !value.is_empty() {
                self.paths.push(value.clone().into());
            }
            self.keys.insert(key, value);
        }
    }

    /// Whether somebody decided that this program does not load it.
    fn is_off(&self) -> bool {
        let lists = |key: &str| {
            self.keys
                .get(key)
                .map(|value| value.split([',', ' ']).any(|program| program == PROGRAM))
        };
        let enabled = lists("enable-in").unwrap_or(true) && !lists("disable-in").unwrap_or(false);
        !enabled || self.keys.get("module").is_some_and(String::is_empty)
    }

    /// Whether it is a library with tokens; a remote module is a command line.
    fn is_library(&self) -> bool {
        let last = self.paths.last().and_then(|path| path.file_stem()?.to_str());
        !self.keys.contains_key("remote") && last.is_some_and(|stem| !NO_TOKENS.contains(&stem))
    }
}

fn located(path: &Path, libraries: &[PathBuf]) -> Option<PathBuf> {
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    libraries
        .iter()
        .map(|library| library.join(path))
        .find(|path| path.exists())
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
                settings: root.path().join("pkcs11.conf"),
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
        let found = modules(&files.directories).modules;
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
        let listing = modules(&files.directories);
        assert_eq!(listing.modules, [PathBuf::from("/d.so")]);
        assert_eq!(listing.disabled, ["/a.so", "/b.so", "/c.so"].map(PathBuf::from));
    }

    #[test]
    fn the_administrator_says_whether_the_users_files_count() {
        let files = Files::new(&[
            ("package", "a.module", "module: /a.so\n"),
            ("user", "a.module", "module:\n"),
            ("user", "b.module", "module: /b.so\n"),
        ]);
        let found = |settings: &str| {
            fs::write(&files.directories.settings, settings).unwrap();
            modules(&files.directories).modules
        };
        assert_eq!(found("# nothing\n"), [PathBuf::from("/b.so")]);
        assert_eq!(found("user-config: merge\n"), [PathBuf::from("/b.so")]);
        assert_eq!(found("user-config: none\n"), [PathBuf::from("/a.so")]);
        assert_eq!(found("user-config: only\n"), [PathBuf::from("/b.so")]);
    }

    #[test]
    fn directories_that_are_not_there_name_nothing() {
        assert_eq!(modules(&Files::new(&[]).directories), Listing::default());
    }
}
