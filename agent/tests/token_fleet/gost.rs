//! The GOST test token: what it can do, and every fault that it can have.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use pkcs11_profiles::Catalogue;
use softhsm_fixtures::{Control, HashOrder, SignatureLayout, TempFixtures};
use tokensign::certificate::Certificate;
use tokensign::cms::{Scheme, normalise_signature};
use tokensign::messages::{Code, Fault};
use tokensign::token::{
    Authorised, Batch, Ckr, Deadlines, Fleet, FleetOptions, ModuleSpec, ModuleState, PinState, TokenError, Unsigned,
};

use crate::approvals;
use crate::fleets::{all, approved, batch, options};

/// A set of fixtures with a copy of the module of its own.
struct GostToken {
    fixtures: TempFixtures,
    module: PathBuf,
}

impl GostToken {
    fn new() -> Self {
        let fixtures = TempFixtures::new().unwrap();
        let module = fixtures.directory().join("libgost_token.so");
        fs::copy(&fixtures.token_of("gost-director").module, &module).unwrap();
        Self { fixtures, module }
    }

    fn spec(&self) -> ModuleSpec {
        let env = &self.fixtures.token_of("gost-director").env;
        ModuleSpec {
            path: self.module.clone(),
            profile: None,
            env: env
                .iter()
                .map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned()))
                .collect(),
        }
    }

    fn options(&self) -> FleetOptions {
        let short = Duration::from_secs(2);
        FleetOptions {
            deadlines: Deadlines {
                signature: short,
                reading: short * 5,
                person: short,
            },
            ..options(&[self.spec()])
        }
    }

    async fn fleet(&self) -> Fleet {
        let fleet = Fleet::new(self.options()).unwrap();
        fleet.refresh().await;
        fleet
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::from_pem_or_der(&fs::read(&self.fixtures.certificate(name).der).unwrap()).unwrap()
    }

    fn pin(&self) -> &str {
        self.fixtures.pin()
    }

    fn faults(&self, faults: Control) {
        self.fixtures.control_gost_token(&faults).unwrap();
    }

    /// Calls of C_Login, wrong PINs and signatures so far.
    fn counters(&self) -> (u64, u64, u64) {
        let state = self.fixtures.gost_token_state().unwrap();
        (state.login_calls, state.wrong_pins, state.signatures)
    }

    /// Signs documents with the director's key and gives each outcome.
    async fn sign(&self, fleet: &Fleet, documents: usize, pin: Option<&str>) -> Vec<Result<Vec<u8>, Unsigned>> {
        let documents = vec![&b"document"[..]; documents];
        let batch = batch(fleet, &self.certificate("gost-director"), DIRECTOR, &documents, pin).await;
        all(fleet.sign(batch).await).await
    }

    /// What a batch of one failed with.
    async fn failure(&self, fleet: &Fleet, pin: Option<&str>) -> TokenError {
        self.sign(fleet, 1, pin).await[0].as_ref().unwrap_err().cause().clone()
    }
}

const DIRECTOR: &str = "gost-ru-256";

#[tokio::test]
async fn both_key_lengths_sign() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    for (name, scheme) in [("gost-director", DIRECTOR), ("gost-512", "gost-ru-512")] {
        let certificate = token.certificate(name);
        let (batch, attributes) = approved(&fleet, &certificate, scheme, &[b"document"], Some(token.pin())).await;
        let raw = all(fleet.sign(batch).await).await.remove(0).unwrap();
        let scheme: Scheme = scheme.parse().unwrap();
        normalise_signature(&certificate, &scheme, &attributes[0].as_input(), &raw).unwrap();
    }
}

