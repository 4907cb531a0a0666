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
pub mod failpoints;
mod lease;
mod live;
mod model;
mod retry;
mod runner;
mod service_failure;
mod shared;
mod step;

pub use context::{JobContext, Probe, StepError};
pub use engine::{Engine, Scenario};
pub use model::{Job, JobEnd, JobEvent, JobFilter, JobId, JobState, NewJob, Stage, StepState, StepView};
pub use retry::RetryPolicy;
