use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;

use super::output::Output;
use crate::messages::{Code, Fault};

/// How much of a file is read at once, in bytes.
const PIECE: usize = 256 << 10;
/// From this size on, in bytes, sending takes long enough to be shown.
const WORTH_SHOWING: u64 = 8 << 20;

/// Stands for what comes on stdin.
const STDIN: &str = "-";

/// A file to send. It is read piece by piece while it is sent.
#[derive(Debug)]
pub(super) struct FileToSend {
    path: PathBuf,
    name: String,
    size: u64,
}

impl FileToSend {
    /// A file; `-` is what comes on stdin, of a size that nobody knows yet.
    ///
    /// # Errors
    /// `file_unreadable`.
    pub(super) async fn open(path: &Path) -> Result<Self, Fault> {
        if path.as_os_str() == STDIN {
            return Ok(Self {
                path: path.to_owned(),
                name: "stdin".to_owned(),
                size: 0,
            });
        }
        let metadata = tokio::fs::metadata(path)
            .await
            .map_err(|error| unreadable(path, &error))?;
        if !metadata.is_file() {
            return Err(unreadable(path, &io::Error::other("it is not a file")));
        }
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            path: path.to_owned(),
            name,
            size: metadata.len(),
        })
    }

    /// Whether it is stdin.
    pub(super) fn is_stdin(&self) -> bool {
        self.path.as_os_str() == STDIN
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's own name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its size in bytes, when the command began.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Its SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// `file_unreadable`.
    pub(super) async fn sha256(&self) -> Result<String, Fault> {
        let opened = tokio::fs::File::open(&self.path)
            .await
            .map_err(|error| unreadable(&self.path, &error))?;
        let mut pieces = ReaderStream::with_capacity(opened, PIECE);
        let mut hasher = Sha256::new();
        while let Some(piece) = pieces.next().await {
            hasher.update(piece.map_err(|error| unreadable(&self.path, &error))?);
        }
        Ok(hex::encode(hasher.finalize()))
    }

    /// The name of the form's part that carries the file at this place in the list.
    pub(super) fn part_name(index: usize) -> String {
        format!("document-{index}")
    }
}

/// Reads a whole small file.
///
/// # Errors
/// `file_unreadable`.
pub(super) fn read_small(path: &Path, limit: u64) -> Result<Vec<u8>, Fault> {
    let read = || {
        let size = std::fs::metadata(path)?.len();
        if size > limit {
            return Err(io::Error::other(format!("it has {size} bytes, more than {limit}")));
        }
        std::fs::read(path)
    };
    read().map_err(|error| unreadable(path, &error))
}

/// The files under the names of their parts.
pub(super) fn parts(files: &[FileToSend]) -> Vec<(String, &FileToSend)> {
    files
        .iter()
        .enumerate()
        .map(|(index, file)| (FileToSend::part_name(index), file))
        .collect()
}

/// A form of files under names of their own.
///
/// # Errors
/// `file_unreadable`.
pub(super) async fn form_of_parts(
    output: &Output,
    request: Option<&Value>,
    files: Vec<(String, &FileToSend)>,
) -> Result<(Form, ProgressBar), Fault> {
    let total = files.iter().map(|(_, file)| file.size).sum();
    let bar = if total < WORTH_SHOWING {
        ProgressBar::hidden()
    } else {
        output.bytes_bar(&output.text("cli-uploading"), total)
    };
    let mut form = Form::new();
    if let Some(request) = request {
        let part = Part::text(request.to_string())
            .mime_str("application/json")
            .map_err(Fault::internal)?;
        form = form.part("request", part);
    }
    for (name, file) in files {
        if file.is_stdin() {
            let part = Part::stream(Body::wrap_stream(stdin_pieces()))
                .file_name(file.name.clone())
                .mime_str("application/octet-stream")
                .map_err(Fault::internal)?;
            form = form.part(name, part);
            continue;
        }
        let shown = bar.clone();
        let pieces = file_pieces(file.path.clone()).inspect(move |piece| {
            if let Ok(piece) = piece {
                shown.inc(u64::try_from(piece.len()).unwrap_or_default());
            }
        });
        // The length was taken when the command began; a file that grows meanwhile fails the request and is not half sent.
        let part = Part::stream_with_length(Body::wrap_stream(pieces), file.size)
            .file_name(file.name.clone())
            .mime_str("application/octet-stream")
            .map_err(Fault::internal)?;
        form = form.part(name, part);
    }
    Ok((form, bar))
}

/// What a file holds. It is opened when its turn comes: a system lets a program have fewer files open than a form may have.
fn file_pieces(path: PathBuf) -> impl Stream<Item = io::Result<Bytes>> {
    stream::once(async move {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let opened = tokio::fs::File::open(&path).await.map_err(named)?;
        Ok::<_, io::Error>(ReaderStream::with_capacity(opened, PIECE))
    })
    .try_flatten()
}

/// What comes on stdin, until it ends.
fn stdin_pieces() -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::unfold((), |()| async {
        let read = tokio::task::spawn_blocking(|| {
            let mut piece = vec![0; PIECE];
            let length = io::stdin().lock().read(&mut piece)?;
            piece.truncate(length);
            Ok(piece)
        });
        match read.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(piece) if piece.is_empty() => None,
            piece => Some((piece, ())),
        }
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    Fault::new(Code::FileUnreadable)
        .arg("path", path.display())
        .arg("reason", error)
}
