//! One try for each PIN that a person enters, whatever the token and its module do wrong meanwhile. The token counts for itself.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, signature_of};

const CERTIFICATE: &str = "gost-director";
const MODULE: &str = "libgost_token";
const WRONG: &str = "00000000";
const DOCUMENTS: u64 = 3;

/// What goes wrong.
struct Fault {
    name: &'static str,
    /// The token's control file.
    control: Value,
    /// Where a PIN comes while it goes wrong.
    reaches: Reaches,
}

#[derive(Clone, Copy, PartialEq)]
enum Reaches {
    /// To the token, which then signs.
    Signing,
    /// To the token, which then does not sign everything.
    Login,
    /// Nowhere: the module does not start.
    NotTheModule,
    /// Nowhere: the module is asked, and says before that it is no use.
    NotTheToken,
}

fn faults() -> Vec<Fault> {
    use Reaches::{Login, NotTheModule, NotTheToken, Signing};
    let fault = |name, control, reaches| Fault { name, control, reaches };
    let mut all = vec![
        fault("none", json!({}), Signing),
        fault("crash at load", json!({ "crash_at_load": true }), NotTheModule),
        fault("exit at load", json!({ "exit_at_load": true }), NotTheModule),
        fault(
            "crash at initialisation",
            json!({ "crash_at_initialize": true }),
            NotTheModule,
        ),
        fault(
            "C_GetInterface fails",
            json!({ "get_interface_fails": true }),
            NotTheModule,
        ),
        fault("crash in C_Sign", json!({ "crash_in_sign_after": 1 }), Login),
        fault("hang in C_Sign", json!({ "hang_in_sign": true }), Login),
        fault("error in C_Sign", json!({ "sign_error": 0x30 }), Login),
        fault("slow", json!({ "sign_delay_ms": 300 }), Signing),
        fault("removed before", json!({ "device_removed": true }), NotTheToken),
        fault(
            "removed in the middle",
            json!({ "device_removed_after_signatures": 1 }),
            Login,
        ),
        fault("PIN locked", json!({ "pin_locked": true }), NotTheToken),
        fault("malformed utcTime", json!({ "malformed_utc_time": true }), Signing),
        fault("context login", json!({ "always_authenticate": true }), Signing),
        fault(
            "unsaid context login",
            json!({ "always_authenticate_unsaid": true }),
            Login,
        ),
        fault("prints", json!({ "prints_on_stdout": true }), Signing),
        fault("no flags", json!({ "no_count_flags": true }), Signing),
        fault("reversed digest", json!({ "hash_order": "big-endian" }), Signing),
    ];
    let layouts = [
        "r-big-endian-s-big-endian",
        "s-little-endian-r-little-endian",
        "r-little-endian-s-little-endian",
    ];
    all.extend(layouts.map(|layout| fault(layout, json!({ "signature_layout": layout }), Signing)));
    all
}

#[tokio::test]
async fn every_fault_costs_exactly_one_try_for_each_pin_entered() {
    let all = stream::iter(faults()).map(|fault| async move { one_try_for_each_pin(&fault).await });
    all.buffer_unordered(4).collect::<()>().await;
}

