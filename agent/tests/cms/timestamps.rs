//! Timestamps: asked for over HTTP, checked, attached to our signatures and to others', verified here and by OpenSSL.

use std::fs;

use time::{Duration, OffsetDateTime};
use tokensign::certificate::Certificate;
use tokensign::cms::{
    AmendError, ContentDigester, Preference, Reason, SignedData, SignerVerdict, Status, TimestampToken, Trust,
    assemble_detached,
};
use tokensign::config::TimestampConfig;
use tokensign::messages::Code;
use tokensign::time_and_revocation::TimestampAuthority;

use crate::authority::{self, Authority};
use crate::interoperability::{Signed, detached, sign};
use crate::stamping_server::{Manner, StampingServer};

const CONTENT: &[u8] = b"content";

fn client(server: &StampingServer, change: impl FnOnce(&mut TimestampConfig)) -> TimestampAuthority {
    let mut config = TimestampConfig {
        url: Some(server.url.clone()),
        timeout_seconds: 2,
        ..TimestampConfig::default()
    };
    change(&mut config);
    TimestampAuthority::new(&config).unwrap().unwrap()
}

fn verdicts(signature: &[u8], roots: &[Certificate], now: OffsetDateTime) -> Vec<SignerVerdict> {
    let signed = SignedData::parse(signature).unwrap();
    let mut digester = ContentDigester::new(&signed.required_digests());
    digester.update(CONTENT);
    let trust = Trust {
        roots,
        intermediates: &[],
        now,
    };
    signed.verify(&digester.finish(), &trust)
}

async fn stamp(server: &StampingServer, signed: &Signed) -> TimestampToken {
    let client = client(server, |_| ());
    client.stamp(signed.value.as_bytes(), &signed.scheme).await.unwrap()
}

fn without_timestamp(signer: &Authority, signed: &Signed) -> Vec<u8> {
    assemble_detached(
        &signed.scheme,
        &signer.leaf,
        &[],
        Some(&signed.attributes),
        &signed.value,
    )
}

#[tokio::test]
async fn a_signature_with_a_timestamp_is_accepted_here_and_elsewhere() {
    let tsa = StampingServer::new(authority::RSA_2048, "sha256");
    for kind in [
        authority::P256,
        authority::ED25519,
        authority::RSA_2048,
        authority::GOST_256_CRYPTO_PRO_A,
    ] {
        let signer = Authority::new(kind);
        let signed = sign(&signer, CONTENT, &Preference::default());
        let bare = without_timestamp(&signer, &signed);
        let token = stamp(&tsa, &signed).await;
        let stamped = SignedData::parse(&bare).unwrap().with_timestamp(0, &token).unwrap();

        // The imprint and the token by OpenSSL, and the signature that carries it.
        fs::write(tsa.authority.path("token.tst"), token.der()).unwrap();
        fs::write(tsa.authority.path("stamped"), signed.value.as_bytes()).unwrap();
        let verified = tsa.authority.openssl(&[
            "ts",
            "-verify",
            "-token_in",
            "-in",
            "token.tst",
            "-data",
            "stamped",
            "-CAfile",
            "ca.pem",
        ]);
        assert!(
            verified.status.success(),
            "{}",
            String::from_utf8_lossy(&verified.stderr)
        );
        if kind.name != "ed25519" {
            signer.openssl_verifies(&stamped, CONTENT).unwrap();
        }

        let roots = [signer.root.clone(), tsa.root().clone()];
        let [verdict] = &verdicts(&stamped, &roots, OffsetDateTime::now_utc())[..] else {
            panic!("one signer")
        };
        assert_eq!(
            (verdict.status(), verdict.reason()),
            (Status::Valid, None),
            "{}",
            kind.name
        );
        let [timestamp] = &verdict.timestamps[..] else {
            panic!("one timestamp")
        };
        assert_eq!(timestamp.proven_time(), Some(token.generated_at()));
        assert_eq!(timestamp.authority.as_ref(), Some(&tsa.authority.leaf));

        // Years later the certificate has expired; the timestamp keeps the signature valid, the signer's word for its time would not count.
        let later = OffsetDateTime::now_utc() + Duration::days(3000);
        assert_eq!(verdicts(&stamped, &roots, later)[0].status(), Status::Valid);
        // Without trust in the authority its time counts no more than the signer's word.
        let [untrusted] = &verdicts(&stamped, &roots[..1], later)[..] else {
            panic!("one signer")
        };
        assert_eq!(
            untrusted.timestamps[0].trust.as_ref().unwrap_err(),
            &Reason::IssuerUnknown
        );
        assert_eq!(untrusted.timestamps[0].proven_time(), None);
    }
}

