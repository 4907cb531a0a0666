//! A token that reads GOST digests the other way round, or lays its values out its own way.

use softhsm_fixtures::{Control, HashOrder, SignatureLayout};
use tokensign::cms::{DigestAlgorithm, SignedData, Status, Trust};
use tokensign::config::TimestampLevel;
use tokensign::jobs::JobState;

use crate::desk::{World, signed};

const DOCUMENTS: [&[u8]; 3] = [b"one", b"two", b"three"];

/// Signs all documents and proves every signature.
async fn sign_and_verify(world: &World) {
    let job = world.sign(&DOCUMENTS, TimestampLevel::None).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let root = world.certificate();
    for (document, content) in signed(&job).documents.iter().zip(DOCUMENTS) {
        let trust = Trust {
            roots: std::slice::from_ref(&root),
            intermediates: &[],
            now: time::OffsetDateTime::now_utc(),
        };
        let digests = [DigestAlgorithm::Streebog256.digest(content)].into_iter().collect();
        let verdicts = SignedData::parse(&document.signature).unwrap().verify(&digests, &trust);
        assert_eq!(verdicts[0].status(), Status::Valid, "{:?}", verdicts[0].reason());
    }
}

#[tokio::test]
async fn a_reversed_digest_is_corrected_under_the_same_pin_audited_and_remembered() {
    let world = World::new(None).await;
    world.faults(&Control {
        hash_order: HashOrder::BigEndian,
        signature_layout: SignatureLayout::RBigEndianSBigEndian,
        ..Control::default()
    });
    sign_and_verify(&world).await;
    assert_eq!(world.counters(), (1, 4), "one login, one value thrown away");
    let corrections = world.audited("digest_order_corrected").await;
    assert_eq!(corrections.len(), 1);
    assert_eq!(
        (&corrections[0]["item"], &corrections[0]["reversed_digest"]),
        (&0.into(), &true.into())
    );

    // Remembered: the next batch begins the right way.
    sign_and_verify(&world).await;
    assert_eq!(world.counters(), (2, 7));
    assert_eq!(world.audited("digest_order_corrected").await.len(), 1);

    // A token that changed its habits (new firmware) is learned anew.
    world.faults(&Control::default());
    sign_and_verify(&world).await;
    assert_eq!(world.counters(), (3, 11));
    assert_eq!(world.audited("digest_order_corrected").await.len(), 2);
    sign_and_verify(&world).await;
    assert_eq!(world.counters(), (4, 14));
}
