use super::{CertificateRequest, ChosenCertificate, Request, Signed};
use crate::jobs::JobContext;
use crate::messages::Fault;

/// The signing service, cheap to clone.
#[derive(Clone, Debug)]
pub struct Signing {}

impl Signing {
    /// Finds the one certificate that fits; asks the person when several do. Asks for no PIN.
    ///
    /// # Errors
    /// `certificate_not_found`, `certificate_ambiguous`, `certificate_expired`, `certificate_wrong_purpose`, …, `refused`, `expired`.
    pub async fn choose(
        &self,
        _context: &JobContext,
        _request: CertificateRequest,
    ) -> Result<ChosenCertificate, Fault> {
        Err(Fault::internal("not built"))
    }

    /// Signs: asks the person, waits through wrong PINs and pulled tokens, and returns when every document is signed.
    ///
    /// Repeat-safe: with the same key after a restart it goes on where the approval stands.
    ///
    /// # Errors
    /// Those of [`Signing::choose`], of the token, `refused`, `expired`, `digest_mismatch`.
    pub async fn sign(&self, _context: &JobContext, _request: Request) -> Result<Signed, Fault> {
        Err(Fault::internal("not built"))
    }
}
