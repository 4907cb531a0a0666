use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

use super::started::StartHeaders;
use crate::endpoint::caller::Caller;
use crate::endpoint::extract::{InPath, InQuery, JsonBody, checked_limit};
use crate::endpoint::idempotency::IdempotencyKey;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::permission::{Class, Permission, Service};
use crate::endpoint::preference::Preference;
use crate::endpoint::problem::{self, Problem, ProblemSchema};
use crate::endpoint::shared::Shared;
use crate::jobs::{Action, Job, JobFilter, JobState, Outcome, Settlement, Stage, StepState, StepView};
use crate::messages::{Code, Fault, Localizer};
use crate::store::approvals;

const MOST_JOBS: u32 = 1000;

/// How many are listed when the caller does not say.
const JOBS: u32 = 100;

/// Jobs, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jobs {
    /// Without their outcomes.
    jobs: Vec<JobResource>,
    /// Names the next page (`before`); absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// How far the token is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Progress {
    /// How many documents are signed.
    signed: u32,
    /// How many were approved; 0 before the approval.
    of: u32,
}

/// A job: a scenario that was asked for, from its start to its outcome.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobResource {
    /// Its id.
    id: Uuid,
    /// `signature`, `idocs_quick_sign` or `mig24_package_group`.
    kind: String,
    /// The service profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// One line for people.
    title: String,
    /// Where it stands.
    #[schema(value_type = String, example = "running")]
    state: JobState,
    /// What it waits for while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Waiting>,
    /// When it was started.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    closed_at: Option<OffsetDateTime>,
    /// Its steps in the order they were opened.
    steps: Vec<StepResource>,
    /// What a person can do about it now: `retry`, `settle`, `cancel`, `remove_left`.
    #[schema(value_type = Vec<String>)]
    actions: Vec<Action>,
    /// What came of it, when finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    outcome: Option<Outcome>,
    /// Why it failed, was refused or stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>)]
    fault: Option<Value>,
}

/// What a running job waits for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Waiting {
    r#for: WaitingFor,
    /// The question that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<Uuid>,
    /// Where the person sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompters: Option<Vec<String>>,
    /// The label of the token to be plugged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// When it goes on by itself; of a question or a token, until when it waits for an answer.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    until: Option<OffsetDateTime>,
}

/// The reasons to wait.
#[derive(Serialize, ToSchema)]
pub(crate) enum WaitingFor {
    /// The person, at the prompters named.
    #[serde(rename = "waiting_for_person")]
    Person,
    /// The person, but there is nowhere to ask.
    #[serde(rename = "no_prompter")]
    Prompter,
    /// The token to be plugged in.
    #[serde(rename = "waiting_for_token")]
    Token,
    /// The service, which works on what was handed in.
    #[serde(rename = "waiting_for_service")]
    Service,
    /// The next attempt.
    #[serde(rename = "waiting_to_retry")]
    Retry,
}

/// A step of a job.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
pub(crate) struct StepResource {
    /// Its name.
    name: String,
    /// `open`, `done`, `failed` or `uncertain`.
    #[schema(value_type = String)]
    state: StepState,
    /// How often its effect was begun.
    attempts: u32,
    /// Whether its effect must happen once: after a lost answer the service is asked before it is repeated.
    guarded: bool,
    /// When it is begun again, or asked about again.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    next_at: Option<OffsetDateTime>,
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339")]
    opened_at: OffsetDateTime,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    closed_at: Option<OffsetDateTime>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>)]
    fault: Option<Value>,
}

/// Which jobs to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobsQuery {
    /// Only this kind.
    kind: Option<String>,
    /// Only running and stopped ones.
    open: Option<bool>,
    /// Only in this state.
    #[param(value_type = Option<String>, pattern = "^(running|finished|failed|refused|cancelled|stopped)$")]
    state: Option<JobState>,
    /// Only started on this day or at this time (RFC 3339) or later; a day is one of UTC.
    #[param(inline)]
    since: Option<Day>,
    /// Only started before this day or time.
    #[param(inline)]
    until: Option<Day>,
    /// Only with a document whose name or number holds this text.
    name: Option<String>,
    /// Only with a counterparty whose name, BIN, INN or code holds this text.
    counterparty: Option<String>,
    /// Only with this id at the service, or this digest in base64.
    reference: Option<String>,
    /// At most so many; 100 when absent, 1000 at most.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Only started before the job with this id: the `next` of the page before.
    before: Option<Uuid>,
}

/// A day (`2026-11-22`) or a moment (RFC 3339).
#[derive(Clone, Copy, Debug)]
pub(super) struct Day(OffsetDateTime);

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(format)))
        };
        AnyOfBuilder::new()
            .description(Some("A day (`2026-11-22`) or a moment (RFC 3339)."))
            .item(text(KnownFormat::Date))
            .item(text(KnownFormat::DateTime))
            .into()
    }
}

