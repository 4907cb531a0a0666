//! Revocation over HTTP and on the command line: what the issuer's responder or list says reaches each signer's verdict.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokensign::cms::{Preference, Scheme, SignedAttributes, SignedData, assemble_detached, normalise_signature};
use tokensign_tests::programs;

use crate::authority::{self, Authority};
use crate::revocation_server::{authority_with_database, serve, set_standing};
use crate::world::World;

const CONTENT: &[u8] = "Протокол № 4".as_bytes();

/// Where a certificate says that its standing can be asked.
#[derive(Clone, Copy, Debug)]
enum Source {
    Responder,
    List,
    /// A responder that does not answer, and a list that does.
    ListBehindADeadResponder,
    Unreachable,
}

/// An authority whose one signer can be asked about at `source`.
fn authority_at(source: Source) -> Arc<Authority> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let responder = format!("authorityInfoAccess=OCSP;URI:{base}/ocsp");
    let list = format!("crlDistributionPoints=URI:{base}/list");
    let extensions = match source {
        Source::Responder => responder,
        Source::List => list,
        Source::ListBehindADeadResponder | Source::Unreachable => format!("{responder}\n{list}"),
    };
    let authority = Arc::new(authority_with_database(authority::P256, &extensions));
    if !matches!(source, Source::Unreachable) {
        serve(listener, Arc::clone(&authority), matches!(source, Source::Responder));
    }
    authority
}

fn signature(authority: &Authority) -> Vec<u8> {
    let scheme = Scheme::for_certificate(&authority.leaf, &Preference::default()).unwrap();
    let digest = scheme.digest().digest(CONTENT);
    let attributes = SignedAttributes::new(&digest, &authority.leaf, OffsetDateTime::now_utc(), &scheme).unwrap();
    let raw = authority.sign(&scheme, &attributes.as_input());
    let value = normalise_signature(&authority.leaf, &scheme, &attributes.as_input(), &raw).unwrap();
    assemble_detached(&scheme, &authority.leaf, &[], Some(&attributes), &value)
}

fn root(authority: &Authority) -> String {
    std::fs::read_to_string(authority.path("ca.pem")).unwrap()
}

fn question(signature: &[u8], roots: &[String], revocation: bool) -> Value {
    json!({
        "signature": BASE64_STANDARD.encode(signature),
        "content": BASE64_STANDARD.encode(CONTENT),
        "roots": roots,
        "revocation": revocation,
    })
}

async fn verdict(world: &World, signature: &[u8], roots: &[String], revocation: bool) -> Value {
    let posted = world.agent.owner(Method::POST, "/v1/verifications");
    let posted = posted.json(&question(signature, roots, revocation)).send();
    posted.await.unwrap().json().await.unwrap()
}

fn by_command(world: &World, signature: &[u8], authority: &Authority, language: &str) -> (i32, Value, String) {
    let file = world.file("protocol.p7s", signature);
    let content = world.file("protocol.txt", CONTENT);
    let verify = |json: bool| {
        let mut command = Command::new(programs::tokensign());
        command.arg("verify").arg(&file).arg("--content").arg(&content);
        command.arg("--root").arg(authority.path("ca.pem")).arg("--revocation");
        command
            .arg("--config")
            .arg(world.agent.configuration())
            .args(["--language", language]);
        command.args(json.then_some("--json"));
        command.output().unwrap()
    };
    let output = verify(true);
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let told = String::from_utf8_lossy(&verify(false).stdout).into_owned();
    (output.status.code().unwrap(), answer, told)
}

