use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::heads::Heads;
use super::problem;
use crate::messages::{Code, Fault};

/// What is seen of a connection's bytes, and what is known of them elsewhere.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// A request gives two lengths of its body. It is the last of its connection.
    pub(super) both_lengths: AtomicBool,
    /// A request was understood; only before does the HTTP library write answers of its own for certain.
    pub(super) is_understood: AtomicBool,
}

/// A stream whose first request is answered with a problem though the HTTP library cannot read it: the library's own answer has no body, so it is
/// thrown away and another one sent in its place.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    signs: Arc<Signs>,
    heads: Heads,
    /// What is still to be written of our answer.
    instead: Vec<u8>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, signs: Arc<Signs>) -> Self {
        Self {
            stream,
            signs,
            heads: Heads::default(),
            instead: Vec::new(),
        }
    }

    /// Throws the library's own answer away. It comes in one piece and is the last of its connection.
    fn replace(&mut self, bytes: &[u8]) {
        if self.instead.is_empty() {
            let code = match bytes.get(9..12) == Some(StatusCode::BAD_REQUEST.as_str().as_bytes()) {
                true => Code::MalformedRequest,
                false => Code::HeadTooLarge,
            };
            self.instead = problem::without_request(&Fault::new(code)).into_bytes();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.heads.push(&buffer.filled()[before..]) {
            self.signs.both_lengths.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.signs.is_understood.load(Ordering::Relaxed) {
            self.replace(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.signs.is_understood.load(Ordering::Relaxed) {
            self.replace(pieces.first().map_or(&[], |piece| piece));
            return Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.instead.is_empty() {
            let written = ready!(Pin::new(&mut this.stream).poll_write(context, &this.instead))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.instead.drain(..written);
        }
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
