//! Just enough D-Bus to hear signals: the bus's handshake and message header (D-Bus Specification 0.43, "Message Protocol" and
//! "Authentication Protocol"). Nothing is called besides `Hello` and `AddMatch`, and nobody is answered.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::user::current_uid;

/// The largest message that is looked at, in bytes; signals are small.
const LARGEST: u32 = 1 << 20;

/// A signal of a bus.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Signal {
    pub(super) interface: String,
    pub(super) member: String,
    /// The first argument, when it is a boolean.
    pub(super) argument: Option<bool>,
}

/// A connection that hears the signals it asked for.
#[derive(Debug)]
pub(super) struct Signals {
    bus: BufReader<UnixStream>,
}

impl Signals {
    /// Connects to the bus at an address as `DBUS_SESSION_BUS_ADDRESS` holds it, and asks for what fits the match rules.
    ///
    /// # Errors
    /// When the address is not of a Unix socket, or the bus does not let this user in.
    pub(super) async fn connect(address: &str, rules: &[&str]) -> io::Result<Self> {
        let mut signals = Self {
            bus: BufReader::new(open(address).await?),
        };
        let uid = current_uid().unwrap_or_default().to_string();
        let hello = format!("\0AUTH EXTERNAL {}\r\n", hex::encode(uid));
        signals.bus.write_all(hello.as_bytes()).await?;
        let mut answer = String::new();
        signals.bus.read_line(&mut answer).await?;
        if !answer.starts_with("OK ") {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        signals.bus.write_all(b"BEGIN\r\n").await?;
        signals.bus.write_all(&call(1, "Hello", None)).await?;
        for (rule, serial) in rules.iter().zip(2..) {
            signals.bus.write_all(&call(serial, "AddMatch", Some(rule))).await?;
        }
        Ok(signals)
    }

    /// The next signal.
    ///
    /// # Errors
    /// When the bus ends, or sends what is no message.
    pub(super) async fn next(&mut self) -> io::Result<Signal> {
        loop {
            let mut head = [0; 16];
            self.bus.read_exact(&mut head).await?;
            let order = Order::of(head[0])?;
            let (body, fields) = (order.u32(&head[4..8]), order.u32(&head[12..16]));
            if body > LARGEST || fields > LARGEST {
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
            let mut rest = vec![0; (fields.next_multiple_of(8) + body) as usize];
            self.bus.read_exact(&mut rest).await?;
            let (fields, body) = (&rest[..fields as usize], &rest[fields.next_multiple_of(8) as usize..]);
            if head[1] == SIGNAL
                && let Some(signal) = signal(order, fields, body)
            {
                return Ok(signal);
            }
        }
    }
}

const METHOD_CALL: u8 = 1;
const SIGNAL: u8 = 4;
const NO_REPLY_EXPECTED: u8 = 1;

/// Codes of header fields.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

async fn open(address: &str) -> io::Result<UnixStream> {
    let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
    // Several addresses may stand in a row; the first one that can be used counts.
    for address in address.split(';') {
        let Some(pairs) = address.strip_prefix("unix:") else {
            continue;
        };
        for pair in pairs.split(',') {
            match pair.split_once('=') {
                Some(("path", path)) => return UnixStream::connect(unescaped(path)).await,
                #[cfg(target_os = "linux")]
                Some(("abstract", name)) => {
                    use std::os::linux::net::SocketAddrExt as _;
                    let address = std::os::unix::net::SocketAddr::from_abstract_name(unescaped(name))?;
                    let stream = std::os::unix::net::UnixStream::connect_addr(&address)?;
                    stream.set_nonblocking(true)?;
                    return UnixStream::from_std(stream);
                }
                _ => {}
            }
        }
    }
    Err(unsupported())
}

fn unescaped(value: &str) -> String {
    percent_encoding::percent_decode_str(value)
        .decode_utf8_lossy()
        .into_owned()
}

/// A call of the bus itself, little-endian.
fn call(serial: u32, member: &str, argument: Option<&str>) -> Vec<u8> {
    let mut body = Vec::new();
    if let Some(argument) = argument {
        put_string(&mut body, argument);
    }
    let mut fields = Vec::new();
    put_field(&mut fields, PATH, "o", "/org/freedesktop/DBus");
    put_field(&mut fields, DESTINATION, "s", "org.freedesktop.DBus");
    put_field(&mut fields, INTERFACE, "s", "org.freedesktop.DBus");
    put_field(&mut fields, MEMBER, "s", member);
    if argument.is_some() {
        pad(&mut fields, 8);
        fields.extend([SIGNATURE, 1, b'g', 0, 1, b's', 0]);
    }
    let mut message = vec![b'l', METHOD_CALL, NO_REPLY_EXPECTED, 1];
    put_u32(&mut message, body.len());
    message.extend(serial.to_le_bytes());
    put_u32(&mut message, fields.len());
    message.extend(fields);
    pad(&mut message, 8);
    message.extend(body);
    message
}

fn put_field(fields: &mut Vec<u8>, code: u8, kind: &str, value: &str) {
    pad(fields, 8);
    fields.extend([code, 1]);
    fields.extend(kind.as_bytes());
    fields.push(0);
    put_string(fields, value);
}

/// Aligned to four bytes: every place that it is used at begins at such a one.
fn put_string(bytes: &mut Vec<u8>, value: &str) {
    pad(bytes, 4);
    put_u32(bytes, value.len());
    bytes.extend(value.as_bytes());
    bytes.push(0);
}

fn put_u32(bytes: &mut Vec<u8>, value: usize) {
    // What is put here is a few hundred bytes long.
    bytes.extend(u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
}

fn pad(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn of(mark: u8) -> io::Result<Self> {
        match mark {
            b'l' => Ok(Self::Little),
            b'B' => Ok(Self::Big),
            _ => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    }

    /// Of the first four bytes; what is shorter is 0.
    fn u32(self, bytes: &[u8]) -> u32 {
        let Some(bytes) = bytes.first_chunk::<4>() else {
            return 0;
        };
        match self {
            Self::Little => u32::from_le_bytes(*bytes),
            Self::Big => u32::from_be_bytes(*bytes),
        }
    }
}

/// Reads the fields of a signal's header; `None` when they are not as they should be.
fn signal(order: Order, fields: &[u8], body: &[u8]) -> Option<Signal> {
    let (mut interface, mut member, mut signature) = (None, None, String::new());
    let mut at = 0;
    while at < fields.len() {
        let code = *fields.get(at)?;
        let kind = *fields.get(at + 2)?;
        at += 4;
        let (start, length, end) = match kind {
            // A signature's length is one byte.
            b'g' => (
                at + 1,
                usize::from(*fields.get(at)?),
                at + 2 + usize::from(*fields.get(at)?),
            ),
            b's' | b'o' => {
                let length = order.u32(fields.get(at..)?) as usize;
                (at + 4, length, at + 5 + length)
            }
            b'u' => (at, 4, at + 4),
            _ => return None,
        };
        let value = fields.get(start..start.checked_add(length)?)?;
        let text = || String::from_utf8_lossy(value).into_owned();
        match code {
            INTERFACE => interface = Some(text()),
            MEMBER => member = Some(text()),
            SIGNATURE => signature = text(),
            _ => {}
        }
        at = end.next_multiple_of(8);
    }
    Some(Signal {
        interface: interface?,
        member: member?,
        argument: signature.starts_with('b').then(|| order.u32(body) != 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_back_as_what_it_says() {
        let message = call(7, "AddMatch", Some("type='signal'"));
        let fields = Order::Little.u32(&message[12..16]) as usize;
        let read = signal(Order::Little, &message[16..16 + fields], &[]);
        assert_eq!(
            read,
            Some(Signal {
                interface: "org.freedesktop.DBus".to_owned(),
                member: "AddMatch".to_owned(),
                argument: None
            })
        );
    }

    #[test]
    fn what_is_no_message_is_not_read() {
        for length in 0..64 {
            let _ = signal(Order::Big, &vec![0xff; length], &[1]);
            let _ = signal(Order::Little, &vec![b's'; length], &[]);
        }
    }
}
