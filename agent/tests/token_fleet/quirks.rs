//! Each quirk of a profile that is about calls of a module, shown by a module that has it: without the quirk it fails, with it it works.

use std::fs;
use std::path::Path;

use pkcs11_profiles::Catalogue;
use softhsm_fixtures::{Control, TempFixtures};
use tempfile::TempDir;
use tokensign::certificate::Certificate;
use tokensign::cms::normalise_signature;
use tokensign::token::{Fleet, FleetOptions, Inventory, KeyPresence, ModuleSpec, ModuleState, TokenError};

use crate::fleets::{all, approved, batch, options};
use crate::softhsm::{P256, PIN, SoftHsm};

/// The embedded profiles with one changed by a file, as a user changes it: the family's own text with these lines behind it.
fn changed(profile: &str, lines: &str) -> (TempDir, Catalogue) {
    let directory = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../pkcs11-profiles/profiles/{profile}.toml"));
    let text = fs::read_to_string(own).unwrap();
    let quirk = format!("{text}\n[[quirks]]\n{lines}\nsource = 'this test'\n");
    fs::write(directory.path().join(format!("{profile}.toml")), quirk).unwrap();
    let catalogue = Catalogue::embedded().unwrap().overridden_by(directory.path()).unwrap();
    (directory, catalogue)
}

fn gost_spec(fixtures: &TempFixtures) -> ModuleSpec {
    let token = fixtures.token_of("gost-director");
    ModuleSpec {
        path: token.module.clone(),
        env: token
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned()))
            .collect(),
        ..ModuleSpec::default()
    }
}

async fn looked_at(spec: ModuleSpec, catalogue: Catalogue) -> Inventory {
    let fleet = Fleet::new(FleetOptions {
        catalogue,
        ..options(&[spec])
    })
    .unwrap();
    fleet.refresh().await.as_ref().clone()
}

#[tokio::test]
async fn a_single_threaded_module_is_initialised_without_arguments() {
    let fixtures = TempFixtures::new().unwrap();
    let faults = Control {
        refuses_arguments: true,
        ..Control::default()
    };
    fixtures.control_gost_token(&faults).unwrap();
    let inventory = looked_at(gost_spec(&fixtures), Catalogue::embedded().unwrap()).await;
    assert!(
        matches!(&inventory.modules[0].state, ModuleState::Failed(TokenError::ModuleUnusable { reason, .. }) if reason.contains("CKR_ARGUMENTS_BAD")),
        "{:?}",
        inventory.modules
    );
    let (_directory, catalogue) = changed("gost-token", "quirk = 'single_threaded'");
    let inventory = looked_at(gost_spec(&fixtures), catalogue).await;
    assert_eq!(inventory.tokens.len(), 1, "{:?}", inventory.modules);
}

#[tokio::test]
async fn an_empty_slot_of_a_fixed_list_is_not_asked_for_its_token() {
    let fixtures = TempFixtures::new().unwrap();
    let faults = Control {
        lists_empty_slot: true,
        device_removed: true,
        ..Control::default()
    };
    fixtures.control_gost_token(&faults).unwrap();
    let inventory = looked_at(gost_spec(&fixtures), Catalogue::embedded().unwrap()).await;
    assert!(
        matches!(
            &inventory.modules[0].state,
            ModuleState::Failed(TokenError::ModuleCrashed { .. })
        ),
        "{:?}",
        inventory.modules
    );
    let (_directory, catalogue) = changed("gost-token", "quirk = 'fixed_slot_list'");
    let inventory = looked_at(gost_spec(&fixtures), catalogue).await;
    assert!(
        matches!(inventory.modules[0].state, ModuleState::Ready(_)),
        "{:?}",
        inventory.modules
    );
    assert!(inventory.tokens.is_empty(), "{:?}", inventory.tokens);
}

#[tokio::test]
async fn a_module_with_its_own_pin_dialog_is_never_logged_in_to() {
    let fixtures = TempFixtures::new().unwrap();
    let (_directory, catalogue) = changed("gost-token", "quirk = 'no_login'");
    let inventory = looked_at(gost_spec(&fixtures), catalogue.clone()).await;
    assert!(inventory.tokens[0].pin.at_the_device && !inventory.tokens[0].pin.required);

    let fleet = Fleet::new(FleetOptions {
        catalogue,
        ..options(&[gost_spec(&fixtures)])
    })
    .unwrap();
    fleet.refresh().await;
    let director = fs::read(&fixtures.certificate("gost-director").der).unwrap();
    let director = Certificate::from_pem_or_der(&director).unwrap();
    let batch = batch(&fleet, &director, "gost-ru-256", &[b"a"], Some(fixtures.pin())).await;
    // The test token has no dialog, so nobody is logged in to it; what counts is that no PIN went to it.
    assert!(all(fleet.sign(batch).await).await[0].is_err());
    assert_eq!(fixtures.gost_token_state().unwrap().login_calls, 0);
}

