use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::JobEnd;
use crate::messages::Fault;

/// What a job leaves at the service when it does not finish: kept while it runs, told with how it ends.
#[derive(Debug, Default)]
pub struct LeftBehind(Mutex<Option<Item>>);

#[derive(Clone, Debug)]
struct Item {
    /// The name of the id's member: `document_id`, `package_group_id`.
    member: &'static str,
    id: String,
    created: bool,
    /// `None`: it cannot be told.
    sent: Option<bool>,
}

/// Under which name what is left stands in a fault.
pub(super) const LEFT_BEHIND: &str = "left_behind";

impl LeftBehind {
    /// Something that this job made (`created`) or found, and that is not sent. `member` names its id for programs.
    pub fn is(&self, member: &'static str, id: impl fmt::Display, created: bool) {
        *self.lock() = Some(Item {
            member,
            id: id.to_string(),
            created,
            sent: Some(false),
        });
    }

    /// From here on it may be on its way.
    pub fn may_be_sent(&self) {
        if let Some(item) = &mut *self.lock() {
            item.sent = None;
        }
    }

    /// The service refused to take it.
    pub fn is_not_sent(&self) {
        if let Some(item) = &mut *self.lock() {
            item.sent = Some(false);
        }
    }

    /// It is where it belongs.
    pub fn is_nothing(&self) {
        *self.lock() = None;
    }

    /// The end with what is left in it.
    pub(super) fn told(&self, end: JobEnd) -> JobEnd {
        match end {
            JobEnd::Closed(fault) => JobEnd::Closed(self.told_with(fault)),
            JobEnd::Stopped(fault) => JobEnd::Stopped(self.told_with(fault)),
        }
    }

    /// The fault with what is left in it.
    pub(super) fn told_with(&self, fault: Fault) -> Fault {
        match &*self.lock() {
            None => fault,
            Some(item) => {
                let mut left = json!({ "created": item.created, "sent": item.sent });
                left[item.member] = Value::from(item.id.as_str());
                fault.extra(LEFT_BEHIND, left)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
