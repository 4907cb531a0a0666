use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::model::{self, GroupDocument, GroupInfo, Recipient, User};
use super::shapes::{self, Prepared};
use crate::config::{GroupIdBy, Mig24Profile, Mig24Shapes, Verb};
use crate::http_client::{
    Answer, Bearer, Download, DownloadLimits, Failure, FilePart, JsonLabel, ServiceClient, ServiceId,
};
use crate::messages::Fault;

/// The largest document that is fetched to be checked, in bytes.
const LARGEST_DOCUMENT: u64 = 4 << 30;

/// The client of one MIG24 profile. It repeats nothing by itself.
#[derive(Clone, Debug)]
pub struct Mig24Client {
    http: ServiceClient,
    shapes: Mig24Shapes,
}

/// How a file becomes a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentForm {
    /// Any file, as it is.
    Informal,
    /// The service tells the type.
    Detected,
}

impl Mig24Client {
    /// A client after the profile with that name.
    ///
    /// # Errors
    /// `config_invalid`.
    pub fn new(name: &str, profile: &Mig24Profile, bearer: Bearer) -> Result<Self, Fault> {
        Ok(Self {
            http: ServiceClient::new(name, &profile.service, bearer)?,
            shapes: profile.shapes.clone(),
        })
    }

    /// The host it talks to, for people.
    pub fn host(&self) -> String {
        self.http.host()
    }

    /// Uploads a file under the client's own id. The same file under the same id may come again.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload(&self, id: &ServiceId, form: DocumentForm, file: FilePart) -> Result<(), Failure> {
        let id = id.segment();
        let path = match form {
            DocumentForm::Informal => format!("/api/v1/documents/{id}/informal"),
            DocumentForm::Detected => format!("/api/v1/documents/{id}"),
        };
        let file = file.in_field(&self.shapes.upload.field);
        let call = self.http.call(method(self.shapes.upload.method), &path)?;
        call.file(file)?.send().await.map(drop)
    }

    /// Uploads a universal transfer document (УПД) as JSON, with the client's own id in it.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload_upd(&self, upd: &Value) -> Result<(), Failure> {
        self.write(Verb::Post, "/api/v1/documents/upd", upd).await.map(drop)
    }

    /// Opens a document's file.
    ///
    /// # Errors
    /// `body_too_large`, and those of any call.
    pub async fn document_file(&self, id: &ServiceId) -> Result<Download, Failure> {
        let limits = DownloadLimits {
            hosts: &[],
            max_bytes: LARGEST_DOCUMENT,
        };
        let path = self.http.path(&format!("/api/v1/documents/{}/file", id.segment()))?;
        self.http.download(&path, limits).await
    }

    /// Creates a group and gives its id. Not idempotent where the service chooses the id.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_group(
        &self,
        id: &ServiceId,
        recipient: &Recipient,
        documents: &[GroupDocument<'_>],
    ) -> Result<ServiceId, Failure> {
        let own = (self.shapes.group.id == GroupIdBy::Client).then_some(id);
        let body = model::group_body(&self.shapes.group, own, recipient, documents);
        let answer = self.write(Verb::Post, "/api/v1/package-groups", &body).await?;
        let created = match answer.json()? {
            Value::String(id) => id.parse().ok(),
            value => GroupInfo(value).id(),
        };
        created
            .or_else(|| own.cloned())
            .ok_or_else(|| answer.unreadable("it does not give the new group's id"))
    }

    /// Adds documents to a group.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn add_packages(&self, group: &ServiceId, documents: &[GroupDocument<'_>]) -> Result<(), Failure> {
        let path = format!("/api/v1/package-groups/{}/packages", group.segment());
        let body = model::documents_body(&self.shapes.group, documents);
        self.write(Verb::Post, &path, &body).await.map(drop)
    }

    /// Deletes a group.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn delete_group(&self, group: &ServiceId) -> Result<(), Failure> {
        let path = format!("/api/v1/package-groups/{}", group.segment());
        self.http.call(Method::DELETE, &path)?.send().await.map(drop)
    }

    /// What the service says of a group.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn group_info(&self, group: &ServiceId) -> Result<GroupInfo, Failure> {
        let path = format!("/api/v1/package-groups/{}/info", group.segment());
        self.http.call(Method::GET, &path)?.send().await?.json().map(GroupInfo)
    }

    /// Asks for a package's state to be sent to the organisation's queue.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn request_package_status(&self, package: &ServiceId) -> Result<Value, Failure> {
        let path = format!("/api/v1/packages/{}/status/async", package.segment());
        let answer = self.http.call(Method::GET, &path)?.send().await?;
        if answer.is_text() {
            Ok(Value::Null)
        } else {
            answer.json()
        }
    }

    /// The employees of an organisation.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn users(&self, organisation: &ServiceId) -> Result<Vec<User>, Failure> {
        let path = format!("/{}/users", organisation.segment());
        let answer = self.http.call(Method::GET, &path)?.send().await?;
        let users = answer.json()?;
        answer.part(users)
    }

    /// Asks for the hashes of a group's documents for a certificate (DER). The last answer is the one that counts.
    ///
    /// # Errors
    /// `prepare_unusable`, and those of any call.
    pub async fn prepare(
        &self,
        group: &ServiceId,
        certificate: &[u8],
        mchd: Option<&str>,
    ) -> Result<Prepared, Failure> {
        let shape = &self.shapes.prepare;
        let body = shapes::prepare_body(shape, group, certificate, mchd);
        let answer = self
            .write(shape.method, "/api/v1/sign/package-group/prepare", &body)
            .await?;
        shapes::read_prepared(&answer.json()?).map_err(Failure::Refused)
    }

    /// Hands in the signatures of a whole group, in `prepare`'s order: all or nothing.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn finish(&self, group: &ServiceId, prepared: &Prepared, signatures: &[Vec<u8>]) -> Result<(), Failure> {
        let shape = &self.shapes.finish;
        let body = shapes::finish_body(shape, group, prepared, signatures);
        let answer = self
            .write(shape.method, "/api/v1/sign/package-group/finish", &body)
            .await?;
        // A page with status 200 comes from something in between, not from the service.
        if answer.is_text() {
            Ok(())
        } else {
            answer.json().map(drop)
        }
    }

    async fn write(&self, verb: Verb, path: &str, body: &(impl Serialize + Sync)) -> Result<Answer, Failure> {
        let call = self.http.call(method(verb), path)?;
        call.json(JsonLabel::Json, body)?.send().await
    }
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    }
}
