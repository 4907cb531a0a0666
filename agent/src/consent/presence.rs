//! Who is at the desk: attached prompters, and dialogs that ask one question.

use uuid::Uuid;

use super::desk::Desk;

/// A dialog that asks a question.
#[derive(Debug)]
pub struct DialogMark {
    desk: Desk,
    id: Uuid,
}

impl DialogMark {
    pub(super) fn new(desk: Desk, id: Uuid) -> Self {
        Self { desk, id }
    }
}

impl Drop for DialogMark {
    fn drop(&mut self) {
        self.desk.count_dialogs(self.id, |dialogs| dialogs.saturating_sub(1));
    }
}

/// A prompter's presence.
#[derive(Debug)]
pub struct Attachment {
    desk: Desk,
    id: u64,
}

impl Attachment {
    pub(super) fn new(desk: Desk, id: u64) -> Self {
        Self { desk, id }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.desk.detach(self.id);
    }
}
