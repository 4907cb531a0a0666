//! Each key of a service's profile does what it says: the form of the signature, the chain in it, the proxy, where the token comes from,
//! how long a connection may take.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign_tests::programs;
use tokensign_tests::sandbox::{BearerToken, DownloadLink, Happened, RunningSandbox, SandboxConfig, SignatureForm};

use crate::services::{INVOICE, saves, started};
use crate::world::Business;

const DIRECTOR: &str = "kz-director";

/// A further profile of iDocs with the token of `[idocs.test]`.
fn profile(name: &str, directory: &Path, base_url: &str, more: &str) -> String {
    let token = directory.join("idocs.token");
    format!(
        "[idocs.{name}]\nbase_url = \"{base_url}\"\ntoken = {{ file = \"{}\" }}\ntimeout_seconds = 5\n{more}\n",
        token.display()
    )
}

/// Sends a file through a profile, approves, and gives the job as it ends.
async fn sent(business: &Business, profile: &str, number: &str) -> Value {
    let request = json!({
        "send": {
            "name": format!("Счёт {number}"), "number": number, "date": "2026-11-21", "group": "Accounting",
            "counterparty_bin": "050140009999",
        },
        "certificate": business.world.tokens.certificate(DIRECTOR).fingerprint,
    });
    let request = Part::text(request.to_string()).mime_str("application/json").unwrap();
    let file = Part::bytes(INVOICE.to_vec()).file_name("invoice.txt");
    let form = Form::new()
        .part("request", request)
        .part("file", file.mime_str("text/plain").unwrap());
    let call = business
        .world
        .agent
        .owner(Method::POST, &format!("/v1/idocs/{profile}/quick-signs"));
    let path = started(call.multipart(form).send().await.unwrap()).await;
    let pin = business.world.tokens.certificate(DIRECTOR).pin;
    business.world.agent.approve(&pin).await;
    business.world.agent.settled(&path).await
}

/// The last signature that iDocs was given.
fn last_signature(sandbox: &RunningSandbox) -> Vec<u8> {
    let effects = sandbox.effects();
    let uploaded = effects.iter().rev().find_map(|effect| match &effect.happened {
        Happened::SignatureUploaded { sha256, .. } => Some(sha256.clone()),
        _ => None,
    });
    sandbox.blob(&uploaded.unwrap()).unwrap()
}

async fn company(business: &Business, profile: &str) -> (u16, Value) {
    let call = business
        .world
        .agent
        .owner(Method::GET, &format!("/v1/idocs/{profile}/company"));
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn attached_puts_the_content_into_the_signature() {
    let lines =
        |directory: &Path, sandbox: &RunningSandbox| profile("whole", directory, sandbox.base_url(), "attached = true");
    let attached = |config: &mut SandboxConfig| config.behaviour.idocs.signature_form = SignatureForm::Attached;
    let business = Business::with_lines_of(attached, lines, &[]).await;
    // The service takes attached signatures alone, and OpenSSL has verified the one that it took.
    let job = sent(&business, "test", "1").await;
    assert_eq!(
        (&job["state"], &job["fault"]["code"]),
        (&json!("failed"), &json!("service_refused")),
        "{job}"
    );
    assert!(job["fault"]["likely_causes"].to_string().contains("attached"), "{job}");
    assert_eq!(saves(&business.sandbox.summary()), 0);
    let job = sent(&business, "whole", "2").await;
    assert_eq!(job["state"], "finished", "{job}");
    assert_eq!(saves(&business.sandbox.summary()), 1);
    let content = business
        .sandbox
        .blob(job["outcome"]["content_blob"].as_str().unwrap())
        .unwrap();
    let signature = last_signature(&business.sandbox);
    assert!(
        signature.windows(content.len()).any(|window| window == content),
        "the content is in it"
    );
}

/// The authorities that certificates of the fixtures lead to, in DER.
fn authorities(business: &Business) -> Vec<Vec<u8>> {
    let text = std::fs::read(business.world.tokens.fixtures().ca()).unwrap();
    x509_parser::pem::Pem::iter_from_buffer(&text)
        .map(|pem| pem.unwrap().contents)
        .collect()
}

#[tokio::test]
async fn include_chain_puts_the_authorities_of_the_token_into_the_signature() {
    programs::require("pkcs11-tool", "opensc");
    let lines = |directory: &Path, sandbox: &RunningSandbox| {
        profile("chain", directory, sandbox.base_url(), "include_chain = true")
    };
    let mut business = Business::with_lines_of(|_| {}, lines, &[]).await;
    business.world.agent.kill();
    // The authorities lie on the token, as those of many tokens do.
    let authorities = authorities(&business);
    assert_eq!(authorities.len(), 2, "the root and the issuing authority");
    let token = business.world.tokens.fixtures().token_of(DIRECTOR).clone();
    for (n, authority) in authorities.iter().enumerate() {
        let file = business.world.file("authority.der", authority);
        let output = Command::new("pkcs11-tool")
            .args([
                "--token-label",
                &token.label,
                "--login",
                "--pin",
                token.pin.as_str(),
                "--write-object",
            ])
            .arg(file)
            .args([
                "--type",
                "cert",
                "--id",
                &format!("a{n}"),
                "--label",
                &format!("authority {n}"),
                "--module",
            ])
            .arg(&token.module)
            .envs(&token.env)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    business.world.restart(&[]).await;
    for (profile, number, there) in [("chain", "1", true), ("test", "2", false)] {
        let job = sent(&business, profile, number).await;
        assert_eq!(job["state"], "finished", "{job}");
        let signature = last_signature(&business.sandbox);
        for authority in &authorities {
            let holds = signature
                .windows(authority.len())
                .any(|window| window == authority.as_slice());
            assert_eq!(holds, there, "{profile}");
        }
    }
    assert_eq!(saves(&business.sandbox.summary()), 2);
}

/// A forward proxy that leads to `target` whatever it is asked for, and what went through it to the service.
fn proxy_to(target: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let told = Arc::clone(&told);
            std::thread::spawn(move || carried(client, target, &told));
        }
    });
    (address, seen)
}

