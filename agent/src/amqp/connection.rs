use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use bytes::BytesMut;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::address::{Address, Security};
use super::error::AmqpError;
use super::frame::{Frame, FrameKind};
use super::method::{self, ContentHeader, Method};

/// What a client begins with (AMQP 0-9-1, 4.2.2).
const PROTOCOL: &[u8; 8] = b"AMQP\x00\x00\x09\x01";

/// The one channel that is used.
const CHANNEL: u16 = 1;

/// The largest frame that is agreed to, in bytes.
const LARGEST_FRAME: u32 = 128 << 10;

/// How long connecting may take, all in all, and how long saying goodbye.
const CONNECT: Duration = Duration::from_secs(20);
const GOODBYE: Duration = Duration::from_secs(2);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that consumes queues.
pub struct Consumer {
    stream: Box<dyn Stream>,
    received: BytesMut,
    largest_frame: usize,
    largest_body: u64,
    heartbeat: Duration,
    last_received: Instant,
    last_sent: Instant,
    /// The queue of each consumer tag.
    queues: HashMap<String, String>,
    /// The message whose content is still coming.
    coming: Option<Coming>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The queue it came out of.
    pub queue: String,
    /// Names it for [`Consumer::acknowledge`] on this connection.
    pub tag: u64,
    /// Whether the broker may have delivered it before.
    pub redelivered: bool,
    /// The publisher's name for it.
    pub message_id: Option<String>,
    /// What the publisher says its body is.
    pub content_type: Option<String>,
    /// The body.
    pub body: Body,
}

/// The body of a message.
#[derive(Clone, Debug)]
pub enum Body {
    /// The bytes.
    Whole(Vec<u8>),
    /// It is longer than is taken, in bytes.
    TooLong(u64),
}

struct Coming {
    delivery: Delivery,
    /// `None` until the content header has come.
    left: Option<u64>,
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("queues", &self.queues.values())
            .finish_non_exhaustive()
    }
}

impl Consumer {
    /// Connects and begins to consume queues that are there; at most `prefetch` messages of each come before one is acknowledged. Bodies
    /// of more than `largest_body` bytes are not kept.
    ///
    /// # Errors
    /// Any [`AmqpError`].
    pub async fn connect(
        address: &Address,
        queues: &[String],
        prefetch: u16,
        largest_body: u64,
    ) -> Result<Self, AmqpError> {
        let connecting = Self::open(address, queues, prefetch, largest_body);
        timeout(CONNECT, connecting).await.map_err(|_| AmqpError::Silent)?
    }

    async fn open(address: &Address, queues: &[String], prefetch: u16, largest_body: u64) -> Result<Self, AmqpError> {
        let mut consumer = Self {
            stream: stream(address).await?,
            received: BytesMut::with_capacity(16 << 10),
            largest_frame: usize::try_from(LARGEST_FRAME).unwrap_or(usize::MAX),
            largest_body,
            heartbeat: address.heartbeat,
            last_received: Instant::now(),
            last_sent: Instant::now(),
            queues: HashMap::new(),
            coming: None,
        };
        consumer.shake_hands(address).await?;
        consumer.send(CHANNEL, method::channel_open()?).await?;
        consumer
            .expect(|method| matches!(method, Method::ChannelOpenOk))
            .await?;
        consumer.send(CHANNEL, method::basic_qos(prefetch)).await?;
        consumer.expect(|method| matches!(method, Method::QosOk)).await?;
        for (number, queue) in queues.iter().enumerate() {
            consumer.consume(queue, format!("tokensign-{number}")).await?;
        }
        Ok(consumer)
    }

    async fn shake_hands(&mut self, address: &Address) -> Result<(), AmqpError> {
        self.stream.write_all(PROTOCOL).await?;
        match self.next_method().await? {
            Method::ConnectionStart { mechanisms } if mechanisms.split(' ').any(|name| name == "PLAIN") => {}
            Method::ConnectionStart { .. } => return Err(AmqpError::Protocol("it takes no user and password")),
            _ => return Err(AmqpError::Protocol("it does not begin with connection.start")),
        }
        let user = &address.credentials.user;
        let response = Zeroizing::new(method::connection_start_ok(
            user,
            address.credentials.password.expose_secret(),
        )?);
        self.send(0, response.to_vec()).await?;
        let (channels, frame, heartbeat) = match self.next_method().await {
            Ok(Method::ConnectionTune {
                channels,
                frame,
                heartbeat,
            }) => (channels, frame, heartbeat),
            Ok(_) => return Err(AmqpError::Protocol("it does not tune the connection")),
            // A broker without the capability closes the connection and says nothing.
            Err(AmqpError::Io(_)) => return Err(AmqpError::Refused(format!("user {user:?}"))),
            Err(AmqpError::Closed { text, .. }) => return Err(AmqpError::Refused(text)),
            Err(error) => return Err(error),
        };
        // Nought means no limit, of heartbeats none.
        let least = |theirs: u32, ours: u32| if theirs == 0 { ours } else { theirs.min(ours) };
        let frame = least(frame, LARGEST_FRAME);
        let ours = u32::try_from(self.heartbeat.as_secs()).unwrap_or(u32::MAX).max(1);
        let agreed = least(heartbeat.into(), ours);
        self.heartbeat = Duration::from_secs(agreed.into());
        self.largest_frame = usize::try_from(frame).unwrap_or(usize::MAX);
        let channels = if channels == 0 { CHANNEL } else { channels.min(CHANNEL) };
        let agreed = u16::try_from(agreed).unwrap_or(u16::MAX);
        self.send(0, method::connection_tune_ok(channels, frame, agreed))
            .await?;
        self.send(0, method::connection_open(&address.vhost)?).await?;
        let opened = self.expect(|method| matches!(method, Method::ConnectionOpenOk)).await;
        opened.map_err(|error| match error {
            AmqpError::Closed { code: 403 | 530, text } => AmqpError::Refused(text),
            error => error,
        })?;
        Ok(())
    }

