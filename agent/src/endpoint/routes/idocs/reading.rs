//! What is read of iDocs: each call asks the service and shapes its answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::service_id;
use crate::endpoint::caller::Caller;
use crate::endpoint::extract::{InPath, InQuery};
use crate::endpoint::problem::Problem;
use crate::endpoint::routes::jobs;
use crate::endpoint::routes::service_answer::told;
use crate::endpoint::shared::Shared;
use crate::http_client::{Download, Failure, ServiceId};
use crate::idocs::{
    DOWNLOAD, Direction, DocumentDate, DocumentStatus, DocumentView, DocumentsQuery, Employee, EmployeePermissions,
    Operation, PageQuery, Prepared,
};
use crate::messages::{Code, Fault};

/// How many items a page has when the caller does not say, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1_000;

/// A document's status at iDocs.
#[derive(Serialize, ToSchema)]
#[schema(as = IdocsStatus)]
pub(crate) struct StatusView {
    /// The document.
    document_id: String,
    /// The status, in the service's words.
    status: String,
}

/// Asks iDocs for a document's status.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/documents/{id}/status", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document"),
    ),
    responses((status = OK, body = StatusView))
)]
pub(in crate::endpoint::routes) async fn status(
    State(shared): State<Arc<Shared>>,
    InPath((profile, id)): InPath<(String, String)>,
) -> Result<Json<StatusView>, Problem> {
    let document = service_id(&id)?;
    let status = shared.idocs.document_status(&profile, &document).await?;
    Ok(Json(StatusView {
        document_id: id,
        status: status.as_str().to_owned(),
    }))
}

/// The organisation that the profile's token belongs to.
#[derive(Serialize, ToSchema)]
#[schema(as = IdocsCompany)]
pub(crate) struct CompanyView {
    /// Its id.
    company_id: Option<ServiceId>,
    /// Its BIN.
    bin: Option<String>,
    /// Its name.
    name: Option<String>,
}

/// Asks iDocs whose token it is.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/company", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    responses((status = OK, body = CompanyView))
)]
pub(in crate::endpoint::routes) async fn company(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
) -> Result<Json<CompanyView>, Problem> {
    let company = shared
        .idocs
        .client(&profile)?
        .company()
        .await
        .map_err(Failure::into_fault)?;
    Ok(Json(CompanyView {
        company_id: company.company_id,
        bin: company.company_bin,
        name: company.company_name,
    }))
}

/// The employees of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = IdocsEmployees)]
pub(crate) struct Employees {
    /// All of them.
    employees: Vec<Employee>,
}

/// Lists the employees of the organisation.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/employees", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    responses((status = OK, body = Employees))
)]
pub(in crate::endpoint::routes) async fn employees(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
) -> Result<Json<Employees>, Problem> {
    let employees = shared.idocs.client(&profile)?.employees().await;
    let employees = told(employees)?;
    Ok(Json(Employees { employees }))
}

/// Asks what an employee may do.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/employees/{id}/permissions", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The employee"),
    ),
    responses((status = OK, body = EmployeePermissions))
)]
pub(in crate::endpoint::routes) async fn permissions(
    State(shared): State<Arc<Shared>>,
    InPath((profile, id)): InPath<(String, String)>,
) -> Result<Json<EmployeePermissions>, Problem> {
    let permissions = shared
        .idocs
        .client(&profile)?
        .employee_permissions(&service_id(&id)?)
        .await;
    Ok(Json(told(permissions)?))
}

/// Which documents are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::endpoint::routes) struct DocumentsFilter {
    /// `outgoing` (otherwise) or `incoming`.
    #[serde(default)]
    direction: Direction,
    /// States in the service's words, separated by commas; all when absent.
    status: Option<String>,
    /// Dated from: a date, an RFC 3339 instant or Unix seconds.
    #[param(value_type = Option<String>)]
    from: Option<DocumentDate>,
    /// Dated to.
    #[param(value_type = Option<String>)]
    to: Option<DocumentDate>,
    /// Of this author only.
    author: Option<String>,
    /// How many come before the page.
    #[serde(default)]
    skip: usize,
    /// How many the page may have; 50 when absent, at most 1,000.
    top: Option<usize>,
}

/// A page of documents.
#[derive(Serialize, ToSchema)]
#[schema(as = IdocsDocuments)]
pub(crate) struct Documents {
    /// Those of the page.
    documents: Vec<DocumentView>,
    /// How many there are in all, if the service says it.
    total: Option<usize>,
}

/// Lists documents.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/documents", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration"), DocumentsFilter),
    responses((status = OK, body = Documents))
)]
pub(in crate::endpoint::routes) async fn documents(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    InQuery(filter): InQuery<DocumentsFilter>,
) -> Result<Json<Documents>, Problem> {
    let words = filter.status.as_deref().unwrap_or_default().split(',').map(str::trim);
    let statuses: Vec<_> = words
        .filter(|word| !word.is_empty())
        .map(|word| DocumentStatus::new(word.to_ascii_uppercase()))
        .collect();
    let author = filter.author.as_deref().map(service_id).transpose()?;
    // The service wants both ends of the range.
    let end_of_time = i64::from(i32::MAX);
    let query = DocumentsQuery {
        document_statuses: &statuses,
        document_date_from: filter.from.map_or(0, |date| date.0.unix_timestamp()),
        document_date_to: filter.to.map_or(end_of_time, |date| date.0.unix_timestamp()),
        document_author_id: author.as_ref(),
        page: PageQuery {
            skip: filter.skip,
            top: filter.top.unwrap_or(PAGE).min(LARGEST_PAGE),
        },
    };
    let page = shared.idocs.client(&profile)?.documents(filter.direction, &query).await;
    let page = told(page)?;
    Ok(Json(Documents {
        documents: page.page_items.unwrap_or_default(),
        total: page.total_size,
    }))
}