#[tokio::test]
async fn a_batch_costs_one_login_and_a_wrong_pin_one_try_in_every_fault() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    assert!(token.sign(&fleet, 5, Some(token.pin())).await.iter().all(Result::is_ok));
    assert_eq!(token.counters(), (1, 0, 5));

    let two_left = TokenError::PinIncorrect { tries_left: Some(2) };
    assert_eq!(token.failure(&fleet, Some("wrong-pin")).await, two_left);
    assert_eq!(token.counters(), (2, 1, 5));

    let one_left = TokenError::PinIncorrect { tries_left: Some(1) };
    assert_eq!(token.failure(&fleet, Some("wrong-pin")).await, one_left);
    assert_eq!(
        Fault::from(one_left).args().get("tries_left").map(String::as_str),
        Some("1")
    );
    assert_eq!(token.counters(), (3, 2, 5));

    // The last try is not spent without a word of the person's, not even with the right PIN.
    assert_eq!(token.failure(&fleet, Some(token.pin())).await, TokenError::PinLastTry);
    assert_eq!(token.counters(), (3, 2, 5));
    fleet.refresh().await;
    assert_eq!(fleet.inventory().tokens[0].pin.state, PinState::FinalTry);
    assert_eq!(fleet.inventory().tokens[0].pin.tries_left, Some(1));
}

#[tokio::test]
async fn every_refusal_of_a_login_has_its_own_error_and_is_tried_once() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    let removed = TokenError::TokenRemoved {
        token: "gost-fixtures".to_owned(),
    };
    let other = |ckr: Ckr| TokenError::Module {
        module: "GOST test token".to_owned(),
        function: "C_Login".to_owned(),
        ckr,
    };
    let cases = [
        (Ckr::PIN_EXPIRED, TokenError::PinExpired),
        (Ckr::USER_PIN_NOT_INITIALIZED, TokenError::PinNotInitialised),
        (Ckr::PIN_LOCKED, TokenError::PinLocked),
        (Ckr::PIN_LEN_RANGE, TokenError::PinLength { min: 4, max: 32 }),
        (Ckr::FUNCTION_CANCELED, TokenError::PinCancelled),
        (Ckr::FUNCTION_REJECTED, TokenError::PinCancelled),
        (Ckr::DEVICE_REMOVED, removed.clone()),
        (Ckr::TOKEN_NOT_PRESENT, removed),
        // A login that stands from before proves nothing about who asks now.
        (Ckr::USER_ALREADY_LOGGED_IN, other(Ckr::USER_ALREADY_LOGGED_IN)),
        (Ckr::DEVICE_ERROR, other(Ckr::DEVICE_ERROR)),
        (Ckr::GENERAL_ERROR, other(Ckr::GENERAL_ERROR)),
        (Ckr::FUNCTION_FAILED, other(Ckr::FUNCTION_FAILED)),
        (Ckr(0x8000_000A), other(Ckr(0x8000_000A))),
    ];
    for (tries, (ckr, expected)) in (1..).zip(cases) {
        token.faults(Control {
            login_error: Some(ckr.0),
            ..Control::default()
        });
        assert_eq!(token.failure(&fleet, Some(token.pin())).await, expected, "{ckr}");
        assert_eq!(token.counters(), (tries, 0, 0), "{ckr}");
    }
}

/// A token whose PIN has to be changed may log in and refuse everything that follows.
#[tokio::test]
async fn a_pin_that_has_to_be_changed_is_told_whichever_function_says_so() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    token.faults(Control {
        sign_error: Some(Ckr::PIN_EXPIRED.0),
        ..Control::default()
    });
    assert_eq!(token.failure(&fleet, Some(token.pin())).await, TokenError::PinExpired);
    assert!(!fleet.refresh().await.tokens[0].pin.to_be_changed);
    token.faults(Control {
        pin_to_be_changed: true,
        ..Control::default()
    });
    assert!(fleet.refresh().await.tokens[0].pin.to_be_changed);
    assert_eq!(token.failure(&fleet, Some(token.pin())).await, TokenError::PinExpired);
    assert_eq!(token.counters(), (2, 0, 0));
}

