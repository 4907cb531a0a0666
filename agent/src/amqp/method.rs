//! The methods that a consumer sends and understands (AMQP 0-9-1, 1.4 to 1.8).

use super::error::AmqpError;
use super::wire::{Reader, Writer};

/// A method that came from the broker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Method {
    ConnectionStart {
        /// Separated by spaces.
        mechanisms: String,
    },
    ConnectionTune {
        channels: u16,
        frame: u32,
        heartbeat: u16,
    },
    ConnectionOpenOk,
    ConnectionClose {
        code: u16,
        text: String,
    },
    ConnectionCloseOk,
    ChannelOpenOk,
    ChannelFlow {
        active: bool,
    },
    ChannelClose {
        code: u16,
        text: String,
    },
    QosOk,
    ConsumeOk {
        tag: String,
    },
    Cancel {
        tag: String,
    },
    Deliver {
        consumer: String,
        delivery: u64,
        redelivered: bool,
    },
    /// One that says nothing to a consumer (`connection.blocked`, for instance).
    Other,
}

const CONNECTION: u16 = 10;
const CHANNEL: u16 = 20;
const BASIC: u16 = 60;

impl Method {
    /// Reads a method frame's payload.
    pub(super) fn read(payload: &[u8]) -> Result<Self, AmqpError> {
        let mut reader = Reader::new(payload);
        let (class, method) = (reader.u16()?, reader.u16()?);
        Ok(match (class, method) {
            (CONNECTION, 10) => {
                // Version and the broker's properties decide nothing.
                reader.take(2)?;
                reader.long()?;
                Self::ConnectionStart {
                    mechanisms: String::from_utf8_lossy(reader.long()?).into_owned(),
                }
            }
            (CONNECTION, 30) => Self::ConnectionTune {
                channels: reader.u16()?,
                frame: reader.u32()?,
                heartbeat: reader.u16()?,
            },
            (CONNECTION, 41) => Self::ConnectionOpenOk,
            (CONNECTION, 50) => Self::ConnectionClose {
                code: reader.u16()?,
                text: reader.short()?,
            },
            (CONNECTION, 51) => Self::ConnectionCloseOk,
            (CHANNEL, 11) => Self::ChannelOpenOk,
            (CHANNEL, 20) => Self::ChannelFlow {
                active: reader.u8()? & 1 == 1,
            },
            (CHANNEL, 40) => Self::ChannelClose {
                code: reader.u16()?,
                text: reader.short()?,
            },
            (BASIC, 11) => Self::QosOk,
            (BASIC, 21) => Self::ConsumeOk { tag: reader.short()? },
            (BASIC, 30) => Self::Cancel { tag: reader.short()? },
            (BASIC, 60) => Self::Deliver {
                consumer: reader.short()?,
                delivery: reader.u64()?,
                redelivered: reader.u8()? & 1 == 1,
            },
            _ => Self::Other,
        })
    }
}

fn method(class: u16, method: u16) -> Writer {
    Writer::new().u16(class).u16(method)
}

/// `connection.start-ok` with SASL PLAIN (RFC 4616). Consumer cancellation and a reasoned refusal are asked for as capabilities
/// (RabbitMQ: "Consumer Cancel Notification", "Authentication Failure").
pub(super) fn connection_start_ok(user: &str, password: &str) -> Result<Vec<u8>, AmqpError> {
    let capabilities = Writer::new()
        .short("consumer_cancel_notify")?
        .u8(b't')
        .u8(1)
        .short("authentication_failure_close")?
        .u8(b't')
        .u8(1);
    let properties = Writer::new()
        .short("product")?
        .u8(b'S')
        .long(b"tokensign")?
        .short("version")?
        .u8(b'S')
        .long(env!("CARGO_PKG_VERSION").as_bytes())?
        .short("capabilities")?
        .u8(b'F')
        .long(&capabilities.into_bytes())?;
    let response = [b"\0", user.as_bytes(), b"\0", password.as_bytes()].concat();
    Ok(method(CONNECTION, 11)
        .long(&properties.into_bytes())?
        .short("PLAIN")?
        .long(&response)?
        .short("en_US")?
        .into_bytes())
}

pub(super) fn connection_tune_ok(channels: u16, frame: u32, heartbeat: u16) -> Vec<u8> {
    method(CONNECTION, 31)
        .u16(channels)
        .u32(frame)
        .u16(heartbeat)
        .into_bytes()
}

pub(super) fn connection_open(vhost: &str) -> Result<Vec<u8>, AmqpError> {
    Ok(method(CONNECTION, 40).short(vhost)?.short("")?.u8(0).into_bytes())
}

