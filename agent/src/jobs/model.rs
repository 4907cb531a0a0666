use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::messages::{Code, Fault};
pub use crate::store::Outcome;
use crate::store::audit::Recorded;
use crate::store::blobs::BlobId;
use crate::store::jobs::JobRow;
pub use crate::store::jobs::{JobFilter, JobState};
use crate::store::steps::StepRow;
pub use crate::store::steps::StepState;

/// Names a job; a UUIDv7, so that ids sort by time.
pub type JobId = Uuid;

/// What is needed to start a job.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The scenario: `signature`, `idocs_quick_sign`, `mig24_package_group`.
    pub kind: &'static str,
    /// The service profile, when the scenario has one.
    pub profile: Option<String>,
    /// The application that asked (its id in the store), `None` for the person at the command line.
    pub application: Option<Uuid>,
    /// One line for people: what it is about.
    pub title: String,
    /// The scenario's input.
    pub input: Value,
    /// Spooled documents (content addresses) that live until the job closes.
    pub blobs: Vec<String>,
}

/// What a running job is waiting for.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Stage {
    /// Nothing: it works.
    #[default]
    Working,
    /// The person, at the prompters named (`web`, `terminal`, …); `question` is open.
    WaitingForPerson {
        /// The question's id.
        question: Uuid,
        /// Where it is shown.
        prompters: Vec<String>,
        /// Until when it waits for an answer.
        #[serde(with = "time::serde::rfc3339")]
        deadline: OffsetDateTime,
    },
    /// The person, but no prompter is attached and none can be opened.
    NoPrompter {
        /// The question's id.
        question: Uuid,
        /// Until when it waits for an answer.
        #[serde(with = "time::serde::rfc3339")]
        deadline: OffsetDateTime,
    },
    /// The token to be plugged in again.
    WaitingForToken {
        /// Its label, as far as it is known.
        token: Option<String>,
        /// Until when it is waited for.
        #[serde(with = "time::serde::rfc3339")]
        deadline: OffsetDateTime,
    },
    /// The service, which works on what was handed in.
    WaitingForService {
        /// When it is asked again.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
    /// The time of the next attempt.
    WaitingToRetry {
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
}

/// One step, for people and programs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StepView {
    /// The step's name, unique in its job.
    pub name: String,
    /// Its state.
    pub state: StepState,
    /// How often its effect was begun.
    pub attempts: u32,
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339")]
    pub opened_at: OffsetDateTime,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// When it is begun again, or asked about again.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub next_at: Option<OffsetDateTime>,
    /// Whether its effect must happen once.
    #[serde(default)]
    pub guarded: bool,
    /// Why it failed or is uncertain.
    pub fault: Option<Fault>,
}

impl From<&StepRow> for StepView {
    fn from(row: &StepRow) -> Self {
        Self {
            name: row.name.clone(),
            state: row.state,
            attempts: row.attempts,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            next_at: row.next_at,
            guarded: row.guarded,
            fault: row.fault.clone(),
        }
    }
}

/// One job, whole.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Job {
    /// The id.
    pub id: JobId,
    /// The scenario.
    pub kind: String,
    /// The service profile.
    pub profile: Option<String>,
    /// The application that asked.
    pub application: Option<Uuid>,
    /// One line for people.
    pub title: String,
    /// Where it stands.
    pub state: JobState,
    /// What it waits for while it runs.
    pub stage: Stage,
    /// When it was started.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// The scenario's input.
    pub input: Value,
    /// The outcome, when finished.
    pub outcome: Option<Outcome>,
    /// Why it failed, was refused or stopped; of a running one, why the store does not take how it stands.
    pub fault: Option<Fault>,
    /// Its steps in the order they were opened.
    pub steps: Vec<StepView>,
    /// What a person can do about it now.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// What a person can do about a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Take it up again.
    Retry,
    /// Say whether the step in doubt happened.
    Settle,
    /// Cancel it, or give it up.
    Cancel,
    /// Have removed what it left at the service.
    RemoveLeft,
}

