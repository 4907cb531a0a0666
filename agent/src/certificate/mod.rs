//! X.509 reading.
use serde::{Deserialize, Serialize};
/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct Fingerprint([u8; 32]);
impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl std::str::FromStr for Fingerprint {
    type Err = ();
    fn from_str(_: &str) -> Result<Self, ()> {
        Err(())
    }
}
/// What a certificate is used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A legal signature.
    Signature,
    /// A login challenge.
    Authentication,
}
/// Which certificate.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Selector(String);
impl Selector {
    /// Any.
    pub fn any() -> Self {
        Self(String::new())
    }
}
/// A certificate.
#[derive(Clone, Debug)]
pub struct Certificate;