#[tokio::test]
async fn no_batch_rides_on_the_login_of_another() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    let certificate = token.certificate("gost-director");
    let documents = vec![&b"document"[..]; 3];
    let request = async |pin| batch(&fleet, &certificate, DIRECTOR, &documents, pin).await;
    // Three at once: the login of the first is no way in for those behind it.
    let (first, second, third) = (
        request(Some(token.pin())).await,
        request(Some("wrong-pin")).await,
        request(None).await,
    );
    let (first, second, third) = (
        fleet.sign(first).await,
        fleet.sign(second).await,
        fleet.sign(third).await,
    );
    assert!(all(first).await.iter().all(Result::is_ok));
    for outcome in all(second).await {
        assert_eq!(
            outcome.unwrap_err().cause(),
            &TokenError::PinIncorrect { tries_left: Some(2) }
        );
    }
    for outcome in all(third).await {
        assert_eq!(outcome.unwrap_err().cause(), &TokenError::PinRequired);
    }
    assert_eq!(token.counters(), (2, 1, 3));
}

#[tokio::test]
async fn every_session_that_is_opened_is_closed_whatever_happens() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    let faults = [
        Control::default(),
        Control {
            login_error: Some(Ckr::DEVICE_ERROR.0),
            ..Control::default()
        },
        Control {
            sign_error: Some(Ckr::FUNCTION_FAILED.0),
            ..Control::default()
        },
        Control {
            always_authenticate: true,
            ..Control::default()
        },
        Control {
            device_removed_after_signatures: Some(3),
            ..Control::default()
        },
        Control::default(),
    ];
    for faults in faults {
        token.faults(faults);
        token.sign(&fleet, 2, Some(token.pin())).await;
        token.faults(Control::default());
        fleet.refresh().await;
    }
    let state = token.fixtures.gost_token_state().unwrap();
    assert!(state.sessions_opened > 6, "{}", state.sessions_opened);
    assert_eq!(state.sessions_opened, state.sessions_closed);
}

#[tokio::test]
async fn a_locked_pin_is_not_tried() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    token.faults(Control {
        pin_locked: true,
        ..Control::default()
    });
    assert_eq!(token.failure(&fleet, Some(token.pin())).await, TokenError::PinLocked);
    assert_eq!(token.counters(), (0, 0, 0));
    fleet.refresh().await;
    assert_eq!(fleet.inventory().tokens[0].pin.state, PinState::Locked);
}

#[tokio::test]
async fn a_key_that_wants_its_own_login_gets_one_for_each_signature() {
    let token = GostToken::new();
    token.faults(Control {
        always_authenticate: true,
        ..Control::default()
    });
    let fleet = token.fleet().await;
    assert!(token.sign(&fleet, 3, Some(token.pin())).await.iter().all(Result::is_ok));
    assert_eq!(token.counters(), (1 + 3, 0, 3));
}

#[tokio::test]
async fn a_pin_pad_gets_no_pin_from_us_and_its_cancel_key_is_not_a_wrong_pin() {
    let token = GostToken::new();
    token.faults(Control {
        pinpad: true,
        ..Control::default()
    });
    let fleet = token.fleet().await;
    assert!(fleet.inventory().tokens[0].pin.at_the_device);
    assert!(token.sign(&fleet, 2, None).await.iter().all(Result::is_ok));
    // A PIN that somebody typed anyway does not reach the token.
    assert!(token.sign(&fleet, 1, Some("wrong-pin")).await[0].is_ok());
    assert_eq!(token.counters(), (2, 0, 3));
    token.faults(Control {
        pinpad: true,
        pinpad_cancelled: true,
        ..Control::default()
    });
    assert_eq!(token.failure(&fleet, None).await, TokenError::PinCancelled);
    assert_eq!(token.counters().1, 0);
}

