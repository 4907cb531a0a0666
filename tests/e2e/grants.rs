//! Remembered decisions: what they allow without asking, and what ends them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::programs::require;
use tokensign_tests::sandbox::{HashKind, RunningSandbox};

use crate::mig24::group;
use crate::world::{Business, World, prepared, signature_of};

const CONTENT: &[u8] = "Договор № 17 от 21.11.2026".as_bytes();
const CERTIFICATE: &str = "kz-director";

/// A paired application that asks for signatures.
struct Program<'a> {
    agent: &'a Agent,
    token: String,
    certificate: String,
    pin: String,
}

impl<'a> Program<'a> {
    async fn paired(world: &'a World) -> Self {
        Self::named(world, "ERP", CERTIFICATE).await
    }

    async fn named(world: &'a World, name: &str, certificate: &str) -> Self {
        let certificate = world.tokens.certificate(certificate);
        Self {
            agent: &world.agent,
            token: world
                .agent
                .pair(
                    name,
                    &["sign", "authenticate", "raw_hash", "certificates", "questions:10"],
                )
                .await,
            certificate: certificate.fingerprint,
            pin: certificate.pin,
        }
    }

    fn document(media_type: &str) -> Value {
        json!({ "name": "contract.txt", "media_type": media_type, "content": BASE64_STANDARD.encode(CONTENT) })
    }

    /// Asks for signatures; the path of the request.
    async fn ask(&self, documents: &[Value]) -> String {
        let body = json!({ "purpose": "signature", "certificate": self.certificate, "documents": documents });
        let answer = self
            .agent
            .application(&self.token, Method::POST, "/v1/signatures")
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().await.unwrap();
        format!("/v1/signatures/{}", answer["id"].as_str().unwrap())
    }

    /// Asks for one signature and has the decision remembered.
    async fn remembered(&self, uses: u32) -> Value {
        let path = self.ask(&[Self::document("text/plain")]).await;
        let question = self.agent.question("approve").await;
        let remember = json!({ "uses": uses, "seconds": 600 });
        let decision = json!({ "decision": "approve", "pin": self.pin, "remember": remember });
        self.agent.decide(&question, decision).await.unwrap();
        let settled = self.agent.settled(&path).await;
        assert_eq!(settled["state"], "finished", "{settled}");
        self.agent
            .until("/v1/grants", |grants| {
                grants["grants"].as_array().is_some_and(|grants| !grants.is_empty())
            })
            .await["grants"][0]
            .clone()
    }

    /// Asks and finds that the person is asked; refuses.
    async fn is_asked(&self, documents: &[Value]) -> Value {
        let path = self.ask(documents).await;
        let question = self.agent.question("approve").await;
        self.agent
            .decide(&question, json!({ "decision": "refuse" }))
            .await
            .unwrap();
        assert_eq!(self.agent.settled(&path).await["state"], "refused");
        question
    }
}

async fn audited(agent: &Agent, kind: &str) -> Vec<Value> {
    let answer: Value = agent.get("/v1/audit?limit=1000").await;
    let entries = answer["entries"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["kind"] == kind)
        .map(|entry| entry["body"].clone())
        .collect()
}

