//! A server's certificate of a throw-away authority, made with OpenSSL.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::require;

/// Authority, certificate and key, as PEM files in a directory.
#[derive(Debug)]
pub struct TlsIdentity {
    directory: PathBuf,
}

impl TlsIdentity {
    /// Makes an authority and a certificate of it for that DNS name or address.
    ///
    /// # Panics
    /// When OpenSSL is missing or fails.
    pub fn create(directory: &Path, host: &str) -> Self {
        require("openssl", "openssl");
        std::fs::create_dir_all(directory).expect("a directory can be made");
        let identity = Self {
            directory: directory.to_owned(),
        };
        let new_key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"];
        // Each directory's authority has a name of its own.
        let authority = format!(
            "/CN=Authority in {}",
            directory.file_name().unwrap_or_default().display()
        );
        identity.openssl(
            &[
                &new_key[..],
                &["-subj", &authority, "-keyout", "ca.key", "-out", "ca.pem"],
            ]
            .concat(),
        );
        let kind = if host.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
        let name = format!("subjectAltName={kind}:{host}");
        let signed = [
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ];
        let about = [
            "-subj",
            "/CN=Test server",
            "-addext",
            &name,
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "extendedKeyUsage=serverAuth",
        ];
        identity.openssl(&[&new_key[..], &signed, &about].concat());
        identity
    }

    /// The authority's certificate.
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("certificate.pem")
    }

    /// The server's private key.
    pub fn key(&self) -> PathBuf {
        self.directory.join("key.pem")
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl")
            .current_dir(&self.directory)
            .args(arguments)
            .output()
            .expect("openssl runs");
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
