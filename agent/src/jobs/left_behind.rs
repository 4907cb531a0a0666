use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use super::JobEnd;
use crate::messages::Fault;

/// What a job leaves at the service when it does not finish: kept while it runs, told with how it ends.
#[derive(Debug, Default)]
pub struct LeftBehind(Mutex<Option<Item>>);

#[derive(Clone, Debug)]
struct Item {
    /// By the names of their members: `document_id`, `package_group_id`, `document_ids`.
    ids: Map<String, Value>,
    created: bool,
    /// `None`: it cannot be told.
    sent: Option<bool>,
}

/// Under which name what is left stands in a fault.
pub(super) const LEFT_BEHIND: &str = "left_behind";

impl LeftBehind {
    /// Something that this job made (`created`) or found, and that is not sent. `member` names its id for programs.
    pub fn is(&self, member: &'static str, id: impl fmt::Display, created: bool) {
        self.put([(member, Value::from(id.to_string()))], created);
    }

    /// Several such things, in one or more lists. Lists that are empty leave nothing.
    pub fn are<const N: usize>(&self, lists: [(&'static str, Vec<String>); N], created: bool) {
        let lists = lists.into_iter().filter(|(_, ids)| !ids.is_empty());
        self.put(lists.map(|(member, ids)| (member, Value::from(ids))), created);
    }

    fn put(&self, ids: impl IntoIterator<Item = (&'static str, Value)>, created: bool) {
        let ids: Map<_, _> = ids.into_iter().map(|(member, ids)| (member.to_owned(), ids)).collect();
        let sent = Some(false);
        *self.lock() = (!ids.is_empty()).then_some(Item { ids, created, sent });
    }

    /// From here on it may be on its way.
    pub fn may_be_sent(&self) {
        if let Some(item) = &mut *self.lock() {
            item.sent = None;
        }
    }

    /// Sending it ended so. Only an end that certainly had no effect says that it is not sent.
    pub fn was_not_taken(&self, end: &JobEnd) {
        if let Some(item) = &mut *self.lock()
            && end.is_without_effect()
        {
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
                let mut left = item.ids.clone();
                left.insert("created".to_owned(), item.created.into());
                left.insert("sent".to_owned(), item.sent.into());
                fault.extra(LEFT_BEHIND, left.into())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
