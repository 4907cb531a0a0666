use std::fmt;

use crate::platform::ProcessIdentity;

/// Who runs a job. One process at a time holds the store, so a lease of another process is that of a dead one;
/// should a broken file lock ever say otherwise, a job whose owner still runs is not touched.
#[derive(Clone, Debug)]
pub(super) struct Lease(ProcessIdentity);

impl Lease {
    pub(super) fn ours() -> Self {
        Self(ProcessIdentity::current())
    }

    /// Whether a job with `lease` may be taken over by this owner.
    pub(super) fn may_take_over(&self, lease: Option<&str>) -> bool {
        match lease.map(str::parse::<ProcessIdentity>) {
            Some(Ok(owner)) => owner == self.0 || !owner.is_running(),
            Some(Err(_)) | None => true,
        }
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
