//! The framing, both ways:
//!
//! ```text
//! u32  length of all that follows, big-endian, at most 1 MiB
//! u8   version, 1
//! u8   kind: 1 request, 2 answer, 3 secret
//! u64  request id, big-endian
//! …    payload: JSON of a request or an answer; the bytes of the secret
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of framing and messages.
pub(crate) const VERSION: u8 = 1;

/// The longest frame, without its length field.
pub(crate) const LONGEST: usize = 1 << 20;

/// The longest PIN in bytes; no token takes more than 255 (`CK_TOKEN_INFO.ulMaxPinLen` is a byte on cards).
pub(crate) const LONGEST_SECRET: usize = 1024;

/// Bytes of the length field and of the header behind it.
pub(crate) const LENGTH: usize = 4;
pub(crate) const HEADER: usize = 10;

/// What a frame carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A [`super::Request`].
    Request,
    /// A [`super::Answer`].
    Answer,
    /// A PIN, bare. Belongs to the request with the same id that came before it.
    Secret,
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    /// The request that the frame belongs to.
    pub(crate) id: u64,
    /// Length of the payload in bytes.
    pub(crate) payload: usize,
}

/// Bytes that are no frame. Nothing that follows on the channel can be trusted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {0} bytes is outside of the limits")]
    Length(usize),
    #[error("frame version {0} is not {VERSION}")]
    Version(u8),
    #[error("frame kind {0} is unknown")]
    Kind(u8),
    #[error("the payload does not read: {0}")]
    Payload(String),
}

impl Header {
    /// Writes length field and header.
    pub(crate) fn encode(self) -> Result<[u8; LENGTH + HEADER], FrameError> {
        let length = HEADER + self.payload;
        let field = u32::try_from(length).ok().filter(|_| length <= self.kind.longest());
        let mut bytes = [0; LENGTH + HEADER];
        bytes[..4].copy_from_slice(&field.ok_or(FrameError::Length(length))?.to_be_bytes());
        bytes[4] = VERSION;
        bytes[5] = match self.kind {
            Kind::Request => 1,
            Kind::Answer => 2,
            Kind::Secret => 3,
        };
        bytes[6..].copy_from_slice(&self.id.to_be_bytes());
        Ok(bytes)
    }

    /// Reads length field and header.
    pub(crate) fn decode(bytes: [u8; LENGTH + HEADER]) -> Result<Self, FrameError> {
        let [l0, l1, l2, l3, version, kind, id @ ..] = bytes;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let kind = match kind {
            1 => Kind::Request,
            2 => Kind::Answer,
            3 => Kind::Secret,
            other => return Err(FrameError::Kind(other)),
        };
        if !(HEADER..=kind.longest()).contains(&length) {
            return Err(FrameError::Length(length));
        }
        Ok(Self {
            kind,
            id: u64::from_be_bytes(id),
            payload: length - HEADER,
        })
    }
}

impl Kind {
    /// The longest frame of this kind, header included.
    fn longest(self) -> usize {
        match self {
            Self::Request | Self::Answer => LONGEST,
            Self::Secret => HEADER + LONGEST_SECRET,
        }
    }
}

/// A whole frame around a message.
pub(crate) fn encode<M: Serialize>(kind: Kind, id: u64, message: &M) -> Result<Vec<u8>, FrameError> {
    let payload = serde_json::to_vec(message).map_err(|error| FrameError::Payload(error.to_string()))?;
    let mut frame = Vec::with_capacity(LENGTH + HEADER + payload.len());
    frame.extend_from_slice(
        &Header {
            kind,
            id,
            payload: payload.len(),
        }
        .encode()?,
    );
    frame.extend_from_slice(&payload);
    Ok(frame)
}

/// The message in a payload.
pub(crate) fn decode<M: DeserializeOwned>(payload: &[u8]) -> Result<M, FrameError> {
    serde_json::from_slice(payload).map_err(|error| FrameError::Payload(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::token::protocol::{Answer, Request};

    fn split(frame: &[u8]) -> (Header, &[u8]) {
        let (head, payload) = frame.split_at(LENGTH + HEADER);
        (Header::decode(head.try_into().unwrap()).unwrap(), payload)
    }

    #[test]
    fn the_bytes_of_a_request_do_not_change_unnoticed() {
        let frame = encode(Kind::Request, 7, &Request::Cancel).unwrap();
        assert_eq!(hex::encode(&frame), "00000012010100000000000000072263616e63656c22");
        let (header, payload) = split(&frame);
        assert_eq!(
            header,
            Header {
                kind: Kind::Request,
                id: 7,
                payload: 8
            }
        );
        assert_eq!(decode::<Request>(payload).unwrap(), Request::Cancel);
    }

    #[test]
    fn the_bytes_of_an_answer_do_not_change_unnoticed() {
        let answer = Answer::Signed {
            index: 2,
            signature: vec![0xDE, 0xAD],
            reversed_digest: false,
        };
        let frame = encode(Kind::Answer, 0x0102_0304_0506_0708, &answer).unwrap();
        assert_eq!(&frame[4..14], [1, 2, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(&frame[14..], br#"{"signed":{"index":2,"signature":"3q0="}}"#);
        assert_eq!(decode::<Answer>(split(&frame).1).unwrap(), answer);
    }

    #[test]
    fn a_secret_has_a_short_limit_and_no_json() {
        let header = Header {
            kind: Kind::Secret,
            id: 1,
            payload: 4,
        };
        assert_eq!(hex::encode(header.encode().unwrap()), "0000000e01030000000000000001");
        let long = Header {
            kind: Kind::Secret,
            id: 1,
            payload: LONGEST_SECRET + 1,
        };
        assert_eq!(long.encode(), Err(FrameError::Length(HEADER + LONGEST_SECRET + 1)));
    }

    #[test]
    fn no_header_panics_and_wrong_ones_are_refused() {
        let good = Header {
            kind: Kind::Answer,
            id: 1,
            payload: 3,
        }
        .encode()
        .unwrap();
        let changed = |at: usize, value: u8| {
            let mut bytes = good;
            bytes[at] = value;
            Header::decode(bytes)
        };
        assert_eq!(changed(4, 2), Err(FrameError::Version(2)));
        assert_eq!(changed(5, 0), Err(FrameError::Kind(0)));
        assert_eq!(changed(5, 9), Err(FrameError::Kind(9)));
        assert_eq!(changed(3, 9), Err(FrameError::Length(9)));
        assert!(matches!(changed(0, 0xFF), Err(FrameError::Length(_))));
        // A cheap sweep: every value of every byte, one at a time and with its complement behind it.
        for at in 0..good.len() {
            for value in 0..=u8::MAX {
                let mut bytes = good;
                bytes[at] = value;
                bytes[(at + 1) % good.len()] = !value;
                let _ = Header::decode(bytes);
            }
        }
    }

    #[test]
    fn no_payload_panics() {
        for payload in [
            &b""[..],
            b"{",
            b"null",
            b"\"signed\"",
            b"{\"signed\":{}}",
            b"\xFF\xFE",
            b"[1,2]",
            b"{\"token\":3}",
        ] {
            assert!(decode::<Answer>(payload).is_err());
            assert!(decode::<Request>(payload).is_err());
        }
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused_before_it_is_sent() {
        let answer = Answer::Signed {
            index: 0,
            signature: vec![0; LONGEST],
            reversed_digest: false,
        };
        assert!(matches!(encode(Kind::Answer, 1, &answer), Err(FrameError::Length(_))));
    }
}
