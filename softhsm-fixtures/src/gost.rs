//! The GOST token.

use std::path::PathBuf;

use gost_token::{CertificateParts, KeySize, ParameterSet, Token};

use crate::authority::Issued;
use crate::catalogue::KeyType;
use crate::directory::{Directory, write_public};
use crate::error::Error;
use crate::kazakh;
use crate::pin::Pin;

pub(crate) const LABEL: &str = "gost-fixtures";

/// The engine is named, not loaded by path: OpenSSL knows where its engines lie.
const OPENSSL_CONFIGURATION: &str = "\
openssl_conf = openssl_def

[openssl_def]
engines = engine_section

[engine_section]
gost = gost_section

[gost_section]
engine_id = gost
default_algorithms = ALL
";

pub(crate) fn write_openssl_configuration(directory: &Directory) -> Result<PathBuf, Error> {
    let path = directory.gost_openssl_configuration();
    write_public(&path, OPENSSL_CONFIGURATION.as_bytes())?;
    Ok(path)
}

/// The module that cargo built beside the running program, which may be a test in `deps/`.
pub(crate) fn find_module() -> Result<PathBuf, Error> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let program = std::env::current_exe().map_err(Error::file("the running program"))?;
    let directory = program.parent().unwrap_or(&program);
    let file = format!("{DLL_PREFIX}gost_token{DLL_SUFFIX}");
    // Built as a dependency it appears in `deps/` only, so the copy there is the newest.
    [directory.join("deps"), directory.to_owned(), directory.join("..")]
        .iter()
        .map(|place| place.join(&file))
        .find(|path| path.is_file())
        .map_or_else(
            || Err(Error::GostModule(program.clone())),
            |path| path.canonicalize().map_err(Error::file(path)),
        )
}

/// The token of a set, open for filling.
pub(crate) struct GostToken {
    token: Token,
    directory: PathBuf,
}

impl GostToken {
    pub(crate) fn create(directory: &Directory, pin: &Pin) -> Result<Self, Error> {
        let directory = directory.gost_token();
        let token =
            Token::create(&directory, LABEL, Pin::random()?.as_str(), pin.as_str()).map_err(Error::file(&directory))?;
        Ok(Self { token, directory })
    }

    pub(crate) fn serial(&self) -> Result<String, Error> {
        Ok(self.token.state().map_err(Error::file(&self.directory))?.serial)
    }

    /// Generates a key pair and gives its SubjectPublicKeyInfo.
    pub(crate) fn generate_key_pair(&self, label: &str, id: &[u8], key_type: KeyType) -> Result<Vec<u8>, Error> {
        let parameters = match key_type {
            KeyType::Gost512 | KeyType::KzGost512 => ParameterSet::Tc26A512,
            KeyType::KzGost256 => ParameterSet::Tc26A256,
            _ => ParameterSet::CryptoProA,
        };
        let key = self
            .token
            .generate_key_pair(label, id, parameters)
            .map_err(Error::file(&self.directory))?;
        Ok(match key_type {
            KeyType::KzGost256 => kazakh::subject_public_key_info(KeySize::Bits256, key.value()),
            KeyType::KzGost512 => kazakh::subject_public_key_info(KeySize::Bits512, key.value()),
            _ => key.subject_public_key_info(),
        })
    }

    pub(crate) fn add_certificate(
        &self,
        label: &str,
        id: &[u8],
        certificate: &Issued,
        subject: &[u8],
    ) -> Result<(), Error> {
        let Issued { der, issuer, serial } = certificate;
        let parts = CertificateParts {
            der,
            subject,
            issuer,
            serial,
        };
        self.token
            .add_certificate(label, id, parts)
            .map_err(Error::file(&self.directory))
    }
}
