//! Runs `openssl cms -verify`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::certificate::{Certificate, CertificateError, KeyKind};
use super::envelope::{NotSignedData, is_detached};
use crate::sandbox::storage::Storage;

const DEADLINE: Duration = Duration::from_secs(60);

/// Loads the engine by its id from OpenSSL's own engine directory.
const GOST_CONFIGURATION: &str = "\
openssl_conf = openssl_init
[openssl_init]
engines = engines
[engines]
gost = gost
[gost]
engine_id = gost
default_algorithms = ALL
";

/// The verifier: trusted CAs and how OpenSSL is to be run for them.
#[derive(Debug)]
pub(crate) struct OpenSsl {
    ca: PathBuf,
    gost: Option<Gost>,
    scratch: PathBuf,
    // A group may hold thousands of documents; more processes than cores only wait for each other.
    processes: Semaphore,
}

#[derive(Debug)]
struct Gost {
    ca: PathBuf,
    configuration: PathBuf,
}

/// The content that a signature has to be over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignedContent<'a> {
    /// A detached signature: the content lies in a file.
    Beside(&'a Path),
    /// An attached signature: it has to carry these bytes.
    Inside(&'a [u8]),
}

/// OpenSSL or its GOST engine is not there.
#[derive(Debug, Error)]
pub(crate) enum OpenSslMissing {
    /// The command cannot be run.
    #[error("the openssl command cannot be run: {0}; install it with `apt-get install openssl`")]
    Command(io::Error),
    /// The engine cannot be loaded.
    #[error(
        "OpenSSL cannot load the GOST engine: {0}; install it with `apt-get install libengine-gost-openssl`, or start \
         without a GOST CA"
    )]
    GostEngine(String),
    /// A file of trusted CAs cannot be read.
    #[error("the CA file {path} cannot be read: {source}")]
    Ca {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a signature is not accepted.
#[derive(Debug, Error)]
pub(crate) enum VerifyError {
    /// OpenSSL says no.
    #[error("OpenSSL does not accept the signature: {0}")]
    Refused(String),
    /// It is not a CMS.
    #[error(transparent)]
    NotSignedData(#[from] NotSignedData),
    /// It does not carry the signed content, as an attached signature must.
    #[error("the signature carries another content than the one given out to be signed")]
    OtherContent,
    /// It has no signer, or several.
    #[error("the signature has {0} signers, one is expected")]
    Signers(usize),
    /// The signer's certificate is unusable.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signer's key is a GOST key, and there is no CA for those.
    #[error("GOST certificates are not accepted: the sandbox was started without a GOST CA")]
    NoGostCa,
    /// OpenSSL did not come to an end.
    #[error("the verifier cannot be run: {0}")]
    Unable(#[from] io::Error),
}

impl OpenSsl {
    /// Checks that OpenSSL, the engine if there is a GOST CA, and the CA files are there.
    pub(crate) fn prepare(
        ca: &Path,
        gost_ca: Option<&Path>,
        configuration: Option<&Path>,
        storage: &Storage,
    ) -> Result<Self, OpenSslMissing> {
        let readable = |path: &Path| match std::fs::File::open(path) {
            Ok(_) => Ok(path.to_owned()),
            Err(source) => Err(OpenSslMissing::Ca {
                path: path.to_owned(),
                source,
            }),
        };
        let ca = readable(ca)?;
        let gost = match gost_ca {
            None => None,
            Some(ca) => {
                let ca = readable(ca)?;
                let configuration = match configuration {
                    Some(file) => file.to_owned(),
                    None => {
                        let file = storage.file("gost-openssl.cnf");
                        std::fs::write(&file, GOST_CONFIGURATION).map_err(OpenSslMissing::Command)?;
                        file
                    }
                };
                Some(Gost { ca, configuration })
            }
        };
        probe(gost.as_ref())?;
        let scratch = storage.dir("verification").map_err(OpenSslMissing::Command)?;
        let processes = std::thread::available_parallelism().map_or(2, |n| n.get());
        Ok(Self {
            ca,
            gost,
            scratch,
            processes: Semaphore::new(processes),
        })
    }

    /// Verifies a CMS whose signer's key is of the given kind, and returns the certificate of its one signer.
    pub(crate) async fn verify(
        &self,
        cms: &[u8],
        signed: SignedContent<'_>,
        key: KeyKind,
    ) -> Result<Certificate, VerifyError> {
        is_detached(cms)?;
        let scratch = tempfile::tempdir_in(&self.scratch)?;
        let signature = scratch.path().join("signature.cms");
        let signer = scratch.path().join("signer.pem");
        let content = scratch.path().join("content");
        std::fs::write(&signature, cms)?;

        let (ca, configuration) = match key {
            KeyKind::Rsa | KeyKind::Ecdsa => (&self.ca, None),
            KeyKind::Gost256 | KeyKind::Gost512 => {
                let gost = self.gost.as_ref().ok_or(VerifyError::NoGostCa)?;
                (&gost.ca, Some(&gost.configuration))
            }
        };
        let mut command = Command::new("openssl");
        // Only the CA given counts, never the machine's own.
        command.args([
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-purpose",
            "any",
            "-no-CApath",
            "-no-CAstore",
        ]);
        command
            .arg("-CAfile")
            .arg(ca)
            .arg("-in")
            .arg(&signature)
            .arg("-signer")
            .arg(&signer)
            .arg("-out")
            .arg(&content);
        if let SignedContent::Beside(file) = signed {
            command.arg("-content").arg(file);
        }
        if let Some(configuration) = configuration {
            command.env("OPENSSL_CONF", configuration);
        }
        let output = self.run(command).await?;
        if !output.status.success() {
            return Err(VerifyError::Refused(one_line(&output.stderr)));
        }
        if let SignedContent::Inside(expected) = signed
            && std::fs::read(&content)? != expected
        {
            return Err(VerifyError::OtherContent);
        }
        let mut signers = Certificate::all_from_pem(&std::fs::read(&signer)?)?;
        match signers.len() {
            1 => Ok(signers.remove(0)),
            several => Err(VerifyError::Signers(several)),
        }
    }

    async fn run(&self, mut command: Command) -> io::Result<Output> {
        let _turn = self.processes.acquire().await.map_err(io::Error::other)?;
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
        tokio::time::timeout(DEADLINE, output)
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "openssl does not come to an end"))?
    }
}

fn probe(gost: Option<&Gost>) -> Result<(), OpenSslMissing> {
    let mut command = std::process::Command::new("openssl");
    let Some(gost) = gost else {
        command.arg("version").output().map_err(OpenSslMissing::Command)?;
        return Ok(());
    };
    let output = command
        .args(["dgst", "-md_gost12_256", "/dev/null"])
        .env("OPENSSL_CONF", &gost.configuration)
        .output()
        .map_err(OpenSslMissing::Command)?;
    if output.status.success() {
        Ok(())
    } else {
        Err(OpenSslMissing::GostEngine(one_line(&output.stderr)))
    }
}

/// What OpenSSL wrote, short enough for an error answer.
fn one_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(400).collect()
}
