//! The durable step engine.
//!
//! A [`Scenario`] is ordinary linear code over [`JobContext::safe_step`] and [`JobContext::guarded_step`]: each step
//! is written before its effect and closed after it, with its result. After a restart the scenario runs again from
//! the top; steps that are closed give their stored result at once, a step that was open is repeated when that is
//! safe, and otherwise probed first.
//!
//! What a scenario must keep to: between its steps it does nothing that has an effect outside; it takes the same
//! path when the same steps give the same results; and each step of a job has a name of its own.
//!
//! Belongs here: the engine, job and step states, retries. Does not belong here: which service a scenario talks to.

mod context;
mod engine;
mod facts;
pub mod failpoints;
mod lease;
mod left_behind;
mod live;
mod model;
mod removal;
mod retry;
mod runner;
mod service_failure;
mod shared;
mod step;
mod terms;

pub use context::{JobContext, Probe, Repetition, StepError};
pub use engine::{Engine, Scenario};
pub use left_behind::LeftBehind;
pub use model::{
    Action, Evidence, Job, JobEnd, JobEvent, JobFilter, JobId, JobState, NewJob, Outcome, Settlement, Stage, StepState,
    StepView,
};
pub use removal::Removal;
pub use retry::RetryPolicy;
pub use terms::Terms;