#[tokio::test]
async fn good_revoked_and_unreachable_are_told_apart_by_responder_and_by_list() {
    let world = World::new().await;
    for source in [Source::Responder, Source::List, Source::ListBehindADeadResponder] {
        let authority = tokio::task::spawn_blocking(move || authority_at(source)).await.unwrap();
        let (signature, roots) = (signature(&authority), [root(&authority)]);
        let answer = verdict(&world, &signature, &roots, true).await;
        assert_eq!(
            (&answer["valid"], &answer["signers"][0]["verdict"]),
            (&json!(true), &json!("valid")),
            "{source:?}: {answer}"
        );
        let (status, answer, _) = by_command(&world, &signature, &authority, "en");
        assert_eq!((status, &answer["valid"]), (0, &json!(true)), "{source:?}: {answer}");

        set_standing(&authority, "R");
        let answer = verdict(&world, &signature, &roots, true).await;
        let signer = &answer["signers"][0];
        assert_eq!(
            (&answer["valid"], &signer["verdict"], &signer["reasons"][0]["code"]),
            (&json!(false), &json!("invalid"), &json!("certificate_revoked")),
            "{source:?}: {answer}"
        );
        let (status, answer, told) = by_command(&world, &signature, &authority, "ru");
        assert_eq!(
            (status, &answer["signers"][0]["reasons"][0]["code"]),
            (1, &json!("certificate_revoked")),
            "{source:?}: {answer}"
        );
        let reason = answer["signers"][0]["reasons"][0]["text"].as_str().unwrap();
        assert!(told.contains(reason) && reason.contains("отозван"), "{told}");
        // Nobody asked: nothing is fetched, nothing is said.
        let answer = verdict(&world, &signature, &roots, false).await;
        assert_eq!(answer["valid"], true, "{source:?}: {answer}");
    }

    let silent = tokio::task::spawn_blocking(|| authority_at(Source::Unreachable))
        .await
        .unwrap();
    let signature = signature(&silent);
    let answer = verdict(&world, &signature, &[root(&silent)], true).await;
    let signer = &answer["signers"][0];
    assert_eq!(
        (&answer["valid"], &signer["verdict"], &signer["reasons"][0]["code"]),
        (&Value::Null, &json!("unknown"), &json!("revocation_unknown")),
        "{answer}"
    );
    let (status, answer, _) = by_command(&world, &signature, &silent, "en");
    assert_eq!(
        (status, &answer["signers"][0]["reasons"][0]["code"]),
        (1, &json!("revocation_unknown")),
        "{answer}"
    );
}

#[tokio::test]
async fn each_signer_of_one_signature_has_its_own_verdict() {
    let world = World::new().await;
    let [good, revoked, silent] =
        tokio::task::spawn_blocking(|| [Source::Responder, Source::List, Source::Unreachable].map(authority_at))
            .await
            .unwrap();
    set_standing(&revoked, "R");
    let parsed = |authority: &Authority| SignedData::parse(&signature(authority)).unwrap();
    let two = parsed(&good).with_signers_of(&parsed(&revoked)).unwrap();
    let three = SignedData::parse(&two)
        .unwrap()
        .with_signers_of(&parsed(&silent))
        .unwrap();
    let roots = [&good, &revoked, &silent].map(|authority| root(authority));
    let answer = verdict(&world, &three, &roots, true).await;
    assert_eq!(answer["valid"], false, "{answer}");
    let mut found: Vec<_> = answer["signers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signer| (signer["verdict"].clone(), signer["reasons"][0]["code"].clone()))
        .collect();
    found.sort_by_key(|(verdict, _)| verdict.to_string());
    assert_eq!(
        found,
        [
            (json!("invalid"), json!("certificate_revoked")),
            (json!("unknown"), json!("revocation_unknown")),
            (json!("valid"), Value::Null),
        ]
    );
}

/// A program brings a root of its own, and a certificate under it that names an address: nobody goes there for it, be it on this machine or in the network
/// around it. What the configuration trusts names its own addresses.
#[tokio::test]
async fn a_program_cannot_send_the_agent_anywhere() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let addresses =
        format!("authorityInfoAccess=OCSP;URI:{base}/reboot\ncrlDistributionPoints=URI:{base}/reboot?now=1");
    let made_up = tokio::task::spawn_blocking(move || authority_with_database(authority::P256, &addresses));
    let (made_up, trusted) = tokio::join!(made_up, tokio::task::spawn_blocking(|| authority_at(Source::List)));
    let (made_up, trusted) = (made_up.unwrap(), trusted.unwrap());
    let world = World::with_configuration(&format!("\n[verification]\nroots = [{:?}]\n", trusted.path("ca.pem"))).await;
    let token = world.agent.pair("A shop", &["verify"]).await;
    let ask = async |authority: &Authority, roots: &[String]| -> Value {
        let posted = world.agent.application(&token, Method::POST, "/v1/verifications");
        let posted = posted.json(&question(&signature(authority), roots, true)).send();
        posted.await.unwrap().json().await.unwrap()
    };
    let answer = ask(&made_up, &[root(&made_up)]).await;
    assert_eq!(
        (&answer["valid"], &answer["signers"][0]["reasons"][0]["code"]),
        (&Value::Null, &json!("revocation_unknown")),
        "{answer}"
    );
    let asked = listener.accept().map(drop);
    assert!(
        asked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock),
        "nobody came"
    );
    let answer = ask(&trusted, &[]).await;
    assert_eq!(answer["valid"], true, "{answer}");
}
