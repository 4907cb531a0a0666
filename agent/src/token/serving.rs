//! A worker whose module is initialised, and how a batch is given to it.

use std::path::Path;
use std::time::Duration;

use pkcs11_profiles::Quirks;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::batch::Batch;
use super::connection::{Broken, Connection};
use super::error::TokenError;
use super::item::SignItem;
use super::launch::Launch;
use super::progress::Progress;
use super::protocol::frame::LONGEST;
use super::protocol::{Answer, Library, Login, MoreItems, Request, SignRequest};
use super::spawner::Spawner;
use crate::consent::{LoginUse, Unlock};

/// The most bytes of items in one frame; the rest is for what stands around them.
const ITEMS_IN_A_FRAME: usize = LONGEST - 8 * 1024;

/// A worker that has loaded its module.
pub(super) struct Serving {
    pub(super) connection: Connection,
    pub(super) library: Library,
}

/// Why a worker does not serve.
pub(super) enum NotServing {
    /// No process could be started.
    NotStarted(TokenError),
    /// The module cannot be loaded; the worker has ended.
    NotLoaded(TokenError),
    /// The worker was lost while it loaded the module: it ended like this, for that reason.
    Lost(String, Broken),
}

/// How a batch ended that the worker saw to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Over {
    /// The login stands for the next batch.
    pub(super) kept: bool,
}

impl Serving {
    /// Starts a worker for a module whose file was checked.
    pub(super) async fn start(spawner: &Spawner, launch: &Launch, file: &Path) -> Result<Self, NotServing> {
        let mut connection = Connection::open(spawner, launch, file).map_err(|error| {
            NotServing::NotStarted(TokenError::NoWorker {
                reason: error.to_string(),
            })
        })?;
        info!(module = launch.name, path = %launch.path.display(), pid = connection.pid(), "worker started");
        match hello(&mut connection, launch).await {
            Ok(Ok(library)) => Ok(Self { connection, library }),
            Ok(Err(error)) => {
                connection.end().await;
                Err(NotServing::NotLoaded(error))
            }
            Err(broken) => Err(NotServing::Lost(connection.end().await, broken)),
        }
    }

    /// Gives a batch to the worker and takes its answers. The inner error is the worker's own: it goes on.
    pub(super) async fn sign(
        &mut self,
        launch: &Launch,
        batch: Batch,
        at_the_device: bool,
        cancellation: &CancellationToken,
        progress: &mut Progress,
    ) -> Result<Result<Over, TokenError>, Broken> {
        let way = way(&batch.unlock, at_the_device);
        let Some(parts) = parts(batch.items.iter().map(|item| item.item().clone())) else {
            return Ok(Err(TokenError::BatchTooLarge {
                items: progress.count(),
            }));
        };
        let Some(certificate) = batch.items.first().map(super::Authorised::certificate) else {
            return Ok(Ok(Over { kept: false }));
        };
        let mut parts = parts.into_iter();
        let request = SignRequest {
            token: batch.token.identity(),
            certificate,
            login: way,
            last_try_confirmed: batch.unlock.confirm_last_try(),
            keep: batch.unlock.login() != LoginUse::Once,
            items: parts.next().unwrap_or_default(),
            more: parts.len() > 0,
        };
        let for_a_signature = match way {
            Login::AtTheDevice => launch.deadlines.person,
            Login::Secret | Login::Kept | Login::NotNeeded => launch.deadlines.signature,
        };
        let (reader, writer) = (&mut self.connection.reader, &mut self.connection.writer);
        let id = writer.send(&Request::Sign(request)).await?;
        while let Some(items) = parts.next() {
            let more = parts.len() > 0;
            writer.go_on(id, &Request::More(MoreItems { items, more })).await?;
        }
        if let Some(pin) = batch.unlock.pin().filter(|_| way == Login::Secret) {
            writer.send_secret(id, pin).await?;
        }
        // The PIN has crossed and is not needed here any more.
        drop(batch.unlock);
        let mut within = launch.deadlines.reading.max(for_a_signature);
        let mut told = false;
        let mut logged_in = false;
        loop {
            let at_the_device = may_be_entered(way, logged_in, &launch.settings.quirks);
            let late = |broken| match broken {
                Broken::TimedOut(within) if at_the_device => Broken::NotEntered(within),
                other => other,
            };
            let answer = reader.answer(id, within);
            tokio::pin!(answer);
            let answer = tokio::select! {
                answer = &mut answer => answer.map_err(late)?,
                () = cancellation.cancelled(), if !told => {
                    told = true;
                    writer.go_on(id, &Request::Cancel).await?;
                    answer.await.map_err(late)?
                }
            };
            within = for_a_signature;
            logged_in |= matches!(answer, Answer::LoggedIn { .. });
            if let Some(over) = take(answer, progress, &launch.name, &batch.token.label)? {
                return Ok(over);
            }
        }
    }
}