pub(super) fn connection_close() -> Result<Vec<u8>, AmqpError> {
    // 200: reply-success; no method caused it.
    Ok(method(CONNECTION, 50).u16(200).short("bye")?.u16(0).u16(0).into_bytes())
}

pub(super) fn connection_close_ok() -> Vec<u8> {
    method(CONNECTION, 51).into_bytes()
}

pub(super) fn channel_open() -> Result<Vec<u8>, AmqpError> {
    Ok(method(CHANNEL, 10).short("")?.into_bytes())
}

pub(super) fn channel_flow_ok(active: bool) -> Vec<u8> {
    method(CHANNEL, 21).u8(active.into()).into_bytes()
}

/// At most `count` messages that are not acknowledged, for each consumer of the channel.
pub(super) fn basic_qos(count: u16) -> Vec<u8> {
    method(BASIC, 10).u32(0).u16(count).u8(0).into_bytes()
}

/// Consumes a queue that is there, with acknowledgements, beside other consumers.
pub(super) fn basic_consume(queue: &str, tag: &str) -> Result<Vec<u8>, AmqpError> {
    Ok(method(BASIC, 20)
        .u16(0)
        .short(queue)?
        .short(tag)?
        .u8(0)
        .u32(0)
        .into_bytes())
}

pub(super) fn basic_ack(delivery: u64) -> Vec<u8> {
    method(BASIC, 80).u64(delivery).u8(0).into_bytes()
}

/// Refuses a message for good; a broker that has a dead-letter exchange for the queue puts it there.
pub(super) fn basic_reject(delivery: u64) -> Vec<u8> {
    method(BASIC, 90).u64(delivery).u8(0).into_bytes()
}

/// What a content header (AMQP 0-9-1, 4.2.6.1) says that a consumer needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ContentHeader {
    /// In bytes.
    pub(super) size: u64,
    pub(super) content_type: Option<String>,
    pub(super) message_id: Option<String>,
}

impl ContentHeader {
    pub(super) fn read(payload: &[u8]) -> Result<Self, AmqpError> {
        let mut reader = Reader::new(payload);
        reader.take(4)?;
        let size = reader.u64()?;
        let flags = reader.u16()?;
        let has = |bit: u16| flags & (1 << bit) != 0;
        // Properties stand in the order of their bits, the highest first; a bit that is not set leaves no trace.
        let mut short = |is_there: bool| is_there.then(|| reader.short()).transpose();
        let content_type = short(has(15))?;
        short(has(14))?;
        if has(13) {
            reader.long()?;
        }
        for bit in [12, 11] {
            if has(bit) {
                reader.take(1)?;
            }
        }
        let mut short = |is_there: bool| is_there.then(|| reader.short()).transpose();
        for bit in [10, 9, 8] {
            short(has(bit))?;
        }
        let message_id = short(has(7))?;
        Ok(Self {
            size,
            content_type,
            message_id,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_delivery_and_its_header_are_read() {
        let deliver = method(BASIC, 60)
            .short("c-0")
            .unwrap()
            .u64(7)
            .u8(1)
            .short("")
            .unwrap()
            .short("Пакеты")
            .unwrap()
            .into_bytes();
        assert_eq!(
            Method::read(&deliver).unwrap(),
            Method::Deliver {
                consumer: "c-0".to_owned(),
                delivery: 7,
                redelivered: true
            }
        );
        // content-type, headers, delivery-mode, message-id
        let header = Writer::new()
            .u16(BASIC)
            .u16(0)
            .u64(12)
            .u16(0b1011_0000_1000_0000)
            .short("application/json")
            .unwrap()
            .long(&[1, b'x', b't', 1])
            .unwrap()
            .u8(2)
            .short("m-1")
            .unwrap()
            .into_bytes();
        assert_eq!(
            ContentHeader::read(&header).unwrap(),
            ContentHeader {
                size: 12,
                content_type: Some("application/json".to_owned()),
                message_id: Some("m-1".to_owned()),
            }
        );
        for length in 0..header.len() {
            assert!(ContentHeader::read(&header[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let close = method(CONNECTION, 50)
            .u16(320)
            .short("CONNECTION_FORCED")
            .unwrap()
            .into_bytes();
        assert!(matches!(
            Method::read(&close),
            Ok(Method::ConnectionClose { code: 320, .. })
        ));
        for length in 0..close.len() {
            assert!(Method::read(&close[..length]).is_err(), "{length}");
        }
        assert_eq!(Method::read(&method(99, 1).into_bytes()).unwrap(), Method::Other);
    }
}