#[tokio::test]
async fn a_gost_authority_stamps_under_the_signatures_own_digest() {
    let tsa = StampingServer::new(authority::GOST_512_A, "md_gost12_512");
    let signer = Authority::new(authority::GOST_512_A);
    let signed = sign(&signer, CONTENT, &Preference::default());
    let token = stamp(&tsa, &signed).await;
    assert_eq!(token.imprint_algorithm(), Some(signed.scheme.digest()));
    let stamped = SignedData::parse(&without_timestamp(&signer, &signed)).unwrap();
    let stamped = stamped.with_timestamp(0, &token).unwrap();
    let roots = [signer.root.clone(), tsa.root().clone()];
    let verdict = &verdicts(&stamped, &roots, OffsetDateTime::now_utc())[0];
    assert_eq!(verdict.timestamps[0].proven_time(), Some(token.generated_at()));
}

#[tokio::test]
async fn policy_digest_and_roots_are_as_configured() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let signer = Authority::new(authority::P256);
    let signed = sign(&signer, CONTENT, &Preference::default());
    let stamp = async |client: TimestampAuthority| client.stamp(signed.value.as_bytes(), &signed.scheme).await;

    let roots = tsa.authority.path("ca.pem");
    let token = stamp(client(&tsa, |config| {
        config.policy = Some("1.2.3.4.2".to_owned());
        config.digest = Some("sha512".to_owned());
        config.roots = Some(roots);
    }))
    .await
    .unwrap();
    assert_eq!(token.policy().to_string(), "1.2.3.4.2");
    assert_eq!(token.imprint_algorithm().unwrap().to_string(), "sha512");

    let refused = stamp(client(&tsa, |config| config.policy = Some("1.2.3.9".to_owned())))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::TimestampFailed);
    assert!(refused.args()["reason"].contains("unaccepted policy"), "{refused}");
    let foreign = signer.path("ca.pem");
    let untrusted = stamp(client(&tsa, |config| config.roots = Some(foreign)))
        .await
        .unwrap_err();
    assert!(
        untrusted.args()["reason"].contains("issuer is not known"),
        "{untrusted}"
    );

    let broken = |change: fn(&mut TimestampConfig)| {
        let mut config = TimestampConfig {
            url: Some("http://tsa.example/".to_owned()),
            ..TimestampConfig::default()
        };
        change(&mut config);
        TimestampAuthority::new(&config).unwrap_err().code()
    };
    assert_eq!(
        broken(|config| config.url = Some("ftp://tsa.example/".to_owned())),
        Code::ConfigInvalid
    );
    assert_eq!(
        broken(|config| config.policy = Some("policy".to_owned())),
        Code::ConfigInvalid
    );
    assert_eq!(
        broken(|config| config.digest = Some("md5".to_owned())),
        Code::ConfigInvalid
    );
    assert_eq!(
        broken(|config| config.roots = Some("/nonexistent".into())),
        Code::ConfigInvalid
    );
    assert!(TimestampAuthority::new(&TimestampConfig::default()).unwrap().is_none());
}

