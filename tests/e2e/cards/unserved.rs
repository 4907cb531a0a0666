//! A card that no module serves, and a machine without a reader service.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign_tests::agent::Agent;
use tokensign_tests::card::{BlankCard, Pcscd};
use tokensign_tests::programs;

use super::watched::{Watching, told};

/// OpenSC 0.23.0, rutoken_ecp driver.
const RUTOKEN_ECP: &[u8] = b"\x3B\x8B\x01Rutoken DS \xC1";
const RUTOKEN_LITE: &[u8] = b"\x3B\x8B\x01Rutokenlite\xC2";
const NOBODYS: &[u8] = b"\x3B\x01\x42";

struct Machine {
    agent: Agent,
    environment: (&'static str, String),
    service: Option<Pcscd>,
    _directory: TempDir,
}

impl Machine {
    /// An agent without any module.
    async fn new(with_service: bool) -> Self {
        let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
        let path = directory.path();
        let service = with_service.then(|| Pcscd::start(&path.join("pcsc")));
        let nowhere = ("PCSCLITE_CSOCK_NAME", path.join("none").display().to_string());
        let environment = service.as_ref().map_or(nowhere, Pcscd::environment);
        let configuration = path.join("tokensign.toml");
        let text = format!(
            "[agent]\nstate_dir = \"{path}/state\"\nruntime_dir = \"{path}/run\"\n\n[discovery]\nenabled = false\n",
            path = path.display()
        );
        std::fs::write(&configuration, text).unwrap();
        let agent = Agent::start_with(&configuration, &[(environment.0, &environment.1)]).await;
        Self {
            agent,
            environment,
            service,
            _directory: directory,
        }
    }

    async fn tokens(&self) -> Value {
        let answer = self.agent.owner(Method::GET, "/v1/tokens").send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The reader, once it is in that state.
    async fn reader(&self, state: &str) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.tokens().await;
            let reader = &answer["readers"][0];
            if reader["state"] == state {
                return reader.clone();
            }
            assert!(started.elapsed() < Duration::from_secs(60), "not {state}: {answer}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn insert(&self, answer_to_reset: &'static [u8]) -> BlankCard {
        BlankCard::insert(self.service.as_ref().unwrap(), answer_to_reset)
    }

    /// Another program that holds the card for itself until it is ended.
    fn hold_the_card(&self) -> Holder {
        let mut child = Command::new(programs::built("card-holder"))
            .env(self.environment.0, &self.environment.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said, "held\n");
        Holder(child)
    }

    /// How a request for a signature with any certificate ends: its fault.
    async fn refused(&self, application: Option<&str>) -> Value {
        let document = json!({ "name": "a.txt", "content": "YQ==" });
        let body = json!({ "purpose": "signature", "certificate": "any", "documents": [document] });
        let (post, path) = (Method::POST, "/v1/signatures");
        let request = match application {
            Some(token) => self.agent.application(token, post, path),
            None => self.agent.owner(post, path),
        };
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        let id = answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}"));
        self.agent.settled(&format!("/v1/signatures/{id}")).await["fault"].clone()
    }

    fn tokensign(&self, command: &str) -> Output {
        Command::new(programs::tokensign())
            .args([command, "--config"])
            .arg(self.agent.configuration())
            .env("LANG", "C.UTF-8")
            .env(self.environment.0, &self.environment.1)
            .output()
            .unwrap()
    }
}

/// Lets go of the card when dropped.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn a_card_whose_driver_is_missing_says_what_to_install() {
    let machine = Machine::new(true).await;
    machine.reader("empty").await;
    let card = machine.insert(RUTOKEN_ECP);
    let reader = machine.reader("driver_missing").await;
    assert_eq!(reader["atr"], hex::encode_upper(RUTOKEN_ECP));
    assert_eq!(reader["families"][0]["profile"], "rutoken-ecp", "{reader}");
    assert_eq!(reader["fault"]["code"], "driver_missing");
    let advice = reader["fault"]["what_to_do"].as_str().unwrap();
    assert!(
        advice.contains("librtpkcs11ecp") && advice.contains("https://www.rutoken.ru/"),
        "{advice}"
    );

    let missing = |name: &str, data: &Value| name == "reader" && data["state"] == "driver_missing";
    let event = told(&machine.agent, missing).await;
    assert_eq!(
        (&event["reader"], &event["code"]),
        (&reader["name"], &json!("driver_missing")),
        "{event}"
    );
    let watching = Watching::start(&machine.agent, &["--json"]);
    let change = watching.change(|change| change["change"] == "reader");
    assert_eq!(change["reader"]["fault"]["code"], "driver_missing", "{change}");