/// What an answer means; the end of the batch, if it is that.
fn take(
    answer: Answer,
    progress: &mut Progress,
    module: &str,
    token: &str,
) -> Result<Option<Result<Over, TokenError>>, Broken> {
    let not_ours = |_| Broken::Garbage("an answer for an item that there is not".to_owned());
    match answer {
        Answer::LoggedIn { at_once } => progress.begin(at_once),
        Answer::Signed {
            index,
            signature,
            reversed_digest,
        } => progress.signed(index, signature, reversed_digest).map_err(not_ours)?,
        Answer::NotSigned { index, error } => progress
            .failed(index, TokenError::from_worker(error, module, token))
            .map_err(not_ours)?,
        Answer::Finished { cancelled, kept } => {
            // A failure of one item stopped the batch; what follows it was not begun for that reason.
            let over = match progress.over() {
                Some(failure) => Err(failure),
                None if cancelled => Err(TokenError::Cancelled),
                None => Ok(Over { kept }),
            };
            return Ok(Some(over));
        }
        Answer::Failed(error) => return Ok(Some(Err(TokenError::from_worker(error, module, token)))),
        _ => return Err(Broken::Garbage("an answer to another question".to_owned())),
    }
    Ok(None)
}

/// How the worker logs in for an unlock.
fn way(unlock: &Unlock, at_the_device: bool) -> Login {
    match unlock.login() {
        LoginUse::Kept(_) => Login::Kept,
        LoginUse::Once | LoginUse::Keep(_) if at_the_device || unlock.pin().is_none() => Login::AtTheDevice,
        LoginUse::Once | LoginUse::Keep(_) => Login::Secret,
    }
}

/// Whether the module may be waiting for a person at the device: until the login, or with each signature where the module asks then.
fn may_be_entered(way: Login, logged_in: bool, quirks: &Quirks) -> bool {
    way == Login::AtTheDevice && (!logged_in || quirks.no_login || quirks.always_authenticate)
}

/// Cuts the items into parts that fit into a frame each; `None` when one alone does not.
fn parts(items: impl Iterator<Item = SignItem>) -> Option<Vec<Vec<SignItem>>> {
    let mut parts = vec![Vec::new()];
    let mut room = ITEMS_IN_A_FRAME;
    for item in items {
        // The comma behind it counts.
        let size = serde_json::to_vec(&item).ok()?.len() + 1;
        if size > ITEMS_IN_A_FRAME {
            return None;
        }
        if size > room {
            parts.push(Vec::new());
            room = ITEMS_IN_A_FRAME;
        }
        room -= size;
        parts.last_mut()?.push(item);
    }
    Some(parts)
}

async fn hello(connection: &mut Connection, launch: &Launch) -> Result<Result<Library, TokenError>, Broken> {
    let id = connection.writer.send(&Request::Hello(launch.settings.clone())).await?;
    match connection.reader.answer(id, launch.deadlines.reading).await? {
        Answer::Ready(library) => Ok(Ok(library)),
        Answer::Failed(error) => Ok(Err(TokenError::from_worker(error, &launch.name, ""))),
        _ => Err(Broken::Garbage("no answer to the greeting".to_owned())),
    }
}

impl Broken {
    /// What happened to a worker that ended like `how`, by the name of its module.
    pub(super) fn into_error(self, module: String, how: String) -> TokenError {
        match self {
            Self::TimedOut(within) => TokenError::ModuleHung {
                module,
                seconds: Duration::as_secs(&within),
            },
            Self::NotEntered(within) => TokenError::PinTimedOut {
                seconds: Duration::as_secs(&within),
            },
            Self::Closed => TokenError::ModuleCrashed { module, how },
            Self::Garbage(what) => TokenError::ModuleCrashed { module, how: what },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::token::item::Value;
    use crate::token::protocol::frame::{self, Kind};

    fn item(size: usize) -> SignItem {
        SignItem {
            scheme: "p256-sha256".parse().unwrap(),
            value: Value::Message(vec![0; size]),
            reversed_digest: false,
        }
    }

    #[test]
    fn a_batch_of_any_length_is_cut_into_frames_that_fit() {
        for (count, size) in [(0, 0), (1, 10), (10_000, 300), (3, 700_000), (25_000, 32)] {
            let parts = parts(std::iter::repeat_n(item(size), count)).unwrap();
            assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), count);
            for items in parts {
                let part = Request::More(MoreItems { items, more: true });
                assert!(
                    frame::encode(Kind::Request, 1, &part).is_ok(),
                    "{count} items of {size} bytes"
                );
            }
        }
    }

    #[test]
    fn an_item_that_fits_into_no_frame_is_told() {
        assert!(parts(std::iter::once(item(LONGEST))).is_none());
    }
}
