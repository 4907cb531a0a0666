use serde_json::{Map, Value};

use super::{Mig24Client, accepted};
use crate::config::Verb;
use crate::http_client::{Failure, ServiceId};
use crate::mig24::shapes::{self, Prepared};

impl Mig24Client {
    /// `POST /api/v1/sign/package-group/prepare`: the service's answer as it came.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn prepare_answer(
        &self,
        group: &ServiceId,
        certificate: &[u8],
        mchd: Option<&str>,
    ) -> Result<Value, Failure> {
        let shape = &self.shapes.prepare;
        let body = shapes::prepare_body(shape, group, certificate, mchd);
        let answer = self
            .write(shape.method, "/api/v1/sign/package-group/prepare", &body)
            .await?;
        answer.json()
    }

    /// `POST /api/v1/sign/package-group/prepare`: asks for the hashes of a group's documents for a certificate (DER). The last
    /// answer is the one that counts.
    ///
    /// # Errors
    /// `prepare_unusable`, and those of any call.
    pub async fn prepare(
        &self,
        group: &ServiceId,
        certificate: &[u8],
        mchd: Option<&str>,
    ) -> Result<Prepared, Failure> {
        let answer = self.prepare_answer(group, certificate, mchd).await?;
        shapes::read_prepared(&answer).map_err(Failure::Refused)
    }

    /// `POST /api/v1/sign/package-group/finish`: hands in the signatures of a whole group, in `prepare`'s order: all or nothing.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn finish<'a>(
        &self,
        group: &ServiceId,
        prepared: &Prepared,
        signatures: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Failure> {
        let shape = &self.shapes.finish;
        let body = shapes::finish_body(shape, group, prepared, signatures);
        let answer = self
            .write(shape.method, "/api/v1/sign/package-group/finish", &body)
            .await?;
        accepted(&answer)
    }

    /// `POST /api/v1/sign/package-group/user`: has the service sign with the certificate that it keeps of an employee, or send that
    /// employee a link.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn sign_by_user(&self, group: &ServiceId, user: &ServiceId) -> Result<(), Failure> {
        let shape = &self.shapes.remote;
        let mut body = self.remote_body(group);
        body.insert(shape.user_field.clone(), user.as_str().into());
        self.sign_remotely("/api/v1/sign/package-group/user", &body).await
    }

    /// `POST /api/v1/sign/package-group`: has the service sign with a named container, by a power of attorney where there is one.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn sign_by_container(
        &self,
        group: &ServiceId,
        container: &str,
        mchd: Option<&str>,
    ) -> Result<(), Failure> {
        let shape = &self.shapes.remote;
        let mut body = self.remote_body(group);
        body.insert(shape.container_field.clone(), container.into());
        if let Some(mchd) = mchd {
            body.insert(shape.mchd_field.clone(), mchd.into());
        }
        self.sign_remotely("/api/v1/sign/package-group", &body).await
    }

    fn remote_body(&self, group: &ServiceId) -> Map<String, Value> {
        let shape = &self.shapes.remote;
        let mut body: Map<String, Value> = shape.extra.clone().into_iter().collect();
        body.insert(shape.group_field.clone(), group.as_str().into());
        body
    }

    async fn sign_remotely(&self, path: &str, body: &Map<String, Value>) -> Result<(), Failure> {
        let method: Verb = self.shapes.remote.method;
        accepted(&self.write(method, path, body).await?)
    }
}
