//! The SoftHSM token, driven through `pkcs11-tool`.
//!
//! SoftHSM finds its configuration through an environment variable, so it is always used from another process; PINs
//! reach that process through its environment, never through its arguments.

use std::path::{Path, PathBuf};

use crate::catalogue::KeyType;
use crate::commands::Run;
use crate::der;
use crate::directory::{Directory, write_public};
use crate::error::Error;
use crate::pin::Pin;

pub(crate) const LABEL: &str = "softhsm-fixtures";
pub(crate) const CONFIGURATION_VARIABLE: &str = "SOFTHSM2_CONF";

const USER_PIN_VARIABLE: &str = "SOFTHSM_FIXTURES_PIN";
const SO_PIN_VARIABLE: &str = "SOFTHSM_FIXTURES_SO_PIN";

/// Where distributions put the library.
const MODULES: [&str; 8] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// The library that the distribution installed.
pub(crate) fn find_module() -> Result<PathBuf, Error> {
    MODULES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
        .ok_or(Error::SoftHsmModule)
}

/// Points SoftHSM at the token directory of a set.
pub(crate) fn write_configuration(directory: &Directory) -> Result<(), Error> {
    let tokens = directory.softhsm_tokens();
    std::fs::create_dir_all(&tokens).map_err(Error::file(&tokens))?;
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
        tokens.display()
    );
    write_public(&directory.softhsm_configuration(), text.as_bytes())
}

/// The token of a set, open for filling.
pub(crate) struct SoftHsmToken<'a> {
    module: &'a Path,
    configuration: PathBuf,
    pin: &'a Pin,
}

impl<'a> SoftHsmToken<'a> {
    /// Initialises the set's only token.
    pub(crate) fn create(directory: &Directory, module: &'a Path, pin: &'a Pin) -> Result<Self, Error> {
        write_configuration(directory)?;
        let so_pin = Pin::random()?;
        let token = Self {
            module,
            configuration: directory.softhsm_configuration(),
            pin,
        };
        token
            .tool()
            .arguments(&["--slot-index", "0", "--init-token", "--label", LABEL, "--so-pin"])
            .argument(format!("env:{SO_PIN_VARIABLE}"))
            .environment(SO_PIN_VARIABLE, so_pin.as_str())
            .output()?;
        token
            .tool()
            .arguments(&[
                "--token-label",
                LABEL,
                "--login",
                "--login-type",
                "so",
                "--init-pin",
                "--so-pin",
            ])
            .argument(format!("env:{SO_PIN_VARIABLE}"))
            .argument("--new-pin")
            .argument(format!("env:{USER_PIN_VARIABLE}"))
            .environment(SO_PIN_VARIABLE, so_pin.as_str())
            .output()?;
        Ok(token)
    }

    pub(crate) fn serial(&self) -> Result<String, Error> {
        let listing = self.tool().argument("--list-token-slots").output()?;
        let listing = String::from_utf8_lossy(&listing);
        field_after(&listing, LABEL, "serial num")
            .map(str::to_owned)
            .ok_or_else(|| Error::UnexpectedOutput {
                program: "pkcs11-tool",
                missing: "the token's serial number",
                output: listing.clone().into_owned(),
            })
    }

    /// Generates a key pair and gives its SubjectPublicKeyInfo.
    pub(crate) fn generate_key_pair(&self, label: &str, id: &str, key_type: KeyType) -> Result<Vec<u8>, Error> {
        let kind = match key_type {
            KeyType::Rsa2048 | KeyType::RsaPss2048 => "rsa:2048",
            KeyType::Rsa3072 => "rsa:3072",
            KeyType::P384 => "EC:secp384r1",
            KeyType::Ed25519 => "EC:edwards25519",
            // SoftHSM as packaged has no GOST; those keys live in the other token.
            KeyType::P256 | KeyType::Gost256 | KeyType::Gost512 | KeyType::KzGost256 | KeyType::KzGost512 => {
                "EC:prime256v1"
            }
        };
        let shown = self
            .logged_in()
            .arguments(&[
                "--keypairgen",
                "--key-type",
                kind,
                "--usage-sign",
                "--id",
                id,
                "--label",
                label,
            ])
            .output()?;
        let shown = String::from_utf8_lossy(&shown);
        let octets = |algorithm: &[&str]| elliptic_public_key(&shown, algorithm);
        // Two keys may share an id, never a label.
        let rsa = || {
            self.on_token()
                .arguments(&["--read-object", "--type", "pubkey", "--label", label])
                .output()
        };
        match key_type {
            KeyType::Rsa2048 | KeyType::Rsa3072 => rsa(),
            KeyType::RsaPss2048 => rsa().map(|key| for_pss_only(&key)),
            KeyType::P384 => octets(&["1.2.840.10045.2.1", "1.3.132.0.34"]),
            KeyType::Ed25519 => octets(&["1.3.101.112"]),
            KeyType::P256 | KeyType::Gost256 | KeyType::Gost512 | KeyType::KzGost256 | KeyType::KzGost512 => {
                octets(&["1.2.840.10045.2.1", "1.2.840.10045.3.1.7"])
            }
        }
    }

