//! CMS without signed attributes, for profiles that ask for it.

use std::process::Command;

use tokensign::certificate::Certificate;
use tokensign::cms::{DigestAlgorithm, Reason, SignedAttributes, SignedData, Status, Trust};
use tokensign::config::TimestampLevel;
use tokensign::jobs::JobState;
use tokensign::messages::Code;
use tokensign::signing::{Document, DocumentKind};

use crate::desk::{CERTIFICATE, World, signed};

const CONTENT: &[u8] = b"content";

#[tokio::test]
async fn openssl_accepts_it_and_refuses_other_content() {
    let world = World::new(None).await;
    let (document, _kept) = world.spooled(CONTENT, DocumentKind::BareContent).await;
    let job = world.sign_documents(&[document], TimestampLevel::None).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let signature = signed(&job).documents.remove(0).signature;
    let read = SignedData::parse(&signature).unwrap();
    assert!(read.signers()[0].attributes().is_none());

    let fixture = world.fixtures.certificate(CERTIFICATE);
    let root = Certificate::from_pem_or_der(&std::fs::read(&fixture.ca).unwrap()).unwrap();
    let verdict = |content: &[u8]| {
        let trust = Trust {
            roots: std::slice::from_ref(&root),
            intermediates: &[],
            now: time::OffsetDateTime::now_utc(),
        };
        let digests = [DigestAlgorithm::Streebog256.digest(content)].into_iter().collect();
        let verdict = read.verify(&digests, &trust).remove(0);
        assert!(!verdict.names_certificate);
        (verdict.status(), verdict.reason())
    };
    assert_eq!(verdict(CONTENT), (Status::Valid, None));
    assert_eq!(verdict(b"other"), (Status::Invalid, Some(Reason::SignatureMismatch)));

    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("signature"), &signature).unwrap();
    let accepted = |content: &[u8]| {
        std::fs::write(at("content"), content).unwrap();
        let mut openssl = Command::new("openssl");
        openssl
            .env("OPENSSL_CONF", world.fixtures.gost_openssl_configuration())
            .args(["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]);
        openssl
            .args(["-out", "/dev/null", "-in"])
            .arg(at("signature"))
            .arg("-content")
            .arg(at("content"))
            .arg("-CAfile")
            .arg(&fixture.ca);
        openssl
            .output()
            .expect("openssl is needed: apt-get install openssl")
            .status
            .success()
    };
    assert!(accepted(CONTENT));
    assert!(!accepted(b"other"));
}

/// The value over attributes in disguise would be a CAdES signature on what they are about.
#[tokio::test]
async fn attributes_in_disguise_and_unseen_content_are_refused_before_anybody_is_asked() {
    let world = World::new(None).await;
    let certificate = world.certificate();
    let scheme = "gost-ru-256".parse().unwrap();
    let digest = DigestAlgorithm::Streebog256.digest(b"a contract");
    let now = time::OffsetDateTime::now_utc();
    let disguised = SignedAttributes::new(&digest, &certificate, now, &scheme).unwrap();
    let (attributes, _kept) = world.spooled(disguised.to_be_signed(), DocumentKind::BareContent).await;
    let unseen = Document {
        blob: None,
        size: None,
        digest: Some(digest),
        ..attributes.clone()
    };
    for document in [attributes, unseen] {
        let job = world.sign_documents(&[document], TimestampLevel::None).await;
        assert_eq!(job.fault.as_ref().map(|fault| fault.code()), Some(Code::InvalidField));
    }
    assert_eq!(world.counters(), (0, 0));
}