    let tokens = machine.tokensign("tokens");
    assert!(tokens.status.success());
    assert!(
        text(&tokens).contains("Rutoken ECP") && text(&tokens).contains("librtpkcs11ecp"),
        "{}",
        text(&tokens)
    );
    let doctor = machine.tokensign("doctor");
    assert_eq!(doctor.status.code(), Some(4), "{}", text(&doctor));
    assert!(text(&doctor).contains("librtpkcs11ecp"), "{}", text(&doctor));

    drop(card);
    machine.reader("empty").await;
    let _card = machine.insert(RUTOKEN_LITE);
    let reader = machine.reader("cannot_sign").await;
    let advice = reader["fault"]["what_to_do"].as_str().unwrap();
    assert!(advice.contains("CryptoPro CSP"), "{advice}");
    let change = watching.change(|change| change["reader"]["state"] == "cannot_sign");
    assert_eq!(change["reader"]["fault"]["code"], "token_cannot_sign", "{change}");
    let cannot = |name: &str, data: &Value| name == "reader" && data["code"] == "token_cannot_sign";
    told(&machine.agent, cannot).await;
    drop(_card);
}

#[tokio::test]
async fn a_card_that_another_program_holds_is_named_with_its_holder_also_to_who_wants_to_sign() {
    let machine = Machine::new(true).await;
    let application = machine.agent.pair("shop", &["sign"]).await;
    machine.reader("empty").await;
    assert_eq!(machine.refused(None).await["code"], "certificate_not_found");
    let _card = machine.insert(RUTOKEN_ECP);
    machine.reader("driver_missing").await;
    let holder = machine.hold_the_card();
    let reader = machine.reader("held").await;
    let named = json!([{ "pid": holder.0.id(), "program": "card-holder" }]);
    assert_eq!(reader["holders"], named, "{reader}");

    let fault = machine.refused(None).await;
    assert_eq!(
        (&fault["code"], &fault["holder"]),
        (&json!("token_busy"), &json!("card-holder")),
        "{fault}"
    );
    let title = fault["title"].as_str().unwrap_or_default();
    let advice = fault["what_to_do"].as_str().unwrap_or_default();
    assert!(title.contains("card-holder"), "{fault}");
    assert!(
        advice.contains("Close the other program") && !advice.contains("release"),
        "{fault}"
    );
    // Which programs run is no business of an application's.
    let told = machine.refused(Some(&application)).await;
    assert_eq!(told["code"], "token_busy", "{told}");
    assert!(!told.to_string().contains("card-holder"), "{told}");

    drop(holder);
    machine.reader("driver_missing").await;
}

#[tokio::test]
async fn who_wants_to_sign_with_a_card_without_a_driver_is_told_what_to_install() {
    let machine = Machine::new(true).await;
    machine.reader("empty").await;
    for (card, state, code, install) in [
        (RUTOKEN_ECP, "driver_missing", "driver_missing", "librtpkcs11ecp"),
        (RUTOKEN_LITE, "cannot_sign", "token_cannot_sign", "CryptoPro CSP"),
    ] {
        let card = machine.insert(card);
        machine.reader(state).await;
        let fault = machine.refused(None).await;
        assert_eq!(fault["code"], code, "{fault}");
        let advice = fault["what_to_do"].as_str().unwrap_or_default();
        assert!(advice.contains(install), "{fault}");
        drop(card);
        machine.reader("empty").await;
    }
    assert_eq!(machine.refused(None).await["code"], "certificate_not_found");
}

#[tokio::test]
async fn a_machine_without_a_reader_service_goes_without_readers() {
    let machine = Machine::new(false).await;
    let answer = machine.tokens().await;
    assert_eq!(answer["reader_service"], "absent");
    assert_eq!(answer["readers"], Value::Array(Vec::new()));
    assert!(text(&machine.tokensign("doctor")).contains("pcscd"));
}

#[tokio::test]
async fn a_service_that_comes_back_is_asked_again() {
    let mut machine = Machine::new(true).await;
    machine.reader("empty").await;
    machine.service.as_mut().unwrap().kill();
    assert_eq!(machine.tokens().await["reader_service"], "absent");
    machine.service.as_mut().unwrap().restart();
    let _card = machine.insert(NOBODYS);
    // The reader is one of Yubico's by its name, which counts where nobody knows the card.
    machine.reader("driver_missing").await;
}