/// Waits until every grant has ended, and gives why the last one did.
async fn ended(agent: &Agent) -> Value {
    agent
        .until("/v1/grants", |grants| {
            grants["grants"].as_array().is_some_and(Vec::is_empty)
        })
        .await;
    // It holds no more before its end is recorded.
    let started = std::time::Instant::now();
    loop {
        let (given, ended) = (audited(agent, "grant_given").await, audited(agent, "grant_ended").await);
        if given.len() == ended.len() {
            return ended[0]["why"].clone();
        }
        assert!(
            started.elapsed() < std::time::Duration::from_secs(30),
            "the end is not recorded"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_remembered_decision_signs_within_its_limits_and_no_further() {
    let world = World::new().await;
    let program = Program::paired(&world).await;
    let grant = program.remembered(5).await;
    assert_eq!(
        (&grant["documents"], &grant["max_uses"], &grant["used"]),
        (&json!("text/plain"), &json!(5), &json!(0))
    );
    assert_eq!(grant["application_name"], "ERP");

    let text = Program::document("text/plain");
    let path = program.ask(&[text.clone(), text.clone(), text.clone()]).await;
    let settled = world.agent.settled(&path).await;
    assert_eq!(settled["state"], "finished", "without a question: {settled}");
    world.verify(CERTIFICATE, CONTENT, &signature_of(&settled)).unwrap();
    assert!(world.agent.waiting().await.is_empty());
    let used = audited(&world.agent, "grant_used").await;
    assert_eq!(
        (used.len(), &used[0]["uses"], &used[0]["left"]),
        (1, &json!(3), &json!(2))
    );

    // Two are left: three are asked for, and so is another kind of document, one that is not seen, another program.
    program.is_asked(&[text.clone(), text.clone(), text.clone()]).await;
    program.is_asked(&[Program::document("application/pdf")]).await;
    let digest = json!({ "algorithm": "sha256", "value": BASE64_STANDARD.encode([7; 32]) });
    let unseen = program
        .is_asked(&[json!({ "name": "unseen", "media_type": "text/plain", "digest": digest })])
        .await;
    assert_eq!(unseen["remember"]["documents"], "digest");
    let other = Program::named(&world, "Another", CERTIFICATE).await;
    other.is_asked(std::slice::from_ref(&text)).await;

    let path = program.ask(&[text.clone(), text.clone()]).await;
    assert_eq!(world.agent.settled(&path).await["state"], "finished");
    assert_eq!(ended(&world.agent).await, "used_up");
    program.is_asked(std::slice::from_ref(&text)).await;
}

#[tokio::test]
async fn nothing_is_remembered_of_a_login_of_the_command_line_or_without_a_right_pin() {
    let world = World::new().await;
    let program = Program::named(&world, "ERP", "gost-director").await;
    // The person's own command line.
    world.request_signature(&program.certificate, CONTENT).await;
    let question = world.agent.question("approve").await;
    assert!(question.get("remember").is_none(), "{question}");
    let remember = json!({ "uses": 1, "seconds": 60 });
    let decision = json!({ "decision": "approve", "pin": program.pin, "remember": remember });
    let refused = world.agent.decide(&question, decision).await.unwrap_err();
    assert_eq!(refused["code"], "invalid_field");
    world
        .agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();

    // More than is offered, then a wrong PIN: no grant comes of either.
    let path = program.ask(&[Program::document("text/plain")]).await;
    let question = world.agent.question("approve").await;
    let most = question["remember"]["max_uses"].as_u64().unwrap();
    let decide = |question: &Value, pin: &str, uses: u64| {
        let remember = json!({ "uses": uses, "seconds": 60 });
        let decision = json!({ "decision": "approve", "pin": pin, "remember": remember });
        let question = question.clone();
        let agent = &world.agent;
        async move { agent.decide(&question, decision).await }
    };
    assert_eq!(
        decide(&question, &program.pin, most + 1).await.unwrap_err()["code"],
        "invalid_field"
    );
    decide(&question, "00000000", 3).await.unwrap();
    let again = world
        .agent
        .until("/v1/questions", |answer| {
            answer["questions"][0]["notice"]["code"] == "pin_incorrect"
        })
        .await["questions"][0]
        .clone();
    assert!(audited(&world.agent, "grant_given").await.is_empty());
    decide(&again, &program.pin, 3).await.unwrap();
    assert_eq!(world.agent.settled(&path).await["state"], "finished");
    assert_eq!(audited(&world.agent, "approved_again").await.len(), 1);
    world
        .agent
        .until("/v1/grants", |grants| {
            grants["grants"].as_array().is_some_and(|grants| grants.len() == 1)
        })
        .await;
}

#[tokio::test]
async fn a_grant_ends_when_it_is_revoked_locked_or_its_program_goes() {
    let world = World::new().await;
    let program = Program::paired(&world).await;
    let text = [Program::document("text/plain")];
    let delete = |path: String| world.agent.owner(Method::DELETE, &path);

    let grant = program.remembered(5).await;
    let path = format!("/v1/grants/{}", grant["id"].as_str().unwrap());
    assert_eq!(delete(path.clone()).send().await.unwrap().status(), 204);
    assert_eq!(delete(path).send().await.unwrap().status(), 404);
    assert_eq!(ended(&world.agent).await, "revoked");
    program.is_asked(&text).await;

    program.remembered(5).await;
    let locked: Value = world
        .agent
        .owner(Method::POST, "/v1/lock")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(locked["ended_grants"], 1);
    assert_eq!(ended(&world.agent).await, "locked");
    program.is_asked(&text).await;

    let grant = program.remembered(5).await;
    let path = format!("/v1/applications/{}", grant["application"].as_str().unwrap());
    assert_eq!(delete(path).send().await.unwrap().status(), 204);
    assert_eq!(ended(&world.agent).await, "application_revoked");
}

/// The person ends a connection: nobody is asked any more what that program wanted, and what others want still waits.
#[tokio::test]
async fn what_a_program_waits_for_ends_with_its_connection() {
    let mut world = World::new().await;
    let text = [Program::document("text/plain")];
    let (waiting, others) = {
        let (program, other) = (
            Program::paired(&world).await,
            Program::named(&world, "CRM", CERTIFICATE).await,
        );
        let waiting = [program.ask(&text).await, program.ask(&text).await];
        (waiting, other.ask(&text).await)
    };
    world
        .agent
        .until("/v1/questions", |all| {
            all["questions"].as_array().is_some_and(|all| all.len() == 3)
        })
        .await;
    let id = application(&world.agent, "ERP").await;
    let revoke = |agent: &Agent| agent.owner(Method::DELETE, &format!("/v1/applications/{id}")).send();

    // Not even when the agent dies in between is the person asked.
    world.agent.kill();
    let crash = [("FAILPOINTS", "application:revoked=return")];
    world.agent = Agent::start_with(&world.tokens.configuration(), &crash).await;
    assert!(revoke(&world.agent).await.is_err(), "the agent died");
    world.agent.wait_for_end().await;
    world.agent = Agent::start(&world.tokens.configuration()).await;
    for path in &waiting {
        let settled = world.agent.settled(path).await;
        assert_eq!(
            (&settled["state"], &settled["fault"]["code"]),
            (&json!("cancelled"), &json!("cancelled"))
        );
    }
    let question = world.agent.question("approve").await;
    assert_eq!(question["caller"]["name"], "CRM");
    assert_eq!(world.agent.waiting().await.len(), 1);
    assert_eq!(revoke(&world.agent).await.unwrap().status(), 404);

    // And of one that runs on.
    let id = application(&world.agent, "CRM").await;
    let revoked = world
        .agent
        .owner(Method::DELETE, &format!("/v1/applications/{id}"))
        .send();
    assert_eq!(revoked.await.unwrap().status(), 204);
    assert_eq!(world.agent.settled(&others).await["state"], "cancelled");
    assert_eq!(world.agent.waiting().await.len(), 0);
    assert_eq!(audited(&world.agent, "signed").await.len(), 0);
}

async fn application(agent: &Agent, name: &str) -> String {
    let all = agent.get("/v1/applications").await;
    let mut all = all["applications"].as_array().unwrap().iter();
    let found = all.find(|application| application["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_grant_ends_when_its_token_is_pulled() {
    let world = World::new().await;
    let program = Program::named(&world, "ERP", "gost-director").await;
    program.remembered(5).await;
    let text = [Program::document("text/plain")];
    let path = program.ask(&text).await;
    assert_eq!(world.agent.settled(&path).await["state"], "finished", "nobody is asked");
    world.tokens.gost_control(&json!({ "device_removed": true }));
    assert_eq!(ended(&world.agent).await, "token_removed");
    world.tokens.gost_control(&json!({}));
    program.is_asked(&text).await;
}

#[tokio::test]
async fn a_grant_ends_with_the_agent() {
    let mut world = World::new().await;
    let token = {
        let program = Program::paired(&world).await;
        program.remembered(5).await;
        program.token
    };
    world.agent.kill();
    world.agent = Agent::start(&world.tokens.configuration()).await;
    assert_eq!(ended(&world.agent).await, "restarted");
    let certificate = world.tokens.certificate(CERTIFICATE);
    let program = Program {
        agent: &world.agent,
        token,
        certificate: certificate.fingerprint,
        pin: certificate.pin,
    };
    program.is_asked(&[Program::document("text/plain")]).await;
}

/// The desktop locks its screen: a signal on the session's bus, here a private one.
#[tokio::test]
async fn a_grant_ends_when_the_screen_locks() {
    require("dbus-daemon", "dbus-daemon");
    require("dbus-send", "dbus-bin");
    let (directory, tokens) = prepared("");
    let socket = directory.path().join("bus");
    let address = format!("unix:path={}", socket.display());
    let _bus = tokio::process::Command::new("dbus-daemon")
        .args(["--session", "--nofork", "--nopidfile", &format!("--address={address}")])
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while !socket.exists() {
        assert!(
            started.elapsed() < std::time::Duration::from_secs(20),
            "the bus does not start"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let agent = Agent::start_with(&tokens.configuration(), &[("DBUS_SESSION_BUS_ADDRESS", &address)]).await;
    let world = World::around(agent, tokens, directory);
    let program = Program::paired(&world).await;
    program.remembered(5).await;
    let lock = |active: bool| {
        std::process::Command::new("dbus-send")
            .args([
                &format!("--bus={address}"),
                "--type=signal",
                "/org/freedesktop/ScreenSaver",
            ])
            .args([
                "org.freedesktop.ScreenSaver.ActiveChanged",
                &format!("boolean:{active}"),
            ])
            .status()
            .unwrap()
    };
    assert!(lock(false).success());
    assert!(lock(true).success());
    assert_eq!(ended(&world.agent).await, "screen_locked");
    program.is_asked(&[Program::document("text/plain")]).await;
}

/// Asks for a package group's signatures as a program; the job's path.
async fn sign_group(business: &Business, token: &str, profile: &str) -> String {
    let request = json!({
        "package_group_id": group(business).await,
        "certificate": business.world.tokens.certificate("gost-director").fingerprint,
    });
    let path = format!("/v1/mig24/{profile}/package-group-signatures");
    let answer = business
        .world
        .agent
        .application(token, Method::POST, &path)
        .json(&request)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let job: Value = answer.json().await.unwrap();
    assert_eq!(status, 202, "{job}");
    format!("/v1/jobs/{}", job["id"].as_str().unwrap())
}

/// Digests and attributes that a service built, and content that is signed without attributes: the person is asked for each, whatever was
/// remembered of ordinary documents of the same service, and is offered no remembering.
#[tokio::test]
async fn nothing_is_remembered_of_what_is_signed_as_it_is() {
    let profiles = |directory: &std::path::Path, sandbox: &RunningSandbox| {
        let profile = |name: &str, line: &str| {
            let token = directory.join("mig24.token");
            format!(
                "[mig24.{name}]\nbase_url = \"{}\"\ntoken = {{ file = \"{}\" }}\n{line}\n",
                sandbox.base_url(),
                token.display()
            )
        };
        let of_test = "hash_kind = \"auto\"\naccept_signed_attributes = true\n".to_owned();
        of_test
            + &profile("digests", "hash_kind = \"signed_attributes_digest\"")
            + &profile("plain", "plain_cms = true")
    };
    let business = Business::with_lines_of(|_| {}, profiles, &[]).await;
    let agent = &business.world.agent;
    let pin = business.world.tokens.certificate("gost-director").pin;
    let token = agent.pair("ERP", &["mig24:*:submit", "questions:10"]).await;
    let remember = json!({ "uses": 100, "seconds": 600 });

    // A grant for this service that holds for ordinary documents.
    let path = sign_group(&business, &token, "test").await;
    let question = agent.question("approve").await;
    let decision = json!({ "decision": "approve", "pin": pin, "remember": remember });
    agent.decide(&question, decision).await.unwrap();
    assert_eq!(agent.settled(&path).await["state"], "finished");
    agent
        .until("/v1/grants", |grants| grants["grants"][0]["max_uses"] == 100)
        .await;
    let path = sign_group(&business, &token, "test").await;
    let job = agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "nobody is asked: {job}");

    for (profile, hash_kind) in [
        ("test", HashKind::SignedAttributes),
        ("digests", HashKind::SignedAttributesDigest),
        ("plain", HashKind::ContentDigest),
    ] {
        let mut behaviour = business.sandbox.behaviour();
        behaviour.mig24.hash_kind = hash_kind;
        business.sandbox.set_behaviour(behaviour);
        let path = sign_group(&business, &token, profile).await;
        let question = agent.question("approve").await;
        assert!(question.get("remember").is_none(), "{hash_kind:?}: {question}");
        let insisting = json!({ "decision": "approve", "pin": pin, "remember": remember });
        let problem = agent.decide(&question, insisting).await.unwrap_err();
        assert_eq!(problem["code"], "invalid_field", "{hash_kind:?}");
        let decision = json!({ "decision": "refuse" });
        agent.decide(&question, decision).await.unwrap();
        assert_eq!(agent.settled(&path).await["state"], "refused", "{hash_kind:?}");
    }
    assert_eq!(audited(agent, "grant_used").await.len(), 1);
}

/// The command line names whose certificate it is, and ends what the page ends.
#[tokio::test]
async fn grants_are_listed_revoked_and_locked_on_the_command_line() {
    let world = World::new().await;
    let program = Program::paired(&world).await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let grant = program.remembered(5).await;
    let listed = world.command(&["grants", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let (bin, iin) = (certificate.bin.unwrap(), certificate.iin.unwrap());
    for said in ["ERP", "ВЫДУМАНОВ ПРИМЕР", "ВЫМЫШЛЕННАЯ КОМПАНИЯ", &bin, &iin] {
        assert!(listed.contains(said), "{said} in {listed}");
    }
    assert!(!listed.contains("CN="), "{listed}");
    assert_eq!(grant["holder"]["iin"], json!(iin));
    let revoked = world.command(&["grants", "revoke", grant["id"].as_str().unwrap()]);
    assert!(revoked.status.success(), "{revoked:?}");
    assert_eq!(ended(&world.agent).await, "revoked");

    program.remembered(5).await;
    assert!(world.command(&["lock"]).status.success());
    assert_eq!(ended(&world.agent).await, "locked");
    program.is_asked(&[Program::document("text/plain")]).await;
}
