use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, header by header.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// `METHOD /path` without any header.
    pub(crate) fn bare(line: &str) -> Self {
        Self {
            line: format!("{line} HTTP/1.1"),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// `METHOD /path` to `address`.
    pub(crate) fn new(address: SocketAddr, line: &str) -> Self {
        Self::bare(line).header("Host", &address.to_string())
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.line).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }

    /// Sends it over a connection of its own.
    pub(crate) async fn send(&self, address: SocketAddr) -> Answer {
        let stream = TcpStream::connect(address).await.unwrap();
        Wire::new(stream).exchange(&self.bytes()).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// The problem's code; checks that it is a whole problem (RFC 9457) with status and texts.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("urn:tokensign:error:{code}"));
        assert_eq!(problem["status"], self.status);
        for member in ["title", "what_to_do"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member} in {problem}"
            );
        }
        code
    }
}

/// One connection.
pub(crate) struct Wire<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends a request and reads its answer. What cannot be written any more, because the answer came before the request's end, is
    /// left out.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Answer {
        let _ = self.stream.get_mut().write_all(request).await;
        tokio::time::timeout(PATIENCE, self.answer())
            .await
            .expect("an answer in time")
    }

    async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let length = answer.header("content-length").map(|text| text.parse().unwrap());
        match length {
            Some(length) => {
                answer.body = vec![0; length];
                self.stream.read_exact(&mut answer.body).await.unwrap();
            }
            None if answer.header("transfer-encoding").is_some() => panic!("a stream; read its lines"),
            None => {}
        }
        answer
    }

    /// Sends bytes and reads nothing.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    /// What comes of a stream until its end.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = String::new();
        loop {
            let line = self.line().await;
            // The last chunk.
            if line == "0" {
                return rest;
            }
            rest.push_str(&line);
            rest.push('\n');
        }
    }

    /// Sends a request and reads the head of its answer only.
    pub(crate) async fn begin(&mut self, request: &[u8]) -> Answer {
        self.stream.get_mut().write_all(request).await.unwrap();
        tokio::time::timeout(PATIENCE, self.head())
            .await
            .expect("an answer in time")
    }

    async fn head(&mut self) -> Answer {
        let status = self.line().await;
        let status = status
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("no status line: {status:?}"))
            .parse()
            .unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    /// The next server-sent event of a stream: name, id, data.
    pub(crate) async fn event(&mut self) -> (String, Option<String>, Value) {
        let (mut name, mut id, mut data) = (String::new(), None, None);
        loop {
            let line = tokio::time::timeout(PATIENCE, self.line())
                .await
                .expect("an event in time");
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.to_owned();
            } else if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = Some(serde_json::from_str(text).unwrap());
            } else if line.is_empty()
                && let Some(data) = data.take()
            {
                return (name, id, data);
            }
        }
    }

    /// The id that a stream begins with.
    pub(crate) async fn first_id(&mut self) -> String {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.line())
                .await
                .expect("an id in time");
            if let Some(id) = line.strip_prefix("id: ") {
                return id.to_owned();
            }
        }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(
            self.stream.read_line(&mut line).await.unwrap() > 0,
            "the connection ends"
        );
        line.trim_end_matches(['\r', '\n']).to_owned()
    }
}