fn carried(mut client: TcpStream, target: SocketAddr, told: &Mutex<Vec<u8>>) {
    let Ok(mut service) = TcpStream::connect(target) else {
        return;
    };
    let (mut answers, mut back) = (service.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
    let mut piece = [0; 16 << 10];
    while let Ok(size @ 1..) = client.read(&mut piece) {
        told.lock().unwrap().extend_from_slice(&piece[..size]);
        if service.write_all(&piece[..size]).is_err() {
            return;
        }
    }
    let _ = service.shutdown(std::net::Shutdown::Write);
}

/// The service's own address leads nowhere: everything goes through the proxy, uploads and the download too. What the route's stations
/// shall do is sent as the profile says.
#[tokio::test]
async fn the_proxy_carries_everything_and_required_action_type_is_sent() {
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let lines = move |directory: &Path, sandbox: &RunningSandbox| {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (proxy, through) = proxy_to(sandbox.address());
        *kept.lock().unwrap() = Some((nobody, through));
        let more = format!("proxy = \"http://{proxy}\"\nrequired_action_type = \"SIGN\"");
        profile("far", directory, &format!("http://{nobody}"), &more)
    };
    let relative = |config: &mut SandboxConfig| config.behaviour.idocs.download_link = DownloadLink::Relative;
    let business = Business::with_lines_of(relative, lines, &[]).await;
    let job = sent(&business, "far", "1").await;
    assert_eq!(job["state"], "finished", "{job}\n{}", business.world.agent.log());
    assert_eq!(saves(&business.sandbox.summary()), 1);
    let (nobody, through) = seen.lock().unwrap().take().unwrap();
    let through = String::from_utf8_lossy(&through.lock().unwrap()).into_owned();
    for call in [
        "POST http://{}/api/v3/sync/blobs/document-content",
        "GET http://{}/api/v3/sync/sign-content/download/",
        "POST http://{}/api/v3/sync/external/outbox/signature/quick-sign/save",
    ] {
        let call = call.replace("{}", &nobody.to_string());
        assert!(through.contains(&call), "{call}");
    }
    assert!(
        through.contains("\"requiredActionType\":\"SIGN\""),
        "the route carries it"
    );
}

#[tokio::test]
async fn a_token_comes_from_the_environment_or_from_a_systemd_credential() {
    let credentials = tempfile::tempdir().unwrap();
    let file = credentials.path().join("idocs-token");
    std::fs::write(&file, "token-of-the-test\n").unwrap();
    // As systemd makes them.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o440)).unwrap();
    let lines = |_: &Path, sandbox: &RunningSandbox| {
        let from = |name: &str, source: &str| {
            format!(
                "[idocs.{name}]\nbase_url = \"{}\"\ntoken = {{ {source} }}\n",
                sandbox.base_url()
            )
        };
        [
            from("variable", "env = \"EDO_TOKEN\""),
            from("credential", "credential = \"idocs-token\""),
            from("nowhere", "env = \"EDO_TOKEN_THAT_IS_NOT\""),
            from("unsealed", "credential = \"no-such-credential\""),
        ]
        .concat()
    };
    let known = |config: &mut SandboxConfig| config.idocs_token = Some(BearerToken::new("token-of-the-test"));
    let directory = credentials.path().to_str().unwrap();
    let environment = [("EDO_TOKEN", "token-of-the-test"), ("CREDENTIALS_DIRECTORY", directory)];
    let business = Business::with_lines_of(known, lines, &environment).await;
    let bin = business.sandbox.announcement().company_bin;
    for profile in ["variable", "credential"] {
        let (status, answer) = company(&business, profile).await;
        assert_eq!((status, &answer["bin"]), (200, &json!(bin)), "{profile}: {answer}");
        let job = sent(&business, profile, profile).await;
        assert_eq!(job["state"], "finished", "{profile}: {job}");
    }
    for (profile, place) in [("nowhere", "EDO_TOKEN_THAT_IS_NOT"), ("unsealed", "no-such-credential")] {
        let (_, problem) = company(&business, profile).await;
        assert_eq!(problem["code"], "service_token_missing", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(place), "{problem}");
    }
    assert!(
        !business.world.agent.log().contains("token-of-the-test"),
        "the token is not logged"
    );
}

/// Something takes the connection and never says a word of TLS: given up after `connect_timeout_seconds`, and nothing was sent.
#[tokio::test]
async fn a_connection_may_take_so_long_and_no_longer() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let lines = move |directory: &Path, _: &RunningSandbox| {
        let token = directory.join("idocs.token");
        format!(
            "[idocs.silent]\nbase_url = \"https://{address}\"\ntoken = {{ file = \"{}\" }}\ntimeout_seconds = 60\nconnect_timeout_seconds = 2\n",
            token.display()
        )
    };
    let business = Business::with_lines_of(|_| {}, lines, &[]).await;
    let began = Instant::now();
    let (_, problem) = company(&business, "silent").await;
    let took = began.elapsed();
    assert_eq!(problem["code"], "service_timeout", "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("the connection was not made in time"), "{problem}");
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(15)).contains(&took),
        "{took:?}"
    );
}