#[tokio::test]
async fn an_answer_that_is_not_a_timestamp_of_this_signature_is_refused() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let signer = Authority::new(authority::P256);
    let signed = sign(&signer, CONTENT, &Preference::default());
    stamp(&tsa, &signed).await;
    let client = client(&tsa, |_| ());
    for (manner, said) in [
        (Manner::Unavailable, "HTTP status 503"),
        (Manner::WebPage, "no timestamp response"),
        (Manner::Redirect, "HTTP status 302"),
        (Manner::Endless, "larger than"),
        (Manner::Silent, "in time"),
        (Manner::Replay, "another nonce"),
    ] {
        tsa.behave(manner);
        let fault = client.stamp(signed.value.as_bytes(), &signed.scheme).await.unwrap_err();
        assert_eq!(fault.code(), Code::TimestampFailed);
        assert_eq!(fault.args()["host"], "127.0.0.1");
        assert!(fault.args()["reason"].contains(said), "{manner:?}: {fault}");
    }
    let fault = client.stamp(b"another value", &signed.scheme).await.unwrap_err();
    assert!(fault.args()["reason"].contains("another imprint"), "{fault}");
    assert_eq!(tsa.requests(), 1 + 7, "nothing is repeated by itself");
}

/// A signature over a real TSTInfo by a certificate that may sign documents, not stamp time.
#[tokio::test]
async fn a_signers_certificate_does_not_stamp() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let signer = Authority::new(authority::P256);
    let token = stamp(&tsa, &sign(&signer, CONTENT, &Preference::default())).await;
    let info = SignedData::parse(token.der())
        .unwrap()
        .attached_content()
        .unwrap()
        .to_vec();
    fs::write(signer.path("info"), info).unwrap();
    let arguments = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-in",
        "info",
        "-econtent_type",
        "1.2.840.113549.1.9.16.1.4",
        "-signer",
        "leaf.pem",
        "-inkey",
        "leaf.key",
        "-outform",
        "DER",
        "-out",
        "forged.tst",
    ];
    let made = signer.openssl(&arguments);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let forged = TimestampToken::parse(&fs::read(signer.path("forged.tst")).unwrap()).unwrap();
    assert_eq!(forged.authority(&[]).unwrap_err(), Reason::TimestampSigner);
    assert_eq!(token.authority(&[]).unwrap(), tsa.authority.leaf);
    let ordinary = detached(&signer, CONTENT, &Preference::default());
    assert!(TimestampToken::parse(&ordinary).is_err());
}

#[tokio::test]
async fn a_timestamp_of_another_signature_or_of_no_authority_counts_for_nothing() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let signer = Authority::new(authority::P256);
    let (one, two) = (
        sign(&signer, CONTENT, &Preference::default()),
        sign(&signer, CONTENT, &Preference::default()),
    );
    let token = stamp(&tsa, &one).await;
    let other = SignedData::parse(&without_timestamp(&signer, &two)).unwrap();
    assert_eq!(other.with_timestamp(0, &token).unwrap_err(), AmendError::OtherImprint);
    let own = SignedData::parse(&without_timestamp(&signer, &one)).unwrap();
    assert_eq!(own.with_timestamp(1, &token).unwrap_err(), AmendError::NoSuchSigner(1));

    let stamped = own.with_timestamp(0, &token).unwrap();
    let place = stamped
        .windows(token.der().len())
        .position(|window| window == token.der())
        .unwrap();
    // The last byte of the token is the end of its authority's signature.
    let mut flipped = stamped;
    flipped[place + token.der().len() - 1] ^= 1;
    let roots = [signer.root.clone(), tsa.root().clone()];
    let verdict = &verdicts(&flipped, &roots, OffsetDateTime::now_utc())[0];
    assert_eq!(verdict.status(), Status::Valid, "the signature itself is untouched");
    assert_eq!(verdict.timestamps[0].integrity, Err(Reason::SignatureMismatch));
    assert_eq!(verdict.timestamps[0].proven_time(), None);
}