    async fn consume(&mut self, queue: &str, tag: String) -> Result<(), AmqpError> {
        self.send(CHANNEL, method::basic_consume(queue, &tag)?).await?;
        // Before the answer: the first message may come on its heels, and those of an earlier queue before it.
        self.queues.insert(tag.clone(), queue.to_owned());
        let consumed = self
            .expect(|method| matches!(method, Method::ConsumeOk { tag: own } if *own == tag))
            .await;
        consumed.map_err(|error| match error {
            AmqpError::Closed { code: 404, .. } => AmqpError::NoQueue(queue.to_owned()),
            AmqpError::Closed { code: 403, text } => AmqpError::Refused(text),
            error => error,
        })
    }

    /// The next message. Who drops this future goes on with [`Consumer::close`].
    ///
    /// # Errors
    /// Any [`AmqpError`]; the connection is of no more use then.
    pub async fn next(&mut self) -> Result<Delivery, AmqpError> {
        loop {
            let frame = self.frame().await?;
            if let Some(delivery) = self.take(frame).await? {
                return Ok(delivery);
            }
        }
    }

    /// Tells the broker that a message is safe here: it is gone for every consumer.
    ///
    /// # Errors
    /// Those of a broken connection; the message comes again then.
    pub async fn acknowledge(&mut self, tag: u64) -> Result<(), AmqpError> {
        self.send(CHANNEL, method::basic_ack(tag)).await
    }

    /// Tells the broker that a message will never be taken: its dead-letter exchange gets it, where there is one.
    ///
    /// # Errors
    /// Those of a broken connection.
    pub async fn reject(&mut self, tag: u64) -> Result<(), AmqpError> {
        self.send(CHANNEL, method::basic_reject(tag)).await
    }

    /// Says goodbye. What was delivered and not acknowledged goes back to its queue.
    pub async fn close(mut self) {
        let goodbye = async {
            self.send(0, method::connection_close()?).await?;
            loop {
                if let Frame {
                    kind: FrameKind::Method,
                    payload,
                    ..
                } = self.frame().await?
                    && Method::read(&payload)? == Method::ConnectionCloseOk
                {
                    return Ok::<_, AmqpError>(());
                }
            }
        };
        // A broker that does not answer learns it from the closed socket.
        let _ = timeout(GOODBYE, goodbye).await;
    }

    /// What a frame completes.
    async fn take(&mut self, frame: Frame) -> Result<Option<Delivery>, AmqpError> {
        match frame.kind {
            FrameKind::Heartbeat => Ok(None),
            FrameKind::Method => {
                let method = Method::read(&frame.payload)?;
                self.take_method(method).await?;
                Ok(None)
            }
            FrameKind::Header => {
                let header = ContentHeader::read(&frame.payload)?;
                let coming = self.coming.as_mut().filter(|coming| coming.left.is_none());
                let coming = coming.ok_or(AmqpError::Protocol("a content header comes unasked"))?;
                coming.left = Some(header.size);
                coming.delivery.message_id = header.message_id;
                coming.delivery.content_type = header.content_type;
                if header.size > self.largest_body {
                    coming.delivery.body = Body::TooLong(header.size);
                }
                Ok(self.complete())
            }
            FrameKind::Body => {
                let unasked = AmqpError::Protocol("content comes unasked");
                let Some(Coming {
                    delivery,
                    left: Some(left),
                }) = self.coming.as_mut()
                else {
                    return Err(unasked);
                };
                let length = u64::try_from(frame.payload.len()).unwrap_or(u64::MAX);
                *left = left.checked_sub(length).ok_or(unasked)?;
                if let Body::Whole(body) = &mut delivery.body {
                    body.extend_from_slice(&frame.payload);
                }
                Ok(self.complete())
            }
        }
    }

