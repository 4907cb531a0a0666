//! What the scenarios around a package group have in common: their terms, and a run with its profile at hand.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::Mig24Client;
use super::removal::REMOVAL;
use super::service::{Mig24, Profile};
use crate::jobs::{JobContext, JobEnd, Outcome, Scenario, Terms};

/// One run of one job.
pub(super) struct Run<'a, I> {
    pub(super) client: &'a Mig24Client,
    pub(super) profile: &'a Profile,
    pub(super) context: &'a JobContext,
    pub(super) mig24: &'a Mig24,
    pub(super) input: &'a I,
}

/// A stored input that says all of what is to be done.
pub(super) trait CarryThrough: DeserializeOwned + Send + Sync + Sized + 'static {
    /// Does it; gives the outcome.
    fn carry_through(run: Run<'_, Self>) -> impl Future<Output = Result<Value, JobEnd>> + Send;
}

/// The scenario of such inputs.
pub(super) struct GroupScenario<I> {
    kind: &'static str,
    mig24: Mig24,
    input: PhantomData<fn() -> I>,
}

impl<I> GroupScenario<I> {
    pub(super) fn new(kind: &'static str, mig24: Mig24) -> Self {
        Self {
            kind,
            mig24,
            input: PhantomData,
        }
    }
}

impl<I> fmt::Debug for GroupScenario<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupScenario")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<I: CarryThrough> Scenario for GroupScenario<I> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.mig24.profiles().terms(profile)
    }

    fn removal(&self) -> Option<&'static str> {
        Some(REMOVAL)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let input: I = context.input()?;
            let profile = self.mig24.profile(context.profile().unwrap_or_default())?;
            let run = Run {
                client: profile.client()?,
                profile: &profile,
                context,
                mig24: &self.mig24,
                input: &input,
            };
            I::carry_through(run).await
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}
