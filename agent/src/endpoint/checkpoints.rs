//! Notes the head of the audit chain where a cut in the store does not reach.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::platform;
use crate::store::audit::{self, Checkpoint};
use crate::store::{Store, checkpoints};

/// How often the head is looked at. What is cut off within it is found by the entries' dates at most.
const LOOK: Duration = Duration::from_secs(5);

/// Writes the head and count to the checkpoint file and the journal when they changed, and once more at the end.
pub(super) async fn keep(store: Store, ended: CancellationToken) {
    let file = store.state_dir().join(checkpoints::FILE);
    let mut noted = None;
    loop {
        let over = tokio::select! {
            () = ended.cancelled() => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        match store.read(audit::head).await {
            Ok(head) if noted != Some(head) => {
                note(file.clone(), head).await;
                noted = Some(head);
            }
            Ok(_) => {}
            Err(fault) => tracing::error!(%fault, "the head of the audit log cannot be read"),
        }
        if over {
            return;
        }
    }
}

async fn note(file: PathBuf, head: Checkpoint) {
    let line = head.to_string();
    platform::note_in_journal(&line);
    tracing::info!("{line}");
    let written =
        tokio::task::spawn_blocking(move || platform::write_private_file(&file, format!("{line}\n").as_bytes()));
    match written.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the checkpoint of the audit log cannot be written"),
        Err(error) => tracing::error!(%error, "the checkpoint of the audit log was not written"),
    }
}
