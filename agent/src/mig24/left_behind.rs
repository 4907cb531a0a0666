use serde_json::json;

use crate::http_client::ServiceId;
use crate::jobs::JobEnd;

/// What a scenario that does not finish leaves at the service.
#[derive(Debug, Default)]
pub(super) struct LeftBehind {
    group: Option<ServiceId>,
    created: bool,
    sent: Option<bool>,
}

impl LeftBehind {
    /// A group that this job made (or found), which is not sent.
    pub(super) fn group(group: ServiceId, created: bool) -> Self {
        Self {
            group: Some(group),
            created,
            sent: Some(false),
        }
    }

    pub(super) fn may_be_sent(&mut self) {
        self.sent = None;
    }

    pub(super) fn is_not_sent(&mut self) {
        self.sent = Some(false);
    }

    /// The end with what is left in it.
    pub(super) fn told(self, end: JobEnd) -> JobEnd {
        let Some(group) = self.group else {
            return end;
        };
        let left = json!({ "package_group_id": group, "created": self.created, "sent": self.sent });
        match end {
            JobEnd::Closed(fault) => JobEnd::Closed(fault.extra("left_behind", left)),
            JobEnd::Stopped(fault) => JobEnd::Stopped(fault.extra("left_behind", left)),
        }
    }
}
