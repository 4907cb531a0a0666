//! An event, as far as its body can be read. The guide names the queues and not what is in them, so the members are read tolerantly
//! and the body is kept as it came.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::config::Mig24QueueNames;
use crate::mig24::model::Members;
use crate::store::queue_events::StoredEvent;

/// An event of one of the organisation's queues.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Mig24Event)]
pub struct QueueEvent {
    /// Its number, growing.
    pub seq: i64,
    /// What it is about, by its queue.
    pub topic: QueueTopic,
    /// The queue.
    pub queue: String,
    /// When it was stored.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// The publisher's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Whether the broker said that it may have come before.
    pub redelivered: bool,
    /// The package group that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_group_id: Option<String>,
    /// The package that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_id: Option<String>,
    /// The document that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// The file that it names: a picture that may be downloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// The subscriber that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abonent_id: Option<String>,
    /// The service's word for a state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The body: JSON where it is JSON, else a text; absent when it was too long to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// Why it cannot be read, when it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// What a queue's events are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mig24Topic)]
pub enum QueueTopic {
    /// Counterparties and invitations.
    Counterparties,
    /// Packages and their states.
    Packages,
    /// Pictures of documents.
    Visualisation,
    /// A queue that the configuration does not name any more.
    Unknown,
}

impl QueueTopic {
    pub(super) fn of_queue(queue: &str, names: &Mig24QueueNames) -> Self {
        [
            (&names.counterparties, Self::Counterparties),
            (&names.packages, Self::Packages),
            (&names.visualisation, Self::Visualisation),
        ]
        .into_iter()
        .find_map(|(name, topic)| (name == queue).then_some(topic))
        .unwrap_or(Self::Unknown)
    }
}

impl QueueEvent {
    pub(super) fn of_stored(stored: StoredEvent, names: &Mig24QueueNames) -> Self {
        let body = stored.body.map(|body| read_body(&body));
        let mut members = Members(match &body {
            Some(Value::Object(object)) => inner(object),
            _ => Map::new(),
        });
        let topic = QueueTopic::of_queue(&stored.queue, names);
        let visualisation = topic == QueueTopic::Visualisation;
        Self {
            seq: stored.seq,
            topic,
            queue: stored.queue,
            received_at: stored.received_at,
            message_id: stored.message_id,
            redelivered: stored.redelivered,
            package_group_id: members.text(&["packageGroupId", "groupId"]),
            package_id: members.text(&["packageId"]),
            document_id: members.text(&["documentId"]),
            file_id: members.text(if visualisation {
                &["fileId", "visualizationId", "pdfId", "id"]
            } else {
                &["fileId", "visualizationId"]
            }),
            abonent_id: members.text(&["abonentId", "abonentCode"]),
            status: members.text(&["status", "state", "packageStatus", "event", "eventType"]),
            body,
            set_aside: stored.set_aside,
        }
    }
}

/// Why a body cannot be read; it is stored all the same.
pub(super) fn problem_of(body: &[u8]) -> Option<String> {
    match std::str::from_utf8(body) {
        Err(_) => Some("it is not text".to_owned()),
        Ok(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => None,
            Err(error) => Some(format!("it is not JSON: {error}")),
        },
    }
}

/// Bytes that are no text are shown in hexadecimal digits.
fn read_body(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        Err(_) => Value::from(hex::encode(body)),
    }
}

/// The members, with those of an envelope's content (`{"type": …, "data": {…}}`) beside its own.
fn inner(object: &Map<String, Value>) -> Map<String, Value> {
    let mut members = Map::new();
    for name in ["data", "payload", "message", "content"] {
        if let Some(Value::Object(content)) = object.get(name) {
            members.extend(content.clone());
        }
    }
    members.extend(object.clone());
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(queue: &str, body: &[u8]) -> QueueEvent {
        let stored = StoredEvent {
            seq: 1,
            queue: queue.to_owned(),
            message_id: None,
            received_at: OffsetDateTime::UNIX_EPOCH,
            redelivered: false,
            body: Some(body.to_vec()),
            set_aside: problem_of(body),
        };
        QueueEvent::of_stored(stored, &Mig24QueueNames::default())
    }

    #[test]
    fn members_are_found_inside_an_envelope_too() {
        let plain = json!({ "packageGroupId": "g", "packageId": "p", "status": "Delivered" }).to_string();
        let wrapped = json!({ "type": "x", "data": { "packageGroupId": "g", "PackageId": "p", "state": "Delivered" } })
            .to_string();
        for body in [plain, wrapped] {
            let event = event("Пакеты", body.as_bytes());
            assert_eq!(event.topic, QueueTopic::Packages);
            assert_eq!(event.package_group_id.as_deref(), Some("g"));
            assert_eq!(event.package_id.as_deref(), Some("p"));
            assert_eq!(event.status.as_deref(), Some("Delivered"));
            assert_eq!(event.set_aside, None);
        }
        assert_eq!(event("Визуализация", b"{\"id\":\"f\"}").file_id.as_deref(), Some("f"));
    }

    #[test]
    fn what_cannot_be_read_is_kept_as_it_came() {
        let text = event("Пакеты", "не JSON".as_bytes());
        assert_eq!(text.body, Some(json!("не JSON")));
        assert!(
            text.set_aside
                .is_some_and(|reason| reason.starts_with("it is not JSON"))
        );
        let bytes = event("Пакеты", &[0xff, 0x00]);
        assert_eq!(
            (bytes.body, bytes.set_aside.as_deref()),
            (Some(json!("ff00")), Some("it is not text"))
        );
        assert_eq!(event("Другая", b"{}").topic, QueueTopic::Unknown);
    }
}
