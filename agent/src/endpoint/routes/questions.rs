use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use http::StatusCode;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::consent::{Attachment, DecisionRequest, DeskEvent, DialogMark, Question};
use crate::endpoint::body::{body_fault, parse_json};
use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::extract::{InPath, InQuery};
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::page_sessions::SessionInUse;
use crate::endpoint::problem::{self, Problem};
use crate::endpoint::shared::Shared;
use crate::endpoint::visible::make_visible;
use crate::messages::{Fault, Localizer};

/// A silent stream says so often that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Questions that wait.
#[derive(Serialize, ToSchema)]
pub(crate) struct Questions {
    /// The oldest first.
    #[schema(value_type = Vec<Question>)]
    questions: Vec<Value>,
}

/// One question.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneQuestion {
    /// The question as it stands now.
    #[schema(value_type = Question)]
    question: Value,
}

/// Which prompter listens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listener {
    prompter: String,
    question: Option<Uuid>,
}

/// Lists what waits for the person.
#[utoipa::path(get, path = "/v1/questions", tag = "person", responses((status = OK, body = Questions)))]
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    CallerLanguage(localizer): CallerLanguage,
) -> Json<Questions> {
    let questions = shared.desk.questions();
    Json(Questions {
        questions: questions.iter().map(|question| shown(question, localizer)).collect(),
    })
}

/// Shows one question.
#[utoipa::path(
    get, path = "/v1/questions/{id}", tag = "person", params(("id" = Uuid, Path, description = "The question")),
    responses((status = OK, body = OneQuestion))
)]
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
) -> Result<Json<OneQuestion>, Problem> {
    let question = shared.desk.question(id)?;
    Ok(Json(OneQuestion {
        question: shown(&question, localizer),
    }))
}

/// Takes the person's decision.
///
/// It names the digest of what was shown, so that it cannot fall on something else. After a fault the question goes on waiting.
#[utoipa::path(
    post, path = "/v1/questions/{id}/decision", tag = "person", request_body = DecisionRequest,
    params(("id" = Uuid, Path, description = "The question")),
    responses((status = ACCEPTED, body = OneQuestion))
)]
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
    request: Request,
) -> Result<Response, Problem> {
    // The body may hold the PIN.
    let body = read_secret(request).await?;
    let decision: DecisionRequest = parse_json(&body)?;
    check_prompter(&caller, &decision.prompter)?;
    let question = shared.desk.decide(id, decision)?;
    let body = OneQuestion {
        question: shown(&question, localizer),
    };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Attaches a prompter and streams the questions to it.
///
/// Server-sent events named `question`, each a question as it stands: first those that wait, then `ready`, then every change. The
/// prompter is attached for as long as the stream is open.
#[utoipa::path(
    get, path = "/v1/questions/stream", tag = "person",
    params(
        ("prompter" = String, Query, description = "`web`, `terminal` or `pinentry`"),
        ("question" = Option<Uuid>, Query, description = "The one question that a dialog asks: only that one is streamed, and other prompters show that a dialog asks it"),
    ),
    responses((status = OK, content_type = "text/event-stream", body = String))
)]
pub(super) async fn stream(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    InQuery(Listener {
        prompter,
        question: only,
    }): InQuery<Listener>,
) -> Result<Response, Problem> {
    check_prompter(&caller, &prompter)?;
    if let Some(id) = only {
        shared.desk.question(id)?;
    }
    let session = match &caller.identity {
        Identity::Page(token) => Some(shared.pages.hold(*token)),
        Identity::Anyone | Identity::Owner | Identity::Application(_) => None,
    };
    // Subscribed before the questions are listed, so that none falls in between.
    let changes = shared.desk.subscribe();
    let mut first: VecDeque<_> = shared.desk.questions().into();
    first.retain(|question| only.is_none_or(|only| only == question.id));
    let listening = Listening {
        _attachment: shared.desk.attach(&prompter),
        _mark: only.map(|id| shared.desk.mark_dialog(id)),
        _session: session,
        only,
        first,
        is_ready: false,
        changes,
        localizer,
    };
    let events = listening.events().take_until(shared.shutdown.clone().cancelled_owned());
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response())
}

struct Listening {
    _attachment: Attachment,
    _mark: Option<DialogMark>,
    _session: Option<SessionInUse>,
    only: Option<Uuid>,
    first: VecDeque<Question>,
    is_ready: bool,
    changes: broadcast::Receiver<DeskEvent>,
    localizer: Localizer,
}

impl Listening {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut listening| async move {
            let event = listening.next().await?;
            Some((Ok(event), listening))
        })
    }

    /// `None` ends the stream: a prompter that cannot keep up connects again and gets everything anew.
    async fn next(&mut self) -> Option<Event> {
        if let Some(question) = self.first.pop_front() {
            return Some(self.event(&question));
        }
        if !std::mem::replace(&mut self.is_ready, true) {
            return Some(Event::default().event("ready").data("{}"));
        }
        loop {
            let change = self.changes.recv().await.ok()?;
            if self.only.is_none_or(|only| only == change.question.id) {
                return Some(self.event(&change.question));
            }
        }
    }

    fn event(&self, question: &Question) -> Event {
        Event::default()
            .event("question")
            .data(shown(question, self.localizer).to_string())
    }
}

/// A question as prompters get it: the notice in the person's language, and nothing in it that could deceive the eye or steer a
/// terminal.
fn shown(question: &Question, localizer: Localizer) -> Value {
    let mut value = json!(question);
    if let Some(notice) = &question.notice {
        value["notice"] = problem::body(notice, localizer);
    }
    make_visible(&mut value);
    value
}

/// The page speaks as `web`, the command line as anything else.
fn check_prompter(caller: &Caller, prompter: &str) -> Result<(), Fault> {
    let fits = match caller.identity {
        Identity::Page(_) => prompter == "web",
        Identity::Owner => matches!(prompter, "web" | "terminal" | "pinentry" | "unattended"),
        Identity::Anyone | Identity::Application(_) => false,
    };
    if fits {
        return Ok(());
    }
    Err(Fault::invalid_field("prompter", "is not a prompter of this caller"))
}

async fn read_secret(request: Request) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut body = request.into_body();
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| body_fault(&error))?;
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}
