//! From a signature to a signature with a timestamp (CAdES-T). The value is stored long before: an authority that does not answer costs no second PIN.

use std::time::Duration;

use time::OffsetDateTime;

use crate::cms::{Scheme, SignedData, TimestampToken};
use crate::config::TimestampLevel;
use crate::jobs::StepError;
use crate::messages::{Code, Fault};
use crate::time_and_revocation::TimestampAuthority;

/// How long to wait before an optional timestamp is asked for a second and last time.
const PAUSE: Duration = Duration::from_secs(1);

/// Adds timestamps as a request wants them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamping<'a> {
    authority: Option<&'a TimestampAuthority>,
    level: TimestampLevel,
}

impl<'a> Timestamping<'a> {
    /// # Errors
    /// `config_invalid` when a timestamp is required and the configuration names no authority: told before anybody is asked for a PIN.
    pub(super) fn new(authority: Option<&'a TimestampAuthority>, level: TimestampLevel) -> Result<Self, Fault> {
        if level == TimestampLevel::Required && authority.is_none() {
            let reason = "timestamp.url is needed for signatures with a timestamp (cades-t)";
            return Err(Fault::new(Code::ConfigInvalid).arg("reason", reason).detail(reason));
        }
        Ok(Self { authority, level })
    }

    /// `cms`, whose one signer made the signature value by `scheme`, with a timestamp, and the time that it attests.
    ///
    /// # Errors
    /// `timestamp_failed` when a timestamp is required. Asking again later needs no token.
    pub(super) async fn add(
        &self,
        cms: Vec<u8>,
        value: &[u8],
        scheme: &Scheme,
    ) -> Result<(Vec<u8>, Option<OffsetDateTime>), Fault> {
        let (Some(authority), true) = (self.authority, self.level != TimestampLevel::None) else {
            return Ok((cms, None));
        };
        let token = match (authority.stamp(value, scheme).await, self.level) {
            (Err(_), TimestampLevel::Optional) => {
                tokio::time::sleep(PAUSE).await;
                authority.stamp(value, scheme).await
            }
            (first, _) => first,
        };
        match token {
            Ok(token) => attach(&cms, &token),
            Err(fault) if self.level == TimestampLevel::Optional => {
                tracing::warn!(%fault, "the signature goes out without a timestamp, which is optional");
                Ok((cms, None))
            }
            Err(fault) => Err(fault),
        }
    }
}

fn attach(cms: &[u8], token: &TimestampToken) -> Result<(Vec<u8>, Option<OffsetDateTime>), Fault> {
    let signed = SignedData::parse(cms).map_err(Fault::internal)?;
    let stamped = signed.with_timestamp(0, token).map_err(Fault::internal)?;
    Ok((stamped, Some(token.generated_at())))
}

/// What a failed [`Signing::sign`](super::Signing::sign) means for the step that called it: a timestamp may be asked for again, at any time; everything else
/// was decided.
pub fn step_error(fault: Fault) -> StepError {
    match fault.code() {
        Code::TimestampFailed => StepError::NotSent(fault),
        _ => StepError::Refused(fault),
    }
}
