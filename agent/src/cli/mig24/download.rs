//! A service's file, saved beside the person's others: never over one of them unasked, and whole or not at all.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use serde_json::json;
use tokio::sync::mpsc;

use super::arguments::Target;
use super::call::facts;
use crate::cli::client::Client;
use crate::cli::session::Session;
use crate::messages::{Code, Fault};
use crate::platform;

/// So many pieces may wait for the disk.
const PIECES_AHEAD: usize = 16;

/// How a file is called when the person does not say.
#[derive(Debug)]
pub(super) enum Name<'a> {
    /// The service knows, in the member `name` of what lies at this path.
    Asked(&'a str),
    /// So.
    Known(String),
}

/// Saves what lies at `path`.
///
/// # Errors
/// `invalid_field` when the file is there already, `file_unreadable`, `disk_full`, and those of the service.
pub(super) async fn save(session: &Session, path: &str, name: Name<'_>, target: &Target) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let saved = save_with(session, agent.client(), path, name, target).await;
    agent.end().await;
    saved
}

async fn save_with(
    session: &Session,
    client: &Client,
    path: &str,
    name: Name<'_>,
    target: &Target,
) -> Result<(), Fault> {
    if target.out.as_deref() == Some(Path::new("-")) {
        let mut pieces = client.file(path).await?.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Fault::new(Code::AgentUnreachable).detail(error))?;
            session.output.bytes(&piece).map_err(Fault::internal)?;
        }
        return Ok(());
    }
    let file = match &target.out {
        Some(out) if !out.is_dir() => out.clone(),
        directory => {
            let name = match name {
                Name::Known(name) => name,
                Name::Asked(path) => {
                    let known = client.get(path).await?;
                    known["name"].as_str().unwrap_or("document").to_owned()
                }
            };
            let name = plain(&name);
            directory
                .as_ref()
                .map_or_else(|| PathBuf::from(&name), |directory| directory.join(&name))
        }
    };
    // Before anything is fetched; the writing itself looks again.
    if !target.force && file.symlink_metadata().is_ok() {
        return Err(exists(&file));
    }
    let pieces = client.file(path).await?.bytes_stream();
    let size = write(&file, pieces, target.force).await?;
    let told = json!({ "file": file, "size": size });
    session.output.result(&told, || facts(&told));
    Ok(())
}

/// Writes the pieces as they come; the file gets its name when it is whole.
async fn write(
    file: &Path,
    mut pieces: impl Stream<Item = reqwest::Result<Bytes>> + Unpin,
    overwrite: bool,
) -> Result<u64, Fault> {
    let (sender, mut receiver) = mpsc::channel::<Option<Bytes>>(PIECES_AHEAD);
    let target = file.to_owned();
    let writing = tokio::task::spawn_blocking(move || {
        platform::write_result_file_with(&target, overwrite, |file| {
            loop {
                match receiver.blocking_recv() {
                    Some(Some(piece)) => file.write_all(&piece)?,
                    // The end was told.
                    Some(None) => return Ok(()),
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        })
    });
    let mut size = 0;
    let mut broken = None;
    loop {
        let piece = match pieces.next().await {
            Some(Ok(piece)) => Some(piece),
            Some(Err(error)) => {
                broken = Some(error);
                break;
            }
            None => None,
        };
        let is_end = piece.is_none();
        size += piece
            .as_ref()
            .map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        // Nobody receives when the writing failed; it says why itself.
        if sender.send(piece).await.is_err() || is_end {
            break;
        }
    }
    drop(sender);
    let written = writing.await.map_err(Fault::internal)?;
    if let Some(error) = broken {
        let detail = format!("the file breaks off after {size} bytes: {error}");
        return Err(Fault::new(Code::ServiceUnreachable).detail(detail));
    }
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(file),
        _ => unwritable(file, &error),
    })?;
    Ok(size)
}

/// A name of the service as a name in this directory.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') {
                '_'
            } else {
                c
            }
        })
        .collect();
    match plain.trim_matches(['.', ' ']) {
        "" => "document".to_owned(),
        // Nothing that was downloaded hides itself.
        plain => plain.to_owned(),
    }
}

fn exists(path: &Path) -> Fault {
    Fault::invalid_field(
        "--out",
        format!("{} exists already, --force overwrites it", path.display()),
    )
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::StorageFull {
        return Fault::new(Code::DiskFull).detail(format!("{}: {error}", path.display()));
    }
    Fault::new(Code::FileUnreadable)
        .arg("path", path.display())
        .arg("reason", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_service_stays_in_its_directory() {
        assert_eq!(plain("Акт № 5.pdf"), "Акт № 5.pdf");
        assert_eq!(plain("../../.ssh/authorized_keys"), "authorized_keys");
        assert_eq!(plain("C:\\x\\a?.pdf"), "a_.pdf");
        assert_eq!(plain(".bashrc"), "bashrc");
        assert_eq!(plain(".."), "document");
        assert_eq!(plain("a\u{1b}b"), "a_b");
    }
}