#[tokio::test]
async fn a_pin_that_nobody_enters_at_the_device_is_no_crash_of_the_module() {
    let token = GostToken::new();
    let waiting = Control {
        pinpad: true,
        pinpad_hangs: true,
        ..Control::default()
    };
    token.faults(waiting);
    let seconds = 4;
    let deadlines = Deadlines {
        signature: Duration::from_secs(2),
        reading: Duration::from_secs(seconds),
        person: Duration::from_secs(seconds),
    };
    let fleet = Fleet::new(FleetOptions {
        deadlines,
        ..token.options()
    })
    .unwrap();
    fleet.refresh().await;
    // As often as quarantines a module that crashes.
    for _ in 0..3 {
        let late = TokenError::PinTimedOut { seconds };
        assert_eq!(token.failure(&fleet, None).await, late);
        assert_eq!(Fault::from(late).code(), Code::PinTimedOut);
        let state = fleet.refresh().await.modules[0].state.clone();
        assert!(matches!(state, ModuleState::Ready(_)), "{state:?}");
    }
    token.faults(Control {
        pinpad: true,
        ..Control::default()
    });
    assert!(token.sign(&fleet, 1, None).await[0].is_ok());
    // What does not return once the PIN was taken is the module's fault.
    token.faults(Control {
        pinpad: true,
        hang_in_sign: true,
        ..Control::default()
    });
    assert!(matches!(
        token.failure(&fleet, None).await,
        TokenError::ModuleHung { .. }
    ));
}

#[tokio::test]
async fn a_token_pulled_in_the_middle_keeps_what_is_signed() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    token.faults(Control {
        device_removed_after_signatures: Some(3),
        ..Control::default()
    });
    let outcomes = token.sign(&fleet, 6, Some(token.pin())).await;
    assert!(outcomes[..3].iter().all(Result::is_ok), "{outcomes:?}");
    let removed = TokenError::TokenRemoved {
        token: "gost-fixtures".to_owned(),
    };
    assert!(
        matches!(&outcomes[3], Err(Unsigned::Failed(cause)) if **cause == removed),
        "{outcomes:?}"
    );
    assert!(
        outcomes[4..]
            .iter()
            .all(|o| matches!(o, Err(Unsigned::NotBegun(cause)) if **cause == removed))
    );
    // Gone from the list, and named when asked for.
    let absent = batch_of_absent(&token, &fleet).await;
    assert!(fleet.refresh().await.tokens.is_empty());
    assert_eq!(
        all(fleet.sign(absent).await).await[0].as_ref().unwrap_err().cause(),
        &TokenError::TokenAbsent {
            token: "gost-fixtures".to_owned()
        }
    );
    // Back again, it signs after the PIN.
    token.faults(Control::default());
    fleet.refresh().await;
    assert!(token.sign(&fleet, 3, Some(token.pin())).await.iter().all(Result::is_ok));
}

/// A batch that was prepared while the token was there.
async fn batch_of_absent(token: &GostToken, fleet: &Fleet) -> Batch {
    let certificate = token.certificate("gost-director");
    let approved = approvals::approve(&certificate, &DIRECTOR.parse().unwrap(), &[b"x"], Some(token.pin())).await;
    let module = fleet.inventory().modules[0].path.clone();
    let serial = token.fixtures.token_of("gost-director").serial.clone();
    Batch {
        token: tokensign::token::TokenId {
            module,
            serial,
            model: "GOST test token".to_owned(),
            manufacturer: "tokensign tests".to_owned(),
            label: "gost-fixtures".to_owned(),
        },
        items: approved.items,
        unlock: approved.unlock,
    }
}

#[tokio::test]
async fn a_module_that_crashes_or_hangs_in_c_sign_fails_one_item_and_is_named() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    token.faults(Control {
        crash_in_sign_after: Some(2),
        ..Control::default()
    });
    let outcomes = token.sign(&fleet, 5, Some(token.pin())).await;
    assert!(outcomes[..2].iter().all(Result::is_ok));
    let crashed = TokenError::ModuleCrashed {
        module: "GOST test token".to_owned(),
        how: "killed by signal 6".to_owned(),
    };
    assert!(
        matches!(&outcomes[2], Err(Unsigned::Failed(cause)) if **cause == crashed),
        "{outcomes:?}"
    );
    assert!(outcomes[3..].iter().all(|o| matches!(o, Err(Unsigned::NotBegun(_)))));

    token.faults(Control {
        hang_in_sign: true,
        ..Control::default()
    });
    let hung = TokenError::ModuleHung {
        module: "GOST test token".to_owned(),
        seconds: 2,
    };
    let outcomes = token.sign(&fleet, 2, Some(token.pin())).await;
    assert!(
        matches!(&outcomes[0], Err(Unsigned::Failed(cause)) if **cause == hung),
        "{outcomes:?}"
    );
    assert!(matches!(&outcomes[1], Err(Unsigned::NotBegun(_))));

    token.faults(Control::default());
    assert!(token.sign(&fleet, 1, Some(token.pin())).await[0].is_ok());
}

