//! A MIG24 that a test scripts: what its calls answer, and what it remembers of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::idocs_service::Wrong;
use crate::service_fakes::{Asked, Fake, answer};

/// Makes the hash of a document's content.
pub(crate) type Hash = Box<dyn Fn(&[u8]) -> Vec<u8> + Send>;

#[derive(Default)]
pub(crate) struct State {
    /// Documents by id, in the group's order.
    pub(crate) documents: Vec<(String, Vec<u8>)>,
    pub(crate) hash: Option<Hash>,
    /// Whether the documents' files are given out.
    pub(crate) without_files: bool,
    pub(crate) group: VecDeque<Wrong>,
    pub(crate) finish: VecDeque<Wrong>,
    /// The word that the group's state is instead of its own.
    pub(crate) status: Option<&'static str>,
    pub(crate) users: Vec<Value>,
    pub(crate) groups: Vec<Value>,
    pub(crate) prepares: Vec<Value>,
    pub(crate) finishes: Vec<Value>,
    pub(crate) finished: bool,
    uploads: BTreeMap<String, Vec<u8>>,
}

pub(crate) struct Mig24Service {
    pub(crate) fake: Fake,
    state: Arc<Mutex<State>>,
}

impl Mig24Service {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let fake = Fake::start(move |asked| shared.lock().unwrap().answer(asked)).await;
        Self { fake, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn said(body: &Value) -> Response {
    answer(200, "text/plain", body.to_string())
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Response {
        assert!(asked.bears_the_token());
        let path = asked.path.trim_start_matches("/api/v1/");
        match (asked.method.as_str(), path) {
            ("POST", "package-groups") => {
                let body = asked.json();
                let wrong = self.group.pop_front();
                if !matches!(wrong, Some(Wrong::Before)) {
                    for document in body["documents"].as_array().unwrap() {
                        let id = document["documentId"].as_str().unwrap().to_owned();
                        let content = self.uploads[&id].clone();
                        self.documents.push((id, content));
                    }
                    self.groups.push(body.clone());
                }
                match wrong {
                    None => said(&json!({ "id": body["id"] })),
                    Some(_) => answer(500, "text/plain", ""),
                }
            }
            ("POST", "sign/package-group/prepare") => {
                self.prepares.push(asked.json());
                let hash = self.hash.as_ref().unwrap();
                let hashes: Vec<_> = self
                    .documents
                    .iter()
                    .map(|(id, content)| json!({ "documentId": id, "hash": BASE64_STANDARD.encode(hash(content)) }))
                    .collect();
                said(&json!({ "requestId": "r-1", "hashes": hashes }))
            }
            ("POST", "sign/package-group/finish") => {
                self.finishes.push(asked.json());
                match self.finish.pop_front() {
                    None => self.finished = true,
                    Some(Wrong::Refused) => return answer(409, "text/plain", "no"),
                    Some(Wrong::RefusedAfter) => {
                        self.finished = true;
                        return answer(409, "text/plain", "signed already");
                    }
                    Some(Wrong::Before) => return answer(500, "text/plain", ""),
                    Some(Wrong::After) => {
                        self.finished = true;
                        return answer(500, "text/plain", "");
                    }
                }
                answer(200, "text/plain", "")
            }
            ("GET", path) if path.ends_with("/users") => said(&json!(self.users)),
            ("GET", path) if path.starts_with("package-groups/") => {
                let id = path.trim_start_matches("package-groups/").trim_end_matches("/info");
                let known = id == "g-0" || self.groups.iter().any(|group| group["id"] == id);
                if !known {
                    return answer(404, "text/plain", "");
                }
                let status = self.status.unwrap_or(if self.finished { "Sent" } else { "Created" });
                let packages: Vec<_> = self
                    .documents
                    .iter()
                    .map(|(id, _)| json!({ "documentId": id, "name": format!("{id}.pdf") }))
                    .collect();
                said(&json!({ "id": id, "status": status, "recipientAbonentCode": "2XX-1", "packages": packages }))
            }
            ("GET", path) if path.starts_with("documents/") => {
                let id = path.trim_start_matches("documents/").trim_end_matches("/file");
                let found = self.documents.iter().find(|(known, _)| known == id);
                match found.filter(|_| !self.without_files) {
                    Some((_, content)) => answer(200, "application/octet-stream", content.clone()),
                    None => answer(404, "text/plain", ""),
                }
            }
            ("POST", path) if path.starts_with("documents/") => {
                let id = path.trim_start_matches("documents/").trim_end_matches("/informal");
                let text = asked.text();
                let content = text.split("\r\n\r\n").nth(1).unwrap().split("\r\n--").next().unwrap();
                self.uploads.insert(id.to_owned(), content.as_bytes().to_vec());
                answer(201, "text/plain", "")
            }
            _ => answer(404, "text/plain", ""),
        }
    }
}
