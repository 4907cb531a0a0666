use std::collections::{BTreeMap, BTreeSet, HashSet};

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use tokio::io::AsyncReadExt;

use super::body::{body_fault, read_whole, too_large};
use super::shared::Shared;
use crate::cms::{ContentDigester, ContentDigests, Digest, DigestAlgorithm};
use crate::messages::{Code, Fault};
use crate::store::Store;
use crate::store::blobs::{BlobId, Spooled};

/// The part that holds the request itself.
const REQUEST_PART: &str = "request";
/// The most files of one form: the largest package group that is provided for. Each is in the store as soon as it has come; what stays in
/// memory of it is its name and its address.
const MOST_FILES: usize = 10_000;
/// How much base64 is decoded at a time, in characters: a multiple of four.
const BASE64_PIECE: usize = 64 * 1024;
/// How much of a file is hashed at a time, in bytes.
const HASH_PIECE: usize = 256 * 1024;

/// A request with documents: JSON alone, or a form with the JSON in the part `request` and files beside it. The files are in the
/// store already; none was ever held whole in memory.
pub(super) struct Submission {
    request: Option<Bytes>,
    files: BTreeMap<String, UploadedFile>,
}

/// A file of a form, in the store.
#[derive(Clone)]
pub(super) struct UploadedFile {
    pub(super) spooled: Spooled,
    /// The file's name, as the form gives it.
    pub(super) name: Option<String>,
    /// Its media type, as the form gives it.
    pub(super) media_type: Option<String>,
}

impl Submission {
    /// Reads it, spooling the files as they come.
    ///
    /// # Errors
    /// `malformed_json`, `invalid_field`, `body_too_large`, `disk_full`, `store_failed`.
    pub(super) async fn read(shared: &Shared, request: Request<Body>) -> Result<Self, Fault> {
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"multipart/"));
        if !is_form {
            return Ok(Self {
                request: Some(read_whole(request.into_body()).await?),
                files: BTreeMap::new(),
            });
        }
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|rejection| Fault::new(Code::MalformedJson).detail(rejection.body_text()))?;
        let mut json = None;
        let mut files = BTreeMap::new();
        while let Some(field) = form.next_field().await.map_err(form_fault)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == REQUEST_PART && json.is_none() {
                json = Some(read_small(field, shared.config.endpoint.max_json_bytes).await?);
            } else if name.is_empty() || name == REQUEST_PART || files.contains_key(&name) {
                return Err(Fault::invalid_field(name, "is the name of a part, once"));
            } else if files.len() == MOST_FILES {
                return Err(Fault::invalid_field(
                    "parts",
                    format_args!("are more than {MOST_FILES} files"),
                ));
            } else {
                files.insert(name, spool_field(shared, field).await?);
            }
        }
        Ok(Self { request: json, files })
    }

    /// The JSON.
    ///
    /// # Errors
    /// `invalid_field` when a form has no part `request`.
    pub(super) fn request(&self) -> Result<&[u8], Fault> {
        self.optional_request()
            .ok_or_else(|| Fault::invalid_field(REQUEST_PART, "is missing: the part with the JSON"))
    }

    /// The JSON, if a form has it.
    pub(super) fn optional_request(&self) -> Option<&[u8]> {
        self.request.as_deref()
    }

    /// Whether files came with it.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Every file, by its part's name.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &UploadedFile)> {
        self.files.iter().map(|(part, file)| (part.as_str(), file))
    }

    /// The file of a part.
    ///
    /// # Errors
    /// `invalid_field` when there is no such part.
    pub(super) fn file(&self, field: &str, part: &str) -> Result<&UploadedFile, Fault> {
        self.files
            .get(part)
            .ok_or_else(|| Fault::invalid_field(field, "names a part that did not come"))
    }

    /// Refuses parts that the request does not name: a document that nobody asked to sign is a mistake.
    ///
    /// # Errors
    /// `invalid_field`.
    pub(super) fn only<'a>(&self, named: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
        let named: HashSet<&str> = named.collect();
        match self.files.keys().find(|part| !named.contains(part.as_str())) {
            None => Ok(()),
            Some(part) => Err(Fault::invalid_field(part, "is a part that the request does not name")),
        }
    }
}

/// Decodes base64 into the store, piece by piece.
///
/// # Errors
/// `invalid_field` when it is no base64, `disk_full`, `store_failed`.
pub(super) async fn spool_base64(shared: &Shared, field: &str, text: &str) -> Result<Spooled, Fault> {
    let wrong = || Fault::invalid_field(field, "is not base64");
    let mut spool = shared.store.spool(shared.config.endpoint.max_document_bytes).await?;
    let mut pieces = text.as_bytes().chunks(BASE64_PIECE).peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_some() && piece.contains(&b'=') {
            return Err(wrong());
        }
        spool
            .write(&BASE64_STANDARD.decode(piece).map_err(|_| wrong())?)
            .await?;
    }
    spool.finish().await
}

/// Checks a stored document against the digest that came with it.
///
/// # Errors
/// `digest_mismatch`, `store_failed`.
pub(super) async fn check_digest(store: &Store, spooled: &Spooled, given: &Digest, name: &str) -> Result<(), Fault> {
    let is_same = match given.algorithm() {
        // The content's address is its SHA-256.
        DigestAlgorithm::Sha256 => spooled.id().sha256() == given.value(),
        algorithm => {
            let digests = digests(store, spooled.id(), &BTreeSet::from([algorithm])).await?;
            digests
                .by(algorithm)
                .is_some_and(|found| found.value() == given.value())
        }
    };
    if is_same {
        return Ok(());
    }
    Err(Fault::new(Code::DigestMismatch)
        .arg("document", name)
        .detail("the content does not have the digest that came with it"))
}

/// The digests of a stored document, read piece by piece.
///
/// # Errors
/// `store_failed`.
pub(super) async fn digests(
    store: &Store,
    document: &BlobId,
    algorithms: &BTreeSet<DigestAlgorithm>,
) -> Result<ContentDigests, Fault> {
    let mut file = store.blob(document).await?;
    let mut digester = ContentDigester::new(algorithms);
    let mut piece = vec![0; HASH_PIECE];
    loop {
        let read = file.read(&mut piece).await.map_err(|error| {
            Fault::new(Code::StoreFailed).detail(format_args!("a document cannot be read: {error}"))
        })?;
        if read == 0 {
            return Ok(digester.finish());
        }
        digester.update(&piece[..read]);
    }
}

async fn read_small(mut field: Field<'_>, limit: usize) -> Result<Bytes, Fault> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(form_fault)? {
        if bytes.len() + piece.len() > limit {
            return Err(too_large(u64::try_from(limit).unwrap_or(u64::MAX)));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

async fn spool_field(shared: &Shared, mut field: Field<'_>) -> Result<UploadedFile, Fault> {
    let (name, media_type) = (
        field.file_name().map(str::to_owned),
        field.content_type().map(str::to_owned),
    );
    let mut spool = shared.store.spool(shared.config.endpoint.max_document_bytes).await?;
    while let Some(piece) = field.chunk().await.map_err(form_fault)? {
        spool.write(&piece).await?;
    }
    Ok(UploadedFile {
        spooled: spool.finish().await?,
        name,
        media_type,
    })
}

fn form_fault(error: MultipartError) -> Fault {
    match body_fault(&error) {
        fault if fault.code() == Code::BodyTooLarge => fault,
        _ => Fault::new(Code::MalformedJson).detail(format_args!("the form cannot be read: {}", error.body_text())),
    }
}