impl ToSchema for Day {}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = Date::parse(&text, format_description!("[year]-[month]-[day]"))
            .map(|day| day.midnight().assume_utc())
            .or_else(|_| OffsetDateTime::parse(&text, &Rfc3339));
        // In UTC the last hours of the last year may be none that there is.
        day.ok()
            .and_then(|moment| moment.checked_to_offset(UtcOffset::UTC))
            .map(Self)
            .ok_or_else(|| de::Error::custom("is neither a day (2026-11-22) nor a moment (RFC 3339)"))
    }
}

/// What a person says of a step whose outcome cannot be known.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "happened": true }))]
#[serde(deny_unknown_fields)]
pub(super) struct Resolution {
    /// Whether it happened.
    happened: bool,
    /// The step; the only one in doubt when absent.
    step: Option<String>,
    /// What it brought about, where the step needs it (the id that the service gave).
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
}

/// Lists jobs, the newest first.
///
/// An application sees its own. A page at a time: what is older than this page comes with `before` set to its `next`.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobsQuery), responses((status = OK, body = Jobs)))]
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    InQuery(query): InQuery<JobsQuery>,
) -> Result<Json<Jobs>, Problem> {
    let limit = checked_limit(query.limit.unwrap_or(JOBS), MOST_JOBS)?;
    if let Some(before) = query.before {
        let known = own(&shared, &caller, before, None).await;
        known.map_err(|fault| match fault.code() {
            Code::NoSuchItem => Fault::invalid_field("before", "names no job of this list"),
            _ => fault,
        })?;
    }
    let filter = JobFilter {
        kind: query.kind,
        application: caller.application(),
        open_only: query.open.unwrap_or_default(),
        state: query.state,
        since: query.since.map(|day| day.0),
        until: query.until.map(|day| day.0),
        name: query.name,
        counterparty: query.counterparty,
        reference: query.reference,
        before: query.before,
        // One more shows whether there are more.
        limit: Some(limit + 1),
    };
    let mut jobs = shared.engine.list(filter).await?;
    let has_more = jobs.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        jobs.pop();
    }
    let next = jobs.last().map(|job| job.id).filter(|_| has_more);
    let jobs = jobs.into_iter().map(|mut job| {
        job.outcome = None;
        JobResource::of(job, localizer)
    });
    Ok(Json(Jobs {
        jobs: jobs.collect(),
        next,
    }))
}

/// Shows one job.
///
/// Honours `Prefer: wait=N`.
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "jobs",
    params(
        ("id" = Uuid, Path, description = "The job"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when the job is settled, after N seconds at the latest"),
    ),
    responses((status = OK, body = JobResource))
)]
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    preference: Preference,
    InPath(id): InPath<Uuid>,
) -> Result<Response, Problem> {
    own(&shared, &caller, id, None).await?;
    let job = settled(&shared, id, &preference).await?;
    Ok(preference.applied_to(Json(JobResource::of(job, localizer)).into_response()))
}

/// How far the token is with what a job signs.
///
/// It is told by the job and not by the question, which ends with the last signature.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/progress", tag = "jobs", params(("id" = Uuid, Path, description = "The job")),
    responses((status = OK, body = Progress))
)]
pub(super) async fn progress(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    InPath(id): InPath<Uuid>,
) -> Result<Json<Progress>, Problem> {
    own(&shared, &caller, id, None).await?;
    let (signed, of) = shared
        .store
        .read(move |connection| approvals::progress_of_job(connection, id))
        .await?;
    Ok(Json(Progress { signed, of }))
}

/// Cancels a job.
///
/// Its questions close and nothing more is sent.
#[utoipa::path(
    delete, path = "/v1/jobs/{id}", tag = "jobs", params(("id" = Uuid, Path, description = "The job")),
    responses((status = OK, body = JobResource))
)]
pub(super) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
) -> Result<Json<JobResource>, Problem> {
    own(&shared, &caller, id, None).await?;
    let job = shared.engine.cancel(id).await?;
    Ok(Json(JobResource::of(job, localizer)))
}

/// Takes a stopped job up again.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/retry", tag = "jobs", params(("id" = Uuid, Path, description = "The job")),
    responses((status = ACCEPTED, body = JobResource))
)]
pub(super) async fn retry(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
) -> Result<Response, Problem> {
    own(&shared, &caller, id, None).await?;
    let job = shared.engine.retry(id).await?;
    Ok((StatusCode::ACCEPTED, Json(JobResource::of(job, localizer))).into_response())
}

/// Settles a step whose outcome could not be known.
///
/// The person has looked at the service: the step counts as done, or is begun again, and the job goes on.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/resolution", tag = "jobs", params(("id" = Uuid, Path, description = "The job")),
    request_body = Resolution, responses((status = ACCEPTED, body = JobResource))
)]
pub(super) async fn resolve(
    State(shared): State<Arc<Shared>>,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let resolution: Resolution = body.parse()?;
    let settlement = Settlement {
        step: resolution.step,
        happened: resolution.happened,
        result: resolution.result,
    };
    let job = shared.engine.settle(id, settlement).await?;
    Ok((StatusCode::ACCEPTED, Json(JobResource::of(job, localizer))).into_response())
}