#[tokio::test]
async fn additions_leave_every_byte_of_a_foreign_signature_in_place() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let signer = Authority::new(authority::RSA_2048);
    fs::write(signer.path("content"), CONTENT).unwrap();
    let made = signer.openssl(&[
        "cms",
        "-sign",
        "-binary",
        "-in",
        "content",
        "-signer",
        "leaf.pem",
        "-inkey",
        "leaf.key",
        "-outform",
        "DER",
        "-out",
        "foreign.p7s",
    ]);
    assert!(made.status.success());
    let bytes = fs::read(signer.path("foreign.p7s")).unwrap();
    let foreign = SignedData::parse(&bytes).unwrap();
    let scheme = "rsa-sha256".parse().unwrap();
    let value = foreign.signers()[0].signature().to_vec();
    let token = client(&tsa, |_| ()).stamp(&value, &scheme).await.unwrap();

    // Two timestamps and a second signer, one after another.
    let once = foreign.with_timestamp(0, &token).unwrap();
    let second_token = client(&tsa, |_| ()).stamp(&value, &scheme).await.unwrap();
    let twice = SignedData::parse(&once)
        .unwrap()
        .with_timestamp(0, &second_token)
        .unwrap();
    let colleague = Authority::new(authority::P384);
    let signed = sign(&colleague, CONTENT, &Preference::default());
    let both = SignedData::parse(&twice)
        .unwrap()
        .with_signers_of(&SignedData::parse(&without_timestamp(&colleague, &signed)).unwrap())
        .unwrap();

    let all = SignedData::parse(&both).unwrap();
    let place = all
        .signers()
        .iter()
        .position(|signer| signer.signature() == value)
        .unwrap();
    assert_eq!((all.signers().len(), all.signers()[place].timestamp_count()), (2, 2));
    // Signed attributes to signature value stand there as one piece, as before.
    let info_tail = bytes.windows(value.len()).position(|window| window == value).unwrap();
    let piece = &bytes[info_tail - 200..info_tail + value.len()];
    assert!(both.windows(piece.len()).any(|window| window == piece));
    assert!(
        both.windows(signer.leaf.der().len())
            .any(|window| window == signer.leaf.der())
    );

    let roots = [signer.root.clone(), colleague.root.clone(), tsa.root().clone()];
    let verdicts = verdicts(&both, &roots, OffsetDateTime::now_utc());
    assert!(verdicts.iter().all(|verdict| verdict.status() == Status::Valid));
    assert!(
        verdicts[place]
            .timestamps
            .iter()
            .all(|timestamp| timestamp.proven_time().is_some())
    );
    let both_roots = [
        fs::read(signer.path("ca.pem")).unwrap(),
        fs::read(colleague.path("ca.pem")).unwrap(),
    ]
    .concat();
    fs::write(signer.path("ca.pem"), both_roots).unwrap();
    let output = {
        fs::write(signer.path("both.p7s"), &both).unwrap();
        signer.openssl(&[
            "cms", "-verify", "-binary", "-inform", "DER", "-in", "both.p7s", "-content", "content", "-CAfile",
            "ca.pem", "-purpose", "any", "-out", "verified",
        ])
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What is in DER stays in DER: the encoding is the one that OpenSSL writes, too.
    let again = signer.openssl(&[
        "cms",
        "-cmsout",
        "-inform",
        "DER",
        "-in",
        "both.p7s",
        "-outform",
        "DER",
        "-out",
        "again.p7s",
    ]);
    assert!(again.status.success());
    assert_eq!(fs::read(signer.path("again.p7s")).unwrap(), both);
}

#[test]
fn attributes_about_other_content_do_not_join_a_signature() {
    let signer = Authority::new(authority::P256);
    let own = detached(&signer, CONTENT, &Preference::default());
    let data = SignedData::parse(&own).unwrap();
    let signed = sign(&signer, CONTENT, &Preference::default());
    // The same signer once more: its certificate and digest algorithm are there already.
    let twice = data
        .with_signers_of(&SignedData::parse(&without_timestamp(&signer, &signed)).unwrap())
        .unwrap();
    let twice = SignedData::parse(&twice).unwrap();
    assert_eq!(
        (twice.signers().len(), twice.certificates().len()),
        (2, data.certificates().len())
    );
}
