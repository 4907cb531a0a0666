//! Frames (AMQP 0-9-1, 4.2.3).

use bytes::{Buf, BytesMut};

use super::error::AmqpError;

/// What every frame ends with.
const END: u8 = 0xCE;

/// Type, channel and size before the payload, and the mark behind it, in bytes.
const HEAD: usize = 7;
const TAIL: usize = 1;

/// What a frame holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FrameKind {
    Method,
    Header,
    Body,
    Heartbeat,
}

/// One frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) channel: u16,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    pub(super) fn method(channel: u16, payload: Vec<u8>) -> Self {
        Self {
            kind: FrameKind::Method,
            channel,
            payload,
        }
    }

    pub(super) fn heartbeat() -> Self {
        Self {
            kind: FrameKind::Heartbeat,
            channel: 0,
            payload: Vec::new(),
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, AmqpError> {
        let size = u32::try_from(self.payload.len()).map_err(|_| AmqpError::Protocol("a frame is too long"))?;
        let mut bytes = Vec::with_capacity(HEAD + self.payload.len() + TAIL);
        bytes.push(match self.kind {
            FrameKind::Method => 1,
            FrameKind::Header => 2,
            FrameKind::Body => 3,
            FrameKind::Heartbeat => 8,
        });
        bytes.extend_from_slice(&self.channel.to_be_bytes());
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes.push(END);
        Ok(bytes)
    }

    /// Takes the first frame out of what was received; `None` while it is not whole. No frame is larger than `largest` bytes.
    pub(super) fn take(received: &mut BytesMut, largest: usize) -> Result<Option<Self>, AmqpError> {
        let Some((head, _)) = received.split_at_checked(HEAD) else {
            return Ok(None);
        };
        let [kind, channel_high, channel_low, a, b, c, d] = *head else {
            return Ok(None);
        };
        let kind = match kind {
            1 => FrameKind::Method,
            2 => FrameKind::Header,
            3 => FrameKind::Body,
            8 => FrameKind::Heartbeat,
            // `AMQP0091`: the broker wants another version and says so outside of any frame.
            b'A' => return Err(AmqpError::Protocol("it wants another version of the protocol")),
            _ => return Err(AmqpError::Protocol("an unknown kind of frame")),
        };
        let size = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if size.saturating_add(HEAD + TAIL) > largest {
            return Err(AmqpError::Protocol("a frame is larger than agreed"));
        }
        if received.len() < HEAD + size + TAIL {
            return Ok(None);
        }
        received.advance(HEAD);
        let payload = received.split_to(size).to_vec();
        if received.get_u8() != END {
            return Err(AmqpError::Protocol("a frame does not end where it should"));
        }
        Ok(Some(Self {
            kind,
            channel: u16::from_be_bytes([channel_high, channel_low]),
            payload,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const LARGEST: usize = 4096;

    #[test]
    fn frames_are_read_whatever_the_pieces() {
        let frames = [
            Frame::method(1, vec![0, 60, 0, 60, 1, 2, 3]),
            Frame::heartbeat(),
            Frame {
                kind: FrameKind::Body,
                channel: 1,
                payload: b"{}".to_vec(),
            },
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.encode().unwrap()).collect();
        for size in 1..bytes.len() {
            let mut received = BytesMut::new();
            let mut read = Vec::new();
            for piece in bytes.chunks(size) {
                received.extend_from_slice(piece);
                while let Some(frame) = Frame::take(&mut received, LARGEST).unwrap() {
                    read.push(frame);
                }
            }
            assert_eq!(read, frames);
        }
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for bytes in [
            &b"AMQP\x00\x00\x09\x01"[..],
            b"HTTP/1.1 400 Bad Request\r\n",
            b"\x01\x00\x00\xff\xff\xff\xff",
            b"\x08\x00\x00\x00\x00\x00\x00\x00",
        ] {
            assert!(Frame::take(&mut BytesMut::from(bytes), LARGEST).is_err(), "{bytes:?}");
        }
        assert_eq!(
            Frame::take(&mut BytesMut::from(&b"\x01\x00"[..]), LARGEST).unwrap(),
            None
        );
    }
}
