//! Files of a document: its print form and its archive.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use uuid::Uuid;

use super::answer::Refusal;
use super::records::{Document, Records};
use crate::sandbox::app::{App, locked};
use crate::sandbox::storage::{BlobStore, zip_of};

pub(super) async fn print_form(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Response, Refusal> {
    let records = locked(&app.idocs);
    let document = records.any(id)?;
    Ok(([(CONTENT_TYPE, "application/pdf")], document.print_form()).into_response())
}

pub(super) async fn archive(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Response, Refusal> {
    let records = locked(&app.idocs);
    let archive = records.any(id)?.archive(&records, &app.blobs)?;
    Ok(([(CONTENT_TYPE, "application/zip")], archive).into_response())
}

impl Records {
    fn any(&self, id: Uuid) -> Result<&Document, Refusal> {
        let document = self.documents.find(id);
        document.ok_or_else(|| Refusal::absent(format!("there is no document {id}")))
    }
}

impl Document {
    /// A page with number and name, the smallest that is a PDF.
    fn print_form(&self) -> Vec<u8> {
        format!("%PDF-1.4\n% {} {}\n%%EOF\n", self.number, self.name).into_bytes()
    }

    /// Its original files, its print form and its signature.
    pub(super) fn archive(&self, records: &Records, blobs: &BlobStore) -> Result<Vec<u8>, Refusal> {
        let mut files = Vec::new();
        for id in self.files.iter().chain(&self.signature) {
            if let Some(blob) = records.blobs.find(*id) {
                files.push((blob.name.clone(), blobs.read(&blob.bytes)?));
            }
        }
        files.push(("print-form.pdf".to_owned(), self.print_form()));
        Ok(zip_of(&files, "")?)
    }
}
