use super::client::IdocsClient;
use super::references::Company;
use super::service::Profile;
use super::signer::Signer;
use crate::certificate::{Certificate, Purpose, Selector};
use crate::consent::{CallerView, Destination};
use crate::http_client::ServiceId;
use crate::jobs::{JobContext, JobEnd, StepError};
use crate::signing::{AllowedCertificates, CertificateRequest, ChosenCertificate, Signing};

/// Finds who signs in one job: a certificate that the profile and the caller allow, and the employee whose it is. Both are
/// compared with the organisation before anybody is asked for a PIN.
pub(super) struct Signatory<'a> {
    pub(super) signing: &'a Signing,
    pub(super) client: &'a IdocsClient,
    pub(super) context: &'a JobContext,
    pub(super) profile: &'a Profile,
    pub(super) caller: &'a CallerView,
    pub(super) certificate: Option<&'a Selector>,
    pub(super) employee: Option<&'a ServiceId>,
}

/// A certificate that fits, and who signs with it.
pub(super) struct SignedBy {
    pub(super) chosen: ChosenCertificate,
    pub(super) certificate: Certificate,
    pub(super) signer: Signer,
}

impl Signatory<'_> {
    /// # Errors
    /// `signer_mismatch`, `employee_unknown`, and those of [`Signing::choose`].
    pub(super) async fn find(
        &self,
        company: &Company,
        documents: Vec<String>,
        destination: &Destination,
    ) -> Result<SignedBy, JobEnd> {
        let configured = self.profile.config.service.certificate.as_deref();
        let allowed = AllowedCertificates::new(configured, self.certificate)?;
        let chosen: ChosenCertificate = self
            .context
            .safe_step("certificate", || async {
                let request = CertificateRequest {
                    caller: self.caller.clone(),
                    purpose: Purpose::Signature,
                    selector: allowed.selector(),
                    documents: documents.clone(),
                    destination: Some(destination.clone()),
                };
                let chosen = self.signing.choose(self.context, request).await;
                chosen.map_err(StepError::Refused)
            })
            .await?;
        let certificate = allowed.check(&chosen)?;
        let signer = self
            .context
            .safe_step("signer", || async {
                let employees = self.client.employees().await?;
                Signer::find(certificate.identity(), company, &employees, self.employee).map_err(StepError::Refused)
            })
            .await?;
        Ok(SignedBy {
            chosen,
            certificate,
            signer,
        })
    }
}
