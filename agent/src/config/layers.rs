use std::env;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Config, LockedConfig, check};
use crate::messages::{Code, Fault};
use crate::platform;

/// The name of the configuration file in the system's and the user's directory.
const FILE: &str = "tokensign.toml";
/// The directory of token profiles beside it.
const PROFILES: &str = "profiles.d";
/// The largest configuration file, in bytes.
const LARGEST_FILE: u64 = 1 << 20;
/// Lists whose entries of all layers count, with the key by which a higher layer replaces one of a lower.
const MERGED_LISTS: [(&str, &str); 3] = [
    ("applications", "token_sha256"),
    ("modules", "path"),
    ("certificates", "fingerprint"),
];

/// Where the configuration comes from, besides what is built in.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The directory of the system's files: `tokensign.toml`, then `conf.d/*.toml` in the order of their names.
    pub system: Option<PathBuf>,
    /// The directory of the user's `tokensign.toml`.
    pub user: Option<PathBuf>,
    /// One file instead of both (`--config`, `TOKENSIGN_CONFIG`). What the system locks stays locked.
    pub explicit: Option<PathBuf>,
    /// What the command line sets, as a table shaped like the files.
    pub flags: Table,
}

impl Layers {
    /// The layers of this process: `explicit` from the command line, else `TOKENSIGN_CONFIG`, else the system's and the user's.
    pub fn of_environment(explicit: Option<PathBuf>) -> Self {
        let named = || {
            env::var_os("TOKENSIGN_CONFIG")
                .filter(|name| !name.is_empty())
                .map(PathBuf::from)
        };
        Self {
            system: Some(platform::system_config_directory()),
            user: platform::user_config_directory(),
            explicit: explicit.or_else(named),
            flags: Table::new(),
        }
    }
}

impl Config {
    /// Reads and merges the layers: built-in < system < user < flags. Tables are merged key by key; entries of `applications`,
    /// `modules` and `certificates` add up; everything else is replaced by the higher layer.
    ///
    /// # Errors
    /// `config_invalid` with the file, the line and what is wrong there, or with the key that the system locks.
    pub fn load(layers: &Layers) -> Result<Self, Fault> {
        let system = match &layers.system {
            Some(directory) => system_files(directory)?,
            None => Vec::new(),
        };
        let system: Vec<Layer> = system
            .into_iter()
            .map(Layer::read_of_system)
            .collect::<Result<_, _>>()?;
        let own = match (&layers.explicit, &layers.user) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(directory)) => existing(directory.join(FILE))?,
            (None, None) => None,
        };
        let own = own.map(Layer::read).transpose()?;

        let mut locks = Vec::new();
        let mut merged = Table::new();
        for layer in &system {
            for key in &layer.locked {
                locks.push(Lock {
                    key: key.clone(),
                    file: layer.path.clone(),
                });
            }
            merge(&mut merged, &layer.table);
        }
        if layers.explicit.is_some() {
            // The file stands for all layers, but nobody steps past a lock by naming one.
            merged = only_locked(&merged, &locks);
        }
        if let Some(layer) = &own {
            if !layer.locked.is_empty() {
                let reason = format!(
                    "only files in {} can lock keys",
                    platform::system_config_directory().display()
                );
                return Err(invalid(&layer.path, reason));
            }
            if layers.explicit.is_none() && layer.table.contains_key("applications") {
                let reason = format!(
                    "only files in {} pair applications; remove [[applications]]",
                    platform::system_config_directory().display()
                );
                return Err(invalid(&layer.path, reason));
            }
            check_locks(&layer.table, &locks, &merged, &layer.path.display().to_string())?;
            merge(&mut merged, &layer.table);
        }
        check_locks(&layers.flags, &locks, &merged, "the command line")?;
        merge(&mut merged, &layers.flags);

        let files: Vec<_> = system
            .iter()
            .chain(&own)
            .map(|layer| layer.path.display().to_string())
            .collect();
        let source = if files.is_empty() {
            "the command line".to_owned()
        } else {
            files.join(", ")
        };
        let mut config = Self::deserialize_table(merged).map_err(|reason| invalid(Path::new(&source), reason))?;
        check::check(&config).map_err(|reason| invalid(Path::new(&source), reason))?;
        config.locked.keys = locks.into_iter().map(|lock| lock.key).collect();
        config.profile_directories = profile_directories(layers, &config.locked);
        Ok(config)
    }

    fn deserialize_table(table: Table) -> Result<Self, String> {
        table
            .try_into()
            .map_err(|error: toml::de::Error| error.message().to_owned())
    }
}