/// Removes what a job left at the service.
///
/// Starts a job that does it. Needs the permission to delete there. Honours `Prefer: wait=N` and `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/removal", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job that left it"), StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(super) async fn remove_left(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    preference: Preference,
    key: IdempotencyKey,
    InPath(id): InPath<Uuid>,
) -> Result<Response, Problem> {
    let job = own(&shared, &caller, id, None).await?;
    if !caller.is_person() {
        let profile = job.profile.as_deref().unwrap_or_default();
        let service = Service::of_job(&job.kind).ok_or_else(|| Fault::new(Code::NotRemovable))?;
        caller.require(&Permission::service(service, profile, Class::Delete))?;
    }
    let removal = key.start_removal(&shared, &caller, id).await?;
    started(&shared, removal, preference, localizer).await
}

/// A job that is the caller's to see, of this kind if one is named.
///
/// # Errors
/// `no_such_item`: what belongs to others does not exist for the caller.
pub(super) async fn own(shared: &Shared, caller: &Caller, id: Uuid, kind: Option<&str>) -> Result<Job, Fault> {
    let none = || Fault::new(Code::NoSuchItem).arg("item", kind.unwrap_or("job"));
    let job = shared.engine.job(id).await.map_err(|fault| match fault.code() {
        Code::NoSuchItem => none(),
        _ => fault,
    })?;
    if caller.owns(job.application) && kind.is_none_or(|kind| job.kind == kind) {
        Ok(job)
    } else {
        Err(none())
    }
}

/// Answers a request that started a job: 202 with the job, once it is settled where the caller waits for that.
///
/// # Errors
/// `no_such_item`, `store_failed`.
pub(super) async fn started(
    shared: &Shared,
    id: Uuid,
    preference: Preference,
    localizer: Localizer,
) -> Result<Response, Problem> {
    let job = settled(shared, id, &preference).await?;
    let location = [(LOCATION, format!("/v1/jobs/{id}"))];
    let response = (StatusCode::ACCEPTED, location, Json(JobResource::of(job, localizer))).into_response();
    Ok(preference.applied_to(response))
}

/// The job once it is settled, or as it stands when the caller's patience ends.
///
/// # Errors
/// `no_such_item`, `store_failed`.
pub(super) async fn settled(shared: &Shared, id: Uuid, preference: &Preference) -> Result<Job, Fault> {
    match preference.wait() {
        None => shared.engine.job(id).await,
        Some(wait) => {
            tokio::select! {
                job = shared.engine.wait(id, wait) => job,
                // The agent ends: the answer says how far it came.
                () = shared.shutdown.cancelled() => shared.engine.job(id).await,
            }
        }
    }
}

impl JobResource {
    pub(super) fn of(job: Job, localizer: Localizer) -> Self {
        Self {
            waiting: waiting(&job),
            id: job.id,
            kind: job.kind,
            profile: job.profile,
            title: job.title,
            state: job.state,
            created_at: job.created_at,
            closed_at: job.closed_at,
            steps: job
                .steps
                .into_iter()
                .map(|step| StepResource::of(step, localizer))
                .collect(),
            actions: job.actions,
            outcome: job.outcome,
            fault: job.fault.map(|fault| problem::body(&fault, localizer)),
        }
    }
}

impl StepResource {
    fn of(step: StepView, localizer: Localizer) -> Self {
        Self {
            name: step.name,
            state: step.state,
            attempts: step.attempts,
            guarded: step.guarded,
            next_at: step.next_at,
            opened_at: step.opened_at,
            closed_at: step.closed_at,
            fault: step.fault.map(|fault| problem::body(&fault, localizer)),
        }
    }
}

/// What a job waits for, while it runs.
pub(super) fn waiting(job: &Job) -> Option<Waiting> {
    if job.state != JobState::Running {
        return None;
    }
    let simple = |r#for| Waiting {
        r#for,
        question: None,
        prompters: None,
        token: None,
        until: None,
    };
    match &job.stage {
        Stage::Working => None,
        Stage::WaitingForPerson {
            question,
            prompters,
            deadline,
        } => Some(Waiting {
            question: Some(*question),
            prompters: Some(prompters.clone()),
            until: Some(*deadline),
            ..simple(WaitingFor::Person)
        }),
        Stage::NoPrompter { question, deadline } => Some(Waiting {
            question: Some(*question),
            until: Some(*deadline),
            ..simple(WaitingFor::Prompter)
        }),
        Stage::WaitingForToken { token, deadline } => Some(Waiting {
            token: token.clone(),
            until: Some(*deadline),
            ..simple(WaitingFor::Token)
        }),
        Stage::WaitingForService { until } => Some(Waiting {
            until: Some(*until),
            ..simple(WaitingFor::Service)
        }),
        Stage::WaitingToRetry { until } => Some(Waiting {
            until: Some(*until),
            ..simple(WaitingFor::Retry)
        }),
    }
}
