//! A door for the fuzz targets, which see the crate from outside; built for them only.

use super::protocol::frame::{HEADER, Header, Kind, LENGTH, decode};
use super::protocol::{Answer, Request};

/// Reads a frame as agent and worker do.
pub fn frame(bytes: &[u8]) {
    let Some((head, payload)) = bytes.split_first_chunk::<{ LENGTH + HEADER }>() else {
        return;
    };
    let Ok(header) = Header::decode(*head) else {
        return;
    };
    assert_eq!(header.encode().as_ref(), Ok(head));
    let payload = &payload[..header.payload.min(payload.len())];
    match header.kind {
        Kind::Request => drop(decode::<Request>(payload)),
        Kind::Answer => drop(decode::<Answer>(payload)),
        Kind::Secret => {}
    }
}
