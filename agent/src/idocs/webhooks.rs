//! Webhooks: the subscription to changes of documents, and the events that come of it. The vendor's guide names the call and
//! `subscriptionUrl`; nothing describes an event, so it is read by what it must say: which document, and its status.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::model::{DocumentStatus, Epoch};
use crate::config::{IdocsProfile, ServiceConfig};
use crate::http_client::{Bearer, Failure, JsonLabel, ServiceClient, ServiceId};
use crate::messages::{Code, Fault};
use crate::secrets;

/// The call, below the base URL of webhooks.
const SUBSCRIPTION: &str = "/webhooks/document-events/subscription/document-status-changed-event";

/// What the members of an event may be called, without regard to case.
const DOCUMENT: [&str; 4] = ["documentId", "document_id", "docId", "id"];
const STATUS: [&str; 4] = ["documentStatus", "newStatus", "document_status", "status"];
const MOMENT: [&str; 6] = ["occurredOn", "changedOn", "createdOn", "eventDate", "timestamp", "date"];
/// What events may be wrapped in.
const WRAPPERS: [&str; 5] = ["events", "data", "payload", "event", "document"];

/// The client of the service's webhooks, whose base URL and token are their own.
#[derive(Clone, Debug)]
pub struct WebhooksClient {
    http: ServiceClient,
}

impl WebhooksClient {
    /// A client after `[idocs.<name>.webhooks]`. Without that table nothing is subscribed: the profile's token goes to its own host
    /// only.
    ///
    /// # Errors
    /// `not_configured`, `config_invalid`.
    pub fn new(name: &str, profile: &IdocsProfile) -> Result<Self, Fault> {
        let webhooks = profile.webhooks.as_ref().ok_or_else(|| {
            let key = format!("[idocs.{name}.webhooks]");
            Fault::not_configured(key, "the table says with which token to subscribe")
        })?;
        let config = ServiceConfig {
            base_url: webhooks.base_url.clone(),
            token: webhooks.token.clone(),
            ..profile.service.clone()
        };
        let source = webhooks.token.clone();
        let bearer = Bearer::new(move || secrets::resolve(&source));
        Ok(Self {
            http: ServiceClient::new(name, &config, bearer)?,
        })
    }

    /// Has changes of documents told to `url` from now on. Repeat-safe: it creates or replaces the one subscription.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn subscribe(&self, url: &str) -> Result<(), Failure> {
        let call = self.http.call(http::Method::POST, SUBSCRIPTION)?;
        let body = json!({ "subscriptionUrl": url });
        call.json(JsonLabel::Json, &body)?.send().await.map(drop)
    }
}

/// A document's status changed.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentEvent {
    /// The document.
    pub document_id: ServiceId,
    /// Its status now, if the event says it.
    pub document_status: Option<DocumentStatus>,
    /// When, if the event says it.
    pub occurred_on: Epoch,
}

impl DocumentEvent {
    /// Reads what came to the subscriber: one event or a list, bare or wrapped.
    ///
    /// # Errors
    /// `malformed_json`; `invalid_field` when no document is named.
    pub fn parse(body: &[u8]) -> Result<Vec<Self>, Fault> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|_| Fault::new(Code::MalformedJson).detail("the event is not JSON"))?;
        let mut events = Vec::new();
        collect(&value, &mut events);
        if events.is_empty() {
            return Err(Fault::invalid_field(
                "documentId",
                "is missing: the event names no document",
            ));
        }
        Ok(events)
    }
}

fn collect(value: &Value, events: &mut Vec<DocumentEvent>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, events)),
        Value::Object(members) => {
            let wrapped: Vec<_> = WRAPPERS
                .iter()
                .filter_map(|name| member(members, name))
                .filter(|inner| inner.is_object() || inner.is_array())
                .collect();
            let before = events.len();
            wrapped.into_iter().for_each(|inner| collect(inner, events));
            if events.len() == before {
                events.extend(event(members));
            }
        }
        _ => {}
    }
}

fn event(members: &Map<String, Value>) -> Option<DocumentEvent> {
    let first = |names: &[&str]| names.iter().find_map(|name| member(members, name));
    let status = first(&STATUS).and_then(Value::as_str);
    // An event's own id is no document's: `id` counts only beside a status.
    let document = DOCUMENT[..3]
        .iter()
        .find_map(|name| member(members, name))
        .or_else(|| first(&DOCUMENT[3..]).filter(|_| status.is_some()));
    Some(DocumentEvent {
        document_id: document?.as_str()?.parse().ok()?,
        document_status: status.map(DocumentStatus::new),
        occurred_on: first(&MOMENT)
            .and_then(|moment| serde_json::from_value(moment.clone()).ok())
            .unwrap_or_default(),
    })
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_event_is_read_in_every_shape() {
        for body in [
            r#"{"documentId":"d-1","documentStatus":"FINISHED","occurredOn":1770091506}"#,
            r#"{"DocumentId":"d-1","NewStatus":"FINISHED","changedOn":1770091506000}"#,
            r#"{"eventId":"e-1","data":{"id":"d-1","status":"FINISHED","timestamp":"1770091506"}}"#,
            r#"[{"documentId":"d-1","status":"FINISHED","date":1770091506}]"#,
            r#"{"events":[{"document":{"id":"d-1","documentStatus":"FINISHED","createdOn":1770091506}}]}"#,
        ] {
            let events = DocumentEvent::parse(body.as_bytes()).unwrap();
            assert_eq!(events.len(), 1, "{body}");
            assert_eq!(events[0].document_id.as_str(), "d-1", "{body}");
            assert_eq!(
                events[0].document_status.as_ref().unwrap().as_str(),
                "FINISHED",
                "{body}"
            );
            assert_eq!(
                events[0].occurred_on.0.unwrap().unix_timestamp(),
                1_770_091_506,
                "{body}"
            );
        }
    }

    #[test]
    fn what_names_no_document_is_no_event() {
        for body in ["", "[]", "{}", "5", r#"{"id":"e-1"}"#, r#"{"documentId":5}"#] {
            assert!(DocumentEvent::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
