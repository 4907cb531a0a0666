use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::item::Item;
use super::saving::Saved;
use super::signing::Ready;
use crate::idocs::signatory::SignedBy;
use crate::jobs::JobContext;
use crate::signing::Signed;

/// The outcome when there is nothing to sign.
pub(super) fn nothing() -> Value {
    json!({ "signed": 0, "failed": 0, "documents": [] })
}

/// What became of every document.
pub(super) fn of(
    context: &JobContext,
    items: &[Item],
    by: &SignedBy,
    ready: &Ready,
    signed: &Signed,
    saved: &[Saved],
) -> Value {
    let signatures: HashMap<_, _> = ready.signed.members.iter().zip(&signed.documents).collect();
    let saves: HashMap<_, _> = ready.saves.iter().map(|save| (save.place, save)).collect();
    let saved: HashMap<_, _> = saved.iter().map(|saved| (saved.place, saved)).collect();
    let documents: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let (save, saved) = (saves.get(&place), saved.get(&place));
            let is_signed = item.failure.is_none() && saved.is_some();
            let mut document = json!({
                "document_id": item.document,
                "document_name": item.facts.name,
                "document_number": item.facts.number,
                "direction": item.direction,
                "counterparty": item.facts.counterparty,
                "state": if is_signed { "signed" } else { item.failed_state() },
                "status": saved.and_then(|saved| saved.status.as_ref()),
                "fault": item.failure,
            });
            if let (Some(save), Some(signature)) = (save, signatures.get(&place)) {
                document["content_blob"] = json!(save.content);
                document["content_size"] = json!(save.size);
                document["content_digest"] = json!(signature.digest);
                document["signature"] = json!(BASE64_STANDARD.encode(&signature.signature));
                document["signature_blob_id"] = json!(save.signature_blob);
            }
            document
        })
        .collect();
    let count = documents
        .iter()
        .filter(|document| document["state"] == "signed")
        .count();
    let rfc3339 = |at: OffsetDateTime| at.format(&Rfc3339).ok();
    json!({
        "signed": count,
        "failed": documents.len() - count,
        "employee_id": by.signer.employee_id,
        "employee_name": by.signer.name,
        "certificate": by.chosen.fingerprint(),
        "timings": {
            "started_at": rfc3339(context.created_at()),
            "signed_at": rfc3339(ready.signed.at),
            "saved_at": rfc3339(OffsetDateTime::now_utc()),
        },
        "documents": documents,
    })
}
