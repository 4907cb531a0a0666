//! Standing by revocation lists and OCSP answers that OpenSSL makes, from files and over HTTP.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tokensign::cms::{Reason, RevocationError, Standing, ocsp_request, standing_in_list, standing_in_ocsp};
use tokensign::time_and_revocation::RevocationChecker;

use crate::authority::{self, Authority, KeyKind};

/// An authority with the database that `openssl ca` and `openssl ocsp` work from.
fn authority_with_database(kind: KeyKind, extensions: &str) -> Authority {
    let leaf = format!(
        "[leaf]\nkeyUsage=digitalSignature\n{extensions}\n[ca_default]\ndatabase=index.txt\ndefault_md=default\n"
    );
    let authority = Authority::with_leaf(kind, "/CN=Holder", &leaf);
    set_standing(&authority, "V");
    authority
}

/// `V` valid, `R` revoked an hour ago.
fn set_standing(authority: &Authority, standing: &str) {
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

fn list(authority: &Authority, days: &str) -> Vec<u8> {
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

fn ocsp(authority: &Authority, request: &[u8], signer: [&str; 2]) -> Vec<u8> {
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

const OWN: [&str; 2] = ["ca.pem", "ca.key"];

#[test]
fn a_list_tells_valid_from_revoked_and_is_believed_only_whole_and_fresh() {
    let now = OffsetDateTime::now_utc();
    for kind in [authority::P256, authority::GOST_256_CRYPTO_PRO_A] {
        let authority = authority_with_database(kind, "");
        let standing = |bytes: &[u8], now| standing_in_list(bytes, &authority.leaf, &authority.root, now);
        assert_eq!(
            standing(&list(&authority, "1"), now),
            Ok(Standing::Good),
            "{}",
            kind.name
        );
        set_standing(&authority, "R");
        let revoked = list(&authority, "1");
        let Ok(Standing::Revoked { since }) = standing(&revoked, now) else {
            panic!("revoked")
        };
        assert!((since - (now - Duration::HOUR)).abs() < Duration::MINUTE);

        assert_eq!(
            standing(&revoked, now + Duration::days(2)),
            Err(RevocationError::OutOfDate)
        );
        assert_eq!(standing(&revoked, now - Duration::DAY), Err(RevocationError::OutOfDate));
        let mut changed = revoked.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(standing(&changed, now), Err(RevocationError::Signature));
        let stranger = Authority::new(kind);
        let by_stranger = standing_in_list(&revoked, &stranger.leaf, &stranger.root, now);
        assert!(matches!(
            by_stranger,
            Err(RevocationError::NotAbout | RevocationError::Signature)
        ));
        for length in 0..revoked.len() {
            assert!(standing(&revoked[..length], now).is_err());
        }
    }
}

#[test]
fn an_ocsp_answer_is_believed_from_the_issuer_and_its_delegate() {
    let authority = authority_with_database(authority::P256, "extendedKeyUsage=OCSPSigning");
    let now = OffsetDateTime::now_utc();
    let request = ocsp_request(&authority.leaf, &authority.root);
    let standing = |bytes: &[u8], now| standing_in_ocsp(bytes, &authority.leaf, &authority.root, now);
    let good = ocsp(&authority, &request, OWN);
    assert_eq!(standing(&good, now), Ok(Standing::Good));
    // The holder's certificate happens to be a responder's here, too.
    let delegated = ocsp(&authority, &request, ["leaf.pem", "leaf.key"]);
    assert_eq!(standing(&delegated, now), Ok(Standing::Good));
    set_standing(&authority, "R");
    let revoked = ocsp(&authority, &request, OWN);
    assert!(matches!(standing(&revoked, now), Ok(Standing::Revoked { .. })));

    assert_eq!(
        standing(&good, now + Duration::days(3)),
        Err(RevocationError::OutOfDate)
    );
    let serial = authority.leaf.serial_der();
    let place = good.windows(serial.len()).position(|window| window == serial).unwrap();
    let mut changed = good.clone();
    changed[place + serial.len() - 1] ^= 1;
    assert_eq!(standing(&changed, now), Err(RevocationError::Signature));
    // An answer about another certificate, and a signer that was not given the right to answer.
    let other = authority_with_database(authority::P256, "");
    assert!(standing_in_ocsp(&good, &other.leaf, &other.root, now).is_err());
    let usurped = ocsp(
        &other,
        &ocsp_request(&other.leaf, &other.root),
        ["leaf.pem", "leaf.key"],
    );
    let judged = standing_in_ocsp(&usurped, &other.leaf, &other.root, now);
    assert_eq!(judged, Err(RevocationError::Signature));
    for length in 0..good.len() {
        assert!(standing(&good[..length], now).is_err());
    }
    let try_later = [0x30, 3, 0x0a, 1, 3];
    assert_eq!(standing(&try_later, now), Err(RevocationError::NoAnswer(3)));
}

/// Serves the authority's list at `/list`; with `responder` also answers OCSP at `/ocsp`.
fn serve(listener: TcpListener, authority: Arc<Authority>, responder: bool) {
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

#[tokio::test]
async fn the_checker_asks_the_responder_then_the_list_and_compares_with_the_time_of_signing() {
    let checker = RevocationChecker::new(StdDuration::from_secs(5)).unwrap();
    let now = OffsetDateTime::now_utc();
    for responder in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let extensions = format!(
            "authorityInfoAccess=OCSP;URI:{base}/ocsp\ncrlDistributionPoints=URI:ldap://ca.example/cn=ca,URI:{base}/list"
        );
        let authority = Arc::new(authority_with_database(authority::P256, &extensions));
        serve(listener, Arc::clone(&authority), responder);
        let path = [authority.leaf.clone(), authority.root.clone()];
        assert_eq!(checker.check(&path, now, now).await, Ok(()));
        set_standing(&authority, "R");
        assert_eq!(checker.check(&path, now, now).await, Err(Reason::CertificateRevoked));
        assert_eq!(
            checker.check(&path, now - Duration::hours(2), now).await,
            Ok(()),
            "revoked later"
        );
    }
    let silent = authority_with_database(authority::P256, "crlDistributionPoints=URI:http://127.0.0.1:9/list");
    let path = [silent.leaf.clone(), silent.root.clone()];
    assert_eq!(checker.check(&path, now, now).await, Err(Reason::RevocationUnknown));
}
