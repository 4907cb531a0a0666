//! Webhooks: a subscription to changes of documents, and the events. Only the call and `subscriptionUrl` stand in the vendor's guide; the
//! event's shape is made up.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::Subscription;
use crate::sandbox::app::{App, locked};
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::effects::Happened;

/// Creates or replaces the subscription.
pub(super) async fn subscribe(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<Subscription>,
) -> Result<Answer, Refusal> {
    let url = request.subscription_url;
    if !url.starts_with("https://") && !url.starts_with("http://127.0.0.1") {
        return Err(Refusal::invalid("subscriptionUrl must be an https address"));
    }
    locked(&app.idocs).subscription = Some(url.clone());
    app.record(&call, Happened::Subscribed { url })?;
    Ok(Answer::Nothing)
}

/// Tells the subscriber of a document's new status; whoever does not listen learns nothing.
pub(super) fn tell(app: &App, document_id: Uuid) {
    let records = locked(&app.idocs);
    let (Some(url), Some(document)) = (records.subscription.clone(), records.documents.find(document_id)) else {
        return;
    };
    let event = json!({
        "eventId": Uuid::new_v4(),
        "eventType": "DocumentStatusChanged",
        "documentId": document_id,
        "documentStatus": document.status,
        "occurredOn": clock::unix_seconds(),
    });
    tokio::spawn(async move {
        let sent = reqwest::Client::new().post(&url).json(&event).send().await;
        if let Err(error) = sent {
            tracing::warn!(%error, "the subscriber is not reached");
        }
    });
}