#[tokio::test]
async fn certificates_that_attest_a_key_are_not_offered() {
    let softhsm = SoftHsm::new("attested");
    let own = softhsm.add_key("attested", "own", "01", P256);
    // As a YubiKey does: the same key and the same id, and an extension of the maker's.
    let (key, pem) = (softhsm.path("own.key"), softhsm.path("attestation.pem"));
    let (key, pem) = (key.to_str().unwrap(), pem.to_str().unwrap());
    let attest = ["-addext", "1.3.6.1.4.1.41482.3.8=DER:0202", "-out", pem];
    let request = [
        "req",
        "-x509",
        "-key",
        key,
        "-subj",
        "/CN=YubiKey PIV Attestation 9c",
        "-days",
        "30",
    ];
    softhsm.run("openssl", &[&request[..], &attest].concat());
    softhsm.import_certificate(
        "attested",
        "attestation",
        "01",
        "X.509 Certificate for PIV Attestation 9c",
    );

    let listed = |inventory: &Inventory| inventory.tokens[0].certificates.len();
    assert_eq!(
        listed(&looked_at(softhsm.spec(), Catalogue::embedded().unwrap()).await),
        2
    );
    let (_directory, catalogue) = changed("softhsm", "quirk = { attestation_extension = '1.3.6.1.4.1.41482.3' }");
    let inventory = looked_at(softhsm.spec(), catalogue).await;
    assert_eq!(listed(&inventory), 1);
    assert_eq!(inventory.tokens[0].certificates[0].fingerprint, own.fingerprint());
    assert_eq!(inventory.tokens[0].certificates[0].key, KeyPresence::AfterPin);
}

#[tokio::test]
async fn a_family_without_serial_numbers_does_not_name_its_tokens_by_them() {
    let softhsm = SoftHsm::new("nameless");
    let inventory = looked_at(softhsm.spec(), Catalogue::embedded().unwrap()).await;
    assert!(inventory.tokens[0].serial_is_telling);
    let (_directory, catalogue) = changed("softhsm", "quirk = 'serial_not_unique'");
    let inventory = looked_at(softhsm.spec(), catalogue).await;
    assert!(!inventory.tokens[0].serial_is_telling);
}

#[tokio::test]
async fn nss_is_given_its_parameters() {
    let multiarch = format!("/usr/lib/{}-linux-gnu/libsoftokn3.so", std::env::consts::ARCH);
    let mut places = [multiarch.as_str(), "/usr/lib64/libsoftokn3.so"]
        .into_iter()
        .map(Path::new);
    let module = places.find(|path| path.exists());
    let module = module.expect("NSS is not installed: apt-get install libnss3");
    let directory = tempfile::tempdir().unwrap();
    let spec = |env: &[(&str, &str)]| ModuleSpec {
        path: module.to_owned(),
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..ModuleSpec::default()
    };
    let without = looked_at(spec(&[]), Catalogue::embedded().unwrap()).await;
    assert!(
        matches!(&without.modules[0].state, ModuleState::Failed(TokenError::ModuleUnusable { reason, .. }) if reason.contains("NSS_CONFIG_DIR")),
        "{:?}",
        without.modules
    );
    let place = directory.path().to_str().unwrap();
    let inventory = looked_at(spec(&[("NSS_CONFIG_DIR", place)]), Catalogue::embedded().unwrap()).await;
    assert!(
        matches!(inventory.modules[0].state, ModuleState::Ready(_)),
        "{:?}",
        inventory.modules
    );
    // Its database is made by the module where the parameters say.
    assert!(directory.path().join("key4.db").exists() || !inventory.tokens.is_empty());
}

