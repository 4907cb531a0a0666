use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde::Deserialize;
use tokio::fs::File;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::consent::QuestionBody;
use crate::endpoint::extract::{InPath, InQuery};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::visible::{visible, visible_lines};
use crate::messages::{Code, Fault};
use crate::preview::Preview;

/// A document of a question.
#[derive(Deserialize)]
pub(super) struct Place {
    id: Uuid,
    index: usize,
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The page of a document that has pages, from 1; the first when absent.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// Shows what a document says.
///
/// It is recognised by its bytes and drawn anew by a process that can do nothing else. What cannot be shown gives an error that says
/// why: `content_not_seen`, `content_unknown`, `content_broken`, `content_protected`, `content_too_heavy`.
#[utoipa::path(
    get, path = "/v1/questions/{id}/documents/{index}/preview", tag = "person",
    params(
        ("id" = Uuid, Path, description = "The question"),
        ("index" = usize, Path, description = "The document's place in the list, from 0"),
        PageQuery,
    ),
    responses((status = OK, body = Preview))
)]
pub(super) async fn preview(
    State(shared): State<Arc<Shared>>,
    InPath(place): InPath<Place>,
    InQuery(query): InQuery<PageQuery>,
) -> Result<Json<Preview>, Problem> {
    let file = open(&shared, &place).await?.into_std().await;
    let preview = shared.previewer.show(file, query.page.unwrap_or(1)).await?;
    Ok(Json(readable(preview)))
}

/// Hands out a document for saving, byte for byte.
#[utoipa::path(
    get, path = "/v1/questions/{id}/documents/{index}/content", tag = "person",
    params(
        ("id" = Uuid, Path, description = "The question"),
        ("index" = usize, Path, description = "The document's place in the list, from 0"),
    ),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(super) async fn content(
    State(shared): State<Arc<Shared>>,
    InPath(place): InPath<Place>,
) -> Result<Response, Problem> {
    let file = open(&shared, &place).await?;
    // Never anything that a browser would open by itself.
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CONTENT_DISPOSITION, "attachment"),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}

async fn open(shared: &Shared, place: &Place) -> Result<File, Fault> {
    let question = shared.desk.question(place.id)?;
    let (QuestionBody::Approve { documents, .. } | QuestionBody::Remote { documents, .. }) = &question.body else {
        return Err(Fault::new(Code::ContentNotSeen));
    };
    let document = documents
        .get(place.index)
        .ok_or_else(|| Fault::new(Code::NoSuchItem).arg("item", "document"))?;
    let content = document.content.as_ref().ok_or(Code::ContentNotSeen)?;
    shared.store.blob(content).await
}

/// Nothing in it that could deceive the eye.
fn readable(preview: Preview) -> Preview {
    match preview {
        Preview::Text {
            text,
            encoding,
            truncated,
        } => Preview::Text {
            text: visible_lines(&text),
            encoding,
            truncated,
        },
        Preview::Xml {
            text,
            encoding,
            truncated,
        } => Preview::Xml {
            text: visible_lines(&text),
            encoding,
            truncated,
        },
        Preview::Archive { mut entries, total } => {
            for entry in &mut entries {
                entry.name = visible(&entry.name);
            }
            Preview::Archive { entries, total }
        }
        drawn @ (Preview::Image { .. } | Preview::Pages { .. }) => drawn,
    }
}