/// The directories `profiles.d` beside the files of the layers. The lock `profiles` keeps the user's out.
fn profile_directories(layers: &Layers, locked: &LockedConfig) -> Vec<PathBuf> {
    let beside = |directory: &Path| directory.join(PROFILES);
    let own = match (&layers.explicit, &layers.user) {
        (Some(file), _) => file.parent().map(beside),
        (None, user) => user.as_deref().map(beside),
    };
    let own = own.filter(|_| !locked.covers("profiles"));
    layers.system.as_deref().map(beside).into_iter().chain(own).collect()
}

/// One file, read.
#[derive(Debug)]
struct Layer {
    path: PathBuf,
    table: Table,
    locked: Vec<String>,
}

/// A key that the system locks.
#[derive(Debug)]
struct Lock {
    key: String,
    file: PathBuf,
}

impl Layer {
    /// A file of the administrator's, which nobody else may have written.
    fn read_of_system(path: PathBuf) -> Result<Self, Fault> {
        platform::check_configuration_file(&path).map_err(|error| {
            let reason =
                format!("{error}; take the right to write from others (chmod go-w) and give it to root (chown root)");
            invalid(&path, reason)
        })?;
        Self::read(path)
    }

    fn read(path: PathBuf) -> Result<Self, Fault> {
        let text = read_text(&path).map_err(|error| invalid(&path, error))?;
        let mut table: Table = text.parse().map_err(|error| marked(&path, &text, &error))?;
        check_alone(&path, &text)?;
        let locked = match table.remove("locked") {
            Some(locked) => locked
                .try_into::<LockedConfig>()
                .map_err(|error| invalid(&path, error.message()))?,
            None => LockedConfig::default(),
        };
        Ok(Self {
            path,
            table,
            locked: locked.keys,
        })
    }
}

/// Names, types and unknown keys are checked file by file, while the place of a mistake is known. What is missing may stand in
/// another layer and is checked after merging.
fn check_alone(path: &Path, text: &str) -> Result<(), Fault> {
    match toml::from_str::<Config>(text) {
        Err(error) if !error.message().starts_with("missing field") => return Err(marked(path, text, &error)),
        _ => {}
    }
    check::unknown_profile_keys(text).map_err(|mistake| at(path, text, &mistake.span, &mistake.reason))
}

fn read_text(path: &Path) -> io::Result<String> {
    let length = fs::metadata(path)?.len();
    if length > LARGEST_FILE {
        return Err(io::Error::other(format!(
            "the file has {length} bytes, more than any configuration"
        )));
    }
    fs::read_to_string(path)
}

