use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::body::{parse_json, read_whole};
use super::problem::Problem;
use crate::messages::{Code, Fault};

/// The parameters in the path; what cannot be read does not exist.
pub(super) struct InPath<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for InPath<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem(Fault::new(Code::NoSuchItem).detail(rejection.body_text()))),
        }
    }
}

/// The parameters in the query.
pub(super) struct InQuery<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for InQuery<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem(Fault::invalid_field("query", rejection.body_text()))),
        }
    }
}

/// A JSON body, whole.
pub(super) struct JsonBody(Bytes);

impl JsonBody {
    /// Reads it; texts may stay where they are.
    ///
    /// # Errors
    /// `malformed_json`, `invalid_field`.
    pub(super) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        parse_json(&self.0)
    }
}

impl From<Bytes> for JsonBody {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        Ok(Self(read_whole(request.into_body()).await?))
    }
}

/// How many items of a list are asked for.
///
/// # Errors
/// `invalid_field`.
pub(super) fn checked_limit(limit: u32, most: u32) -> Result<u32, Fault> {
    if (1..=most).contains(&limit) {
        Ok(limit)
    } else {
        Err(Fault::invalid_field("limit", format_args!("is 1 to {most}")))
    }
}
