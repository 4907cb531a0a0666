//! The certification authorities.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use gost_token::KeySize;
use time::{Duration, OffsetDateTime};

use crate::commands::Run;
use crate::der;
use crate::directory::Directory;
use crate::distinguished_name::{Attribute, DistinguishedName};
use crate::error::Error;
use crate::kazakh;
use crate::x509::{self, Contents, Issuer, Kind};

/// An authority whose key lies in `ca/` and is used through the `openssl` command line.
pub(crate) struct Authority {
    name: DistinguishedName,
    key_file: PathBuf,
    public_key: Vec<u8>,
    algorithm: Algorithm,
    certificate: Vec<u8>,
}

/// Common name and country.
type Name = (&'static str, &'static str);

/// The keys of authorities.
#[derive(Clone, Debug)]
pub(crate) enum Algorithm {
    /// P-256 with SHA-256
    EcdsaP256,
    /// GOST R 34.10-2012-256 with Streebog-256; the path is the OpenSSL configuration that loads the engine
    Gost256(PathBuf),
    /// GOST 34.10-2015-512 of Kazakhstan; OpenSSL computes it under the Russian identifiers
    KazakhGost512(PathBuf),
}

/// A certificate and the parts of it that a token stores beside it, in DER.
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) serial: Vec<u8>,
}

impl Authority {
    /// Makes a self-signed authority and leaves its key in `ca/FILE.key`.
    pub(crate) fn root(directory: &Directory, file: &str, name: Name, algorithm: Algorithm) -> Result<Self, Error> {
        let mut authority = Self::without_certificate(directory, file, name, algorithm)?;
        authority.certificate = authority.issue(&authority.contents())?.der;
        Ok(authority)
    }

    /// Makes an authority below this one.
    pub(crate) fn subordinate(&self, directory: &Directory, file: &str, name: Name) -> Result<Self, Error> {
        let mut authority = Self::without_certificate(directory, file, name, self.algorithm.clone())?;
        authority.certificate = self.issue(&authority.contents())?.der;
        Ok(authority)
    }

    /// Issues a certificate with a random serial number.
    pub(crate) fn issue(&self, contents: &Contents<'_>) -> Result<Issued, Error> {
        let mut serial = [0; 16];
        getrandom::fill(&mut serial)?;
        // The highest bits fixed, so that every serial number has the same length and is positive.
        serial[0] = serial[0] & 0x3f | 0x40;
        let serial = der::unsigned(&serial);
        let signature_algorithm = self.algorithm.identifier();
        let issuer = Issuer {
            name: &self.name,
            public_key: &self.public_key,
            signature_algorithm: &signature_algorithm,
        };
        let to_be_signed = x509::to_be_signed(contents, &issuer, &serial);
        let signature = self.sign(&to_be_signed)?;
        let der = x509::certificate(&to_be_signed, &signature_algorithm, &signature);
        Ok(Issued {
            der,
            issuer: self.name.to_der(),
            serial,
        })
    }

    pub(crate) fn pem(&self) -> String {
        pem(&self.certificate)
    }

    fn without_certificate(directory: &Directory, file: &str, name: Name, algorithm: Algorithm) -> Result<Self, Error> {
        let keys = directory.authority_keys();
        fs::create_dir_all(&keys).map_err(Error::file(&keys))?;
        let key_file = keys.join(format!("{file}.key"));
        algorithm.generate(&key_file)?;
        let public_key = algorithm
            .openssl()
            .arguments(&["pkey", "-pubout", "-outform", "DER", "-in"])
            .argument(&key_file)
            .output()?;
        let public_key = match algorithm {
            Algorithm::KazakhGost512(_) => kazakh::subject_public_key_info(KeySize::Bits512, point(&public_key)),
            _ => public_key,
        };
        let (common_name, country) = name;
        let name = DistinguishedName::default()
            .with(Attribute::CommonName, common_name)
            .with(Attribute::Organisation, "Вымышленный удостоверяющий центр")
            .with(Attribute::Country, country);
        Ok(Self {
            name,
            key_file,
            public_key,
            algorithm,
            certificate: Vec::new(),
        })
    }

    fn contents(&self) -> Contents<'_> {
        let now = OffsetDateTime::now_utc();
        Contents {
            subject: &self.name,
            public_key: &self.public_key,
            // Older than the oldest certificate issued.
            not_before: now - Duration::days(3 * 365),
            not_after: now + Duration::days(10 * 365),
            kind: Kind::Authority,
        }
    }

    fn sign(&self, content: &[u8]) -> Result<Vec<u8>, Error> {
        let digest = match self.algorithm {
            Algorithm::EcdsaP256 => "-sha256",
            Algorithm::Gost256(_) => "-md_gost12_256",
            Algorithm::KazakhGost512(_) => "-md_gost12_512",
        };
        let signature = self
            .algorithm
            .openssl()
            .arguments(&["dgst", digest, "-sign"])
            .argument(&self.key_file)
            .input(content)
            .output()?;
        Ok(match self.algorithm {
            Algorithm::KazakhGost512(_) => kazakh::signature(signature),
            _ => signature,
        })
    }
}

impl Algorithm {
    fn openssl(&self) -> Run {
        match self {
            Self::EcdsaP256 => Run::openssl(None),
            Self::Gost256(configuration) | Self::KazakhGost512(configuration) => Run::openssl(Some(configuration)),
        }
    }

    fn generate(&self, key_file: &Path) -> Result<(), Error> {
        let run = self.openssl().argument("genpkey");
        let run = match self {
            Self::EcdsaP256 => run.arguments(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            Self::Gost256(_) => run.arguments(&["-algorithm", "gost2012_256", "-pkeyopt", "paramset:A"]),
            Self::KazakhGost512(_) => run.arguments(&["-algorithm", "gost2012_512", "-pkeyopt", "paramset:A"]),
        };
        match run.argument("-out").argument(key_file).output() {
            Err(Error::Command { output, .. }) if !matches!(self, Self::EcdsaP256) => Err(Error::GostEngine(output)),
            other => other.map(drop),
        }
    }

    /// AlgorithmIdentifier of signatures: ecdsa-with-SHA256 (RFC 5758), id-tc26-signwithdigest-gost3410-12-256
    /// (RFC 9215 section 2), both without parameters; the Kazakh one has NULL.
    fn identifier(&self) -> Vec<u8> {
        match self {
            Self::EcdsaP256 => der::sequence(&[&der::oid("1.2.840.10045.4.3.2")]),
            Self::Gost256(_) => der::sequence(&[&der::oid("1.2.643.7.1.1.3.2")]),
            Self::KazakhGost512(_) => kazakh::signature_algorithm(KeySize::Bits512),
        }
    }
}

/// The point in the SubjectPublicKeyInfo of a 512-bit GOST key: its last bytes (RFC 9215 section 4.3).
fn point(public_key: &[u8]) -> &[u8] {
    &public_key[public_key.len().saturating_sub(2 * KeySize::Bits512.bytes())..]
}

/// A certificate in PEM (RFC 7468).
pub(crate) fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
