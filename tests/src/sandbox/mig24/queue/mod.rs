//! The organisation's message queues: the sandbox publishes what the vendor's guide says arrives there, when it is given a broker.

mod publisher;
mod wire;

use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use publisher::Publisher;

/// The three queues of the guide, declared at the first connection as the vendor would have.
pub(super) const QUEUES: [&str; 3] = ["Контрагенты", "Пакеты", "Визуализация"];

/// What is published, and where.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The queue.
    pub(crate) queue: String,
    /// The name of the message; none where the service gives none.
    pub(crate) message_id: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Message {
    fn json(queue: &str, body: &Value) -> Self {
        Self {
            queue: queue.to_owned(),
            message_id: Some(Uuid::new_v4().to_string()),
            body: body.to_string().into_bytes(),
        }
    }

    /// A package has a new state.
    pub(crate) fn package(package_id: Uuid, group_id: Uuid, document_id: Uuid, status: &Value) -> Self {
        let body = json!({
            "packageId": package_id, "packageGroupId": group_id, "documentId": document_id, "status": status,
        });
        Self::json(QUEUES[1], &body)
    }

    /// The picture of a document is ready.
    pub(crate) fn visualisation(document_id: Uuid) -> Self {
        Self::json(QUEUES[2], &json!({ "id": document_id, "documentId": document_id }))
    }
}
