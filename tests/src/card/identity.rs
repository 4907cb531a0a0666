//! Whose card it is: keys and certificates, made and used with OpenSSL.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::programs::require;

/// The keys on a card. Made once; several cards and tests may hold the same.
#[derive(Debug)]
pub struct Identity {
    directory: PathBuf,
    pub(super) serial: u32,
}

/// A place for a key (NIST SP 800-73-4 part 1, table 4b).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// 9A, PIV authentication: RSA-2048 here.
    Authentication,
    /// 9C, digital signature: P-256 here, and the PIN before every signature.
    Signature,
}

impl Slot {
    pub(super) const ALL: [Self; 2] = [Self::Authentication, Self::Signature];

    /// The key's reference in GENERAL AUTHENTICATE.
    pub(super) fn reference(self) -> u8 {
        match self {
            Self::Authentication => 0x9A,
            Self::Signature => 0x9C,
        }
    }

    /// The tag of the certificate's data object.
    pub(super) fn object(self) -> [u8; 3] {
        match self {
            Self::Authentication => [0x5F, 0xC1, 0x05],
            Self::Signature => [0x5F, 0xC1, 0x0A],
        }
    }

    /// The algorithm's identifier (SP 800-78-4 table 6-2).
    pub(super) fn algorithm(self) -> u8 {
        match self {
            Self::Authentication => 0x07,
            Self::Signature => 0x11,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Authentication => "9a",
            Self::Signature => "9c",
        }
    }
}

impl Identity {
    /// New keys with certificates under a CA of their own, in `directory`.
    ///
    /// # Panics
    /// When OpenSSL is missing or refuses.
    pub fn create(directory: &Path, serial: u32) -> Self {
        require("openssl", "openssl");
        fs::create_dir_all(directory).expect("the directory can be made");
        let identity = Self {
            directory: directory.to_owned(),
            serial,
        };
        identity.make_authority();
        for slot in Slot::ALL {
            identity.make_key(slot);
        }
        identity
    }

    /// The CA, in PEM.
    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// A certificate, in DER.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn certificate(&self, slot: Slot) -> Vec<u8> {
        fs::read(self.path(&format!("{}.der", slot.name()))).expect("the certificate can be read")
    }

    /// SHA-256 of a certificate, in hex.
    pub fn fingerprint(&self, slot: Slot) -> String {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(self.certificate(slot)))
    }

    /// The private key's operation: `m^d mod n` of a whole block with RSA, an ECDSA signature in DER of a digest.
    pub(super) fn sign(&self, slot: Slot, input: &[u8]) -> Vec<u8> {
        let key = self.path(&format!("{}.key", slot.name()));
        // OpenSSL signs nothing longer than a hash; a private key's bare operation is that of decryption.
        let operation = match slot {
            Slot::Authentication => &["-decrypt", "-pkeyopt", "rsa_padding_mode:none"][..],
            Slot::Signature => &["-sign"],
        };
        let arguments = [&["pkeyutl", "-inkey", text(&key)], operation].concat();
        openssl(&arguments, input)
    }

    /// The public key as the card tells of it: the modulus, or the uncompressed point.
    pub(super) fn public_key(&self, slot: Slot) -> Vec<u8> {
        fs::read(self.path(&format!("{}.public", slot.name()))).expect("the public key can be read")
    }

    fn make_authority(&self) {
        let (key, certificate) = (self.path("ca.key"), self.ca());
        openssl(
            &[&["genpkey", "-out", text(&key), "-algorithm", "EC"], P256].concat(),
            &[],
        );
        let subject = [
            "-subj",
            "/CN=Virtual card CA",
            "-days",
            "3650",
            "-out",
            text(&certificate),
        ];
        openssl(&[&["req", "-x509", "-key", text(&key)], &subject[..]].concat(), &[]);
    }

    fn make_key(&self, slot: Slot) {
        let file = |extension: &str| self.path(&format!("{}.{extension}", slot.name()));
        let (key, request, der, extensions) = (file("key"), file("csr"), file("der"), file("ext"));
        let algorithm = match slot {
            Slot::Authentication => &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..],
            Slot::Signature => &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        };
        openssl(
            &[&["genpkey", "-out", text(&key), "-algorithm"], algorithm].concat(),
            &[],
        );
        let subject = format!("/CN=Virtual card {} {}", self.serial, slot.name().to_uppercase());
        openssl(
            &[
                "req",
                "-new",
                "-key",
                text(&key),
                "-subj",
                &subject,
                "-out",
                text(&request),
            ],
            &[],
        );
        fs::write(&extensions, "keyUsage=critical,digitalSignature,nonRepudiation\n").expect("a file can be written");
        let (ca, ca_key) = (self.ca(), self.path("ca.key"));
        let issue = [
            "x509",
            "-req",
            "-in",
            text(&request),
            "-CA",
            text(&ca),
            "-CAkey",
            text(&ca_key),
        ];
        let as_der = [
            "-days",
            "3650",
            "-extfile",
            text(&extensions),
            "-outform",
            "DER",
            "-out",
            text(&der),
        ];
        openssl(&[&issue[..], &as_der].concat(), &[]);
        fs::write(file("public"), public_key(&key, slot)).expect("a file can be written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

const P256: &[&str] = &["-pkeyopt", "ec_paramgen_curve:P-256"];

/// Out of the subjectPublicKeyInfo, whose end it is: the point after the BIT STRING's head, or the modulus that OpenSSL prints.
fn public_key(key: &Path, slot: Slot) -> Vec<u8> {
    match slot {
        Slot::Signature => {
            let der = openssl(&["pkey", "-in", text(key), "-pubout", "-outform", "DER"], &[]);
            der[der.len() - 65..].to_vec()
        }
        Slot::Authentication => {
            let printed = openssl(&["rsa", "-in", text(key), "-modulus", "-noout"], &[]);
            let printed = String::from_utf8(printed).expect("OpenSSL prints text");
            let digits = printed
                .trim()
                .strip_prefix("Modulus=")
                .expect("OpenSSL prints the modulus");
            hex::decode(digits).expect("it is in hex")
        }
    }
}

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl starts");
    // One that fails before it reads says why on its own.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().expect("openssl ends");
    assert!(
        output.status.success(),
        "openssl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test directories have plain names")
}
