//! A service's file on its way to the caller, piece by piece.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::http_client::Download;

/// The answer with the file in it. A transfer that breaks at the service breaks here too: it never looks whole.
pub(super) fn answer(download: Download, media_type: &'static str) -> Response {
    let pieces = stream::unfold(Some(download), |download| async move {
        let mut download = download?;
        match download.chunk().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(download))),
            Ok(None) => None,
            Err(failure) => Some((Err(failure.into_fault()), None)),
        }
    });
    let headers = [
        (CONTENT_TYPE, media_type),
        // A browser saves it and does not show it.
        (CONTENT_DISPOSITION, "attachment"),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}
