//! Signatures that OpenSSL accepts, and PINs.

use std::fs;

use tokensign::certificate::Certificate;
use tokensign::cms::{Scheme, SignedAttributes, normalise_signature};
use tokensign::consent::{ApprovedItem, ItemKind};
use tokensign::messages::Code;
use tokensign::token::{Authorised, Fleet, KeyPresence, PinState, TokenError, Unsigned};

use crate::approvals;
use crate::fleets::{all, approved, batch, eventually, options};
use crate::softhsm::{ED25519, P256, P384, PIN, RSA, SoftHsm};

/// Verifies with OpenSSL, which is told nothing but the certificate.
fn openssl_accepts(
    softhsm: &SoftHsm,
    certificate: &Certificate,
    digest: Option<&str>,
    message: &[u8],
    signature: &[u8],
) {
    let file = |name: &str, content: &[u8]| {
        fs::write(softhsm.path(name), content).unwrap();
        softhsm.path(name).to_str().unwrap().to_owned()
    };
    let certificate = file("certificate", certificate.der());
    let public = softhsm.run(
        "openssl",
        &["x509", "-inform", "DER", "-in", &certificate, "-noout", "-pubkey"],
    );
    let (public, message, signature) = (
        file("public", public.as_bytes()),
        file("message", message),
        file("signature", signature),
    );
    let mut arguments = vec!["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &public];
    arguments.extend(["-in", &message, "-sigfile", &signature]);
    arguments.extend(digest.iter().flat_map(|digest| ["-digest", *digest]));
    softhsm.run("openssl", &arguments);
}

#[tokio::test]
async fn every_key_type_signs_and_openssl_accepts() {
    let softhsm = SoftHsm::new("all");
    let rsa = softhsm.add_key("all", "rsa", "01", RSA);
    let p256 = softhsm.add_key("all", "p256", "02", P256);
    let p384 = softhsm.add_key("all", "p384", "03", P384);
    let ed25519 = softhsm.add_key("all", "ed25519", "04", ED25519);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    let inventory = fleet.refresh().await;
    assert_eq!(inventory.tokens.len(), 1);
    assert_eq!(inventory.certificates().count(), 4);
    let cases = [
        (&rsa, "rsa-sha256", Some("sha256")),
        (&rsa, "rsa-sha512", Some("sha512")),
        (&p256, "p256-sha256", Some("sha256")),
        (&p384, "p384-sha384", Some("sha384")),
        (&ed25519, "ed25519", None),
    ];
    for (certificate, scheme, digest) in cases {
        let (batch, attributes) = approved(&fleet, certificate, scheme, &[b"one", b"two"], Some(PIN)).await;
        let signatures = all(fleet.sign(batch).await).await;
        assert_eq!(signatures.len(), 2);
        for (attributes, signature) in attributes.iter().zip(signatures) {
            let raw = signature.unwrap();
            let scheme = scheme.parse().unwrap();
            let value = normalise_signature(certificate, &scheme, &attributes.as_input(), &raw).unwrap();
            openssl_accepts(
                &softhsm,
                certificate,
                digest,
                attributes.to_be_signed(),
                value.as_bytes(),
            );
        }
    }
}

#[tokio::test]
async fn rsa_pss_signs_where_the_token_lists_it() {
    let softhsm = SoftHsm::new("pss");
    let rsa = softhsm.add_key("pss", "rsa", "01", RSA);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let (batch, attributes) = approved(&fleet, &rsa, "rsa-pss-sha256", &[b"one"], Some(PIN)).await;
    let raw = all(fleet.sign(batch).await).await.remove(0).unwrap();
    let scheme = "rsa-pss-sha256".parse().unwrap();
    assert!(normalise_signature(&rsa, &scheme, &attributes[0].as_input(), &raw).is_ok());
}

#[tokio::test]
async fn only_what_was_approved_can_be_authorised() {
    let softhsm = SoftHsm::without_token();
    softhsm.make_key("approved", P256);
    softhsm.make_key("other", P256);
    let read = |name: &str| Certificate::from_pem_or_der(&fs::read(softhsm.path(name)).unwrap()).unwrap();
    let (certificate, other) = (read("approved.pem"), read("other.pem"));
    let scheme: Scheme = "p256-sha256".parse().unwrap();
    let digest = |content: &[u8]| scheme.digest().digest(content);
    let item = |kind, digest| ApprovedItem {
        kind,
        name: "x".to_owned(),
        digest,
    };
    let attributes = |content: &[u8], certificate: &Certificate| {
        SignedAttributes::new(&digest(content), certificate, time::OffsetDateTime::now_utc(), &scheme).unwrap()
    };
    let foreign = attributes(b"foreign", &certificate);
    let items = vec![
        item(ItemKind::Content, digest(b"content")),
        item(ItemKind::ForeignAttributes, digest(foreign.to_be_signed())),
        item(ItemKind::ForeignAttributesDigest, digest(b"digest")),
    ];
    let (approval, _) = approvals::decide(&certificate, items, None).await;

    let own = |index, attributes: &SignedAttributes, certificate: &Certificate| {
        Authorised::attributes(&approval, index, attributes, certificate, &scheme).map_err(|fault| fault.code())
    };
    let good = attributes(b"content", &certificate);
    assert!(own(0, &good, &certificate).is_ok());
    let refused = [
        own(0, &attributes(b"another content", &certificate), &certificate),
        own(0, &attributes(b"content", &other), &certificate),
        own(0, &good, &other),
        own(1, &good, &certificate),
        own(9, &good, &certificate),
        Authorised::foreign_attributes(&approval, 1, good.to_be_signed(), &certificate, &scheme).map_err(|f| f.code()),
        Authorised::foreign_attributes(&approval, 0, foreign.to_be_signed(), &certificate, &scheme)
            .map_err(|f| f.code()),
        Authorised::foreign_digest(&approval, 1, &certificate, &scheme).map_err(|fault| fault.code()),
        Authorised::foreign_digest(&approval, 2, &other, &scheme).map_err(|fault| fault.code()),
    ];
    assert!(
        refused
            .iter()
            .all(|refused| matches!(refused, Err(Code::ApprovalMismatch))),
        "{refused:?}"
    );
    assert!(Authorised::foreign_attributes(&approval, 1, foreign.to_be_signed(), &certificate, &scheme).is_ok());
    assert!(Authorised::foreign_digest(&approval, 2, &certificate, &scheme).is_ok());
}

#[tokio::test]
async fn a_wrong_pin_spends_one_try_signs_nothing_and_is_named() {
    let softhsm = SoftHsm::new("pin");
    let key = softhsm.add_key("pin", "key", "01", P256);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    let inventory = fleet.refresh().await;
    assert_eq!(inventory.tokens[0].pin.state, PinState::Ok);
    assert_eq!(inventory.tokens[0].certificates[0].key, KeyPresence::AfterPin);

    let wrong = batch(&fleet, &key, "p256-sha256", &[b"a", b"b"], Some("not-the-pin")).await;
    let outcomes = all(fleet.sign(wrong).await).await;
    for outcome in outcomes {
        let Err(Unsigned::NotBegun(cause)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(*cause, TokenError::PinIncorrect { tries_left: None });
    }
    // The flags are read again by themselves after a batch.
    eventually("the low count shows", || {
        fleet.inventory().tokens[0].pin.state == PinState::CountLow
    })
    .await;

    let right = batch(&fleet, &key, "p256-sha256", &[b"a"], Some(PIN)).await;
    assert!(all(fleet.sign(right).await).await[0].is_ok());
    eventually("the count is reset", || {
        fleet.inventory().tokens[0].pin.state == PinState::Ok
    })
    .await;
}

#[tokio::test]
async fn a_pin_outside_of_the_limits_or_none_at_all_is_never_sent() {
    let softhsm = SoftHsm::new("length");
    let key = softhsm.add_key("length", "key", "01", P256);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    for (pin, expected) in [
        (Some("123"), TokenError::PinLength { min: 4, max: 255 }),
        (Some(""), TokenError::PinLength { min: 4, max: 255 }),
        (None, TokenError::PinRequired),
    ] {
        let outcomes = all(fleet.sign(batch(&fleet, &key, "p256-sha256", &[b"a"], pin).await).await).await;
        assert_eq!(outcomes[0].as_ref().unwrap_err().cause(), &expected);
    }
    fleet.refresh().await;
    assert_eq!(fleet.inventory().tokens[0].pin.state, PinState::Ok, "no try was spent");
}

#[tokio::test]
async fn what_the_token_cannot_do_is_refused_before_the_pin() {
    let softhsm = SoftHsm::new("scheme");
    let key = softhsm.add_key("scheme", "key", "01", P256);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let outcomes = all(fleet
        .sign(batch(&fleet, &key, "gost-ru-256", &[b"a"], Some("wrong-pin")).await)
        .await)
    .await;
    let cause = outcomes[0].as_ref().unwrap_err().cause().clone();
    assert!(matches!(cause, TokenError::SchemeUnsupported { .. }), "{cause}");
    fleet.refresh().await;
    assert_eq!(fleet.inventory().tokens[0].pin.state, PinState::Ok, "no try was spent");
}

#[tokio::test]
async fn a_batch_stops_between_two_signatures_when_cancelled() {
    let softhsm = SoftHsm::new("cancel");
    let key = softhsm.add_key("cancel", "key", "01", crate::softhsm::SLOW_RSA);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let messages = vec![&b"message"[..]; 500];
    let mut signatures = fleet
        .sign(batch(&fleet, &key, "rsa-sha256", &messages, Some(PIN)).await)
        .await;
    assert!(signatures.next().await.unwrap().result.is_ok());
    signatures.cancel();
    let mut signed = 1;
    let mut not_begun = 0;
    while let Some(outcome) = signatures.next().await {
        match outcome.result {
            Ok(_) => signed += 1,
            Err(Unsigned::NotBegun(cause)) => {
                assert_eq!(*cause, TokenError::Cancelled);
                not_begun += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(signed + not_begun, 500);
    assert!(signed < 100, "{signed} were signed after the cancel");
    // The worker goes on: it was asked, not killed.
    let again = batch(&fleet, &key, "rsa-sha256", &[b"a"], Some(PIN)).await;
    assert!(all(fleet.sign(again).await).await[0].is_ok());
}

#[tokio::test]
async fn a_batch_of_twelve_thousand_goes_under_one_login_in_two_sessions() {
    const COUNT: usize = 12_000;
    let softhsm = SoftHsm::new("large");
    let key = softhsm.add_key("large", "key", "01", P256);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let messages = vec![&b"message"[..]; COUNT];
    let (batch, attributes) = approved(&fleet, &key, "p256-sha256", &messages, Some(PIN)).await;
    let signatures = all(fleet.sign(batch).await).await;
    assert_eq!(signatures.len(), COUNT);
    let scheme = "p256-sha256".parse().unwrap();
    for (attributes, signature) in attributes.iter().zip(signatures).step_by(500) {
        normalise_signature(&key, &scheme, &attributes.as_input(), &signature.unwrap()).unwrap();
    }
}

#[tokio::test]
async fn two_sessions_keep_each_value_with_its_item() {
    let softhsm = SoftHsm::new("parallel");
    let key = softhsm.add_key("parallel", "key", "01", RSA);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let messages: Vec<String> = (0..60).map(|number| format!("message {number}")).collect();
    let messages: Vec<&[u8]> = messages.iter().map(String::as_bytes).collect();
    let (batch, attributes) = approved(&fleet, &key, "rsa-sha256", &messages, Some(PIN)).await;
    let scheme = "rsa-sha256".parse().unwrap();
    for (attributes, signature) in attributes.iter().zip(all(fleet.sign(batch).await).await) {
        normalise_signature(&key, &scheme, &attributes.as_input(), &signature.unwrap()).unwrap();
    }
}