/// Which way a document goes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::endpoint::routes) struct Way {
    /// `outgoing` (otherwise) or `incoming`.
    #[serde(default)]
    direction: Direction,
}

/// Reads a document with its route.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/documents/{id}", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document"),
        Way,
    ),
    responses((status = OK, body = DocumentView))
)]
pub(in crate::endpoint::routes) async fn document(
    State(shared): State<Arc<Shared>>,
    InPath((profile, id)): InPath<(String, String)>,
    InQuery(way): InQuery<Way>,
) -> Result<Json<DocumentView>, Problem> {
    let document = shared
        .idocs
        .client(&profile)?
        .document(way.direction, &service_id(&id)?)
        .await;
    Ok(Json(told(document)?))
}

/// Gives a document's print form.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/documents/{id}/print-form", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document"),
    ),
    responses((status = OK, content_type = "application/pdf", body = Vec<u8>))
)]
pub(in crate::endpoint::routes) async fn print_form(
    State(shared): State<Arc<Shared>>,
    InPath((profile, id)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let file = shared.idocs.client(&profile)?.print_form(&service_id(&id)?).await;
    Ok(streamed("application/pdf", told(file)?))
}

/// Gives a document's archive: its original files, print form and signatures.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/documents/{id}/archive", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document"),
    ),
    responses((status = OK, content_type = "application/zip", body = Vec<u8>))
)]
pub(in crate::endpoint::routes) async fn archive(
    State(shared): State<Arc<Shared>>,
    InPath((profile, id)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let file = shared.idocs.client(&profile)?.archive(&service_id(&id)?).await;
    Ok(streamed("application/zip", told(file)?))
}

/// What a job that prepares downloads brings about.
#[derive(Deserialize)]
struct Downloaded {
    documents: Vec<Prepared>,
}

/// Gives a document that a finished download job prepared.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/downloads/{job}/{index}", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("job" = Uuid, Path, description = "The job"),
        ("index" = usize, Path, description = "The document's place in the request, from 0"),
    ),
    responses((status = OK, content_type = "application/zip", body = Vec<u8>))
)]
pub(in crate::endpoint::routes) async fn downloaded(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    InPath((profile, job, index)): InPath<(String, Uuid, usize)>,
) -> Result<Response, Problem> {
    let job = jobs::own(&shared, &caller, job, Some(DOWNLOAD)).await?;
    if job.profile.as_deref() != Some(profile.as_str()) {
        return Err(Fault::new(Code::NoSuchItem).arg("item", "job").into());
    }
    let outcome = job.outcome.ok_or_else(|| {
        Fault::new(Code::WrongState)
            .arg("state", "running")
            .detail("the documents are not prepared yet")
    })?;
    let documents = outcome.read::<Downloaded>()?.documents;
    let prepared = documents.into_iter().nth(index);
    let prepared = prepared.ok_or_else(|| Fault::new(Code::NoSuchItem).arg("item", "document"))?;
    let link = match (prepared.download_link, prepared.fault) {
        (Some(link), _) => link,
        (None, fault) => return Err(fault.unwrap_or_else(|| Fault::new(Code::ServiceUnreadable)).into()),
    };
    let file = shared.idocs.client(&profile)?.download(&link).await;
    Ok(streamed("application/zip", told(file)?))
}

/// Which page of operations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::endpoint::routes) struct OperationsPage {
    /// How many come before the page.
    #[serde(default)]
    skip: usize,
    /// How many the page may have; 50 when absent, at most 1,000.
    top: Option<usize>,
}

/// A page of operations.
#[derive(Serialize, ToSchema)]
#[schema(as = IdocsOperations)]
pub(crate) struct Operations {
    /// Those of the page.
    operations: Vec<Operation<Value>>,
    /// How many there are in all, if the service says it.
    total: Option<usize>,
}

/// Lists the organisation's operations in bulk.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/operations", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration"), OperationsPage),
    responses((status = OK, body = Operations))
)]
pub(in crate::endpoint::routes) async fn operations(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    InQuery(page): InQuery<OperationsPage>,
) -> Result<Json<Operations>, Problem> {
    let query = PageQuery {
        skip: page.skip,
        top: page.top.unwrap_or(PAGE).min(LARGEST_PAGE),
    };
    let page = shared.idocs.client(&profile)?.operations(query).await;
    let page = told(page)?;
    Ok(Json(Operations {
        operations: page.page_items.unwrap_or_default(),
        total: page.total_size,
    }))
}

/// A file of the service's, passed on as it comes.
fn streamed(media_type: &'static str, file: Download) -> Response {
    let pieces = stream::try_unfold(file, |mut file| async move {
        let piece = file
            .chunk()
            .await
            .map_err(|failure| std::io::Error::other(failure.into_fault()))?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, file)))
    });
    ([(CONTENT_TYPE, media_type)], Body::from_stream(pieces)).into_response()
}
