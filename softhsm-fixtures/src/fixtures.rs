//! A whole set: making, reading, copying, asking.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gost_token::{Control, State};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::agent_configuration;
use crate::authority::{self, Algorithm, Authority};
use crate::catalogue::{self, Entry};
use crate::commands::{self, Run};
use crate::directory::{Directory, write_private, write_public};
use crate::distinguished_name::{Attribute, DistinguishedName};
use crate::error::Error;
use crate::gost::{self, GostToken};
use crate::manifest::{Certificate, Identity, KeyWithoutCertificate, Manifest, Token};
use crate::pin::Pin;
use crate::softhsm::{self, SoftHsmToken};
use crate::x509::{Contents, Kind};

/// A set of fixtures in a directory.
#[derive(Clone, Debug)]
pub struct Fixtures {
    directory: Directory,
    manifest: Manifest,
}

/// How to make a set; the default finds everything by itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Make the set in a directory that holds other files; those stay.
    pub force: bool,
    /// The user PIN of both tokens; otherwise eight random digits.
    pub pin: Option<Pin>,
    /// The SoftHSM library.
    pub softhsm_module: Option<PathBuf>,
    /// The GOST test module.
    pub gost_module: Option<PathBuf>,
}

impl Fixtures {
    /// Makes a set in `directory`, in place of one that is there.
    ///
    /// # Errors
    /// When a program is missing or fails, or `directory` holds something else.
    pub fn create(directory: &Path) -> Result<Self, Error> {
        Self::create_with(directory, &Options::default())
    }

    /// Makes a set as `options` say.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_with(directory: &Path, options: &Options) -> Result<Self, Error> {
        // What may be missing is looked for before anything is touched.
        let softhsm_module = options.softhsm_module.clone().map_or_else(softhsm::find_module, Ok)?;
        let softhsm_module = softhsm_module.canonicalize().map_err(Error::file(&softhsm_module))?;
        let gost_module = options.gost_module.clone().map_or_else(gost::find_module, Ok)?;
        let gost_module = gost_module.canonicalize().map_err(Error::file(&gost_module))?;
        commands::require_all()?;

        let directory = Directory::prepare(directory, options.force)?;
        let mut manifest = Manifest {
            created: OffsetDateTime::now_utc().unix_timestamp(),
            pin: options.pin.clone().map_or_else(Pin::random, Ok)?,
            pin_file: directory.pin(),
            ca: directory.ca(),
            gost_ca: directory.gost_ca(),
            kz_gost_ca: directory.kz_gost_ca(),
            gost_openssl_configuration: gost::write_openssl_configuration(&directory)?,
            agent_configuration: directory.agent_configuration(),
            tokens: Vec::new(),
            certificates: Vec::new(),
            keys_without_certificate: Vec::new(),
        };
        write_private(&manifest.pin_file, manifest.pin.as_str().as_bytes())?;
        fill_softhsm(&directory, &mut manifest, softhsm_module)?;
        fill_gost(&directory, &mut manifest, gost_module)?;
        Self { directory, manifest }.write()
    }

    /// The set in `directory`.
    ///
    /// # Errors
    /// When there is none, or another version made it.
    pub fn load(directory: &Path) -> Result<Self, Error> {
        let directory = Directory::open(directory)?;
        let path = directory.manifest();
        let json = fs::read(&path).map_err(Error::file(&path))?;
        let manifest = serde_json::from_slice(&json).map_err(|source| Error::Manifest { path, source })?;
        Ok(Self { directory, manifest })
    }

    /// Copies the set in `template` to `directory`: the same keys, PINs and certificates, in a fraction of the time.
    ///
    /// # Errors
    /// When `template` holds no set, or `directory` holds something else.
    pub fn copy_from_template(template: &Path, directory: &Path) -> Result<Self, Error> {
        let Self {
            directory: template,
            mut manifest,
        } = Self::load(template)?;
        let directory = Directory::prepare(directory, false)?;
        directory.copy_from(&template)?;
        manifest.move_paths(template.path(), directory.path());
        softhsm::write_configuration(&directory)?;
        Self { directory, manifest }.write()
    }

    /// The directory of the set, absolute.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The agent's configuration, `tokensign.toml`.
    pub fn configuration(&self) -> &Path {
        &self.manifest.agent_configuration
    }

    /// Root and issuing CA in PEM: `openssl verify -CAfile`.
    pub fn ca(&self) -> &Path {
        &self.manifest.ca
    }

    /// The GOST CA in PEM.
    pub fn gost_ca(&self) -> &Path {
        &self.manifest.gost_ca
    }

    /// The Kazakh GOST CA in PEM. OpenSSL reads its certificate, but knows neither its key nor its signature.
    pub fn kz_gost_ca(&self) -> &Path {
        &self.manifest.kz_gost_ca
    }

    /// A file for `OPENSSL_CONF` that makes OpenSSL know GOST.
    pub fn gost_openssl_configuration(&self) -> &Path {
        &self.manifest.gost_openssl_configuration
    }

    /// When the set was made, in seconds since 1970.
    pub fn created(&self) -> i64 {
        self.manifest.created
    }

    /// The tokens: SoftHSM first, then the GOST token.
    pub fn tokens(&self) -> &[Token] {
        &self.manifest.tokens
    }

    /// All certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.manifest.certificates
    }

    /// Keys for which no certificate exists.
    pub fn keys_without_certificate(&self) -> &[KeyWithoutCertificate] {
        &self.manifest.keys_without_certificate
    }

    /// The certificate of this name.
    ///
    /// # Panics
    /// When the catalogue has no such name, which is a mistake in the calling test.
    #[track_caller]
    pub fn certificate(&self, name: &str) -> &Certificate {
        let found = self
            .manifest
            .certificates
            .iter()
            .find(|certificate| certificate.name == name);
        found.unwrap_or_else(|| panic!("no fixture certificate is called {name}"))
    }

    /// The token that holds the certificate of this name.
    ///
    /// # Panics
    /// As [`certificate`](Self::certificate).
    #[track_caller]
    pub fn token_of(&self, name: &str) -> &Token {
        let label = &self.certificate(name).token;
        let found = self.manifest.tokens.iter().find(|token| &token.label == label);
        found.unwrap_or_else(|| panic!("no fixture token is called {label}"))
    }

    /// The user PIN of every token of the set.
    pub fn pin(&self) -> &str {
        self.manifest.pin.as_str()
    }

    /// A file that holds the user PIN.
    pub fn pin_file(&self) -> &Path {
        &self.manifest.pin_file
    }

    /// Switches faults of the GOST token on or off, for every process at once.
    ///
    /// # Errors
    /// When the control file cannot be written.
    pub fn control_gost_token(&self, faults: &Control) -> Result<(), Error> {
        let directory = self.directory.gost_token();
        faults.save(&directory).map_err(Error::file(directory))
    }

    /// What the GOST token remembers: tries left, counts of logins, wrong PINs and signatures.
    ///
    /// # Errors
    /// When its state cannot be read.
    pub fn gost_token_state(&self) -> Result<State, Error> {
        let directory = self.directory.gost_token();
        State::load(&directory).map_err(Error::file(directory))
    }

    /// Writes what describes the set; `fixtures.json` comes last, so a set that has it is whole.
    fn write(self) -> Result<Self, Error> {
        agent_configuration::write(&self.directory, &self.manifest)?;
        let path = self.directory.manifest();
        let json = serde_json::to_vec_pretty(&self.manifest).map_err(|source| Error::Manifest {
            path: path.clone(),
            source,
        })?;
        write_private(&path, &json)?;
        Ok(self)
    }
}

