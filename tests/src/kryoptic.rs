//! kryoptic, a PKCS#11 token in Rust, as `scripts/kryoptic.sh` builds it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::certify::certify;
use crate::programs::require;

/// The user PIN of its token.
pub const PIN: &str = "123456";

/// The security officer's PIN.
const SO_PIN: &str = "87654321";

/// A token with one key and its certificate.
#[derive(Debug)]
pub struct Kryoptic {
    directory: PathBuf,
    module: PathBuf,
}

impl Kryoptic {
    /// Makes the token in `directory` with a key of a type that `pkcs11-tool` names: `EC:prime256v1`, `rsa:2048`.
    ///
    /// # Panics
    /// When the module was not built, or a program is missing or fails.
    pub fn create(directory: &Path, key_type: &str) -> Self {
        require("pkcs11-tool", "opensc");
        let module = Path::new(env!("CARGO_MANIFEST_DIR"))
            .with_file_name("target/kryoptic")
            .join("libkryoptic_pkcs11.so");
        assert!(module.exists(), "kryoptic is missing: run scripts/kryoptic.sh");
        fs::create_dir_all(directory).expect("the directory can be made");
        let token = Self {
            directory: directory.to_owned(),
            module,
        };
        let slots = format!(
            "[[slots]]\nslot = 42\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n",
            directory.join("token.sql").display()
        );
        fs::write(directory.join("kryoptic.conf"), slots).expect("a file can be written");
        token.tool(&["--init-token", "--label", "kryoptic", "--so-pin", SO_PIN]);
        token.tool(&[
            "--init-pin",
            "--login",
            "--login-type",
            "so",
            "--so-pin",
            SO_PIN,
            "--new-pin",
            PIN,
        ]);
        let named = ["--label", "key", "--id", "01"];
        let login = ["--login", "--pin", PIN];
        token.tool(&[&login[..], &named, &["--keypairgen", "--key-type", key_type]].concat());
        let public = ["--read-object", "--type", "pubkey", "--id", "01", "-o", "pub.der"];
        token.tool(&[&login[..], &public].concat());
        certify(directory);
        token.tool(&[&login[..], &named, &["--write-object", "cert.der", "--type", "cert"]].concat());
        token
    }

    /// The PKCS#11 module.
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// The environment variable that it needs.
    pub fn environment(&self) -> (&'static str, String) {
        let configuration = self.directory.join("kryoptic.conf");
        ("KRYOPTIC_CONF", configuration.display().to_string())
    }

    /// The certificate of its key, in DER.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("cert.der")
    }

    /// The CA that issued it, in PEM.
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    fn tool(&self, arguments: &[&str]) {
        let output = Command::new("pkcs11-tool")
            .arg("--module")
            .arg(&self.module)
            .args(arguments)
            .envs([self.environment()])
            .current_dir(&self.directory)
            .output()
            .expect("pkcs11-tool starts");
        assert!(
            output.status.success(),
            "pkcs11-tool {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