    fn complete(&mut self) -> Option<Delivery> {
        self.coming
            .take_if(|coming| coming.left == Some(0))
            .map(|coming| coming.delivery)
    }

    async fn take_method(&mut self, method: Method) -> Result<(), AmqpError> {
        match method {
            Method::Deliver {
                consumer,
                delivery,
                redelivered,
            } => {
                let queue = self.queues.get(&consumer).cloned();
                let queue = queue.ok_or(AmqpError::Protocol("a message comes for nobody"))?;
                self.coming = Some(Coming {
                    delivery: Delivery {
                        queue,
                        tag: delivery,
                        redelivered,
                        message_id: None,
                        content_type: None,
                        body: Body::Whole(Vec::new()),
                    },
                    left: None,
                });
                Ok(())
            }
            Method::Cancel { tag } => Err(AmqpError::Cancelled(self.queues.remove(&tag).unwrap_or(tag))),
            Method::ChannelFlow { active } => self.send(CHANNEL, method::channel_flow_ok(active)).await,
            Method::ChannelClose { code, text } => Err(AmqpError::Closed { code, text }),
            Method::ConnectionClose { code, text } => {
                // The broker waits for it, but not for long.
                let _ = timeout(GOODBYE, self.send(0, method::connection_close_ok())).await;
                Err(AmqpError::Closed { code, text })
            }
            _ => Ok(()),
        }
    }

    /// Waits for an answer. A message that comes before it is left for [`Consumer::next`].
    async fn expect(&mut self, is_it: impl Fn(&Method) -> bool) -> Result<(), AmqpError> {
        let mut early = Vec::new();
        let answer = loop {
            let frame = self.frame().await?;
            if frame.kind != FrameKind::Method {
                early.push(frame);
                continue;
            }
            match Method::read(&frame.payload)? {
                method if is_it(&method) => break Ok(()),
                Method::Deliver { .. } => early.push(frame),
                method => self.take_method(method).await?,
            }
        };
        self.put_back(&early)?;
        answer
    }

    /// Puts frames back in front of what is received, as they came.
    fn put_back(&mut self, frames: &[Frame]) -> Result<(), AmqpError> {
        if frames.is_empty() {
            return Ok(());
        }
        let mut received = BytesMut::new();
        for frame in frames {
            received.extend_from_slice(&frame.encode()?);
        }
        received.extend_from_slice(&self.received);
        self.received = received;
        Ok(())
    }

    async fn next_method(&mut self) -> Result<Method, AmqpError> {
        loop {
            let frame = self.frame().await?;
            if frame.kind == FrameKind::Method {
                match Method::read(&frame.payload)? {
                    Method::ConnectionClose { code, text } => return Err(AmqpError::Closed { code, text }),
                    method => return Ok(method),
                }
            }
        }
    }

    /// The next frame. Sends a heartbeat in time, and ends when two of the broker's are missing.
    async fn frame(&mut self) -> Result<Frame, AmqpError> {
        loop {
            if let Some(frame) = Frame::take(&mut self.received, self.largest_frame)? {
                return Ok(frame);
            }
            let beat = self.last_sent + self.heartbeat / 2;
            let silent = self.last_received + 2 * self.heartbeat;
            tokio::select! {
                read = self.stream.read_buf(&mut self.received) => {
                    if read? == 0 {
                        return Err(AmqpError::Io(std::io::ErrorKind::UnexpectedEof.into()));
                    }
                    self.last_received = Instant::now();
                }
                () = sleep_until(beat) => self.send_frame(&Frame::heartbeat()).await?,
                () = sleep_until(silent) => return Err(AmqpError::Silent),
            }
        }
    }

    async fn send(&mut self, channel: u16, method: Vec<u8>) -> Result<(), AmqpError> {
        self.send_frame(&Frame::method(channel, method)).await
    }

    async fn send_frame(&mut self, frame: &Frame) -> Result<(), AmqpError> {
        let bytes = Zeroizing::new(frame.encode()?);
        // A broker that takes nothing for so long is gone.
        let sent = timeout(2 * self.heartbeat, async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        });
        sent.await.map_err(|_| AmqpError::Silent)??;
        self.last_sent = Instant::now();
        Ok(())
    }
}

async fn stream(address: &Address) -> Result<Box<dyn Stream>, AmqpError> {
    let tcp = TcpStream::connect((address.host.as_str(), address.port)).await?;
    tcp.set_nodelay(true)?;
    match &address.security {
        Security::Plain => Ok(Box::new(tcp)),
        Security::Tls(config) => {
            let name = rustls::pki_types::ServerName::try_from(address.host.clone())
                .map_err(|error| AmqpError::Tls(error.to_string()))?;
            let connector = TlsConnector::from(std::sync::Arc::clone(config));
            let tls = connector.connect(name, tcp).await;
            Ok(Box::new(tls.map_err(|error| AmqpError::Tls(error.to_string()))?))
        }
    }
}
