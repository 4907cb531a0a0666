//! A throw-away certification authority and key holder, all by the OpenSSL command line in a temporary directory. It stands in for a token: it signs
//! exactly the bytes that a token call is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use tokensign::certificate::Certificate;
use tokensign::cms::{InputForm, Scheme, ToBeSigned};

/// A kind of key: how `openssl genpkey` makes it and with which digest its authority signs.
#[derive(Clone, Copy)]
pub(crate) struct KeyKind {
    pub(crate) name: &'static str,
    genpkey: &'static [&'static str],
    authority: &'static [&'static str],
    authority_digest: Option<&'static str>,
}

const RSA_AUTHORITY: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

macro_rules! plain {
    ($constant:ident, $name:literal, $($argument:literal),+) => {
        pub(crate) const $constant: KeyKind =
            KeyKind { name: $name, genpkey: &[$($argument),+], authority: RSA_AUTHORITY, authority_digest: Some("-sha256") };
    };
}

macro_rules! gost {
    ($constant:ident, $bits:literal, $set:literal) => {
        pub(crate) const $constant: KeyKind = KeyKind {
            name: concat!("gost2012_", $bits, ":", $set),
            genpkey: &[
                "-algorithm",
                concat!("gost2012_", $bits),
                "-pkeyopt",
                concat!("paramset:", $set),
            ],
            authority: &[
                "-algorithm",
                concat!("gost2012_", $bits),
                "-pkeyopt",
                concat!("paramset:", $set),
            ],
            authority_digest: Some(concat!("-md_gost12_", $bits)),
        };
    };
}

