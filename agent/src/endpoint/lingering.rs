use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long what a caller still sends is read and thrown away after the last answer.
const LINGER: Duration = Duration::from_secs(3);

/// A stream whose end can be read by the other side: closing it while bytes of a refused body lie unread would make the kernel send a
/// reset, and the answer that says why would be lost (RFC 9112 section 9.6).
#[derive(Debug)]
pub(super) struct Lingering<S> {
    stream: S,
    /// Whether something of the other side's may lie unread.
    unread: Arc<AtomicBool>,
    /// Set when something comes; whoever answers takes it back.
    begun: Arc<AtomicBool>,
    closing: Option<Pin<Box<Sleep>>>,
    written: bool,
}

impl<S> Lingering<S> {
    pub(super) fn new(stream: S, unread: Arc<AtomicBool>, begun: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            unread,
            begun,
            closing: None,
            written: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.begun.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
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
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Says that nothing more is written, and reads to the other side's end where something may be left.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.written {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            this.written = true;
        }
        if !this.unread.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let closing = this.closing.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut rest = [0; 16 << 10];
        loop {
            if closing.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut rest);
            match ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                // Both sides are done, or the other one is gone.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn an_answer_is_read_though_the_rest_was_not() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let refused = tokio::spawn(async move {
            let mut accepted = Lingering::new(accepted, Arc::new(AtomicBool::new(true)), Arc::default());
            accepted.write_all(b"no").await.unwrap();
            accepted.shutdown().await.unwrap();
        });
        // More than the kernel takes by itself, so that it must be read.
        let body = vec![0; 32 << 20];
        caller.write_all(&body).await.unwrap();
        let mut answer = String::new();
        caller.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "no");
        drop(caller);
        refused.await.unwrap();
    }
}
