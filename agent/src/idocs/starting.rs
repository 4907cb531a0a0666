//! The jobs of the scenarios over many documents and over drafts, checked as far as it can be without the service.

use std::collections::HashSet;

use serde::Serialize;

use super::Idocs;
use super::bulk_sign::{self, BULK_SEND, BULK_SIGN};
use super::downloading::DOWNLOAD;
use super::drafting::{self, DRAFT};
use super::input::{
    BulkDownload, BulkSend, BulkSign, DocumentToSend, NewDraft, NewRoutes, PartToSend, RouteKind, SpooledFile,
    check_count,
};
use super::routing::ROUTE;
use crate::consent::CallerView;
use crate::jobs::NewJob;
use crate::messages::Fault;

impl Idocs {
    /// The job that signs many documents which are at the service.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`.
    pub fn bulk_sign(&self, profile: &str, caller: CallerView, request: BulkSign) -> Result<NewJob, Fault> {
        let (subject, title) = match (request.documents.is_empty(), request.inbox) {
            (false, None) => {
                check_count("documents", request.documents.len())?;
                let distinct: HashSet<_> = request.documents.iter().map(|named| &named.document_id).collect();
                if distinct.len() != request.documents.len() {
                    return Err(Fault::invalid_field("documents", "names a document twice"));
                }
                let title = format!("{} documents", request.documents.len());
                (bulk_sign::Subject::Documents(request.documents), title)
            }
            (true, Some(inbox)) => (bulk_sign::Subject::Inbox(inbox), "inbox".to_owned()),
            (false, Some(_)) => return Err(Fault::invalid_field("inbox", "does not go with documents")),
            (true, None) => return Err(Fault::invalid_field("documents", "is missing: the documents, or inbox")),
        };
        let input = bulk_sign::Input {
            caller,
            employee_id: request.employee_id,
            certificate: request.certificate,
            subject,
        };
        self.job(BULK_SIGN, profile, &input.caller, &title, &input, Vec::new())
    }

    /// The job that sends many files, which are in the store; `file_of` gives that of a part.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`, and those of `file_of`.
    pub fn bulk_send(
        &self,
        profile: &str,
        caller: CallerView,
        request: BulkSend,
        file_of: impl Fn(&str) -> Result<SpooledFile, Fault>,
    ) -> Result<NewJob, Fault> {
        check_count("send", request.send.len())?;
        let mut files: Vec<(DocumentToSend, SpooledFile)> = Vec::with_capacity(request.send.len());
        for PartToSend { part, document } in request.send {
            let file = file_of(&part)?;
            document.check(&file)?;
            files.push((document, file));
        }
        // A lost answer is told by number and name.
        let distinct: HashSet<_> = files
            .iter()
            .map(|(document, _)| (document.number.trim(), document.name.trim()))
            .collect();
        if distinct.len() != files.len() {
            return Err(Fault::invalid_field(
                "send",
                "two documents have the same number and name",
            ));
        }
        let title = format!("{} files", files.len());
        let blobs = files.iter().map(|(_, file)| file.blob.to_string()).collect();
        let input = bulk_sign::Input {
            caller,
            employee_id: request.employee_id,
            certificate: request.certificate,
            subject: bulk_sign::Subject::Files(files),
        };
        self.job(BULK_SEND, profile, &input.caller, &title, &input, blobs)
    }

    /// The job that makes a draft of files, which are in the store.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`.
    pub fn draft(
        &self,
        profile: &str,
        caller: &CallerView,
        draft: NewDraft,
        files: Vec<SpooledFile>,
    ) -> Result<NewJob, Fault> {
        draft.check(&files)?;
        let title = format!("{} № {}", draft.name, draft.number);
        let blobs = files.iter().map(|file| file.blob.to_string()).collect();
        let input = drafting::Input { draft, files };
        self.job(DRAFT, profile, caller, &title, &input, blobs)
    }

    /// The job that gives documents their routes.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`.
    pub fn route(&self, profile: &str, caller: &CallerView, request: &NewRoutes) -> Result<NewJob, Fault> {
        check_count("routes", request.routes.len())?;
        for route in &request.routes {
            route.check()?;
        }
        let distinct: HashSet<_> = request.routes.iter().map(|route| &route.document_id).collect();
        if distinct.len() != request.routes.len() {
            return Err(Fault::invalid_field("routes", "names a document twice"));
        }
        let title = match request.routes.as_slice() {
            [one] if one.kind == RouteKind::Internal => format!("internal route {}", one.document_id),
            [one] => format!("route {}", one.document_id),
            many => format!("{} routes", many.len()),
        };
        self.job(ROUTE, profile, caller, &title, request, Vec::new())
    }

    /// The job that has documents prepared for download.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`.
    pub fn download(&self, profile: &str, caller: &CallerView, request: &BulkDownload) -> Result<NewJob, Fault> {
        check_count("document_ids", request.document_ids.len())?;
        let title = format!("{} downloads", request.document_ids.len());
        self.job(DOWNLOAD, profile, caller, &title, request, Vec::new())
    }

    fn job(
        &self,
        kind: &'static str,
        profile: &str,
        caller: &CallerView,
        title: &str,
        input: &impl Serialize,
        blobs: Vec<String>,
    ) -> Result<NewJob, Fault> {
        let profile = self.profile(profile)?;
        // A profile that cannot be used is told before a job exists.
        profile.client()?;
        let title = format!("iDocs {}: {title}", profile.name);
        Ok(profile.job(kind, caller, title, input, blobs))
    }
}