/// A person enters a wrong PIN once and the right one once while the fault is there, and the right one once when it is over.
async fn one_try_for_each_pin(fault: &Fault) {
    let world = World::with_agent_settings("signature_timeout_seconds = 3").await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let path = request(&world, &certificate.fingerprint).await;
    world.agent.question("approve").await;
    world.tokens.gost_control(&fault.control);
    if fault.reaches == Reaches::NotTheModule {
        // It is loaded anew, with its fault.
        world.tokens.kill_worker(world.agent.pid(), MODULE);
    }

    let mut spent = Spent::of(&world);
    for (pin, wrong) in [(WRONG, 1), (certificate.pin.as_str(), 0)] {
        let Some(code) = enter(&world, &path, pin).await else {
            break;
        };
        let now = Spent::of(&world);
        let reached = matches!(fault.reaches, Reaches::Signing | Reaches::Login);
        let told = format!("{}, {pin}: {code}, {spent:?}, {now:?}", fault.name);
        assert_eq!(now.wrong_pins - spent.wrong_pins, u64::from(reached) * wrong, "{told}");
        // A context login is one for each signature, with the PIN of the one approval, and comes only after a right one.
        let more = match fault.name.starts_with("context") && wrong == 0 {
            true => DOCUMENTS,
            false => 0,
        };
        assert_eq!(now.logins - spent.logins, u64::from(reached) + more, "{told}");
        assert_eq!(code == "pin_incorrect", reached && wrong == 1, "{told}");
        spent = now;
    }

    world.tokens.gost_control(&json!({}));
    release(&world).await;
    // Nothing is tried again without a person.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(Spent::of(&world), spent, "{}", fault.name);
    let path = match fault.name {
        // The question says that the PIN is locked, until it is asked anew.
        "PIN locked" => {
            let question = world.agent.question("approve").await;
            let refusal = json!({ "decision": "refuse" });
            world.agent.decide(&question, refusal).await.unwrap();
            unlocked(&world).await;
            request(&world, &certificate.fingerprint).await
        }
        _ => path,
    };
    if fault.reaches != Reaches::Signing {
        let code = enter(&world, &path, &certificate.pin).await;
        assert_eq!(code.as_deref(), Some("finished"), "{}", fault.name);
        let now = Spent::of(&world);
        assert_eq!(
            (now.logins, now.wrong_pins),
            (spent.logins + 1, spent.wrong_pins),
            "{}",
            fault.name
        );
    }
    let resource = world.agent.settled(&path).await;
    assert_eq!(resource["state"], "finished", "{}: {resource}", fault.name);
    world
        .verify(CERTIFICATE, b"document", &signature_of(&resource))
        .unwrap();
}

/// What the token counted.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spent {
    logins: u64,
    wrong_pins: u64,
}

impl Spent {
    fn of(world: &World) -> Self {
        let token = world.tokens.fixtures().gost_token_state().unwrap();
        Self {
            logins: token.login_calls,
            wrong_pins: token.wrong_pins,
        }
    }
}

/// Enters a PIN once, and waits until the person is asked again or all is over; the code that was told, or `finished`. `None` when the request had
/// ended before.
async fn enter(world: &World, path: &str, pin: &str) -> Option<String> {
    let started = Instant::now();
    let patient = || assert!(started.elapsed() < Duration::from_secs(90), "{}", world.agent.log());
    let state = async || {
        let answer = world.agent.owner(Method::GET, path).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["state"].clone()
    };
    let question = loop {
        if let Some(question) = world.agent.waiting().await.pop() {
            break question;
        }
        if state().await != "running" {
            return None;
        }
        patient();
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // A person who is told that one try is left says that it may be spent.
    let decision = json!({ "decision": "approve", "pin": pin, "confirm_last_try": true });
    if let Err(problem) = world.agent.decide(&question, decision).await {
        return Some(problem["code"].as_str().unwrap().to_owned());
    }
    loop {
        // A decision that is being carried out is not among those that wait.
        if let Some(question) = world.agent.waiting().await.pop() {
            return Some(question["notice"]["code"].as_str().unwrap_or("unnamed").to_owned());
        }
        let now = state().await;
        if now != "running" {
            return now.as_str().map(str::to_owned);
        }
        patient();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// As a person does with `tokensign modules release`, once the module is well again.
async fn release(world: &World) {
    let answer = world.agent.get("/v1/tokens").await;
    for module in answer["modules"].as_array().unwrap() {
        if module["state"] != "ok" && module["state"] != "idle" {
            let path = json!({ "path": module["path"] });
            let released = world.agent.owner(Method::POST, "/v1/modules/release").json(&path);
            assert!(released.send().await.unwrap().status().is_success());
        }
    }
}

/// Waits until the agent has seen that no PIN is locked.
async fn unlocked(world: &World) {
    let started = Instant::now();
    loop {
        let answer = world.agent.get("/v1/tokens").await;
        let mut tokens = answer["tokens"].as_array().unwrap().iter();
        if tokens.all(|token| token["pin"]["state"] != "locked") {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn request(world: &World, certificate: &str) -> String {
    let document = json!({ "name": "a.txt", "content": BASE64_STANDARD.encode("document") });
    let body = json!({ "certificate": certificate, "documents": vec![document; DOCUMENTS as usize] });
    let answer = world.agent.owner(Method::POST, "/v1/signatures").json(&body);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    format!(
        "/v1/signatures/{}",
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"))
    )
}