plain!(
    RSA_2048,
    "rsa-2048",
    "-algorithm",
    "RSA",
    "-pkeyopt",
    "rsa_keygen_bits:2048"
);
plain!(
    RSA_3072,
    "rsa-3072",
    "-algorithm",
    "RSA",
    "-pkeyopt",
    "rsa_keygen_bits:3072"
);
plain!(
    RSA_PSS_2048,
    "rsa-pss-2048",
    "-algorithm",
    "RSA-PSS",
    "-pkeyopt",
    "rsa_keygen_bits:2048"
);
plain!(
    RSA_PSS_2048_SHA384,
    "rsa-pss-2048-sha384",
    "-algorithm",
    "RSA-PSS",
    "-pkeyopt",
    "rsa_keygen_bits:2048",
    "-pkeyopt",
    "rsa_pss_keygen_md:sha384",
    "-pkeyopt",
    "rsa_pss_keygen_mgf1_md:sha384",
    "-pkeyopt",
    "rsa_pss_keygen_saltlen:48"
);
plain!(P256, "p256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");
plain!(P384, "p384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384");
plain!(P521, "p521", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521");
plain!(ED25519, "ed25519", "-algorithm", "ED25519");
gost!(GOST_256_CRYPTO_PRO_A, "256", "A");
gost!(GOST_256_CRYPTO_PRO_B, "256", "B");
gost!(GOST_256_CRYPTO_PRO_C, "256", "C");
gost!(GOST_256_XCH_A, "256", "XA");
gost!(GOST_256_XCH_B, "256", "XB");
gost!(GOST_256_TC26_A, "256", "TCA");
gost!(GOST_256_TC26_B, "256", "TCB");
gost!(GOST_256_TC26_C, "256", "TCC");
gost!(GOST_256_TC26_D, "256", "TCD");
gost!(GOST_512_A, "512", "A");
gost!(GOST_512_B, "512", "B");
gost!(GOST_512_C, "512", "C");

/// For signatures made by OpenSSL: nothing here signs with it.
pub(crate) const GOST_2001_A: KeyKind = KeyKind {
    name: "gost2001:A",
    genpkey: &["-algorithm", "gost2001", "-pkeyopt", "paramset:A"],
    authority: &["-algorithm", "gost2001", "-pkeyopt", "paramset:A"],
    authority_digest: Some("-md_gost94"),
};

pub(crate) struct Authority {
    directory: TempDir,
    pub(crate) root: Certificate,
    pub(crate) leaf: Certificate,
    kind: KeyKind,
}

impl Authority {
    /// A root and a leaf certificate with keys of `kind`, and the leaf's key. The leaf's subject and extensions are a Kazakh director's.
    pub(crate) fn new(kind: KeyKind) -> Self {
        let leaf = "[leaf]\n\
            basicConstraints=CA:FALSE\n\
            keyUsage=critical,digitalSignature,nonRepudiation\n\
            extendedKeyUsage=emailProtection,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1\n\
            subjectKeyIdentifier=hash\n\
            authorityKeyIdentifier=keyid\n";
        Self::with_leaf(
            kind,
            "/C=KZ/CN=ТЕСТОВ ТЕСТ/serialNumber=IIN123456789011/O=ТОО Тест/OU=BIN123456789021",
            leaf,
        )
    }

    /// The same with a subject and a `[leaf]` section of extensions of one's own.
    pub(crate) fn with_leaf(kind: KeyKind, subject: &str, leaf_section: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(
            at("req.cnf"),
            format!(
                "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\n[dn]\nCN=unused\n\
                 [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n{leaf_section}"
            ),
        )
        .unwrap();
        write_engine_configuration(directory.path());
        fs::write(at("content"), b"unused").unwrap();
        let run = |arguments: &[&str]| succeed(openssl(directory.path(), arguments), arguments);
        let digest = kind.authority_digest.into_iter();

        run(&[&["genpkey", "-out", "ca.key"], kind.authority].concat());
        let request = [
            "req", "-new", "-x509", "-key", "ca.key", "-days", "3650", "-utf8", "-config", "req.cnf",
        ];
        let names = [
            "-subj",
            "/C=KZ/O=Test/CN=Тестовый УЦ",
            "-extensions",
            "ca",
            "-out",
            "ca.pem",
        ];
        run(&request
            .into_iter()
            .chain(names)
            .chain(digest.clone())
            .collect::<Vec<_>>());
        run(&[&["genpkey", "-out", "leaf.key"], kind.genpkey].concat());
        let request = [
            "req", "-new", "-key", "leaf.key", "-utf8", "-config", "req.cnf", "-out", "leaf.csr", "-subj", subject,
        ];
        let own_digest = match kind.name {
            name if name.starts_with("gost") => kind.authority_digest,
            // The key takes no other.
            name if name.ends_with("sha384") => Some("-sha384"),
            _ => None,
        };
        run(&request.into_iter().chain(own_digest).collect::<Vec<_>>());
        let issue = [
            "x509",
            "-req",
            "-in",
            "leaf.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "365",
        ];
        let extensions = ["-extfile", "req.cnf", "-extensions", "leaf", "-out", "leaf.pem"];
        run(&issue.into_iter().chain(extensions).chain(digest).collect::<Vec<_>>());

        let read = |name: &str| Certificate::from_pem_or_der(&fs::read(at(name)).unwrap()).unwrap();
        Self {
            root: read("ca.pem"),
            leaf: read("leaf.pem"),
            directory,
            kind,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs `openssl` in the directory with the GOST engine loaded.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Output {
        openssl(self.directory.path(), arguments)
    }

    /// What a token returns for `input`: ECDSA as `r ‖ s`, everything else as OpenSSL makes it.
    pub(crate) fn sign(&self, scheme: &Scheme, input: &ToBeSigned<'_>) -> Vec<u8> {
        // The last way of asking is the raw one where there are two; OpenSSL takes that form.
        let call = scheme
            .token_calls()
            .iter()
            .find(|call| call.input != InputForm::Message)
            .unwrap_or_else(|| &scheme.token_calls()[0]);
        fs::write(self.path("input"), call.input(scheme, input).unwrap().as_bytes()).unwrap();
        let pss_digest = format!("digest:{}", scheme.digest());
        let mut arguments = vec![
            "pkeyutl", "-sign", "-inkey", "leaf.key", "-in", "input", "-out", "value",
        ];
        if scheme.name().starts_with("rsa-pss") {
            arguments.extend([
                "-pkeyopt",
                "rsa_padding_mode:pss",
                "-pkeyopt",
                "rsa_pss_saltlen:digest",
                "-pkeyopt",
                &pss_digest,
            ]);
        } else if scheme.name().starts_with("rsa") {
            // pkeyutl takes no more than 64 bytes; a DigestInfo is longer.
            arguments[0] = "rsautl";
        } else if call.input == InputForm::Message {
            arguments.push("-rawin");
        }
        succeed(self.openssl(&arguments), &arguments);
        let value = fs::read(self.path("value")).unwrap();
        match self.kind.name {
            "p256" => raw_ecdsa(&value, 32),
            "p384" => raw_ecdsa(&value, 48),
            "p521" => raw_ecdsa(&value, 66),
            _ => value,
        }
    }

    /// `openssl cms -verify -cades` on a detached signature.
    pub(crate) fn openssl_verifies(&self, signature: &[u8], content: &[u8]) -> Result<(), String> {
        fs::write(self.path("signature.p7s"), signature).unwrap();
        fs::write(self.path("content"), content).unwrap();
        let output = self.openssl(&[
            "cms",
            "-verify",
            "-cades",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "signature.p7s",
            "-content",
            "content",
            "-CAfile",
            "ca.pem",
            "-purpose",
            "any",
            "-out",
            "verified",
        ]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() && said.contains("Verification successful") {
            Ok(())
        } else {
            Err(said)
        }
    }

    /// GnuTLS `certtool --p7-verify` on a detached signature.
    pub(crate) fn certtool_verifies(&self, signature: &[u8], content: &[u8]) -> Result<(), String> {
        fs::write(self.path("signature.p7s"), signature).unwrap();
        fs::write(self.path("content"), content).unwrap();
        let output = Command::new("certtool")
            .current_dir(self.directory.path())
            .args([
                "--p7-verify",
                "--inder",
                "--infile",
                "signature.p7s",
                "--load-ca-certificate",
                "ca.pem",
                "--load-data",
                "content",
            ])
            .output()
            .expect("certtool is needed: apt-get install gnutls-bin");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if output.status.success() && said.contains("Signature status: ok") {
            Ok(())
        } else {
            Err(said)
        }
    }
}

fn openssl(directory: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl")
        .current_dir(directory)
        .env("OPENSSL_CONF", directory.join("engine.cnf"))
        .args(arguments)
        .output()
        .expect("openssl is needed: apt-get install openssl")
}

fn write_engine_configuration(directory: &Path) {
    let said = Command::new("openssl")
        .args(["version", "-e"])
        .output()
        .expect("openssl is needed: apt-get install openssl");
    let said = String::from_utf8(said.stdout).unwrap();
    let engine = Path::new(said.split('"').nth(1).unwrap()).join("gost.so");
    assert!(
        engine.exists(),
        "the GOST engine is needed: apt-get install libengine-gost-openssl"
    );
    let configuration = format!(
        "openssl_conf=openssl_def\n[openssl_def]\nengines=engines\n[engines]\ngost=gost\n\
         [gost]\nengine_id=gost\ndynamic_path={}\ndefault_algorithms=ALL\n",
        engine.display()
    );
    fs::write(directory.join("engine.cnf"), configuration).unwrap();
}

fn succeed(output: Output, arguments: &[&str]) {
    assert!(
        output.status.success(),
        "openssl {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// `r ‖ s` from DER, as CKM_ECDSA returns it.
fn raw_ecdsa(der: &[u8], size: usize) -> Vec<u8> {
    let skip_header = |bytes: &[u8]| if bytes[1] < 0x80 { 2 } else { 3 };
    let mut rest = &der[skip_header(der)..];
    let mut raw = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number: Vec<u8> = rest[2..2 + length]
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        raw.extend(std::iter::repeat_n(0, size - number.len()));
        raw.extend(number);
        rest = &rest[2 + length..];
    }
    raw
}