#[tokio::test]
async fn a_module_that_ends_at_load_or_at_initialisation_is_named() {
    for (how_it_ends, faults) in [
        (
            "killed by signal 6",
            Control {
                crash_at_load: true,
                ..Control::default()
            },
        ),
        (
            "killed by signal 6",
            Control {
                crash_at_initialize: true,
                ..Control::default()
            },
        ),
        (
            "exited with status 0",
            Control {
                exit_at_load: true,
                ..Control::default()
            },
        ),
    ] {
        let token = GostToken::new();
        token.faults(faults);
        let fleet = token.fleet().await;
        let ModuleState::Failed(TokenError::ModuleCrashed { module, how }) = &fleet.inventory().modules[0].state else {
            panic!("{:?}", fleet.inventory().modules)
        };
        assert_eq!((module.as_str(), how.as_str()), ("GOST test token", how_it_ends));
    }
}

#[tokio::test]
async fn a_module_whose_interface_fails_says_which_function() {
    let token = GostToken::new();
    token.faults(Control {
        get_interface_fails: true,
        ..Control::default()
    });
    let fleet = token.fleet().await;
    let ModuleState::Failed(error) = &fleet.inventory().modules[0].state else {
        panic!("{:?}", fleet.inventory().modules)
    };
    assert!(
        error.to_string().contains("C_GetInterface returns CKR_GENERAL_ERROR"),
        "{error}"
    );
}