impl Manifest {
    fn move_paths(&mut self, from: &Path, to: &Path) {
        let move_path = |path: &mut PathBuf| {
            if let Ok(rest) = path.strip_prefix(from) {
                *path = to.join(rest);
            }
        };
        for path in [
            &mut self.ca,
            &mut self.gost_ca,
            &mut self.kz_gost_ca,
            &mut self.gost_openssl_configuration,
            &mut self.agent_configuration,
            &mut self.pin_file,
        ] {
            move_path(path);
        }
        for token in &mut self.tokens {
            token.env.values_mut().for_each(move_path);
        }
        for certificate in &mut self.certificates {
            for path in [&mut certificate.der, &mut certificate.pem, &mut certificate.ca] {
                move_path(path);
            }
        }
    }
}

fn fill_softhsm(directory: &Directory, manifest: &mut Manifest, module: PathBuf) -> Result<(), Error> {
    let root = Authority::root(directory, "root", ("Корневой тестовый УЦ", "KZ"), Algorithm::EcdsaP256)?;
    let issuing = root.subordinate(directory, "issuing", ("Издающий тестовый УЦ", "KZ"))?;
    write_public(&manifest.ca, [root.pem(), issuing.pem()].concat().as_bytes())?;

    let token = SoftHsmToken::create(directory, &module, &manifest.pin)?;
    for entry in catalogue::softhsm() {
        let id = key_id(entry.id_of);
        let public_key = if entry.has_key {
            token.generate_key_pair(entry.name, &hex::encode(&id), entry.key_type)?
        } else {
            public_key_of_a_lost_key()?
        };
        let issued = issuing.issue(&contents(&entry, &public_key))?;
        let certificate = describe(directory, &entry, softhsm::LABEL, &manifest.ca, &issued.der)?;
        token.add_certificate(entry.name, &certificate.id, &certificate.der)?;
        manifest.certificates.push(certificate);
    }
    let (label, key_type) = catalogue::KEY_WITHOUT_CERTIFICATE;
    let id = hex::encode(key_id(label));
    token.generate_key_pair(label, &id, key_type)?;
    manifest.keys_without_certificate.push(KeyWithoutCertificate {
        token: softhsm::LABEL.to_owned(),
        label: label.to_owned(),
        id,
        key_type,
    });
    let serial = token.serial()?;
    manifest.tokens.push(Token {
        label: softhsm::LABEL.to_owned(),
        serial,
        module,
        profile: "softhsm".to_owned(),
        env: BTreeMap::from([(
            softhsm::CONFIGURATION_VARIABLE.to_owned(),
            directory.softhsm_configuration(),
        )]),
        pin: manifest.pin.clone(),
    });
    Ok(())
}

