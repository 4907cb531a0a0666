//! Small stand-ins of services: one answers what a test says and keeps what it was asked, others break in one certain way.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use tokensign::config::{ServiceConfig, TokenSource};
use tokensign::http_client::{Bearer, Failure};
use tokensign::messages::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The bearer token of every test.
pub(crate) const TOKEN: &str = "test-bearer-0123456789";

/// What a fake was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn bears_the_token(&self) -> bool {
        self.header("authorization") == Some(&format!("Bearer {TOKEN}"))
    }
}

/// A service that answers what a function says.
pub(crate) struct Fake {
    pub(crate) base_url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, record) = (answer.clone(), Arc::clone(&record));
            async move {
                let (parts, body) = request.into_parts();
                let asked = Asked {
                    method: parts.method,
                    path: parts.uri.path().to_owned(),
                    headers: parts.headers,
                    body: to_bytes(body, usize::MAX).await.unwrap(),
                };
                let response = answer(&asked);
                record.lock().unwrap().push(asked);
                response
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, asked }
    }

    /// A service that always answers the same.
    pub(crate) async fn answering(status: u16, body: &'static str) -> Self {
        Self::start(move |_| answer(status, "text/plain", body)).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn only(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }
}

pub(crate) fn answer(status: u16, label: &str, body: impl Into<Body>) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", label)
        .body(body.into())
        .unwrap()
}

pub(crate) fn redirect(to: &str) -> Response {
    Response::builder()
        .status(302)
        .header("location", to)
        .body(Body::empty())
        .unwrap()
}

/// How a connection breaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    /// The whole request is read, then the connection ends.
    AfterTheRequest,
    /// The answer ends in the middle of its body.
    InTheAnswer,
    /// Nothing is ever answered.
    Silence,
}

/// A server whose every connection breaks.
pub(crate) async fn breaking(how: Break) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = vec![0; 64 << 10];
                let _ = stream.read(&mut request).await;
                match how {
                    Break::AfterTheRequest => {}
                    Break::InTheAnswer => {
                        let _ = stream
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":")
                            .await;
                    }
                    Break::Silence => std::future::pending().await,
                }
            });
        }
    });
    format!("http://{address}")
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    drop(listener);
    format!("http://{address}")
}

pub(crate) fn config(base_url: &str) -> ServiceConfig {
    ServiceConfig {
        timeout_seconds: 2,
        ..ServiceConfig::new(base_url, TokenSource::Env("UNUSED".to_owned()))
    }
}

pub(crate) fn bearer() -> Bearer {
    Bearer::new(|| Ok(SecretString::from(TOKEN)))
}

/// A failure's class and code.
pub(crate) fn class(failure: &Failure) -> (&'static str, Code) {
    let class = match failure {
        Failure::Refused(_) => "refused",
        Failure::NotSent(_) => "not sent",
        Failure::Ambiguous(_) => "ambiguous",
    };
    (class, failure.fault().code())
}