    pub(crate) fn add_certificate(&self, label: &str, id: &str, der: &Path) -> Result<(), Error> {
        self.logged_in()
            .argument("--write-object")
            .argument(der)
            .arguments(&["--type", "cert", "--id", id, "--label", label])
            .output()
            .map(drop)
    }

    fn logged_in(&self) -> Run {
        self.on_token()
            .arguments(&["--login", "--pin"])
            .argument(format!("env:{USER_PIN_VARIABLE}"))
    }

    fn on_token(&self) -> Run {
        self.tool().arguments(&["--token-label", LABEL])
    }

    fn tool(&self) -> Run {
        Run::pkcs11_tool()
            .environment(CONFIGURATION_VARIABLE, &self.configuration)
            .environment(USER_PIN_VARIABLE, self.pin.as_str())
            .argument("--module")
            .argument(self.module)
    }
}

/// The SubjectPublicKeyInfo of an RSA key as one that signs with PSS only: SHA-256, MGF1 with SHA-256, 32 bytes of salt at least (RFC 4055 section 3.1).
fn for_pss_only(public_key: &[u8]) -> Vec<u8> {
    // What pkcs11-tool gives begins with a SEQUENCE of a length in two bytes and the 15 bytes of rsaEncryption with NULL.
    const BEFORE_THE_BITS: usize = 4 + 15;
    let sha256 = der::sequence(&[&der::oid("2.16.840.1.101.3.4.2.1"), b"\x05\x00"]);
    let mgf1 = der::sequence(&[&der::oid("1.2.840.113549.1.1.8"), &sha256]);
    let parameters = der::sequence(&[
        &der::tlv(0xa0, &[&sha256]),
        &der::tlv(0xa1, &[&mgf1]),
        &der::tlv(0xa2, &[&der::unsigned(&[32])]),
    ]);
    let algorithm = der::sequence(&[&der::oid("1.2.840.113549.1.1.10"), &parameters]);
    der::sequence(&[&algorithm, &public_key[BEFORE_THE_BITS.min(public_key.len())..]])
}

/// The SubjectPublicKeyInfo (RFC 5480, RFC 8410) of the point that `pkcs11-tool` shows: its own export fails for P-384
/// and knows no Edwards keys.
fn elliptic_public_key(shown: &str, algorithm: &[&str]) -> Result<Vec<u8>, Error> {
    let point = field(shown, "EC_POINT").and_then(|digits| hex::decode(digits).ok());
    // CKA_EC_POINT is the point within an OCTET STRING; these are shorter than 128 bytes.
    let point = match point.as_deref() {
        Some([0x04, length, point @ ..]) if usize::from(*length) == point.len() => point.to_vec(),
        _ => {
            return Err(Error::UnexpectedOutput {
                program: "pkcs11-tool",
                missing: "a point in EC_POINT",
                output: shown.to_owned(),
            });
        }
    };
    let algorithm: Vec<Vec<u8>> = algorithm.iter().map(|arcs| der::oid(arcs)).collect();
    let algorithm = der::sequence(&algorithm.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Ok(der::sequence(&[&algorithm, &der::bits(&point)]))
}

/// The value of the line `NAME : VALUE`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (candidate, value) = line.split_once(':')?;
        (candidate.trim() == name).then_some(value.trim())
    })
}

/// The same, in what follows the first line that ends with `mark`.
fn field_after<'a>(text: &'a str, mark: &str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(mark)?;
    field(after, name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_what_pkcs11_tool_shows() {
        let listing =
            "Slot 0 (0x1): SoftHSM slot\n  token label        : softhsm-fixtures\n  serial num         : 5f2a\n";
        assert_eq!(field_after(listing, LABEL, "serial num"), Some("5f2a"));

        let point = "ab".repeat(32);
        let shown = format!("Public Key Object; EC_EDWARDS  EC_POINT 255 bits\n  EC_POINT:   0420{point}\n");
        let public_key = hex::encode(elliptic_public_key(&shown, &["1.3.101.112"]).unwrap());
        assert_eq!(public_key, format!("302a300506032b6570032100{point}"));
        assert!(elliptic_public_key("nothing", &[]).is_err());
    }
}