fn fill_gost(directory: &Directory, manifest: &mut Manifest, module: PathBuf) -> Result<(), Error> {
    let algorithm = Algorithm::Gost256(manifest.gost_openssl_configuration.clone());
    let russian = Authority::root(directory, "gost-ca", ("Тестовый УЦ ГОСТ", "RU"), algorithm)?;
    write_public(&manifest.gost_ca, russian.pem().as_bytes())?;
    let algorithm = Algorithm::KazakhGost512(manifest.gost_openssl_configuration.clone());
    let kazakh = Authority::root(
        directory,
        "kz-gost-ca",
        ("Тестовый УЦ ГОСТ 34.10-2015", "KZ"),
        algorithm,
    )?;
    write_public(&manifest.kz_gost_ca, kazakh.pem().as_bytes())?;

    let token = GostToken::create(directory, &manifest.pin)?;
    for entry in catalogue::gost() {
        let id = key_id(entry.id_of);
        let public_key = token.generate_key_pair(entry.name, &id, entry.key_type)?;
        let (authority, ca) = if entry.key_type.is_kazakh_gost() {
            (&kazakh, &manifest.kz_gost_ca)
        } else {
            (&russian, &manifest.gost_ca)
        };
        let issued = authority.issue(&contents(&entry, &public_key))?;
        token.add_certificate(entry.name, &id, &issued, &entry.subject.to_der())?;
        let certificate = describe(directory, &entry, gost::LABEL, ca, &issued.der)?;
        manifest.certificates.push(certificate);
    }
    manifest.tokens.push(Token {
        label: gost::LABEL.to_owned(),
        serial: token.serial()?,
        module,
        profile: "gost-token".to_owned(),
        env: BTreeMap::from([(gost_token::DIRECTORY_VARIABLE.to_owned(), directory.gost_token())]),
        pin: manifest.pin.clone(),
    });
    Ok(())
}

fn contents<'a>(entry: &'a Entry, public_key: &'a [u8]) -> Contents<'a> {
    let (not_before, not_after) = entry.validity.period(OffsetDateTime::now_utc());
    Contents {
        subject: &entry.subject,
        public_key,
        not_before,
        not_after,
        kind: Kind::Signer(entry.extensions.clone()),
    }
}

/// Writes the certificate's files and says what it is.
fn describe(directory: &Directory, entry: &Entry, token: &str, ca: &Path, der: &[u8]) -> Result<Certificate, Error> {
    let file = |extension: &str| directory.certificates().join(format!("{}.{extension}", entry.name));
    let unusable_because = entry.unusable_because().map(str::to_owned);
    let certificate = Certificate {
        name: entry.name.to_owned(),
        token: token.to_owned(),
        label: entry.name.to_owned(),
        id: hex::encode(key_id(entry.id_of)),
        fingerprint: hex::encode(Sha256::digest(der)),
        der: file("der"),
        pem: file("pem"),
        ca: ca.to_owned(),
        key_type: entry.key_type,
        subject: entry.subject.to_text(),
        identity: identity(&entry.subject),
        purpose: entry.purpose,
        usable: unusable_because.is_none(),
        unusable_because,
    };
    write_public(&certificate.der, der)?;
    write_public(&certificate.pem, authority::pem(der).as_bytes())?;
    Ok(certificate)
}

fn identity(subject: &DistinguishedName) -> Identity {
    let value = |attribute| subject.value(attribute).map(str::to_owned);
    let after = |attribute, prefix| subject.value(attribute)?.strip_prefix(prefix).map(str::to_owned);
    Identity {
        iin: after(Attribute::SerialNumber, "IIN"),
        bin: after(Attribute::OrganisationalUnit, "BIN"),
        inn: value(Attribute::Inn),
        innle: value(Attribute::InnOfOrganisation),
        ogrn: value(Attribute::Ogrn),
        snils: value(Attribute::Snils),
    }
}

/// Eight bytes that a name stands for; the same in every set.
fn key_id(name: &str) -> Vec<u8> {
    Sha256::digest(name)[..8].to_vec()
}

fn public_key_of_a_lost_key() -> Result<Vec<u8>, Error> {
    let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let key = Run::openssl(None).arguments(&curve).output()?;
    Run::openssl(None)
        .arguments(&["pkey", "-pubout", "-outform", "DER"])
        .input(key)
        .output()
}
