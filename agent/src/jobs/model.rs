use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::messages::Fault;

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

/// Where a job stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// At work; see the stage.
    Running,
    /// Closed with its outcome.
    Finished,
    /// Closed with a fault.
    Failed,
    /// Closed because the person refused or the question expired.
    Refused,
    /// Closed because the caller or the person cancelled.
    Cancelled,
    /// Stopped: a person must look and say `retry` or `cancel`.
    Stopped,
}

impl JobState {
    /// Whether nothing more will happen by itself.
    pub fn is_settled(self) -> bool {
        self != Self::Running
    }
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
    },
    /// The person, but no prompter is attached and none can be opened.
    NoPrompter {
        /// The question's id.
        question: Uuid,
    },
    /// The token to be plugged in again.
    WaitingForToken,
    /// The time of the next attempt.
    WaitingToRetry {
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
}

/// The state of one step.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Written before its effect.
    Open,
    /// Closed with a result.
    Done,
    /// Closed with a fault.
    Failed,
    /// Its outcome is not known.
    Uncertain,
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
    /// Why it failed or is uncertain.
    pub fault: Option<Fault>,
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
    pub outcome: Option<Value>,
    /// Why it failed, was refused or stopped.
    pub fault: Option<Fault>,
    /// Its steps in the order they were opened.
    pub steps: Vec<StepView>,
}

/// How a scenario ends when it does not finish. `?` on it inside a scenario ends the run.
#[derive(Clone, Debug)]
pub enum JobEnd {
    /// Closed: failed, refused or cancelled, by the fault's code.
    Closed(Fault),
    /// A person must look.
    Stopped(Fault),
}

impl From<Fault> for JobEnd {
    fn from(fault: Fault) -> Self {
        Self::Closed(fault)
    }
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only this scenario.
    pub kind: Option<String>,
    /// Only of this application.
    pub application: Option<Uuid>,
    /// Only running or stopped ones.
    pub open_only: bool,
    /// At most so many, the newest first; 100 when absent.
    pub limit: Option<u32>,
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