#[tokio::test]
async fn a_malformed_clock_and_prints_on_stdout_change_nothing() {
    let token = GostToken::new();
    token.faults(Control {
        malformed_utc_time: true,
        prints_on_stdout: true,
        ..Control::default()
    });
    let fleet = token.fleet().await;
    assert_eq!(fleet.inventory().tokens.len(), 1);
    assert!(token.sign(&fleet, 2, Some(token.pin())).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_return_value_without_meaning_of_its_own_is_named_and_not_a_wrong_pin() {
    let token = GostToken::new();
    let fleet = token.fleet().await;
    for (value, name) in [(0x31, "CKR_DEVICE_MEMORY"), (0x8000_000A, "CKR_VENDOR_DEFINED+0xa")] {
        token.faults(Control {
            sign_error: Some(value),
            ..Control::default()
        });
        let error = token.failure(&fleet, Some(token.pin())).await;
        assert_eq!(error.to_string(), format!("C_Sign of GOST test token returns {name}"));
        let fault = Fault::from(error);
        assert_eq!((fault.code(), fault.args()["ckr"].as_str()), (Code::TokenError, name));
    }
    assert_eq!(token.counters().1, 0);
}

#[tokio::test]
async fn the_digest_order_seen_and_the_quirks_of_the_profile_are_obeyed() {
    let token = GostToken::new();
    token.faults(Control {
        hash_order: HashOrder::BigEndian,
        signature_layout: SignatureLayout::RBigEndianSBigEndian,
        ..Control::default()
    });
    let certificate = token.certificate("gost-director");
    let scheme: Scheme = DIRECTOR.parse().unwrap();
    let sign = async |fleet: &Fleet, reversed: bool| {
        let (mut batch, attributes) = approved(fleet, &certificate, DIRECTOR, &[b"document"], Some(token.pin())).await;
        if reversed {
            batch.items = batch.items.into_iter().map(Authorised::with_reversed_digest).collect();
        }
        let raw = all(fleet.sign(batch).await).await.remove(0).unwrap();
        let value = normalise_signature(&certificate, &scheme, &attributes[0].as_input(), &raw);
        (raw, value.map(|value| value.as_bytes().to_vec()))
    };
    let fleet = token.fleet().await;
    let (raw, value) = sign(&fleet, true).await;
    assert_ne!(raw, value.unwrap(), "the halves are the other way round");
    assert_eq!(token.counters().2, 1);
    drop(fleet);

    let overrides = tempfile::tempdir().unwrap();
    let profile = "name = 'gost-token'\ntitle = 'Odd'\nconfining = { level = 'strict', state = ['$GOST_TOKEN_DIR'], unverified = true }\n\
        [[locations]]\nos = 'linux'\nfiles = ['libgost_token.so']\nunverified = true\n\
        [[quirks]]\nquirk = { gost_digest = 'reversed' }\nunverified = true\n\
        [[quirks]]\nquirk = { gost_signature = 'r_then_s' }\nunverified = true\n";
    fs::write(overrides.path().join("gost-token.toml"), profile).unwrap();
    let fleet = Fleet::new(FleetOptions {
        catalogue: Catalogue::embedded().unwrap().overridden_by(overrides.path()).unwrap(),
        ..token.options()
    })
    .unwrap();
    fleet.refresh().await;
    let (raw, value) = sign(&fleet, false).await;
    assert_eq!(raw, value.unwrap(), "the worker put the halves right");
}

/// Whoever is wrong about the order, the person enters one PIN and every value is on the approved digest.
#[tokio::test]
async fn a_wrong_digest_order_is_found_by_the_first_value_and_costs_no_second_login() {
    let token = GostToken::new();
    let certificate = token.certificate("gost-director");
    let scheme: Scheme = DIRECTOR.parse().unwrap();
    for (order, believed_reversed) in [(HashOrder::BigEndian, false), (HashOrder::LittleEndian, true)] {
        token.faults(Control {
            hash_order: order,
            ..Control::default()
        });
        let fleet = token.fleet().await;
        let (logins, _, made) = token.counters();
        let documents = [&b"one"[..], b"two", b"three"];
        let (mut batch, attributes) = approved(&fleet, &certificate, DIRECTOR, &documents, Some(token.pin())).await;
        if believed_reversed {
            batch.items = batch.items.into_iter().map(Authorised::with_reversed_digest).collect();
        }
        let mut signatures = fleet.sign(batch).await;
        for attributes in &attributes {
            let outcome = signatures.next().await.unwrap();
            assert_eq!(outcome.reversed_digest, order == HashOrder::BigEndian);
            normalise_signature(&certificate, &scheme, &attributes.as_input(), &outcome.result.unwrap()).unwrap();
        }
        assert_eq!(token.counters(), (logins + 1, 0, made + 4));
    }
}

#[tokio::test]
async fn the_confinement_keeps_the_module_from_the_rest_of_the_disk() {
    // The token's directory outside of what the profile lets the module write: it cannot even make its lock.
    let token = GostToken::new();
    let overrides = tempfile::tempdir().unwrap();
    let profile = "name = 'gost-token'\ntitle = 'Shut in'\nconfining = { level = 'strict', unverified = true }\n\
        [[locations]]\nos = 'linux'\nfiles = ['libgost_token.so']\nunverified = true\n";
    fs::write(overrides.path().join("gost-token.toml"), profile).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let module = elsewhere.path().join("libgost_token.so");
    fs::copy(&token.module, &module).unwrap();
    let mut spec = token.spec();
    spec.path = module;
    let fleet = Fleet::new(FleetOptions {
        modules: vec![spec],
        catalogue: Catalogue::embedded().unwrap().overridden_by(overrides.path()).unwrap(),
        ..token.options()
    })
    .unwrap();
    assert!(fleet.refresh().await.tokens.is_empty());
    assert_eq!(
        token.fleet().await.inventory().tokens.len(),
        1,
        "with its own profile it is seen"
    );
}
