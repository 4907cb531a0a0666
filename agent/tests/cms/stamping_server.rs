//! A time stamping authority: `openssl ts -reply` behind a small HTTP server that can misbehave.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokensign::certificate::Certificate;

use crate::authority::{Authority, KeyKind};

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    Honest,
    /// HTTP status 503.
    Unavailable,
    /// A web page with status 200.
    WebPage,
    /// The first answer again.
    Replay,
    /// A redirect to itself.
    Redirect,
    /// More than a megabyte.
    Endless,
    /// Nothing within the client's patience.
    Silent,
}

pub(crate) struct StampingServer {
    pub(crate) authority: Arc<Authority>,
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    authority: Arc<Authority>,
    manner: Mutex<Manner>,
    /// The first honest answer, and how many requests came.
    seen: Mutex<(Option<Vec<u8>>, usize)>,
}

impl StampingServer {
    /// An authority with a key of `kind` whose certificate has `extended_key_usage`.
    pub(crate) fn with(kind: KeyKind, digest: &str, extended_key_usage: &str) -> Self {
        let leaf = format!(
            "[leaf]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,{extended_key_usage}\n\
             [tsa]\nserial=serial\nsigner_cert=leaf.pem\nsigner_key=leaf.key\nsigner_digest={digest}\ndefault_policy=1.2.3.4.1\n\
             other_policies=1.2.3.4.2\ndigests=sha256,sha384,sha512,md_gost12_256,md_gost12_512\nordering=yes\nless_clock_skew=no\n"
        );
        let authority = Arc::new(Authority::with_leaf(kind, "/CN=Time Stamping Authority", &leaf));
        fs::write(authority.path("serial"), "01\n").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tsa", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            authority: Arc::clone(&authority),
            manner: Mutex::new(Manner::Honest),
            seen: Mutex::new((None, 0)),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that gave up in between is part of the tests.
                let _ = served.serve(connection);
            }
        });
        Self { authority, url, shared }
    }

    pub(crate) fn new(kind: KeyKind, digest: &str) -> Self {
        Self::with(kind, digest, "timeStamping")
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    pub(crate) fn requests(&self) -> usize {
        self.shared.seen.lock().unwrap().1
    }

    pub(crate) fn root(&self) -> &Certificate {
        &self.authority.root
    }
}

impl Shared {
    fn serve(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(connection);
        let (mut length, mut is_query, mut line) = (0, false, String::new());
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            is_query |= header == "content-type: application/timestamp-query";
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().unwrap_or_default();
            }
        }
        let mut query = vec![0; length];
        reader.read_exact(&mut query)?;
        let mut connection = reader.into_inner();
        let manner = *self.manner.lock().unwrap();
        self.seen.lock().unwrap().1 += 1;
        let (status, body) = match manner {
            _ if !is_query => ("415 Unsupported Media Type", Vec::new()),
            Manner::Unavailable => ("503 Service Unavailable", b"later".to_vec()),
            Manner::WebPage => ("200 OK", b"<html>Sign in to the network</html>".to_vec()),
            Manner::Redirect => ("302 Found\r\nLocation: /tsa", Vec::new()),
            Manner::Endless => ("200 OK", vec![0x30; 3 << 20]),
            Manner::Silent => {
                std::thread::sleep(Duration::from_secs(3));
                return Ok(());
            }
            Manner::Replay => (
                "200 OK",
                self.seen
                    .lock()
                    .unwrap()
                    .0
                    .clone()
                    .expect("an honest answer came before"),
            ),
            Manner::Honest => ("200 OK", self.reply(&query)),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes())?;
        connection.write_all(&body)
    }

    fn reply(&self, query: &[u8]) -> Vec<u8> {
        fs::write(self.authority.path("query.tsq"), query).unwrap();
        let arguments = [
            "ts",
            "-reply",
            "-config",
            "req.cnf",
            "-section",
            "tsa",
            "-queryfile",
            "query.tsq",
            "-out",
            "reply.tsr",
        ];
        let output = self.authority.openssl(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let reply = fs::read(self.authority.path("reply.tsr")).unwrap();
        self.seen.lock().unwrap().0.get_or_insert_with(|| reply.clone());
        reply
    }
}
