//! Every request of the iDocs client against the vendor's description, as `tests/vectors/idocs/models.json` restates it.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "the answers are the stand-in's to check")]
#[path = "../../tests/vectors/idocs/models.rs"]
mod description;
mod service_fakes;

use std::collections::BTreeSet;

use description::Models;
use serde_json::{Value, json};
use tokensign::config::IdocsProfile;
use tokensign::http_client::{FilePart, ServiceId};
use tokensign::idocs::{
    BlobReference, BulkKind, Direction, DocumentGroup, DocumentMetadata, DocumentStatus, DocumentsQuery, DraftKind,
    GenerateContent, IdocsClient, NewDocument, NewExternalNode, NewExternalRoute, NewInternalDocumentRoute,
    NewInternalNode, NewInternalRoute, NewQuickRoute, NewRoute, PageQuery, PrepareDownload, RouteAction, RouteOrder,
    SaveSignature,
};

use service_fakes::{Asked, Fake, answer, bearer, config};

const ID: &str = "5f0c1a00-0000-4000-8000-000000000001";

/// An answer that every call can read.
fn anything(asked: &Asked) -> axum::response::Response {
    let body = match asked.path.as_str() {
        path if path.contains("GetDocumentStatus") => json!({ "documentStatus": "DRAFT" }),
        path if path.contains("blobs") => json!({ "response": { "blobId": ID }, "errors": null }),
        path if path.ends_with("/inbox") || path.ends_with("/outbox") => json!({ "response": { "pageItems": [] } }),
        _ => json!({ "id": ID, "operations": [], "pageItems": [] }),
    };
    answer(200, "text/plain", body.to_string())
}

fn file(field: &'static str, name: &str) -> FilePart {
    FilePart::of_bytes(field, name, "application/octet-stream", "x")
}

/// Makes every call once.
async fn every_call(client: &IdocsClient) {
    let id: ServiceId = ID.parse().unwrap();
    let emails = ["a@example.kz".to_owned()];
    client.upload_document(file("documentContent", "a.pdf")).await.unwrap();
    client
        .upload_signature(file("signatureContent", "a.cms"))
        .await
        .unwrap();
    client.company().await.unwrap();
    client.employees().await.unwrap();
    client.employee_permissions(&id).await.unwrap();
    client.document_status(&id).await.unwrap();
    client.print_form(&id).await.unwrap();
    client.archive(&id).await.unwrap();
    client
        .download(&format!("/api/v3/sync/sign-content/download/{ID}"))
        .await
        .unwrap();
    client.operations(PageQuery { skip: 0, top: 10 }).await.unwrap();

    let document = NewDocument {
        document_metadata: DocumentMetadata {
            document_name: "Договор",
            document_number: "5",
            document_date: 1_770_091_506,
            document_group: DocumentGroup::HumanResources,
            document_author_employee_id: Some(&id),
        },
        document_binary_contents: vec![BlobReference { blob_id: &id }],
    };
    let external = || NewExternalRoute {
        route_order_type: RouteOrder::Sequential,
        is_sign_required_by_sender: true,
        nodes: vec![NewExternalNode {
            order: 0,
            counterparty_bin: "050140009999",
            comment: Some("x"),
            is_individual: false,
            counterparty_emails: &emails,
            is_sign_required_by_counterparty: true,
            org_unit_id: Some(&id),
            required_action_type: None,
        }],
    };
    let internal = || NewInternalRoute {
        route_action_ordering_type: RouteOrder::Parallel,
        nodes: vec![NewInternalNode {
            order: 0,
            employee_id: &id,
            required_action: RouteAction::Approve,
        }],
    };
    let route = |external, internal| NewQuickRoute {
        document_id: &id,
        employee_id: &id,
        route: NewRoute { external, internal },
    };
    let quick = route(Some(external()), None);
    let outgoing = route(Some(external()), Some(internal()));
    let incoming = route(None, Some(internal()));
    for kind in [DraftKind::Outgoing, DraftKind::Internal] {
        client.create_draft(kind, &document).await.unwrap();
    }
    client.create_quick_route(&quick).await.unwrap();
    client.create_route(Direction::Outgoing, &outgoing).await.unwrap();
    client.create_route(Direction::Incoming, &incoming).await.unwrap();
    let of_internal = NewInternalDocumentRoute {
        document_id: &id,
        employee_id: &id,
        route: internal(),
    };
    client.create_internal_route(&of_internal).await.unwrap();
    begin(client, BulkKind::CreateDocuments, &document).await;
    begin(client, BulkKind::CreateQuickRoutes, &quick).await;
    begin(client, BulkKind::CreateRoutes(Direction::Outgoing), &outgoing).await;
    begin(client, BulkKind::CreateRoutes(Direction::Incoming), &incoming).await;
    let download = PrepareDownload {
        document_id: &id,
        employee_id: Some(&id),
    };
    begin(client, BulkKind::Download, &download).await;
    let statuses = [DocumentStatus::new("IN_NEW")];
    for direction in [Direction::Outgoing, Direction::Incoming] {
        let generate = GenerateContent {
            document_id: &id,
            signed_by_employee_id: &id,
        };
        let save = SaveSignature {
            document_id: &id,
            signed_by_employee_id: &id,
            signature_binary_content: BlobReference { blob_id: &id },
            idempotency_ticket: "ticket",
        };
        client.generate_content(direction, &generate).await.unwrap();
        client.save_signature(direction, &save).await.unwrap();
        begin(client, BulkKind::GenerateContents(direction), &generate).await;
        begin(client, BulkKind::SaveSignatures(direction), &save).await;
        client.document(direction, &id).await.unwrap();
        let query = DocumentsQuery {
            document_statuses: &statuses,
            document_date_from: 0,
            document_date_to: 1,
            document_author_id: Some(&id),
            page: PageQuery { skip: 0, top: 10 },
        };
        client.documents(direction, &query).await.unwrap();
    }
}

/// Begins operations of a kind and asks after them.
async fn begin<T: serde::Serialize + Sync>(client: &IdocsClient, kind: BulkKind, item: &T) {
    client.begin_bulk(kind, [item]).await.unwrap();
    client.bulk_status::<Value>(kind, &[ID.parse().unwrap()]).await.unwrap();
}

/// The call in the description's words: ids are parameters.
fn described(asked: &Asked) -> String {
    let parameter = if asked.path.contains("permission/") {
        "{employeeId}"
    } else {
        "{id}"
    };
    format!("{} {}", asked.method, asked.path.replace(ID, parameter))
}

#[tokio::test]
async fn every_request_is_what_the_vendor_describes() {
    let models = Models::read();
    let fake = Fake::start(anything).await;
    let profile = IdocsProfile {
        service: config(&fake.base_url),
        attached: false,
        download_hosts: Vec::new(),
        required_action_type: None,
        webhooks: None,
    };
    every_call(&IdocsClient::new("test", &profile, bearer()).unwrap()).await;
    let mut made = BTreeSet::new();
    for asked in fake.asked() {
        let call = described(&asked);
        models.check_request(&call, &asked.body);
        made.insert(call);
    }
    let described: BTreeSet<_> = models.calls().map(str::to_owned).collect();
    assert_eq!(made, described, "every call of the description is made, and no other");
}
