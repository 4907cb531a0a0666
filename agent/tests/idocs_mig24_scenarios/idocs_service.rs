//! An iDocs that a test scripts: what its calls answer, and what it remembers of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::response::Response;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::service_fakes::{Asked, Fake, answer};

/// A content that is handed out: its bytes, and for how many seconds the service keeps it.
pub(crate) type Content = (&'static [u8], i64);

/// How a call that writes goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    /// 500 before the effect.
    Before,
    /// 500 after the effect.
    After,
    /// Refused with 400.
    Refused,
    /// Refused with 400, because an earlier delivery of the same request had the effect.
    RefusedAfter,
}

#[derive(Default)]
pub(crate) struct State {
    /// The company's BIN and the employees' IINs.
    pub(crate) bin: String,
    pub(crate) iins: Vec<String>,
    pub(crate) unauthorised: bool,
    pub(crate) no_ticket: bool,
    /// What `generate` hands out, in order; the last one again and again.
    pub(crate) contents: VecDeque<Content>,
    /// How the next calls go wrong.
    pub(crate) create: VecDeque<Wrong>,
    pub(crate) route: VecDeque<Wrong>,
    pub(crate) save: VecDeque<Wrong>,
    /// The status that the document has instead of its own.
    pub(crate) status: Option<&'static str>,
    pub(crate) documents: Vec<Value>,
    pub(crate) routed: usize,
    pub(crate) generated: usize,
    pub(crate) saves: Vec<Value>,
    pub(crate) saved: bool,
    current: Vec<u8>,
}

pub(crate) struct IdocsService {
    pub(crate) fake: Fake,
    state: Arc<Mutex<State>>,
}

impl IdocsService {
    pub(crate) async fn start(state: State) -> Self {
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let fake = Fake::start(move |asked| shared.lock().unwrap().answer(asked)).await;
        Self { fake, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn wrapped(response: Value) -> Response {
    answer(
        200,
        "text/plain",
        json!({ "response": response, "errors": null }).to_string(),
    )
}

fn bare(body: &Value) -> Response {
    answer(200, "text/plain", body.to_string())
}

fn page(items: &[Value]) -> Response {
    wrapped(json!({ "pageItems": items, "totalSize": items.len() }))
}

fn failed() -> Response {
    answer(500, "application/json", r#"{"title":"oops"}"#)
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Response {
        if self.unauthorised || !asked.bears_the_token() {
            return answer(401, "text/plain", "");
        }
        let path = asked.path.trim_start_matches("/api/v3/sync/");
        match path {
            "references/company-token" => wrapped(json!({ "companyBin": self.bin, "companyName": "ТОО Тест" })),
            "references/company-employees" => {
                let employee = |(at, iin): (usize, &String)| json!({ "id": format!("e-{at}"), "nationalIdentificationNumber": iin });
                page(&self.iins.iter().enumerate().map(employee).collect::<Vec<_>>())
            }
            "external/documents-query/outbox" => page(&self.documents),
            "blobs/document-content" | "blobs/document-signature-content" => wrapped(json!({ "blobId": "blob-1" })),
            "external/outbox/document/create" => {
                let wrong = self.create.pop_front();
                if !matches!(wrong, Some(Wrong::Before)) {
                    let metadata = &asked.json()["documentMetadata"];
                    self.documents.push(json!({
                        "id": format!("d-{}", self.documents.len()), "documentStatus": "DRAFT",
                        "documentNumber": metadata["documentNumber"], "documentName": metadata["documentName"],
                    }));
                }
                match (wrong, self.documents.last()) {
                    (None, Some(created)) => bare(created),
                    _ => failed(),
                }
            }
            "external/outbox/route/quick-route/create" => {
                let wrong = self.route.pop_front();
                if !matches!(wrong, Some(Wrong::Before)) {
                    self.routed += 1;
                }
                if wrong.is_some() {
                    failed()
                } else {
                    answer(200, "text/plain", "")
                }
            }
            "external/outbox/signature/content-to-sign/generate" => {
                self.generated += 1;
                let (content, seconds) = match self.contents.len() {
                    0 => (&b"PK\x03\x04"[..], 900),
                    1 => self.contents[0],
                    _ => self.contents.pop_front().unwrap(),
                };
                self.current = content.to_vec();
                let ticket = (!self.no_ticket).then(|| format!("ticket-{}", self.generated));
                bare(&json!({
                    "downloadLink": "/content", "idempotencyTicket": ticket,
                    "disposeOn": OffsetDateTime::now_utc().unix_timestamp() + seconds,
                }))
            }
            "/content" => answer(200, "application/zip", self.current.clone()),
            "external/outbox/signature/quick-sign/save" => {
                self.saves.push(asked.json());
                match self.save.pop_front() {
                    None => self.saved = true,
                    Some(Wrong::Refused) => return answer(400, "text/plain", r#"{"message":"IIN"}"#),
                    Some(Wrong::RefusedAfter) => {
                        self.saved = true;
                        return answer(400, "text/plain", r#"{"message":"signed already"}"#);
                    }
                    Some(Wrong::Before) => return failed(),
                    Some(Wrong::After) => {
                        self.saved = true;
                        return failed();
                    }
                }
                answer(200, "text/plain", "")
            }
            path if path.starts_with("external/documents-query/single/outbox/") => {
                let nodes = vec![json!({ "counterpartyCompanyBin": "050140009999" }); self.routed];
                let id = path.rsplit('/').next();
                let status = self.status();
                wrapped(
                    json!({ "id": id, "documentName": "Акт", "documentStatus": status, "documentRoute": { "external": { "nodes": nodes } } }),
                )
            }
            path if path.starts_with("single/document/GetDocumentStatusByDocumentId/") => {
                bare(&json!({ "documentStatus": self.status() }))
            }
            _ => answer(404, "text/plain", ""),
        }
    }

    fn status(&self) -> &'static str {
        self.status
            .unwrap_or(if self.saved { "SENT_BY_SENDER" } else { "DRAFT" })
    }
}