/// What a person says of a step whose outcome cannot be known.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The step; the only one in doubt when absent.
    pub step: Option<String>,
    /// Whether it happened.
    pub happened: bool,
    /// What it brought about, for a step whose result holds more than its time (the id that the service gave, for instance).
    pub result: Option<Value>,
}

impl Job {
    pub(super) fn new(stage: Stage, row: JobRow, steps: &[StepRow], can_remove: bool) -> Self {
        Self {
            actions: actions(&row, steps, can_remove),
            id: row.id,
            kind: row.kind,
            profile: row.profile,
            application: row.application,
            title: row.title,
            state: row.state,
            stage,
            created_at: row.created_at,
            closed_at: row.closed_at,
            input: row.input,
            outcome: row.outcome,
            fault: row.fault,
            steps: steps.iter().map(StepView::from).collect(),
        }
    }
}

fn actions(row: &JobRow, steps: &[StepRow], can_remove: bool) -> Vec<Action> {
    let in_doubt = steps.iter().any(|step| step.guarded && step.is_in_doubt());
    match row.state {
        JobState::Running => vec![Action::Cancel],
        JobState::Stopped if in_doubt => vec![Action::Retry, Action::Settle, Action::Cancel],
        JobState::Stopped => vec![Action::Retry, Action::Cancel],
        _ if can_remove => vec![Action::RemoveLeft],
        _ => Vec::new(),
    }
}

/// What a job leaves behind as evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The job.
    pub job: Job,
    /// What its steps brought about, in order; the outcome of one that did not finish stands here.
    pub results: Vec<Value>,
    /// Its entries of the audit log, the oldest first.
    pub audit: Vec<Recorded>,
    /// Its documents that are still there.
    pub documents: Vec<BlobId>,
}

/// How a scenario ends when it does not finish. `?` on it inside a scenario ends the run.
#[derive(Clone, Debug)]
pub enum JobEnd {
    /// Closed: failed, refused or cancelled, by the fault's code; stopped when it is the store's.
    Closed(Fault),
    /// A person must look.
    Stopped(Fault),
}

impl JobEnd {
    /// The fault that ended it.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Closed(fault) | Self::Stopped(fault) => fault,
        }
    }

    /// Whether what was to be brought about certainly was not.
    pub fn is_without_effect(&self) -> bool {
        match self {
            Self::Closed(fault) => !fault.extras().contains_key(UNKNOWN_EFFECT),
            // A step may be under way or uncertain.
            Self::Stopped(_) => false,
        }
    }

    /// The state in which a job that ends so is left.
    pub(super) fn state(&self) -> JobState {
        match self {
            Self::Stopped(_) => JobState::Stopped,
            Self::Closed(fault) if is_of_the_store(fault) => JobState::Stopped,
            Self::Closed(fault) => match fault.code() {
                Code::Refused | Code::Expired => JobState::Refused,
                Code::Cancelled => JobState::Cancelled,
                _ => JobState::Failed,
            },
        }
    }
}

/// Stands in the fault of a refusal that may have come after the effect.
const UNKNOWN_EFFECT: &str = "may_have_happened";

/// The refusal of something that may have happened all the same.
pub(super) fn with_unknown_effect(fault: Fault) -> Fault {
    fault.extra(UNKNOWN_EFFECT, Value::Bool(true))
}

/// Whether the store failed and nobody refused anything: a person makes room or mends it, and the job goes on.
pub(super) fn is_of_the_store(fault: &Fault) -> bool {
    matches!(fault.code(), Code::DiskFull | Code::StoreDamaged | Code::StoreFailed)
}

impl From<Fault> for JobEnd {
    fn from(fault: Fault) -> Self {
        Self::Closed(fault)
    }
}

/// A job changed.
#[derive(Clone, Debug, Serialize)]
pub struct JobEvent {
    /// The job.
    pub id: JobId,
    /// The scenario.
    pub kind: String,
    /// The application that asked.
    pub application: Option<Uuid>,
    /// Where it stands.
    pub state: JobState,
    /// What it waits for.
    pub stage: Stage,
    /// The step that changed, if one did.
    pub step: Option<StepView>,
}
