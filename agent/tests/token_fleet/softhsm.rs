//! A throw-away SoftHSM token, made with the tools that people use: softhsm2-util, pkcs11-tool, openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokensign::certificate::Certificate;
use tokensign::token::ModuleSpec;

pub const PIN: &str = "a-fixture-pin-71395";
const SO_PIN: &str = "12345678";

/// A directory with its own SoftHSM configuration and its own copy of the module, so that each test has a worker of its own.
pub struct SoftHsm {
    directory: TempDir,
}

impl SoftHsm {
    /// With one empty token.
    pub fn new(label: &str) -> Self {
        let softhsm = Self::without_token();
        softhsm.add_token(label);
        softhsm
    }

    pub fn without_token() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let tokens = directory.path().join("tokens");
        fs::create_dir(&tokens).unwrap();
        let conf = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(directory.path().join("softhsm2.conf"), conf).unwrap();
        let softhsm = Self { directory };
        fs::copy(installed_module(), softhsm.module()).unwrap();
        softhsm
    }

    pub fn add_token(&self, label: &str) {
        self.run(
            "softhsm2-util",
            &[
                "--init-token",
                "--free",
                "--label",
                label,
                "--pin",
                PIN,
                "--so-pin",
                SO_PIN,
            ],
        );
    }

    pub fn module(&self) -> PathBuf {
        self.directory.path().join("libsofthsm2.so")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn spec(&self) -> ModuleSpec {
        let conf = self.path("softhsm2.conf").to_str().unwrap().to_owned();
        ModuleSpec {
            path: self.module(),
            profile: None,
            env: [("SOFTHSM2_CONF".to_owned(), conf)].into(),
        }
    }

    /// A key with its certificate under one CKA_ID.
    pub fn add_key(&self, token: &str, name: &str, id: &str, algorithm: &[&str]) -> Certificate {
        self.import_key(token, name, id, algorithm);
        self.import_certificate(token, name, id, name)
    }

    /// Makes `name.key` and `name.pem`, and imports the key.
    pub fn import_key(&self, token: &str, name: &str, id: &str, algorithm: &[&str]) {
        self.make_key(name, algorithm);
        let key = self.text(&format!("{name}.key"));
        self.run(
            "softhsm2-util",
            &[
                "--import", &key, "--token", token, "--label", name, "--id", id, "--pin", PIN,
            ],
        );
    }

    /// Makes `name.key` and a certificate for it, `name.pem`, on disk only.
    pub fn make_key(&self, name: &str, algorithm: &[&str]) {
        let key = self.text(&format!("{name}.key"));
        self.run(
            "openssl",
            &[&["genpkey", "-out", &key, "-algorithm"], algorithm].concat(),
        );
        let subject = format!("/CN={name}");
        let certificate = self.text(&format!("{name}.pem"));
        self.run(
            "openssl",
            &[
                "req",
                "-x509",
                "-key",
                &key,
                "-subj",
                &subject,
                "-days",
                "30",
                "-out",
                &certificate,
            ],
        );
    }

    /// Imports `name.pem` under an id and a label.
    pub fn import_certificate(&self, token: &str, name: &str, id: &str, label: &str) -> Certificate {
        let pem = self.path(&format!("{name}.pem"));
        let der = self.text(&format!("{name}.der"));
        self.run(
            "openssl",
            &["x509", "-in", pem.to_str().unwrap(), "-outform", "DER", "-out", &der],
        );
        let module = self.module();
        let module = module.to_str().unwrap();
        let arguments = [
            "--token-label",
            token,
            "--login",
            "--pin",
            PIN,
            "--write-object",
            &der,
            "--type",
            "cert",
        ];
        self.run(
            "pkcs11-tool",
            &[&["--module", module], &arguments[..], &["--id", id, "--label", label]].concat(),
        );
        Certificate::from_der(&fs::read(der).unwrap()).unwrap()
    }

    /// Runs a program that sees this SoftHSM, and gives what it prints.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; apt-get install softhsm2 opensc openssl"));
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

pub const P256: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub const P384: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
pub const RSA: &[&str] = &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
pub const SLOW_RSA: &[&str] = &["RSA", "-pkeyopt", "rsa_keygen_bits:4096"];
pub const ED25519: &[&str] = &["ED25519"];

fn installed_module() -> &'static Path {
    let places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"];
    let found = places.into_iter().map(Path::new).find(|path| path.exists());
    found.expect("libsofthsm2.so is not installed: apt-get install softhsm2")
}
