//! Signatures that OpenSSL accepts, and PINs.

use std::fs;

use tokensign::token::{KeyPresence, PinState, Scheme, TokenError, Unsigned};

use crate::fleets::{all, batch, options};
use crate::softhsm::{ED25519, Key, P256, P384, PIN, RSA, SoftHsm};
use tokensign::token::Fleet;

/// Verifies with OpenSSL, which takes ECDSA as DER.
fn openssl_accepts(softhsm: &SoftHsm, key: &Key, digest: Option<&str>, message: &[u8], signature: &[u8]) {
    let public = softhsm.path("public.pem");
    let certificate = key.certificate.to_str().unwrap();
    fs::write(
        &public,
        softhsm.run("openssl", &["x509", "-in", certificate, "-noout", "-pubkey"]),
    )
    .unwrap();
    let (message_file, signature_file) = (softhsm.path("message"), softhsm.path("signature"));
    fs::write(&message_file, message).unwrap();
    fs::write(&signature_file, signature).unwrap();
    let files = [
        "-in",
        message_file.to_str().unwrap(),
        "-sigfile",
        signature_file.to_str().unwrap(),
    ];
    let mut arguments = vec![
        "pkeyutl",
        "-verify",
        "-rawin",
        "-pubin",
        "-inkey",
        public.to_str().unwrap(),
    ];
    arguments.extend(files);
    arguments.extend(digest.iter().flat_map(|digest| ["-digest", *digest]));
    softhsm.run("openssl", &arguments);
}

/// `r ‖ s` as an ECDSA-Sig-Value (RFC 3279 section 2.2.3).
fn ecdsa_der(pair: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
        let sign = if number.first().is_some_and(|byte| *byte >= 0x80) {
            &[0][..]
        } else {
            &[]
        };
        let content = [sign, number].concat();
        [&[2, u8::try_from(content.len()).unwrap()][..], &content].concat()
    };
    let (r, s) = pair.split_at(pair.len() / 2);
    let content = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(content.len()).unwrap()][..], &content].concat()
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
        (&rsa, Scheme::RsaPkcs1Sha256, Some("sha256")),
        (&rsa, Scheme::RsaPkcs1Sha512, Some("sha512")),
        (&p256, Scheme::EcdsaSha256, Some("sha256")),
        (&p384, Scheme::EcdsaSha384, Some("sha384")),
        (&ed25519, Scheme::Ed25519, None),
    ];
    for (key, scheme, digest) in cases {
        let messages: [&[u8]; 2] = [b"first message", b"second message"];
        let signatures = all(fleet
            .sign(batch(&fleet, key.sha256, scheme, &messages, Some(PIN)))
            .await)
        .await;
        for (message, signature) in messages.iter().zip(signatures) {
            let raw = signature.unwrap();
            let value = if digest.is_some() && !std::ptr::eq(key, &raw const rsa) {
                ecdsa_der(&raw)
            } else {
                raw
            };
            openssl_accepts(&softhsm, key, digest, message, &value);
        }
    }
}

#[tokio::test]
async fn a_wrong_pin_spends_one_try_signs_nothing_and_is_named() {
    let softhsm = SoftHsm::new("pin");
    let key = softhsm.add_key("pin", "key", "01", P256);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    let inventory = fleet.refresh().await;
    assert_eq!(inventory.tokens[0].pin.state, PinState::Ok);
    assert_eq!(inventory.tokens[0].certificates[0].key, KeyPresence::AfterPin);

    let wrong = batch(
        &fleet,
        key.sha256,
        Scheme::EcdsaSha256,
        &[b"a", b"b"],
        Some("not-the-pin"),
    );
    let outcomes = all(fleet.sign(wrong).await).await;
    for outcome in outcomes {
        let Err(Unsigned::NotBegun(cause)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(*cause, TokenError::PinIncorrect { tries_left: None });
    }
    // The flags are read again by themselves after a batch.
    crate::fleets::eventually("the low count shows", || {
        fleet.inventory().tokens[0].pin.state == PinState::CountLow
    })
    .await;

    let right = batch(&fleet, key.sha256, Scheme::EcdsaSha256, &[b"a"], Some(PIN));
    assert!(all(fleet.sign(right).await).await[0].is_ok());
    crate::fleets::eventually("the count is reset", || {
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
        let outcomes = all(fleet
            .sign(batch(&fleet, key.sha256, Scheme::EcdsaSha256, &[b"a"], pin))
            .await)
        .await;
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
        .sign(batch(
            &fleet,
            key.sha256,
            Scheme::Gost2012_256,
            &[b"a"],
            Some("wrong-pin"),
        ))
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
        .sign(batch(&fleet, key.sha256, Scheme::RsaPkcs1Sha256, &messages, Some(PIN)))
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
    let again = batch(&fleet, key.sha256, Scheme::RsaPkcs1Sha256, &[b"a"], Some(PIN));
    assert!(all(fleet.sign(again).await).await[0].is_ok());
}
