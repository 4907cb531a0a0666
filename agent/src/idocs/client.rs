use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::envelope;
use super::model::{
    Company, Direction, DocumentStatus, DocumentStatusView, DocumentView, DocumentsQuery, Employee, GenerateContent,
    NewDocument, NewQuickRoute, Page, PageQuery, SaveSignature, SignContent, UploadedBlob,
};
use crate::config::IdocsProfile;
use crate::http_client::{Bearer, Download, DownloadLimits, Failure, FilePart, JsonLabel, ServiceClient, ServiceId};
use crate::messages::Fault;

/// How many items a page is asked for.
const PAGE: usize = 100;

/// How many pages are read before a list counts as endless.
const PAGES: usize = 1_000;

/// The largest content to sign, in bytes: a document's original files have at most 15 MB each.
const LARGEST_CONTENT: u64 = 1 << 30;

/// The client of one iDocs profile. It repeats nothing by itself.
#[derive(Clone, Debug)]
pub struct IdocsClient {
    http: ServiceClient,
    download_hosts: Vec<String>,
}

impl IdocsClient {
    /// A client after the profile with that name.
    ///
    /// # Errors
    /// `config_invalid`.
    pub fn new(name: &str, profile: &IdocsProfile, bearer: Bearer) -> Result<Self, Fault> {
        Ok(Self {
            http: ServiceClient::new(name, &profile.service, bearer)?,
            download_hosts: profile.download_hosts.clone(),
        })
    }

    /// The host it talks to, for people.
    pub fn host(&self) -> String {
        self.http.host()
    }

    /// Uploads a document's file (part `documentContent`).
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload_document(&self, file: FilePart) -> Result<ServiceId, Failure> {
        let blob: UploadedBlob = self.upload("/api/v3/sync/blobs/document-content", file).await?;
        Ok(blob.blob_id)
    }

    /// Uploads a signature (part `signatureContent`, a name that ends in `.cms`).
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload_signature(&self, file: FilePart) -> Result<ServiceId, Failure> {
        let blob: UploadedBlob = self
            .upload("/api/v3/sync/blobs/document-signature-content", file)
            .await?;
        Ok(blob.blob_id)
    }

    /// Creates an outgoing draft. Not idempotent: the service makes another one each time.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_document(&self, document: &NewDocument<'_>) -> Result<DocumentView, Failure> {
        self.post("/api/v3/sync/external/outbox/document/create", document)
            .await
    }

    /// Gives a draft its quick route. Not idempotent.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_quick_route(&self, route: &NewQuickRoute<'_>) -> Result<(), Failure> {
        self.post_for_nothing("/api/v3/sync/external/outbox/route/quick-route/create", route)
            .await
    }

    /// Asks for the content to sign: a link and a ticket.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn generate_content(
        &self,
        direction: Direction,
        request: &GenerateContent<'_>,
    ) -> Result<SignContent, Failure> {
        let folder = direction.folder();
        self.post(
            &format!("/api/v3/sync/external/{folder}/signature/content-to-sign/generate"),
            request,
        )
        .await
    }

    /// Opens the content to sign. The token goes to the service's own host only.
    ///
    /// # Errors
    /// `download_foreign_host`, `body_too_large`, and those of any call.
    pub async fn download_content(&self, link: &str) -> Result<Download, Failure> {
        let limits = DownloadLimits {
            hosts: &self.download_hosts,
            max_bytes: LARGEST_CONTENT,
        };
        self.http.download(link, limits).await
    }

    /// Saves a signature: the service checks it and sends the document.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn save_signature(&self, direction: Direction, request: &SaveSignature<'_>) -> Result<(), Failure> {
        let folder = direction.folder();
        self.post_for_nothing(
            &format!("/api/v3/sync/external/{folder}/signature/quick-sign/save"),
            request,
        )
        .await
    }

    /// A document's status.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn document_status(&self, document: &ServiceId) -> Result<DocumentStatus, Failure> {
        let id = document.segment();
        let view: DocumentStatusView = self
            .fetch(&format!(
                "/api/v3/sync/single/document/GetDocumentStatusByDocumentId/{id}"
            ))
            .await?;
        Ok(view.document_status)
    }

    /// A document with its route.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn document(&self, direction: Direction, document: &ServiceId) -> Result<DocumentView, Failure> {
        let (folder, id) = (direction.folder(), document.segment());
        self.fetch(&format!("/api/v3/sync/external/documents-query/single/{folder}/{id}"))
            .await
    }

    /// The outgoing documents dated `from` to `to` (Unix seconds) for which `wanted` says yes: the service itself cannot look for
    /// a name or a number.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn find_outgoing(
        &self,
        from: i64,
        to: i64,
        wanted: impl Fn(&DocumentView) -> bool,
    ) -> Result<Vec<DocumentView>, Failure> {
        let mut found: Vec<DocumentView> = self
            .pages("/api/v3/sync/external/documents-query/outbox", |page| DocumentsQuery {
                document_date_from: from,
                document_date_to: to,
                page,
            })
            .await?;
        found.retain(wanted);
        Ok(found)
    }

    /// The organisation of the token.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn company(&self) -> Result<Company, Failure> {
        self.post("/api/v3/sync/references/company-token", &serde_json::json!({}))
            .await
    }

    /// Every employee of the organisation.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn employees(&self) -> Result<Vec<Employee>, Failure> {
        self.pages("/api/v3/sync/references/company-employees", |page| page)
            .await
    }

    async fn upload<T: DeserializeOwned>(&self, path: &str, file: FilePart) -> Result<T, Failure> {
        let answer = self.http.call(Method::POST, path)?.file(file)?.send().await?;
        answer.part(envelope::open(&answer)?)
    }

    async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.http.call(Method::GET, path)?.send().await?;
        answer.part(envelope::open(&answer)?)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<T, Failure> {
        let call = self.http.call(Method::POST, path)?;
        let answer = call.json(JsonLabel::JsonPatch, body)?.send().await?;
        answer.part(envelope::open(&answer)?)
    }

    /// A call whose 2xx is its whole answer. A body that says otherwise counts.
    async fn post_for_nothing(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<(), Failure> {
        let call = self.http.call(Method::POST, path)?;
        let answer = call.json(JsonLabel::JsonPatch, body)?.send().await?;
        if answer.is_text() {
            // "OK" says no more than the status.
            return Ok(());
        }
        envelope::open(&answer).map(drop)
    }

    /// Reads a list to its end, page by page.
    async fn pages<T, Q>(&self, path: &str, query: impl Fn(PageQuery) -> Q) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned,
        Q: Serialize + Sync,
    {
        let mut items = Vec::new();
        for _ in 0..PAGES {
            let skip = items.len();
            let page: Page<T> = self.post(path, &query(PageQuery { skip, top: PAGE })).await?;
            let page_items = page.page_items.unwrap_or_default();
            let came = page_items.len();
            items.extend(page_items);
            let is_last = match page.total_size {
                Some(total) => items.len() >= total,
                None => came < PAGE,
            };
            if came == 0 || is_last {
                break;
            }
        }
        Ok(items)
    }
}
