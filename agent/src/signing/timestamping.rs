//! From a signature to a signature with a timestamp (CAdES-T), as a step of its own: the signature is stored before the authority is asked, so one that does
//! not answer costs neither a second PIN nor the token.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::request::{Format, Signed, SignedDocument};
use super::service::Signing;
use crate::certificate::Certificate;
use crate::cms::{Preference, Scheme, SchemeError, SignedData, SignerInfo};
use crate::config::TimestampLevel;
use crate::jobs::{JobContext, JobEnd, StepError};
use crate::messages::{Code, Fault};
use crate::time_and_revocation::TimestampAuthority;

/// How long to wait before an optional timestamp is asked for a second and last time.
const PAUSE: Duration = Duration::from_secs(1);

impl Signing {
    /// `signed`, what [`Signing::sign`] made, with the timestamps that `format` wants. Call it when the signatures are stored (behind the step that made
    /// them); `step` names the step in which the authority is asked, again and again with back-off.
    ///
    /// # Errors
    /// Stopped with `timestamp_failed` when a required timestamp cannot be had; retrying the job asks the authority again and nobody else.
    pub async fn timestamped(
        &self,
        context: &JobContext,
        step: &str,
        format: Format,
        signed: Signed,
    ) -> Result<Signed, JobEnd> {
        let (Some(authority), true) = (self.timestamp_authority()?, format.timestamp != TimestampLevel::None) else {
            return Ok(signed);
        };
        // What one attempt stamped the next one keeps.
        let stamped = Mutex::new(signed);
        let stamp = || async {
            let mut stamped = stamped.lock().await;
            for document in stamped
                .documents
                .iter_mut()
                .filter(|document| document.timestamp.is_none())
            {
                match add(authority, format.timestamp, document).await {
                    Ok(()) => {}
                    // An authority that is silent for one document is not asked for the thousand that follow.
                    Err(fault) if format.timestamp == TimestampLevel::Optional => {
                        tracing::warn!(%fault, "signatures go out without a timestamp, which is optional");
                        break;
                    }
                    Err(fault) => return Err(StepError::NotSent(fault)),
                }
            }
            Ok(stamped.clone())
        };
        context.safe_step(step, stamp).await
    }

    /// Told before anybody is asked for a PIN.
    ///
    /// # Errors
    /// `config_invalid` when a timestamp is required and the configuration names no authority, or one is wanted and what it says of the authority
    /// is wrong.
    pub(super) fn check_timestamp(&self, level: TimestampLevel) -> Result<(), Fault> {
        if level == TimestampLevel::None {
            return Ok(());
        }
        let authority = self.timestamp_authority()?;
        if authority.is_none() && level == TimestampLevel::Required {
            let reason = "timestamp.url is needed for signatures with a timestamp (cades-t)";
            return Err(Fault::new(Code::ConfigInvalid).arg("reason", reason).detail(reason));
        }
        Ok(())
    }
}

/// The scheme by which `signer` signed, for its digest: a timestamp has the same.
fn scheme_of(certificate: &Certificate, signer: &SignerInfo) -> Result<Scheme, SchemeError> {
    let same = Preference {
        digest: signer.digest(),
        rsa_pss: false,
    };
    Scheme::for_certificate(certificate, &same)
        .or_else(|_| Scheme::for_certificate(certificate, &Preference::default()))
}

/// A signature made anywhere with a timestamp for each signer that has none yet; nothing that is there changes. The content is not needed: the stamp
/// is on the signature's value.
///
/// # Errors
/// `invalid_field` when there is no signer without one, or a signer's certificate is not inside; `timestamp_failed`.
pub async fn stamp_existing(authority: &TimestampAuthority, signature: &SignedData) -> Result<Stamped, Fault> {
    let refuse = |reason: &str| Fault::invalid_field("signature", reason);
    let mut signed = signature.clone();
    let mut times = Vec::new();
    for index in 0..signature.signers().len() {
        let signer = &signature.signers()[index];
        if signer.timestamp_count() > 0 {
            continue;
        }
        let certificate = signature
            .signer_certificate(index)
            .ok_or_else(|| refuse("does not hold the signer's certificate"))?;
        let scheme =
            scheme_of(&certificate, signer).map_err(|error| Fault::new(Code::UnsupportedAlgorithm).detail(error))?;
        let token = authority.stamp(signer.signature(), &scheme).await?;
        let stamped = signed.with_timestamp(index, &token).map_err(Fault::internal)?;
        signed = SignedData::parse(&stamped).map_err(Fault::internal)?;
        times.push(token.generated_at());
    }
    if times.is_empty() {
        return Err(refuse("has a timestamp for every signer already"));
    }
    Ok(Stamped {
        signature: signed.der().to_vec(),
        times,
    })
}

/// A signature with the timestamps that were added.
#[derive(Debug, Clone)]
pub struct Stamped {
    /// The CMS in DER.
    pub signature: Vec<u8>,
    /// The times that the new timestamps attest.
    pub times: Vec<OffsetDateTime>,
}

async fn add(
    authority: &TimestampAuthority,
    level: TimestampLevel,
    document: &mut SignedDocument,
) -> Result<(), Fault> {
    // A raw value over attributes of somebody else's is no CMS; whoever puts it into one asks for the timestamp.
    let Ok(cms) = SignedData::parse(&document.signature) else {
        return Ok(());
    };
    let (Some(signer), Some(certificate)) = (cms.signers().first(), cms.signer_certificate(0)) else {
        return Err(Fault::internal("a signature of ours lacks its signer"));
    };
    let scheme = scheme_of(&certificate, signer).map_err(Fault::internal)?;
    let token = match (authority.stamp(signer.signature(), &scheme).await, level) {
        (Err(_), TimestampLevel::Optional) => {
            tokio::time::sleep(PAUSE).await;
            authority.stamp(signer.signature(), &scheme).await?
        }
        (first, _) => first?,
    };
    let stamped = cms.with_timestamp(0, &token).map_err(Fault::internal)?;
    document.signature = stamped;
    document.timestamp = Some(token.generated_at());
    Ok(())
}
