use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::envelope;
use super::model::{Page, PageQuery};
use crate::config::IdocsProfile;
use crate::http_client::{Bearer, Download, DownloadLimits, Failure, FilePart, JsonLabel, ServiceClient};
use crate::messages::Fault;

/// How many items a page is asked for.
const PAGE: usize = 100;

/// How many pages are read before a list counts as endless.
const PAGES: usize = 1_000;

/// The largest file that is fetched, in bytes: a document's original files have at most 15 MB each.
pub(super) const LARGEST_FILE: u64 = 1 << 30;

/// The client of one iDocs profile. It repeats nothing by itself. Its calls stand in the files of their resources.
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

    pub(super) async fn upload<T: DeserializeOwned>(&self, path: &str, file: FilePart) -> Result<T, Failure> {
        let answer = self.http.call(Method::POST, path)?.file(file)?.send().await?;
        answer.part(envelope::open(&answer)?)
    }

    pub(super) async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.http.call(Method::GET, path)?.send().await?;
        answer.part(envelope::open(&answer)?)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Failure> {
        let call = self.http.call(Method::POST, path)?;
        let answer = call.json(JsonLabel::JsonPatch, body)?.send().await?;
        answer.part(envelope::open(&answer)?)
    }

    /// A call whose 2xx is its whole answer. A body that says otherwise counts.
    pub(super) async fn post_for_nothing(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<(), Failure> {
        let call = self.http.call(Method::POST, path)?;
        let answer = call.json(JsonLabel::JsonPatch, body)?.send().await?;
        if answer.is_text() {
            // "OK" says no more than the status.
            return Ok(());
        }
        envelope::open(&answer).map(drop)
    }

    /// Opens a file behind a link that the service gave. The token goes to the service's own host only.
    ///
    /// # Errors
    /// `download_foreign_host`, `body_too_large`, and those of any call.
    pub async fn download(&self, link: &str) -> Result<Download, Failure> {
        let limits = DownloadLimits {
            hosts: &self.download_hosts,
            max_bytes: LARGEST_FILE,
        };
        self.http.download(link, limits).await
    }

    /// Opens a file under a path of the service.
    pub(super) async fn download_path(&self, path: &str) -> Result<Download, Failure> {
        self.download(&self.http.path(path)?).await
    }

    /// Reads a list to its end, page by page.
    pub(super) async fn pages<T, Q>(&self, path: &str, query: impl Fn(PageQuery) -> Q) -> Result<Vec<T>, Failure>
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
