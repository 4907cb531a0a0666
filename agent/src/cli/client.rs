use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderValue};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::problem;
use crate::messages::{Code, Fault, Language};
use crate::platform;

/// The answer of an agent that is asked whether it is there.
const PROBE: Duration = Duration::from_secs(2);

/// Speaks to an agent over its local socket, as its owner.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    owner_token: SecretString,
}

impl Client {
    /// A client of the agent behind `socket`; nothing is sent yet.
    ///
    /// # Errors
    /// `agent_unreachable` where there are no such sockets.
    pub(super) fn new(socket: &Path, owner_token: SecretString, language: Language) -> Result<Self, Fault> {
        let unreachable = |error: String| Fault::new(Code::AgentUnreachable).detail(error);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language.as_str()));
        // No time limit: a request may wait for the person. No proxy: it never leaves this machine.
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers);
        let builder = platform::http_over_socket(builder, socket).map_err(|error| unreachable(error.to_string()))?;
        let http = builder.build().map_err(|error| unreachable(error.to_string()))?;
        Ok(Self { http, owner_token })
    }

    /// Whether an agent answers there.
    pub(super) async fn answers(&self) -> bool {
        let probe = self.request(Method::GET, "/health").timeout(PROBE).send().await;
        probe.is_ok_and(|response| response.status().is_success())
    }

    /// Reads something.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Fault> {
        json(self.request(Method::GET, path).send().await).await
    }

    /// Reads something with a query.
    pub(super) async fn query(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
        json(self.request(Method::GET, path).query(query).send().await).await
    }

    /// Reads work once it is settled or needs the person, at most `seconds` later (RFC 7240).
    pub(super) async fn wait(&self, path: &str, seconds: u64) -> Result<Value, Fault> {
        json(
            self.request(Method::GET, path)
                .header("prefer", format!("wait={seconds}"))
                .send()
                .await,
        )
        .await
    }

    /// Starts or changes something.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, Fault> {
        // The body may hold the PIN.
        let body = Zeroizing::new(serde_json::to_vec(body).map_err(Fault::internal)?);
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/json")
            .body(body.to_vec());
        json(request.send().await).await
    }

    /// Starts something with files.
    pub(super) async fn post_form(&self, path: &str, form: Form) -> Result<Value, Fault> {
        json(self.request(Method::POST, path).multipart(form).send().await).await
    }

    /// Ends something.
    pub(super) async fn delete(&self, path: &str) -> Result<Value, Fault> {
        json(self.request(Method::DELETE, path).send().await).await
    }

    /// Reads a file.
    pub(super) async fn file(&self, path: &str) -> Result<Response, Fault> {
        answered(self.request(Method::GET, path).send().await).await
    }

    /// Opens a stream of events.
    pub(super) async fn stream(&self, path: &str) -> Result<Response, Fault> {
        answered(
            self.request(Method::GET, path)
                .header("accept", "text/event-stream")
                .send()
                .await,
        )
        .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        // The name is only for the Host header; the socket decides where it goes.
        self.http
            .request(method, format!("http://localhost{path}"))
            .bearer_auth(self.owner_token.expose_secret())
    }
}

async fn answered(sent: reqwest::Result<Response>) -> Result<Response, Fault> {
    let response = sent.map_err(|error| unreachable(&error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match response.json::<Value>().await {
        Ok(problem) => Err(problem::to_fault(&problem)),
        Err(_) => {
            Err(Fault::new(Code::AgentUnreachable)
                .detail(format!("the agent answers with status {status} and no reason")))
        }
    }
}

async fn json(sent: reqwest::Result<Response>) -> Result<Value, Fault> {
    let response = answered(sent).await?;
    let body = response.bytes().await.map_err(|error| unreachable(&error))?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).map_err(|error| {
        Fault::new(Code::AgentUnreachable).detail(format!("the agent's answer cannot be read: {error}"))
    })
}

/// The whole chain of causes: what lies below is what says why.
fn unreachable(error: &reqwest::Error) -> Fault {
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        detail = format!("{detail}: {deeper}");
        cause = deeper.source();
    }
    Fault::new(Code::AgentUnreachable).detail(detail)
}
