//! What an application had asked for when its connection ended.

use std::sync::Arc;
use std::time::Duration;

use super::applications::Applications;
use super::shared::Shared;
use crate::jobs::{Engine, JobFilter, JobState};
use crate::messages::{Code, Fault};

/// A job that was being written when its application went is there by then.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Cancels what runs for applications that are not connected any more: the person is asked nothing for them, and nothing more is sent. What
/// cannot be taken back goes on, and what stopped waits for the person as before.
pub(super) async fn cancel_work(applications: &Applications, engine: &Engine) -> Result<(), Fault> {
    let running = JobFilter {
        state: Some(JobState::Running),
        limit: Some(u32::MAX),
        ..JobFilter::default()
    };
    let orphaned = engine.list(running).await?.into_iter().filter(|job| {
        let application = job.application;
        application.is_some_and(|application| !applications.is_known(application))
    });
    for job in orphaned {
        let engine = engine.clone();
        // An effect under way is waited for, which holds up none of the others.
        tokio::spawn(async move {
            match engine.cancel(job.id).await {
                Ok(_) => {
                    tracing::info!(job = %job.id, "cancelled: the application that asked for it is not connected any more")
                }
                Err(fault) if matches!(fault.code(), Code::WrongState | Code::NoSuchItem) => {}
                Err(fault) => {
                    tracing::error!(job = %job.id, %fault, "a job of an application that is not connected any more goes on")
                }
            }
        });
    }
    Ok(())
}

/// Does so once more, for requests that were on their way when their application went; the next start does it for an agent that ends before.
pub(super) fn look_again(shared: Arc<Shared>) {
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(LOOKED_AGAIN_AFTER) => {}
            () = shared.shutdown.cancelled() => return,
        }
        if let Err(fault) = cancel_work(&shared.applications, &shared.engine).await {
            tracing::error!(%fault, "the work of applications that are not connected any more cannot be looked for");
        }
    });
}
