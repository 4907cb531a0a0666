//! A plain HTTP caller: sends what it is told and keeps nothing.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::sandbox::{BearerToken, RunningSandbox};

/// A caller of one service.
pub(super) struct Caller {
    pub(super) http: Client,
    base_url: String,
    token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) label: String,
    pub(super) body: Vec<u8>,
}

impl Caller {
    pub(super) fn new(sandbox: &RunningSandbox, token: &BearerToken) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A fresh connection each time: a cut one must not take another call with it.
        let http = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(20));
        let base_url = sandbox.base_url().to_owned();
        Self {
            http: http.build().unwrap(),
            base_url,
            token: token.expose().to_owned(),
        }
    }

    pub(super) fn with_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await.unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).await.unwrap()
    }

    pub(super) async fn try_post(&self, path: &str, body: &Value) -> Result<Answer, reqwest::Error> {
        let request = self
            .http
            .post(self.url(path))
            .header("Content-Type", "application/json-patch+json");
        self.send(request.body(body.to_string())).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.http.put(self.url(path)).json(body)).await.unwrap()
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.send(self.http.delete(self.url(path))).await.unwrap()
    }

    pub(super) async fn upload(&self, path: &str, part: &str, name: &str, content: &[u8]) -> Answer {
        let form = Form::new().part(
            part.to_owned(),
            Part::bytes(content.to_vec()).file_name(name.to_owned()),
        );
        self.send(self.http.post(self.url(path)).multipart(form)).await.unwrap()
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        Answer::read(request.bearer_auth(&self.token).send().await?).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base_url)
        }
    }
}

impl Answer {
    async fn read(response: Response) -> Result<Self, reqwest::Error> {
        let status = response.status();
        let label = response
            .headers()
            .get("content-type")
            .map(|it| it.to_str().unwrap().to_owned());
        Ok(Self {
            status,
            label: label.unwrap_or_default(),
            body: response.bytes().await?.to_vec(),
        })
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a successful answer.
    pub(super) fn json(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts a status and a part of the text.
    pub(super) fn refuses(&self, status: u16, part: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert!(self.text().contains(part), "{:?} does not say {part:?}", self.text());
    }
}
