use super::Mig24Client;
use crate::http_client::Failure;
use crate::mig24::model::{self, Operator};

impl Mig24Client {
    /// `GET /api/v1/operators`: the operators with which the service exchanges documents.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn operators(&self) -> Result<Vec<Operator>, Failure> {
        let answer = self.read("/api/v1/operators").await?;
        model::list(&answer)
    }
}
