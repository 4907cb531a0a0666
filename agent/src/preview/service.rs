use std::fs::File;
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::Semaphore;

use super::model::{Answer, Preview, Unshowable};
use super::worker::{self, Arguments};
use crate::messages::{Code, Fault};
use crate::platform;

/// So many documents are drawn at once.
const AT_ONCE: usize = 2;
/// How long one look may take. The worker's own limit on processor time ends it earlier on an idle machine.
const TIME: Duration = Duration::from_secs(30);
/// How long the names in a ZIP are waited for, its turn included: the question waits with them.
const LISTING_TIME: Duration = Duration::from_secs(15);
/// So many bytes tell a ZIP.
const ARCHIVE_HEAD: usize = 4;
/// The largest answer, in bytes: a page of noise as PNG in base64 stays below.
const LARGEST_ANSWER: u64 = 48 << 20;

/// Shows documents, each in a process of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Previewer {
    turns: Arc<Semaphore>,
}

impl Default for Previewer {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Previewer {
    /// Shows `document`, page `page` (from 1) when it has pages.
    ///
    /// # Errors
    /// `content_broken`, `content_protected`, `content_too_heavy`, `content_unknown`, `no_such_item` for a page that there is not,
    /// `internal` when no process can be started.
    pub async fn show(&self, document: File, page: u32) -> Result<Preview, Fault> {
        let _turn = self.turns.acquire().await.map_err(Fault::internal)?;
        let looked = tokio::time::timeout(TIME, look(document, page)).await;
        match looked {
            // Dropped in mid-work, the process is killed.
            Err(_) => Err(fault(Unshowable::TooHeavy)),
            Ok(Err(error)) => Err(Fault::internal(format_args!("the preview worker: {error}"))),
            Ok(Ok(Looked::Answer(Answer::Shown(preview)))) => Ok(preview),
            Ok(Ok(Looked::Answer(Answer::Unshowable(why)))) => Err(fault(why)),
            Ok(Ok(Looked::Ended(status))) => Err(judge_end(status)),
        }
    }
}

impl Previewer {
    /// The names in a ZIP, the first `most` of them; `None` for another format. A ZIP that is broken or takes too long has none: the person sees no
    /// names, and what the preview says of it.
    pub async fn archive_names(&self, mut document: tokio::fs::File, most: usize) -> Option<Vec<String>> {
        let mut head = [0; ARCHIVE_HEAD];
        document.read_exact(&mut head).await.ok()?;
        if !worker::is_archive(&head) {
            return None;
        }
        document.rewind().await.ok()?;
        let shown = tokio::time::timeout(LISTING_TIME, self.show(document.into_std().await, 1)).await;
        Some(match shown {
            Ok(Ok(Preview::Archive { entries, .. })) => {
                entries.into_iter().take(most).map(|entry| entry.name).collect()
            }
            _ => Vec::new(),
        })
    }
}

enum Looked {
    Answer(Answer),
    /// It ended without a whole answer.
    Ended(ExitStatus),
}

async fn look(document: File, page: u32) -> io::Result<Looked> {
    let mut process = platform::spawn_reader(&Arguments::command_line(page), document)?;
    let mut answer = Vec::new();
    if let Some(output) = process.stdout.take() {
        output.take(LARGEST_ANSWER).read_to_end(&mut answer).await?;
    }
    if let Ok(answer) = serde_json::from_slice(&answer) {
        return Ok(Looked::Answer(answer));
    }
    // More than the largest answer: it still wants to write.
    process.start_kill().ok();
    Ok(Looked::Ended(process.wait().await?))
}

/// A decoder that gives up panics, and the process exits; a limit ends it by a signal.
fn judge_end(status: ExitStatus) -> Fault {
    match status.code() {
        Some(code) if code == i32::from(worker::NOT_SEALED) => Fault::internal("the preview worker cannot be sealed"),
        Some(_) => fault(Unshowable::Broken),
        None => fault(Unshowable::TooHeavy),
    }
}

fn fault(why: Unshowable) -> Fault {
    match why {
        Unshowable::Broken => Code::ContentBroken.into(),
        Unshowable::NoSuchPage => Fault::new(Code::NoSuchItem).arg("item", "page"),
        Unshowable::Protected => Code::ContentProtected.into(),
        Unshowable::TooHeavy => Code::ContentTooHeavy.into(),
        Unshowable::Unknown => Code::ContentUnknown.into(),
    }
}
