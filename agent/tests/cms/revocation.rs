//! Standing by revocation lists and OCSP answers that OpenSSL makes, from files and over HTTP.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tokensign::cms::{Reason, RevocationError, Standing, ocsp_request, standing_in_list, standing_in_ocsp};
use tokensign::time_and_revocation::RevocationChecker;

use crate::authority::{self, Authority};
use crate::revocation_server::{OWN, authority_with_database, list, ocsp, serve, set_standing};

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