fn system_files(directory: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut files: Vec<_> = existing(directory.join(FILE))?.into_iter().collect();
    let parts = directory.join("conf.d");
    match fs::read_dir(&parts) {
        Ok(entries) => {
            let mut more = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()
                .map_err(|error| invalid(&parts, error))?;
            more.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
            more.sort();
            files.extend(more);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(invalid(&parts, error)),
    }
    Ok(files)
}

fn existing(path: PathBuf) -> Result<Option<PathBuf>, Fault> {
    match path.try_exists() {
        Ok(exists) => Ok(exists.then_some(path)),
        Err(error) => Err(invalid(&path, error)),
    }
}

fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (Some(Value::Array(base)), Value::Array(over)) => match MERGED_LISTS.iter().find(|(list, _)| list == key) {
                Some((_, identity)) => merge_list(base, over, identity),
                None => base.clone_from(over),
            },
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn merge_list(base: &mut Vec<Value>, over: &[Value], identity: &str) {
    for entry in over {
        let same = |other: &&mut Value| entry.get(identity).is_some() && other.get(identity) == entry.get(identity);
        match base.iter_mut().find(same) {
            Some(other) => *other = entry.clone(),
            None => base.push(entry.clone()),
        }
    }
}

/// A layer may repeat what a locked key says, not change it.
fn check_locks(layer: &Table, locks: &[Lock], below: &Table, source: &str) -> Result<(), Fault> {
    for Lock { key, file } in locks {
        let Some(here) = look_up(layer, key) else { continue };
        let mut with_layer = below.clone();
        merge(&mut with_layer, layer);
        if look_up(&with_layer, key) != look_up(below, key) || look_up(below, key).is_none() {
            let reason = format!("{key} may not be changed here, {} locks it; remove it", file.display());
            return Err(invalid(Path::new(source), reason).detail(format!("{source} sets {key} = {here}")));
        }
    }
    Ok(())
}

fn only_locked(table: &Table, locks: &[Lock]) -> Table {
    let mut kept = Table::new();
    for Lock { key, .. } in locks {
        if let Some(value) = look_up(table, key) {
            let nested = key.rsplit('.').fold(value.clone(), |inner, name| {
                let mut outer = Table::new();
                outer.insert(name.to_owned(), inner);
                Value::Table(outer)
            });
            if let Value::Table(nested) = nested {
                merge(&mut kept, &nested);
            }
        }
    }
    kept
}

fn look_up<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let (first, rest) = match key.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (key, None),
    };
    let value = table.get(first)?;
    match rest {
        Some(rest) => look_up(value.as_table()?, rest),
        None => Some(value),
    }
}

fn invalid(path: &Path, reason: impl std::fmt::Display) -> Fault {
    Fault::new(Code::ConfigInvalid)
        .arg("path", path.display())
        .arg("reason", reason)
}

/// A mistake that the TOML reader found.
fn marked(path: &Path, text: &str, error: &toml::de::Error) -> Fault {
    let reason = error.message().replace('\n', ", ");
    match error.span() {
        Some(span) => at(path, text, &span, &reason),
        None => invalid(path, reason),
    }
}

