use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{LeftBehind, Stage};
use crate::messages::Fault;
use crate::store::jobs::JobRow;

/// What is known in memory only about a job that runs in this process.
#[derive(Debug)]
pub(super) struct Live {
    progress: watch::Sender<Progress>,
    /// How many guarded effects are between the commit that opens them and the commit that tells how they went.
    guarded: watch::Sender<u32>,
    cancelled: CancellationToken,
    /// Set once what the job did cannot be taken back, so that cancelling it would be untrue.
    irrevocable: AtomicBool,
    left: LeftBehind,
    closed: Mutex<Option<JobRow>>,
}

#[derive(Debug, Default)]
struct Progress {
    stage: Stage,
    settled: bool,
    /// Why what is known in memory cannot be stored.
    trouble: Option<Fault>,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            progress: watch::Sender::default(),
            guarded: watch::Sender::default(),
            cancelled: CancellationToken::new(),
            irrevocable: AtomicBool::new(false),
            left: LeftBehind::default(),
            closed: Mutex::default(),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.progress.borrow().stage.clone()
    }

    /// Sets the stage and says whether it is another one than before.
    pub(super) fn set_stage(&self, stage: Stage) -> bool {
        self.progress.send_if_modified(|progress| {
            let differs = progress.stage != stage;
            progress.stage = stage;
            differs
        })
    }

    /// Why the store does not take how the job stands, while it does not.
    pub(super) fn trouble(&self) -> Option<Fault> {
        self.progress.borrow().trouble.clone()
    }

    pub(super) fn set_trouble(&self, trouble: Option<Fault>) {
        self.progress.send_modify(|progress| progress.trouble = trouble);
    }

    pub(super) fn settle(&self) {
        self.progress.send_modify(|progress| progress.settled = true);
    }

    /// Returns when the job is settled, when `enough` says so of its stage, or when the engine lets go of it.
    pub(super) async fn settled_or(&self, mut enough: impl FnMut(&Stage) -> bool) {
        let mut progress = self.progress.subscribe();
        let _ = progress
            .wait_for(|progress| progress.settled || enough(&progress.stage))
            .await;
    }

    /// Leaves the row of the job as it was closed, for whoever waited.
    pub(super) fn put_closed(&self, job: JobRow) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
    }

    /// The row of the job as it was closed, once; the store tells the others.
    pub(super) fn take_closed(&self) -> Option<JobRow> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn cancel(&self) {
        self.cancelled.cancel();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    pub(super) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    pub(super) fn make_irrevocable(&self) {
        self.irrevocable.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_irrevocable(&self) -> bool {
        self.irrevocable.load(Ordering::SeqCst)
    }

    pub(super) fn left(&self) -> &LeftBehind {
        &self.left
    }

    /// Counts a guarded effect until the returned guard is dropped.
    pub(super) fn enter_guarded(&self) -> InFlight {
        self.guarded.send_modify(|count| *count += 1);
        InFlight(self.guarded.clone())
    }

    /// Returns when no guarded effect is under way.
    pub(super) async fn no_guarded_effect(&self) {
        let mut guarded = self.guarded.subscribe();
        let _ = guarded.wait_for(|count| *count == 0).await;
    }
}

/// One guarded effect under way.
pub(super) struct InFlight(watch::Sender<u32>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InFlight")
    }
}
