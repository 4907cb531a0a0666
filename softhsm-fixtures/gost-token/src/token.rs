//! Filling a token without going through C.

use std::io;
use std::path::Path;

use cryptoki_sys::{
    CKA_CLASS, CKA_ID, CKA_ISSUER, CKA_LABEL, CKA_SERIAL_NUMBER, CKA_SUBJECT, CKA_TOKEN, CKA_VALUE, CKO_CERTIFICATE,
};

use crate::attributes::Attributes;
use crate::object::Object;
use crate::parameter_set::ParameterSet;
use crate::return_value::Failure;
use crate::signature::PublicKey;
use crate::state::{State, Store};

/// A token on disk, open for personalisation: the maker's view, which needs no PIN.
#[derive(Clone, Debug)]
pub struct Token {
    store: Store,
}

/// A certificate and the parts of it that PKCS #11 stores beside it, all in DER.
#[derive(Clone, Copy, Debug)]
pub struct CertificateParts<'a> {
    /// The whole certificate
    pub der: &'a [u8],
    /// Its subject
    pub subject: &'a [u8],
    /// Its issuer
    pub issuer: &'a [u8],
    /// Its serial number, tag and length included
    pub serial: &'a [u8],
}

impl Token {
    /// Makes `directory` an empty, initialised token.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub fn create(directory: &Path, label: &str, so_pin: &str, user_pin: &str) -> io::Result<Self> {
        let store = Store::new(directory.to_owned());
        store.update(|state| {
            state.initialise(label.to_owned(), so_pin.as_bytes());
            state.set_user_pin(user_pin.as_bytes());
        })?;
        Ok(Self { store })
    }

    /// Generates a key pair whose both objects carry `label` and `id`.
    ///
    /// # Errors
    /// When the state cannot be written or the system gives no random numbers.
    pub fn generate_key_pair(&self, label: &str, id: &[u8], parameters: ParameterSet) -> io::Result<PublicKey> {
        let mut template = named(label, id);
        template.set(cryptoki_sys::CKA_GOSTR3410_PARAMS, parameters.der());
        let (public, private) = Object::key_pair(parameters.key_size(), template.clone(), template).map_err(refused)?;
        let value = public.attributes.value(CKA_VALUE).unwrap_or_default();
        let key = PublicKey::from_value(parameters, value)
            .ok_or_else(|| io::Error::other("a new key is not on its curve"))?;
        self.store.update(|state| {
            state.add(public);
            state.add(private);
        })?;
        Ok(key)
    }

    /// Stores a certificate under `label` and `id`.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn add_certificate(&self, label: &str, id: &[u8], certificate: CertificateParts<'_>) -> io::Result<()> {
        let mut template = named(label, id);
        template.set_number(CKA_CLASS, CKO_CERTIFICATE);
        template.set(CKA_VALUE, certificate.der);
        template.set(CKA_SUBJECT, certificate.subject);
        template.set(CKA_ISSUER, certificate.issuer);
        template.set(CKA_SERIAL_NUMBER, certificate.serial);
        let object = Object::from_template(template).map_err(refused)?;
        self.store.update(|state| state.add(object)).map(drop)
    }

    /// What the token remembers.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn state(&self) -> io::Result<State> {
        self.store.read()
    }
}

fn named(label: &str, id: &[u8]) -> Attributes {
    let mut template = Attributes::default();
    template.set_flag(CKA_TOKEN, true);
    template.set(CKA_LABEL, label.as_bytes());
    template.set(CKA_ID, id);
    template
}

fn refused(Failure(value): Failure) -> io::Error {
    io::Error::other(format!("the token refuses the object (CKR {value:#x})"))
}
