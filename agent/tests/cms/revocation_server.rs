//! An authority's word on its certificates: revocation lists and OCSP answers that OpenSSL makes, and a small HTTP server for them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::authority::{Authority, KeyKind};

/// An authority with the database that `openssl ca` and `openssl ocsp` work from.
pub(crate) fn authority_with_database(kind: KeyKind, extensions: &str) -> Authority {
    let leaf = format!(
        "[leaf]\nkeyUsage=digitalSignature\n{extensions}\n[ca_default]\ndatabase=index.txt\ndefault_md=default\n"
    );
    let authority = Authority::with_leaf(kind, "/CN=Holder", &leaf);
    set_standing(&authority, "V");
    authority
}

/// `V` valid, `R` revoked an hour ago.
pub(crate) fn set_standing(authority: &Authority, standing: &str) {
    let stamp = |at: OffsetDateTime| {
        let format = time::macros::format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
        at.format(&format).unwrap()
    };
    let now = OffsetDateTime::now_utc();
    let revoked = if standing == "R" {
        stamp(now - Duration::HOUR)
    } else {
        String::new()
    };
    let serial = authority.leaf.serial_hex().to_uppercase();
    let line = format!(
        "{standing}\t{}\t{revoked}\t{serial}\tunknown\t/CN=Holder\n",
        stamp(now + Duration::days(300))
    );
    fs::write(authority.path("index.txt"), line).unwrap();
}

fn run(authority: &Authority, arguments: &[&str]) {
    let output = authority.openssl(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn list(authority: &Authority, days: &str) -> Vec<u8> {
    run(
        authority,
        &[
            "ca",
            "-gencrl",
            "-config",
            "req.cnf",
            "-name",
            "ca_default",
            "-keyfile",
            "ca.key",
            "-cert",
            "ca.pem",
            "-crldays",
            days,
            "-out",
            "list.pem",
        ],
    );
    run(
        authority,
        &["crl", "-in", "list.pem", "-outform", "DER", "-out", "list.crl"],
    );
    fs::read(authority.path("list.crl")).unwrap()
}

pub(crate) fn ocsp(authority: &Authority, request: &[u8], signer: [&str; 2]) -> Vec<u8> {
    fs::write(authority.path("request.ocsp"), request).unwrap();
    let [certificate, key] = signer;
    run(
        authority,
        &[
            "ocsp",
            "-index",
            "index.txt",
            "-CA",
            "ca.pem",
            "-rsigner",
            certificate,
            "-rkey",
            key,
            "-reqin",
            "request.ocsp",
            "-respout",
            "response.ocsp",
            "-ndays",
            "1",
        ],
    );
    fs::read(authority.path("response.ocsp")).unwrap()
}

pub(crate) const OWN: [&str; 2] = ["ca.pem", "ca.key"];

/// Serves the authority's list at `/list`; with `responder` also answers OCSP at `/ocsp`.
pub(crate) fn serve(listener: TcpListener, authority: Arc<Authority>, responder: bool) {
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut reader = BufReader::new(connection);
            let (mut first, mut length, mut line) = (String::new(), 0, String::new());
            reader.read_line(&mut first).unwrap();
            loop {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, answer) = match first.as_str() {
                request if request.starts_with("GET /list ") => ("200 OK", list(&authority, "1")),
                request if request.starts_with("POST /ocsp ") && responder => ("200 OK", ocsp(&authority, &body, OWN)),
                _ => ("404 Not Found", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            let mut connection = reader.into_inner();
            connection
                .write_all(head.as_bytes())
                .and_then(|()| connection.write_all(&answer))
                .unwrap();
        }
    });
}
