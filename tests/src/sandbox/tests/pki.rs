//! A throw-away PKI made with the `openssl` command.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const GOST_CONFIGURATION: &str = "\
openssl_conf = init
[init]
engines = engines
[engines]
gost = gost
[gost]
engine_id = gost
default_algorithms = ALL
";

// Apart from the engine's configuration: loading that twice in one process fails.
const REQUEST_CONFIGURATION: &str = "\
oid_section = oids
[oids]
INNLE = 1.2.643.100.4
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
";

/// A CA and the signers under it.
pub(super) struct Pki {
    dir: TempDir,
    family: Family,
}

/// Which keys a PKI is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// RSA with 2048 bits: slow to make.
    Rsa,
    /// ECDSA on P-256: quick to make.
    P256,
    /// GOST R 34.10-2012 with 256 bits, CryptoPro-A.
    Gost256,
}

/// A key with a certificate.
pub(super) struct Signer {
    key: PathBuf,
    certificate: PathBuf,
}

impl Pki {
    pub(super) fn new(family: Family) -> Self {
        let pki = Self {
            dir: tempfile::tempdir().unwrap(),
            family,
        };
        std::fs::write(pki.path("gost.cnf"), GOST_CONFIGURATION).unwrap();
        std::fs::write(pki.path("req.cnf"), REQUEST_CONFIGURATION).unwrap();
        pki.generate_key(&pki.path("ca.key"));
        pki.openssl(
            &[
                "req",
                "-new",
                "-x509",
                "-days",
                "30",
                "-subj",
                "/CN=Sandbox Test CA",
                "-extensions",
                "ca",
            ],
            |it| {
                it.arg("-key")
                    .arg(pki.path("ca.key"))
                    .arg("-config")
                    .arg(pki.path("req.cnf"))
                    .arg(pki.digest());
                it.arg("-out").arg(pki.ca());
            },
        );
        pki
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Issues a certificate; `subject` is written as `openssl req -subj` takes it.
    pub(super) fn signer(&self, name: &str, subject: &str) -> Signer {
        let signer = Signer {
            key: self.path(&format!("{name}.key")),
            certificate: self.path(&format!("{name}.pem")),
        };
        let request = self.path(&format!("{name}.csr"));
        self.generate_key(&signer.key);
        self.openssl(&["req", "-new", "-subj", subject], |it| {
            it.arg("-key")
                .arg(&signer.key)
                .arg("-config")
                .arg(self.path("req.cnf"))
                .arg(self.digest());
            it.arg("-out").arg(&request);
        });
        self.openssl(
            &["x509", "-req", "-days", "30", "-CAcreateserial", "-extensions", "leaf"],
            |it| {
                it.arg("-in")
                    .arg(&request)
                    .arg("-CA")
                    .arg(self.ca())
                    .arg("-CAkey")
                    .arg(self.path("ca.key"));
                it.arg("-extfile")
                    .arg(self.path("req.cnf"))
                    .arg(self.digest())
                    .arg("-out")
                    .arg(&signer.certificate);
            },
        );
        signer
    }

    /// A detached CAdES-BES over `content`.
    pub(super) fn sign(&self, signer: &Signer, content: &[u8]) -> Vec<u8> {
        self.cms(signer, content, &["-cades"])
    }

    /// The same with the content inside.
    pub(super) fn sign_attached(&self, signer: &Signer, content: &[u8]) -> Vec<u8> {
        self.cms(signer, content, &["-cades", "-nodetach"])
    }

    /// What a token returns for these bytes: the digest is made here, the value is raw.
    pub(super) fn sign_raw(&self, signer: &Signer, bytes: &[u8]) -> Vec<u8> {
        let (input, output) = (self.path("raw.in"), self.path("raw.out"));
        std::fs::write(&input, bytes).unwrap();
        self.openssl(&["dgst"], |it| {
            it.arg(self.digest())
                .arg("-sign")
                .arg(&signer.key)
                .arg("-out")
                .arg(&output)
                .arg(&input);
        });
        std::fs::read(output).unwrap()
    }

    pub(super) fn certificate_der(&self, signer: &Signer) -> Vec<u8> {
        let output = self.path("certificate.der");
        self.openssl(&["x509", "-outform", "DER"], |it| {
            it.arg("-in").arg(&signer.certificate).arg("-out").arg(&output);
        });
        std::fs::read(output).unwrap()
    }

    fn cms(&self, signer: &Signer, content: &[u8], options: &[&str]) -> Vec<u8> {
        let (input, output) = (self.path("content"), self.path("signature.cms"));
        std::fs::write(&input, content).unwrap();
        self.openssl(
            &["cms", "-sign", "-binary", "-outform", "DER", "-md", &self.digest()[1..]],
            |it| {
                it.args(options)
                    .arg("-signer")
                    .arg(&signer.certificate)
                    .arg("-inkey")
                    .arg(&signer.key);
                it.arg("-in").arg(&input).arg("-out").arg(&output);
            },
        );
        std::fs::read(output).unwrap()
    }

    fn generate_key(&self, key: &Path) {
        let arguments: &[&str] = match self.family {
            Family::Rsa => &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            Family::P256 => &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Family::Gost256 => &["genpkey", "-algorithm", "gost2012_256", "-pkeyopt", "paramset:A"],
        };
        self.openssl(arguments, |it| {
            it.arg("-out").arg(key);
        });
    }

    fn digest(&self) -> &'static str {
        match self.family {
            Family::Rsa | Family::P256 => "-sha256",
            Family::Gost256 => "-md_gost12_256",
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn openssl(&self, arguments: &[&str], rest: impl FnOnce(&mut Command)) {
        let mut command = Command::new("openssl");
        command.args(arguments);
        rest(&mut command);
        if self.family == Family::Gost256 {
            command.env("OPENSSL_CONF", self.path("gost.cnf"));
        }
        let output = command.output().expect("openssl is missing: apt-get install openssl");
        assert!(
            output.status.success(),
            "openssl {arguments:?} fails; for GOST keys: apt-get install libengine-gost-openssl\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
