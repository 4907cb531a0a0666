use crate::endpoint::connection::Connection;
use crate::messages::{Code, Fault};

/// Whose process the other end of a connection is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::endpoint) enum PeerUser {
    /// The agent's own user.
    Own,
    /// Another user of this machine.
    Foreign {
        /// Its number, where the system tells.
        uid: Option<u32>,
    },
}

/// Step 1: the peer's user is ours. Found out when the connection was accepted.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    match connection.user {
        PeerUser::Own => Ok(()),
        PeerUser::Foreign { uid } => Err(match uid {
            Some(uid) => Fault::new(Code::ForeignUser).arg("uid", uid),
            None => Fault::new(Code::ForeignUser).detail("the system does not tell whose connection this is"),
        }),
    }
}