#[tokio::test]
async fn keys_that_want_a_login_for_each_signature_and_do_not_say_so_get_it() {
    let fixtures = TempFixtures::new().unwrap();
    let faults = Control {
        always_authenticate_unsaid: true,
        ..Control::default()
    };
    fixtures.control_gost_token(&faults).unwrap();
    let director = fs::read(&fixtures.certificate("gost-director").der).unwrap();
    let director = Certificate::from_pem_or_der(&director).unwrap();
    let sign = async |catalogue| {
        let fleet = Fleet::new(FleetOptions {
            catalogue,
            ..options(&[gost_spec(&fixtures)])
        })
        .unwrap();
        fleet.refresh().await;
        let documents = [&b"a"[..], b"b"];
        let batch = batch(&fleet, &director, "gost-ru-256", &documents, Some(fixtures.pin())).await;
        all(fleet.sign(batch).await).await
    };
    let logins = || fixtures.gost_token_state().unwrap().login_calls;
    let outcomes = sign(Catalogue::embedded().unwrap()).await;
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    assert_eq!(logins(), 1);
    let (_directory, catalogue) = changed("gost-token", "quirk = 'always_authenticate'");
    let outcomes = sign(catalogue).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(logins(), 1 + 1 + 2);
}

/// Ids that are crossed between two keys, and labels that are right.
#[tokio::test]
async fn keys_are_paired_by_the_attribute_that_the_profile_trusts() {
    let softhsm = SoftHsm::new("crossed");
    let mut certificates = Vec::new();
    for (name, id_of_key, id) in [("one", "02", "01"), ("two", "01", "02")] {
        softhsm.import_key("crossed", name, id_of_key, P256);
        certificates.push(softhsm.import_certificate("crossed", name, id, name));
    }
    // With them the public values would tell.
    for name in ["one", "two"] {
        tool(
            &softhsm,
            "crossed",
            &["--delete-object", "--type", "pubkey", "--label", name],
        );
    }
    let signs_right = async |catalogue, certificate: &Certificate| {
        let fleet = Fleet::new(FleetOptions {
            catalogue,
            ..options(&[softhsm.spec()])
        })
        .unwrap();
        fleet.refresh().await;
        let scheme = "p256-sha256";
        let (batch, attributes) = approved(&fleet, certificate, scheme, &[b"a"], Some(PIN)).await;
        let raw = all(fleet.sign(batch).await).await.remove(0).unwrap();
        normalise_signature(certificate, &scheme.parse().unwrap(), &attributes[0].as_input(), &raw).is_ok()
    };
    let (_directory, by_label) = changed("softhsm", "quirk = { pair_keys_by = 'label' }");
    for certificate in &certificates {
        assert!(!signs_right(Catalogue::embedded().unwrap(), certificate).await);
        assert!(signs_right(by_label.clone(), certificate).await);
    }
}

/// Two keys that nothing tells apart but what they sign: no public objects, one id, one label.
#[tokio::test]
async fn a_key_that_only_a_signature_can_tell_is_found_under_the_approval() {
    let softhsm = SoftHsm::new("twins");
    let mut certificates = Vec::new();
    for (name, id) in [("one", "01"), ("two", "02")] {
        softhsm.import_key("twins", name, id, P256);
        certificates.push(softhsm.import_certificate("twins", name, "01", "same"));
    }
    make_alike(&softhsm, "twins");
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    for certificate in &certificates {
        let batch = batch(&fleet, certificate, "p256-sha256", &[b"a", b"b", b"c"], Some(PIN)).await;
        let outcomes = all(fleet.sign(batch).await).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }
    // A certificate of neither key: every key is tried, and none is its own.
    softhsm.make_key("foreign", P256);
    let foreign = softhsm.import_certificate("twins", "foreign", "01", "same");
    fleet.refresh().await;
    let batch = batch(&fleet, &foreign, "p256-sha256", &[b"a"], Some(PIN)).await;
    let outcome = all(fleet.sign(batch).await).await.remove(0).unwrap_err();
    assert_eq!(
        outcome.cause(),
        &TokenError::KeyAmbiguous {
            token: "twins".to_owned()
        }
    );
}

/// Takes the public keys away and gives the private ones one id.
fn make_alike(softhsm: &SoftHsm, token: &str) {
    for name in ["one", "two"] {
        tool(
            softhsm,
            token,
            &["--delete-object", "--type", "pubkey", "--label", name],
        );
        tool(
            softhsm,
            token,
            &["--set-id", "01", "--type", "privkey", "--label", name],
        );
    }
}

fn tool(softhsm: &SoftHsm, token: &str, arguments: &[&str]) {
    let module = softhsm.module();
    let session = [
        "--module",
        module.to_str().unwrap(),
        "--token-label",
        token,
        "--login",
        "--pin",
        PIN,
    ];
    softhsm.run("pkcs11-tool", &[&session[..], arguments].concat());
}
