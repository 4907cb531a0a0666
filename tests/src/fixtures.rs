//! The fixtures of one test: tokens, certificates, configuration, and what the GOST test token saw.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use softhsm_fixtures::{Fixtures, KeyType, TempFixtures};

use crate::openssl;
use crate::sandbox::{Employee, RunningSandbox, SandboxConfig};

/// A set of tokens of its own, copied from one template for speed.
pub struct Tokens {
    fixtures: Fixtures,
}

/// A fixture certificate with what a test needs to use it.
#[derive(Clone, Debug)]
pub struct FixtureCertificate {
    /// Its name in the fixtures.
    pub name: String,
    /// SHA-256, in hex.
    pub fingerprint: String,
    /// The user PIN of its token.
    pub pin: String,
    /// The Kazakh business number, when it has one.
    pub bin: Option<String>,
    /// The Kazakh personal number, when it has one.
    pub iin: Option<String>,
}

impl Tokens {
    /// Copies the template, made once in a test run, into `directory`.
    ///
    /// # Panics
    /// When the fixtures cannot be made; says which program is missing.
    pub fn copy_into(directory: &Path) -> Self {
        static TEMPLATE: OnceLock<TempFixtures> = OnceLock::new();
        let template =
            TEMPLATE.get_or_init(|| TempFixtures::new().unwrap_or_else(|error| panic!("no fixtures: {error}")));
        let fixtures = Fixtures::copy_from_template(template.directory(), &directory.join("f"))
            .unwrap_or_else(|error| panic!("the fixtures cannot be copied: {error}"));
        Self { fixtures }
    }

    /// The agent's configuration file.
    pub fn configuration(&self) -> PathBuf {
        self.fixtures.configuration().to_owned()
    }

    /// Adds lines to the configuration.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn configure(&self, lines: &str) {
        let mut file = std::fs::File::options()
            .append(true)
            .open(self.fixtures.configuration())
            .expect("it can be opened");
        file.write_all(lines.as_bytes()).expect("it can be written");
    }

    /// Adds lines to the configuration's table `agent`.
    ///
    /// # Panics
    /// When the file cannot be read or written.
    pub fn configure_agent(&self, lines: &str) {
        const TABLE: &str = "[agent]\n";
        let file = self.fixtures.configuration();
        let text = std::fs::read_to_string(file).expect("it can be read");
        assert!(text.contains(TABLE), "the table is there");
        std::fs::write(file, text.replacen(TABLE, &format!("{TABLE}{lines}\n"), 1)).expect("it can be written");
    }

    /// A certificate by its name.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn certificate(&self, name: &str) -> FixtureCertificate {
        let certificate = self.fixtures.certificate(name);
        FixtureCertificate {
            name: name.to_owned(),
            fingerprint: certificate.fingerprint.clone(),
            pin: self.fixtures.token_of(name).pin.as_str().to_owned(),
            bin: certificate.identity.bin.clone(),
            iin: certificate.identity.iin.clone(),
        }
    }

    /// Every certificate that can sign now.
    pub fn usable(&self) -> Vec<FixtureCertificate> {
        let usable = self
            .fixtures
            .certificates()
            .iter()
            .filter(|certificate| certificate.usable);
        usable.map(|certificate| self.certificate(&certificate.name)).collect()
    }

    /// Verifies a detached signature by that certificate with OpenSSL, with certtool where OpenSSL 3.0 cannot (Ed25519), and a Kazakh GOST signature
    /// with OpenSSL under the Russian identifiers.
    ///
    /// # Errors
    /// What the verifier says.
    pub fn verify(&self, name: &str, signature: &Path, content: &Path) -> Result<(), String> {
        let certificate = self.fixtures.certificate(name);
        let gost = self.fixtures.gost_openssl_configuration();
        match certificate.key_type {
            KeyType::Ed25519 => openssl::verify_with_certtool(signature, content, &certificate.ca),
            KeyType::KzGost256 | KeyType::KzGost512 => {
                openssl::verify_kazakh(signature, content, &certificate.der, gost)
            }
            KeyType::Gost256 | KeyType::Gost512 => openssl::verify(signature, content, &certificate.ca, Some(gost)),
            _ => openssl::verify(signature, content, &certificate.ca, None),
        }
    }

    /// How many `C_Login` calls the GOST test token has seen.
    ///
    /// # Panics
    /// When its state cannot be read.
    pub fn gost_login_count(&self) -> u64 {
        self.fixtures
            .gost_token_state()
            .expect("the GOST token has a state")
            .login_calls
    }

    /// Switches faults of the GOST test token on and off; see its `Control`.
    ///
    /// # Panics
    /// When a fault is misspelt.
    pub fn gost_control(&self, faults: &serde_json::Value) {
        let control = serde_json::from_value(faults.clone()).expect("a fault that the token knows");
        self.fixtures
            .control_gost_token(&control)
            .expect("the control file can be written");
    }

    /// Kills the workers of an agent that have a module whose path contains `module`; says how many.
    pub fn kill_worker(&self, agent: u32, module: &str) -> usize {
        let workers = workers_of(agent, module);
        for worker in &workers {
            if let Some(pid) = i32::try_from(*worker).ok().and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
        workers.len()
    }

    /// Settings of a sandbox that knows these CAs, the directors' company and people.
    pub fn sandbox_config(&self) -> SandboxConfig {
        let director = self.certificate("kz-director");
        let mut config = SandboxConfig::new(self.fixtures.ca());
        config.gost_ca = Some(self.fixtures.gost_ca().to_owned());
        config.openssl_conf = Some(self.fixtures.gost_openssl_configuration().to_owned());
        config.company.bin = director.bin.expect("the director's certificate names a company");
        let organisation = &self.fixtures.certificate("gost-director").identity;
        config.organisation.inn = organisation
            .innle
            .clone()
            .expect("the director's certificate names an organisation");
        config.people.employees = vec![Employee::with_iin(
            director.iin.expect("the director's certificate names a person"),
        )];
        config
    }

    /// The fixtures themselves.
    pub fn fixtures(&self) -> &Fixtures {
        &self.fixtures
    }
}

/// The profiles `[idocs.test]` and `[mig24.test]` of a sandbox, their tokens in files of `directory`; `settling` goes on in `retry`.
///
/// # Panics
/// When a file cannot be written.
pub fn service_profiles(directory: &Path, sandbox: &RunningSandbox, settling: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let mut lines = String::new();
    for (service, token) in [("idocs", sandbox.idocs_token()), ("mig24", sandbox.mig24_token())] {
        let file = directory.join(format!("{service}.token"));
        std::fs::write(&file, token.expose()).expect("the token's file can be written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))
            .expect("the token's file can be written");
        lines.push_str(&format!(
            "\n[{service}.test]\nbase_url = \"{}\"\ntoken = {{ file = \"{}\" }}\ntimeout_seconds = 5\n\
             retry = {{ first_delay_seconds = 0.05, longest_delay_seconds = 1{settling} }}\n",
            sandbox.base_url(),
            file.display()
        ));
    }
    lines
}

/// The process ids of an agent's workers with that module.
pub fn workers_of(agent: u32, module: &str) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let parent = status
            .lines()
            .find_map(|line| line.strip_prefix("PPid:")?.trim().parse::<u32>().ok());
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        parent == Some(agent) && String::from_utf8_lossy(&command).contains(module)
    })
    .collect()
}
