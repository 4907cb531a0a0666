use super::{Mig24Client, accepted};
use crate::http_client::{Download, Failure, ServiceId};
use crate::mig24::model::{self, PackageInfo};

impl Mig24Client {
    /// `GET /api/v1/packages/{id}/info`.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn package(&self, id: &ServiceId) -> Result<PackageInfo, Failure> {
        let answer = self.read(&format!("/api/v1/packages/{}/info", id.segment())).await?;
        model::one(&answer)
    }

    /// `GET /api/v1/packages/{id}/files`: opens what belongs to a package: document, signatures, receipts.
    ///
    /// # Errors
    /// `body_too_large`, and those of any call.
    pub async fn package_files(&self, id: &ServiceId) -> Result<Download, Failure> {
        self.open(&format!("/api/v1/packages/{}/files", id.segment())).await
    }

    /// `GET /api/v1/packages/{id}/status/async`: asks for a package's state to be sent to the organisation's queue.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn request_package_status(&self, id: &ServiceId) -> Result<(), Failure> {
        let path = format!("/api/v1/packages/{}/status/async", id.segment());
        accepted(&self.read(&path).await?)
    }
}
