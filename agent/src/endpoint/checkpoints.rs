//! Notes the head of the audit chain where a cut in the store does not reach.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::platform;
use crate::store::audit::{self, Checkpoint};
use crate::store::{Store, checkpoints};

/// How often the head is looked at. What is cut off within it is found by the entries' dates at most.
const LOOK: Duration = Duration::from_secs(5);

/// Writes the head and count to the checkpoint file and the journal when they changed, and once more at the end. What the file says is
/// never replaced by a record that does not contain it: that would cover up that the tail was cut off.
pub(super) async fn keep(store: Store, ended: CancellationToken) {
    let file = store.state_dir().join(checkpoints::FILE);
    let mut is_cut = false;
    loop {
        let over = tokio::select! {
            () = ended.cancelled() => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        let noted = noted(file.clone()).await;
        let looked = store.read(move |connection| {
            let contained = noted.map_or(Ok(true), |noted| audit::contains(connection, &noted))?;
            Ok((audit::head(connection)?, contained))
        });
        match looked.await {
            Ok((_, false)) => {
                if let Some(noted) = noted.filter(|_| !is_cut) {
                    alarm(&noted);
                }
                is_cut = true;
            }
            Ok((head, true)) => {
                is_cut = false;
                if noted != Some(head) {
                    note(file.clone(), head).await;
                }
            }
            Err(fault) => tracing::error!(%fault, "the head of the audit log cannot be read"),
        }
        if over {
            return;
        }
    }
}

/// What the file says; `None` when there is nothing to read in it.
async fn noted(file: PathBuf) -> Option<Checkpoint> {
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file));
    read.await.ok()?.ok()?.parse().ok()
}

/// Says that the record lost what was noted of it. The journal's last checkpoint is then the one that is missing.
fn alarm(noted: &Checkpoint) {
    let line = format!("the audit log was cut or replaced: it does not contain {noted}");
    platform::note_in_journal(&line);
    tracing::error!("{line}");
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
