//! The list of readers on request, from a thread of its own: the reader service may be absent, may start, and may hang.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::readers::{Reader, ReaderService, ReadersError};

/// How long the service may take to list its readers.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the PC/SC service. The thread starts with the first question and ends with the last clone; while it hangs, every question is answered
/// in time with [`ReadersError::Hangs`].
#[derive(Clone, Debug)]
pub(super) struct ReaderList {
    questions: mpsc::SyncSender<oneshot::Sender<Result<Vec<Reader>, ReadersError>>>,
}

impl ReaderList {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start() -> std::io::Result<Self> {
        let (questions, incoming) = mpsc::sync_channel::<oneshot::Sender<_>>(8);
        thread::Builder::new().name("reader-list".to_owned()).spawn(move || {
            let mut service = None;
            for question in incoming {
                // Somebody who does not wait any more needs no answer.
                if !question.is_closed() {
                    let _ = question.send(list(&mut service));
                }
            }
        })?;
        Ok(Self { questions })
    }

    /// Every reader, now.
    ///
    /// # Errors
    /// There is no service, or it hangs.
    pub(super) async fn readers(&self) -> Result<Vec<Reader>, ReadersError> {
        let (answer, answered) = oneshot::channel();
        // A full queue is one that nobody empties.
        self.questions.try_send(answer).map_err(|_| ReadersError::Hangs)?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(ReadersError::Hangs),
        }
    }
}

/// Lists over the connection that stands, or a new one: a service that was restarted does not know the old one.
fn list(service: &mut Option<ReaderService>) -> Result<Vec<Reader>, ReadersError> {
    if let Some(mut standing) = service.take()
        && let Ok(readers) = standing.readers()
    {
        *service = Some(standing);
        return Ok(readers);
    }
    let mut new = ReaderService::connect()?;
    let readers = new.readers()?;
    *service = Some(new);
    Ok(readers)
}
