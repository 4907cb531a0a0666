//! What a module prints. Vendor libraries do, on stdout and stderr; it goes to the log, a little at a time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tracing::debug;

/// So many lines …
const LINES: u32 = 20;
/// … in this time are logged, the rest is counted.
const WINDOW: Duration = Duration::from_secs(10);
/// Longer lines are cut, in bytes.
const LONGEST_LINE: usize = 500;

/// Logs what comes until the other end closes.
pub(super) async fn log(module: String, stream: &'static str, mut source: impl AsyncRead + Unpin) {
    let mut limit = RateLimit::new(Instant::now());
    let mut lines = Lines::default();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = source.read(&mut buffer).await {
        for line in lines.take(&buffer[..read]) {
            match limit.admit(Instant::now()) {
                Admission::Pass { dropped } => {
                    if dropped > 0 {
                        debug!(module, stream, dropped, "the module printed more lines than are logged");
                    }
                    debug!(module, stream, line, "the module printed");
                }
                Admission::Drop => {}
            }
        }
    }
}

/// Cuts a stream into printable lines of bounded length.
#[derive(Default)]
struct Lines {
    open: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => {
                    complete.push(printable(&self.open));
                    self.open.clear();
                }
                _ if self.open.len() < LONGEST_LINE => self.open.push(*byte),
                _ => {}
            }
        }
        complete.retain(|line| !line.is_empty());
        complete
    }
}

fn printable(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

struct RateLimit {
    since: Instant,
    admitted: u32,
    dropped: u32,
}

#[derive(Debug, Eq, PartialEq)]
enum Admission {
    /// Log it, after saying how many were dropped before.
    Pass {
        dropped: u32,
    },
    Drop,
}

impl RateLimit {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            admitted: 0,
            dropped: 0,
        }
    }

    fn admit(&mut self, now: Instant) -> Admission {
        if now.duration_since(self.since) >= WINDOW {
            self.since = now;
            self.admitted = 0;
        }
        if self.admitted == LINES {
            self.dropped += 1;
            return Admission::Drop;
        }
        self.admitted += 1;
        Admission::Pass {
            dropped: std::mem::take(&mut self.dropped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_stripped_of_control_characters_and_joined_over_reads() {
        let mut lines = Lines::default();
        assert!(lines.take(b"hel").is_empty());
        assert_eq!(lines.take(b"lo\x1b[31m\r\n\n"), ["hello[31m"]);
        let long = lines.take(&[&vec![b'x'; 10_000][..], b"\n"].concat());
        assert_eq!(long[0].len(), LONGEST_LINE);
    }

    #[test]
    fn a_flood_is_counted_and_reported_once_it_ebbs() {
        let start = Instant::now();
        let mut limit = RateLimit::new(start);
        for _ in 0..LINES {
            assert_eq!(limit.admit(start), Admission::Pass { dropped: 0 });
        }
        assert_eq!(limit.admit(start), Admission::Drop);
        assert_eq!(limit.admit(start), Admission::Drop);
        assert_eq!(limit.admit(start + WINDOW), Admission::Pass { dropped: 2 });
    }
}
