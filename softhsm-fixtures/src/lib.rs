//! Throw-away tokens, a test CA and signer certificates, for tests and the demonstration.
//!
//! [`Fixtures::create`] fills one directory with everything a signing agent needs to be tried: a SoftHSM token with
//! RSA, ECDSA and Ed25519 keys, a GOST token (the `gost-token` module), a CA for each, certificates shaped like those
//! of Kazakh and Russian signers, the awkward ones beside the good ones, and a configuration that points at all of it.
//! Nothing outside the directory is touched, and making the set again replaces it.
//!
//! What belongs here: making, describing and copying such sets. Nothing here knows how the agent works.
//!
//! Keys are made inside the tokens by OpenSC's `pkcs11-tool`, so that no private key of a signer exists anywhere else;
//! certificates are assembled here and signed by the `openssl` command line, which keeps the CA keys.
//!
//! | file | holds |
//! |---|---|
//! | `fixtures.json` | the whole description ([`Fixtures`]), the user PIN included |
//! | `tokensign.toml` | the agent's configuration |
//! | `ca.pem`, `gost-ca.pem`, `kz-gost-ca.pem` | trust anchors: root and issuing CA; the Russian and the Kazakh GOST CA |
//! | `certs/NAME.pem`, `certs/NAME.der` | the certificates |
//! | `pin` | the user PIN of every token, for `--pin-source file:PATH` |
//! | `gost-openssl.cnf` | an `OPENSSL_CONF` that loads the GOST engine |
//! | `ca/` | the CAs' keys |
//! | `softhsm2.conf`, `tokens/`, `gost-token/` | the tokens |

mod agent_configuration;
mod authority;
mod catalogue;
mod commands;
mod der;
mod directory;
mod distinguished_name;
mod error;
mod fixtures;
mod gost;
mod identity_number;
mod kazakh;
mod manifest;
mod pin;
mod softhsm;
mod temporary;
mod x509;

pub use catalogue::{KeyType, Purpose};
pub use error::Error;
pub use fixtures::{Fixtures, Options};
pub use gost_token::{Control, HashOrder, SignatureLayout, State as GostTokenState};
pub use manifest::{Certificate, Identity, KeyWithoutCertificate, Token};
pub use pin::Pin;
pub use temporary::TempFixtures;