/// A mistake at a known place: the line for people, the place with a caret in `detail`.
fn at(path: &Path, text: &str, span: &Range<usize>, reason: &str) -> Fault {
    let before = text.get(..span.start).unwrap_or(text);
    let number = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text
        .get(line_start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let column = before.get(line_start..).map_or(0, |head| head.chars().count());
    let marked = text.get(span.start..span.end.min(line_start + line.len()));
    let width = marked.map_or(1, |marked| marked.chars().count().max(1));
    let gutter = " ".repeat(number.to_string().len());
    let detail = format!(
        "{gutter} |\n{number} | {line}\n{gutter} | {}{} {reason}",
        " ".repeat(column),
        "^".repeat(width)
    );
    invalid(path, format!("line {number}: {reason}")).detail(detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Files(tempfile::TempDir);

    impl Files {
        fn new(files: &[(&str, &str)]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = dir.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(dir)
        }

        fn layers(&self) -> Layers {
            let path = |name: &str| Some(self.0.path().join(name));
            Layers {
                system: path("system"),
                user: path("user"),
                explicit: None,
                flags: Table::new(),
            }
        }

        fn load(&self) -> Result<Config, Fault> {
            Config::load(&self.layers())
        }
    }

    fn reason(result: Result<Config, Fault>) -> String {
        let fault = result.unwrap_err();
        assert_eq!(fault.code(), Code::ConfigInvalid);
        format!("{}: {}", fault.args()["path"], fault.args()["reason"])
    }

    #[test]
    fn no_file_at_all_gives_what_is_built_in() {
        let config = Files::new(&[]).load().unwrap();
        assert!(config.endpoint.tcp && config.discovery.enabled && config.modules.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_anybody_may_write_is_no_word_of_the_administrator() {
        use std::os::unix::fs::PermissionsExt as _;
        let files = Files::new(&[("system/conf.d/10.toml", "[agent]\nlanguage = 'kk'")]);
        let (directory, file) = (files.0.path().join("system/conf.d"), "system/conf.d/10.toml");
        let file = files.0.path().join(file);
        let chmod = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        chmod(&file, 0o666);
        let said = reason(files.load());
        assert!(
            said.contains("10.toml") && said.contains("0666") && said.contains("chmod"),
            "{said}"
        );
        chmod(&file, 0o644);
        chmod(&directory, 0o777);
        let said = reason(files.load());
        assert!(said.contains("conf.d") && said.contains("0777"), "{said}");
        chmod(&directory, 0o755);
        assert_eq!(files.load().unwrap().agent.language.as_deref(), Some("kk"));
    }

    #[test]
    fn higher_layers_win_and_lists_add_up() {
        let files = Files::new(&[
            (
                "system/tokensign.toml",
                "[agent]\nopen_page = false\nlanguage = 'ru'\n[[modules]]\npath = '/a.so'",
            ),
            ("system/conf.d/20.toml", "[agent]\nlanguage = 'en'"),
            ("system/conf.d/10.toml", "[agent]\nlanguage = 'kk'"),
            ("system/conf.d/ignored.txt", "not TOML"),
            (
                "user/tokensign.toml",
                "[[modules]]\npath = '/b.so'\n[[modules]]\npath = '/a.so'\nprofile = 'own'",
            ),
        ]);
        let mut layers = files.layers();
        layers.flags = "[endpoint]\ntcp = false".parse().unwrap();
        let config = Config::load(&layers).unwrap();
        assert!(!config.agent.open_page && !config.endpoint.tcp);
        assert_eq!(config.agent.language.as_deref(), Some("en"));
        let modules: Vec<_> = config
            .modules
            .iter()
            .map(|module| (module.path.to_str(), module.profile.as_deref()))
            .collect();
        assert_eq!(modules, [(Some("/a.so"), Some("own")), (Some("/b.so"), None)]);
    }

    #[test]
    fn the_administrator_pairs_programs_from_a_file_of_its_own() {
        let hash = "ab".repeat(32);
        let application = format!(
            "[[applications]]\nname = 'ERP'\nexecutable = '/usr/bin/erp'\ntoken_sha256 = '{hash}'\npermissions = ['sign']\n"
        );
        let config = Files::new(&[("system/conf.d/erp.toml", &application)]).load().unwrap();
        let [paired] = config.applications.as_slice() else {
            panic!("{:?}", config.applications)
        };
        assert_eq!((paired.name.as_str(), &paired.token_sha256), ("ERP", &hash));
        assert_eq!(paired.executable.as_deref(), Some(Path::new("/usr/bin/erp")));

        let page = |origin: &str, name: &str| {
            let lines = format!(
                "[[applications]]\nname = '{name}'\norigin = '{origin}'\ntoken_sha256 = '{hash}'\npermissions = ['sign']\n"
            );
            Files::new(&[("system/conf.d/page.toml", &lines)]).load()
        };
        for right in [
            "https://app.example",
            "http://127.0.0.1:8080",
            "https://[::1]:8443",
            "moz-extension://0c5f",
        ] {
            assert!(page(right, "Page").is_ok(), "{right}");
        }
        // What browsers never send, and what they send instead.
        for (wrong, instead) in [
            ("https://app.example/", "https://app.example"),
            ("HTTPS://App.example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("https://app.example/path", "https://app.example"),
            ("null", "https://app.example"),
            ("*", "https://app.example"),
        ] {
            let said = reason(page(wrong, "Page"));
            assert!(
                said.contains("applications.origin") && said.contains(instead),
                "{wrong}: {said}"
            );
        }
        assert!(reason(page("https://app.example", &"a".repeat(81))).contains("81"));
    }

    #[test]
    fn a_profile_may_be_spread_over_layers() {
        let files = Files::new(&[
            (
                "system/tokensign.toml",
                "[idocs.main]\nbase_url = 'https://idocs.example'\ntoken = { env = 'T' }",
            ),
            ("user/tokensign.toml", "[idocs.main]\ncertificate = 'iin=900101300018'"),
        ]);
        let config = files.load().unwrap();
        assert_eq!(
            config.idocs["main"].service.certificate.as_deref(),
            Some("iin=900101300018")
        );
        let alone = Files::new(&[("user/tokensign.toml", "[idocs.main]\ncertificate = 'x'")]);
        assert!(reason(alone.load()).contains("missing field `base_url`"));
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        let files = Files::new(&[("user/tokensign.toml", "[agent]\nopen_page = true\nopen_pgae = false\n")]);
        let fault = files.load().unwrap_err();
        assert!(fault.args()["path"].ends_with("user/tokensign.toml"));
        assert!(
            fault.args()["reason"].starts_with("line 3: unknown field `open_pgae`"),
            "{fault}"
        );
        assert!(
            fault
                .detail_text()
                .unwrap()
                .contains("3 | open_pgae = false\n  | ^^^^^^^^^ "),
            "{fault}"
        );

        let files = Files::new(&[("user/tokensign.toml", "[agent\n")]);
        assert!(reason(files.load()).contains("line 1: "));
        let files = Files::new(&[("user/tokensign.toml", "[endpoint]\nmax_json_bytes = 'many'")]);
        assert!(reason(files.load()).contains("line 2: invalid type"));
        let files = Files::new(&[(
            "user/tokensign.toml",
            "[mig24.main]\nbase_url = 'https://m.example'\ntoken.env = 'T'\nhash_knd = 'auto'",
        )]);
        let fault = files.load().unwrap_err();
        assert!(
            fault.args()["reason"].starts_with("line 4: unknown key `hash_knd`"),
            "{fault}"
        );
        assert!(
            fault
                .detail_text()
                .unwrap()
                .contains("4 | hash_knd = 'auto'\n  | ^^^^^^^^ "),
            "{fault}"
        );
    }

    #[test]
    fn a_locked_key_cannot_be_changed_by_the_user() {
        let system = (
            "system/conf.d/lock.toml",
            "[locked]\nkeys = ['agent.open_page', 'modules']\n[agent]\nopen_page = false",
        );
        let same = Files::new(&[
            system,
            ("user/tokensign.toml", "[agent]\nopen_page = false\nlanguage = 'ru'"),
        ]);
        assert!(same.load().is_ok());
        let changed = Files::new(&[system, ("user/tokensign.toml", "[agent]\nopen_page = true")]);
        let text = reason(changed.load());
        assert!(
            text.contains("user/tokensign.toml: agent.open_page") && text.contains("lock.toml"),
            "{text}"
        );
        let module = Files::new(&[system, ("user/tokensign.toml", "[[modules]]\npath = '/x.so'")]);
        assert!(reason(module.load()).contains("modules may not be changed"));

        let mut flags = Files::new(&[system]).layers();
        let files = Files::new(&[system]);
        flags.system = files.layers().system;
        flags.flags = "[agent]\nopen_page = true".parse().unwrap();
        assert!(reason(Config::load(&flags)).starts_with("the command line: agent.open_page"));
    }

    #[test]
    fn a_named_file_replaces_the_layers_but_not_the_locks() {
        let files = Files::new(&[
            (
                "system/tokensign.toml",
                "[locked]\nkeys = ['agent.open_page']\n[agent]\nopen_page = false\nlanguage = 'ru'",
            ),
            ("user/tokensign.toml", "[agent]\nlanguage = 'kk'"),
            ("named.toml", "[endpoint]\ntcp = false"),
            ("stepping-past.toml", "[agent]\nopen_page = true"),
        ]);
        let mut layers = files.layers();
        layers.explicit = Some(files.0.path().join("named.toml"));
        let config = Config::load(&layers).unwrap();
        assert!(!config.agent.open_page && !config.endpoint.tcp && config.agent.language.is_none());
        layers.explicit = Some(files.0.path().join("stepping-past.toml"));
        assert!(reason(Config::load(&layers)).contains("agent.open_page may not be changed"));
        layers.explicit = Some(files.0.path().join("missing.toml"));
        assert!(reason(Config::load(&layers)).contains("missing.toml"));
    }

    #[test]
    fn token_profiles_lie_beside_the_files_and_the_system_can_keep_the_users_out() {
        let lock = "[locked]\nkeys = ['profiles']";
        for (system, both) in [("", true), (lock, false)] {
            let files = Files::new(&[("system/tokensign.toml", system)]);
            let root = files.0.path();
            let mut layers = files.layers();
            let mut expected = vec![root.join("system/profiles.d")];
            expected.extend(both.then(|| root.join("user/profiles.d")));
            assert_eq!(Config::load(&layers).unwrap().profile_directories, expected);

            let own = Files::new(&[("own/mine.toml", "")]);
            layers.explicit = Some(own.0.path().join("own/mine.toml"));
            let config = Config::load(&layers).unwrap();
            let named = config
                .profile_directories
                .contains(&own.0.path().join("own/profiles.d"));
            assert_eq!(named, both);
            assert_eq!(config.locked.covers("profiles.rutoken-ecp"), !both);
        }
    }

    #[test]
    fn the_user_cannot_lock() {
        let files = Files::new(&[("user/tokensign.toml", "[locked]\nkeys = ['agent']")]);
        assert!(reason(files.load()).contains("can lock"));
    }

    #[test]
    fn values_are_checked() {
        for (text, expected) in [
            ("[agent]\nlanguage = 'de'", "agent.language"),
            ("[agent]\nstate_dir = 'state'", "agent.state_dir"),
            (
                "[agent]\nquestion_timeout_seconds = 0",
                "agent.question_timeout_seconds",
            ),
            ("[endpoint]\nlisten = '192.0.2.1:9482'", "endpoint.listen"),
            ("[[modules]]\npath = 'a.so'", "modules.path"),
            ("[[certificates]]\nfingerprint = 'zz'", "certificates.fingerprint"),
            (
                "[idocs.main]\nbase_url = 'http://idocs.example'\ntoken.env = 'T'",
                "idocs.main.base_url",
            ),
            (
                "[idocs.'a b']\nbase_url = 'https://idocs.example'\ntoken.env = 'T'",
                "a b",
            ),
            (
                "[mig24.main]\nbase_url = 'mig24.example'\ntoken.env = 'T'",
                "mig24.main.base_url",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken.keyring = '-x'",
                "mig24.main.token.keyring",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken.env = 'T'\nconnect_timeout_seconds = 0",
                "mig24.main.connect_timeout_seconds",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken.env = 'T'\nproxy = 'socks5://127.0.0.1:1'",
                "mig24.main.proxy",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken.env = 'T'\nretry = { first_delay_seconds = -1 }",
                "mig24.main.retry.first_delay_seconds",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken.env = 'T'\nretry = { failures = 0 }",
                "mig24.main.retry.failures",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken.env = 'T'\nkeep_documents_days = 4000",
                "mig24.main.keep_documents_days",
            ),
            (
                "[mig24.main]\nbase_url = 'https://m.example'\ntoken = { file = 'secret' }",
                "mig24.main.token.file",
            ),
        ] {
            let files = Files::new(&[("user/tokensign.toml", text)]);
            assert!(reason(files.load()).contains(expected), "{text}");
        }
    }

    #[test]
    fn the_fixtures_configuration_is_read() {
        let text = format!(
            "[agent]\nstate_dir = '/f/state'\nruntime_dir = '/f/run'\n[discovery]\nenabled = false\n\
             [[modules]]\npath = '/usr/lib/softhsm/libsofthsm2.so'\nprofile = 'softhsm'\n\
             env = {{ SOFTHSM2_CONF = '/f/softhsm2.conf' }}\n\
             [[certificates]]\nfingerprint = '{}'\nunattended = true\n\
             [idocs.demo]\nbase_url = 'http://127.0.0.1:9000'\ntoken = {{ env = 'IDOCS_TOKEN' }}\n",
            "ab".repeat(32)
        );
        let config = Files::new(&[("user/tokensign.toml", &text)]).load().unwrap();
        assert!(config.certificates[0].unattended && !config.discovery.enabled);
        assert_eq!(config.modules[0].env["SOFTHSM2_CONF"], "/f/softhsm2.conf");
    }
}
