//! AMQP 0-9-1 as far as a publisher needs it, blocking. It shares no code with the consumer that it is there to test.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::Message;

const CHANNEL: u16 = 1;
const END: u8 = 0xCE;

/// A connection with publisher confirms.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// How many messages were published on it.
    published: u64,
}

impl Connection {
    /// Connects to `amqp://user:password@host:port/vhost` and declares durable queues.
    pub(super) fn open(url: &url::Url, queues: &[&str]) -> io::Result<Self> {
        let host = url.host_str().unwrap_or("127.0.0.1");
        let mut addresses = (host, url.port().unwrap_or(5672)).to_socket_addrs()?;
        let address = addresses.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut connection = Self { stream, published: 0 };
        connection.stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        connection.expect(10, 10)?;
        let response = format!("\0{}\0{}", url.username(), url.password().unwrap_or_default());
        let start_ok = [
            &long(b"")[..],
            &short("PLAIN"),
            &long(response.as_bytes()),
            &short("en_US"),
        ]
        .concat();
        connection.method(0, 10, 11, &start_ok)?;
        connection.expect(10, 30)?;
        // One channel, frames of 128 KiB, no heartbeats.
        connection.method(0, 10, 31, &[0, 1, 0, 2, 0, 0, 0, 0])?;
        let vhost = url.path().trim_start_matches('/');
        connection.method(
            0,
            10,
            40,
            &[&short(if vhost.is_empty() { "/" } else { vhost })[..], &short(""), &[0]].concat(),
        )?;
        connection.expect(10, 41)?;
        connection.method(CHANNEL, 20, 10, &short(""))?;
        connection.expect(20, 11)?;
        connection.method(CHANNEL, 85, 10, &[0])?;
        connection.expect(85, 11)?;
        for queue in queues {
            // Durable.
            let declare = [&[0, 0][..], &short(queue), &[0b10], &long(b"")].concat();
            connection.method(CHANNEL, 50, 10, &declare)?;
            connection.expect(50, 11)?;
        }
        Ok(connection)
    }

    /// Publishes to a queue through the default exchange and returns when the broker has it on disk.
    pub(super) fn publish(&mut self, message: &Message) -> io::Result<()> {
        let publish = [&[0, 0][..], &short(""), &short(&message.queue), &[0]].concat();
        self.method(CHANNEL, 60, 40, &publish)?;
        // content-type, delivery-mode, and message-id where there is one.
        let flags: u16 = 0b1001_0000_0000_0000 | if message.message_id.is_some() { 1 << 7 } else { 0 };
        let size = message.body.len() as u64;
        let mut header = [&[0, 60, 0, 0][..], &size.to_be_bytes(), &flags.to_be_bytes()].concat();
        header.extend(short("application/json"));
        header.push(2);
        if let Some(id) = &message.message_id {
            header.extend(short(id));
        }
        self.frame(2, CHANNEL, &header)?;
        for piece in message.body.chunks(100 << 10) {
            self.frame(3, CHANNEL, piece)?;
        }
        self.published += 1;
        let acknowledged = self.expect(60, 80)?;
        let tag = acknowledged
            .get(4..12)
            .and_then(|tag| tag.try_into().ok())
            .map(u64::from_be_bytes);
        if tag == Some(self.published) {
            Ok(())
        } else {
            Err(io::Error::other("the broker confirms another message"))
        }
    }

    fn method(&mut self, channel: u16, class: u16, method: u16, arguments: &[u8]) -> io::Result<()> {
        let payload = [&class.to_be_bytes()[..], &method.to_be_bytes(), arguments].concat();
        self.frame(1, channel, &payload)
    }

    fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) -> io::Result<()> {
        let size = u32::try_from(payload.len()).map_err(io::Error::other)?;
        let frame = [
            &[kind][..],
            &channel.to_be_bytes(),
            &size.to_be_bytes(),
            payload,
            &[END],
        ]
        .concat();
        self.stream.write_all(&frame)
    }

    /// Reads up to a method, and gives its frame's payload.
    fn expect(&mut self, class: u16, method: u16) -> io::Result<Vec<u8>> {
        loop {
            let mut head = [0; 7];
            self.stream.read_exact(&mut head)?;
            let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
            let mut payload = vec![0; usize::try_from(size).map_err(io::Error::other)?];
            self.stream.read_exact(&mut payload)?;
            self.stream.read_exact(&mut [0])?;
            if head[0] != 1 {
                continue;
            }
            let found = payload.get(..4).unwrap_or_default();
            if *found == [class.to_be_bytes(), method.to_be_bytes()].concat()[..] {
                return Ok(payload);
            }
            // connection.close, channel.close
            if matches!(found, [0, 10, 0, 50] | [0, 20, 0, 40]) {
                return Err(io::Error::other(String::from_utf8_lossy(&payload).into_owned()));
            }
        }
    }
}

/// A short string. Names in the sandbox are short.
fn short(text: &str) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(text.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A long string, or a table.
fn long(content: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes
}
