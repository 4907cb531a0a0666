//! What is seen without a PIN.

use std::time::Duration;

use tokensign::certificate::Certificate;
use tokensign::token::{Discovery, Fleet, FleetOptions, KeyPresence, ModuleState, TokenError};

use crate::fleets::{all, batch, eventually, options};
use crate::softhsm::{P256, PIN, SoftHsm};

#[tokio::test]
async fn the_awkward_objects_are_listed_and_told_apart() {
    let softhsm = SoftHsm::new("odd");
    // Two certificates with one CKA_ID: only one of them belongs to the key.
    let own = softhsm.add_key("odd", "own", "01", P256);
    softhsm.make_key("foreign", P256);
    let foreign = softhsm.import_certificate("odd", "foreign", "01", "foreign");
    // A certificate without key.
    softhsm.make_key("keyless", P256);
    let keyless = softhsm.import_certificate("odd", "keyless", "02", "keyless");
    // A key without certificate.
    softhsm.import_key("odd", "bare", "03", P256);
    // A key under another id than its certificate.
    softhsm.import_key("odd", "strayed", "04", P256);
    let strayed = softhsm.import_certificate("odd", "strayed", "05", "strayed");

    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    let inventory = fleet.refresh().await;
    let token = &inventory.tokens[0];
    assert_eq!(token.id.label, "odd");
    assert!(token.id.serial.len() >= 8, "{:?}", token.id);
    assert_eq!(token.certificates.len(), 4);
    assert!(
        token
            .certificates
            .iter()
            .all(|certificate| certificate.key == KeyPresence::AfterPin)
    );
    assert_eq!(token.lone_keys, ["bare"]);
    assert!(token.mechanisms.contains(&0x1041), "CKM_ECDSA is listed");

    let sign = async |certificate: Certificate| {
        let outcomes = all(fleet
            .sign(batch(&fleet, &certificate, "p256-sha256", &[b"a"], Some(PIN)).await)
            .await)
        .await;
        outcomes.into_iter().next().unwrap()
    };
    assert!(sign(own).await.is_ok());
    assert!(sign(strayed).await.is_ok());
    let not_there = TokenError::KeyNotFound {
        token: "odd".to_owned(),
    };
    assert_eq!(sign(foreign).await.unwrap_err().cause(), &not_there);
    assert_eq!(sign(keyless).await.unwrap_err().cause(), &not_there);
}

#[tokio::test]
async fn a_new_token_appears_while_the_fleet_watches_and_a_deleted_one_goes() {
    let softhsm = SoftHsm::without_token();
    let fleet = Fleet::new(FleetOptions {
        poll: Some(Duration::from_millis(50)),
        ..options(&[softhsm.spec()])
    })
    .unwrap();
    assert!(
        matches!(fleet.inventory().modules[0].state, ModuleState::Idle),
        "no worker before somebody asks"
    );
    assert!(fleet.refresh().await.tokens.is_empty());
    let mut changes = fleet.watch();
    softhsm.add_token("new");
    tokio::time::timeout(
        Duration::from_secs(5),
        changes.wait_for(|inventory| inventory.tokens.len() == 1),
    )
    .await
    .expect("the token appears")
    .unwrap();
    softhsm.run("softhsm2-util", &["--delete-token", "--token", "new"]);
    eventually("the token goes", || fleet.inventory().tokens.is_empty()).await;
}

/// A module may list its objects in another order at each look; nothing has changed then.
#[tokio::test]
async fn looking_again_changes_nothing_and_certificates_keep_their_order() {
    let softhsm = SoftHsm::new("still");
    for n in (1..=9).rev() {
        let name = format!("key-{n}");
        softhsm.make_key(&name, P256);
        softhsm.import_certificate("still", &name, &format!("0{n}"), &name);
    }
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    let first = fleet.refresh().await;
    let labels: Vec<_> = first.certificates().map(|(_, found)| found.label.clone()).collect();
    let sorted: Vec<_> = (1..=9).map(|n| format!("key-{n}")).collect();
    assert_eq!(labels, sorted);
    let mut changes = fleet.watch();
    changes.mark_unchanged();
    for _ in 0..10 {
        fleet.refresh().await;
        assert!(!changes.has_changed().unwrap());
    }
}

#[tokio::test]
async fn a_module_that_is_missing_or_no_module_says_so_and_the_others_go_on() {
    let softhsm = SoftHsm::new("good");
    let text = softhsm.path("text.so");
    std::fs::write(&text, "not a library").unwrap();
    let library = std::path::Path::new("/lib/x86_64-linux-gnu/libm.so.6");
    let mut specs = [
        softhsm.spec(),
        softhsm.spec(),
        softhsm.spec(),
        softhsm.spec(),
        softhsm.spec(),
    ];
    specs[0].path = softhsm.path("gone.so");
    specs[1].path.clone_from(&text);
    specs[2].path = library.to_owned();
    specs[3].profile = Some("no-such-family".to_owned());
    specs[3].path = softhsm.path("other.so");
    let fleet = Fleet::new(options(&specs)).unwrap();
    let inventory = fleet.refresh().await;
    let failure = |place: usize| match &inventory.modules[place].state {
        ModuleState::Failed(error) => error.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        failure(0),
        TokenError::ModuleMissing {
            path: softhsm.path("gone.so")
        }
    );
    assert!(failure(1).to_string().contains("text.so"), "{}", failure(1));
    assert!(failure(2).to_string().contains("C_GetFunctionList"), "{}", failure(2));
    assert!(failure(3).to_string().contains("no-such-family"), "{}", failure(3));
    assert!(matches!(inventory.modules[4].state, ModuleState::Ready(_)));
    assert_eq!(inventory.tokens.len(), 1);
}

#[tokio::test]
async fn a_module_that_others_may_write_is_not_loaded() {
    use std::os::unix::fs::PermissionsExt as _;
    let softhsm = SoftHsm::new("unsafe");
    std::fs::set_permissions(softhsm.module(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    let inventory = fleet.refresh().await;
    let ModuleState::Failed(error) = &inventory.modules[0].state else {
        panic!("{:?}", inventory.modules[0])
    };
    assert!(error.to_string().contains("can be written by others"), "{error}");
    assert!(crate::fleets::worker_of(&softhsm.module()).is_none());
}

#[tokio::test]
async fn discovery_finds_what_the_system_has_without_any_configuration() {
    let fleet = Fleet::new(FleetOptions {
        discovery: Some(Discovery::system()),
        ..options(&[])
    })
    .unwrap();
    let modules = &fleet.inventory().modules;
    let named = |profile: &str| {
        modules
            .iter()
            .filter(|module| module.profile.as_deref() == Some(profile))
            .count()
    };
    assert_eq!((named("softhsm"), named("opensc")), (1, 1), "{modules:?}");
    assert!(
        !modules
            .iter()
            .any(|module| module.path.to_string_lossy().contains("p11-kit")),
        "{modules:?}"
    );
}
