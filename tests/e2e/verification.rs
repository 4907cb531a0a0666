//! Verdicts, further signers and later timestamps through the command line and over HTTP.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign_tests::programs;

use crate::stamping::StampingServer;
use crate::world::{World, prepared, signature_of};

const CONTENT: &[u8] = "Акт № 5".as_bytes();

async fn signed(world: &World, name: &str, content: &[u8]) -> Vec<u8> {
    let certificate = world.tokens.certificate(name);
    let id = world.request_signature(&certificate.fingerprint, content).await;
    world.agent.approve(&certificate.pin).await;
    signature_of(&world.agent.settled(&format!("/v1/signatures/{id}")).await)
}

async fn verdict(world: &World, language: &str, body: &Value) -> Value {
    let request = world.agent.owner(Method::POST, "/v1/verifications");
    let request = request.header("accept-language", language).json(body);
    request.send().await.unwrap().json().await.unwrap()
}

fn root(world: &World) -> String {
    root_of(world, "kz-director")
}

fn root_of(world: &World, certificate: &str) -> String {
    std::fs::read_to_string(&world.tokens.fixtures().certificate(certificate).ca).unwrap()
}

#[tokio::test]
async fn verdicts_have_reasons_in_the_callers_language() {
    let world = World::new().await;
    let signature = BASE64_STANDARD.encode(signed(&world, "kz-director", CONTENT).await);
    let content = BASE64_STANDARD.encode(CONTENT);
    let good = json!({ "signature": signature, "content": content, "roots": [root(&world)] });
    let answer = verdict(&world, "en", &good).await;
    assert_eq!(answer["valid"], true, "{answer}");
    assert_eq!(answer["signers"][0]["names_certificate"], true);

    let untrusted = json!({ "signature": signature, "content": content });
    let answer = verdict(&world, "en", &untrusted).await;
    assert_eq!(answer["valid"], Value::Null, "{answer}");
    assert_eq!(answer["signers"][0]["verdict"], "unknown");

    let other = BASE64_STANDARD.encode(b"something else");
    let changed = json!({ "signature": signature, "content": other, "roots": [root(&world)] });
    let mut texts = Vec::new();
    for language in ["en", "ru", "kk"] {
        let answer = verdict(&world, language, &changed).await;
        assert_eq!(answer["valid"], false, "{answer}");
        let reason = &answer["signers"][0]["reasons"][0];
        assert_eq!(reason["code"], "content_digest_mismatch", "{answer}");
        texts.push(reason["text"].as_str().unwrap().to_owned());
    }
    texts.dedup();
    assert_eq!(texts.len(), 3, "{texts:?}");

    // The fixtures' certificates name neither a responder nor a list.
    let asked = json!({ "signature": signature, "content": content, "roots": [root(&world)], "revocation": true });
    let answer = verdict(&world, "en", &asked).await;
    assert_eq!(answer["valid"], Value::Null, "{answer}");
    assert_eq!(answer["signers"][0]["reasons"][0]["code"], "revocation_unknown");
}

#[tokio::test]
async fn configured_roots_are_trusted_and_the_command_line_asks_for_revocation_only_when_told() {
    let (directory, tokens) = prepared("");
    let ca = tokens.fixtures().certificate("kz-director").ca.clone();
    tokens.configure(&format!("\n[verification]\nroots = [\"{}\"]\n", ca.display()));
    let world = World::of(directory, tokens).await;
    let signature = signed(&world, "kz-director", CONTENT).await;
    let content = world.file("act.txt", CONTENT);
    world.file("act.txt.p7s", &signature);
    let verify = |arguments: &[&str]| tokensign(&world, &[&["verify"], arguments].concat());

    let path = format!("{}.p7s", content.display());
    let (status, answer) = verify(&[&path, "--json"]);
    assert_eq!((status, &answer["valid"]), (0, &json!(true)), "{answer}");
    let (status, answer) = verify(&[&path, "--json", "--revocation"]);
    assert_eq!(
        (status, &answer["signers"][0]["reasons"][0]["code"]),
        (1, &json!("revocation_unknown")),
        "{answer}"
    );
    // PEM and base64 are read as well.
    for encoding in ["pem", "base64"] {
        let encoding: tokensign::cms::Encoding = encoding.parse().unwrap();
        let text = world.file("other.p7s", &encoding.encode(&signature));
        let (status, answer) = verify(&[text.to_str().unwrap(), "--content", content.to_str().unwrap(), "--json"]);
        assert_eq!((status, &answer["valid"]), (0, &json!(true)), "{encoding}: {answer}");
    }
}

/// 20 MiB inside the signature: more than is held whole.
#[tokio::test]
async fn a_large_attached_signature_is_verified_while_it_is_read() {
    let world = World::new().await;
    let content = vec![b'x'; 20 << 20];
    let certificate = world.tokens.certificate("gost-director");
    let request = json!({
        "certificate": certificate.fingerprint,
        "detached": false,
        "documents": [{ "name": "large.bin", "part": "file" }],
    });
    let part = |bytes: Vec<u8>| Part::bytes(bytes).mime_str("application/octet-stream").unwrap();
    let json_part = |value: &Value| Part::text(value.to_string()).mime_str("application/json").unwrap();
    let form = Form::new()
        .part("request", json_part(&request))
        .part("file", part(content));
    let posted = world.agent.owner(Method::POST, "/v1/signatures").multipart(form);
    let answer: Value = posted.send().await.unwrap().json().await.unwrap();
    world.agent.approve(&certificate.pin).await;
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let mut signature = signature_of(&world.agent.settled(&format!("/v1/signatures/{id}")).await);

    let roots = json!({ "roots": [root_of(&world, "gost-director")] });
    let verify = async |signature: Vec<u8>| -> Value {
        let form = Form::new()
            .part("request", json_part(&roots))
            .part("signature", part(signature));
        let posted = world.agent.owner(Method::POST, "/v1/verifications").multipart(form);
        posted.send().await.unwrap().json().await.unwrap()
    };
    let answer = verify(signature.clone()).await;
    assert_eq!(answer["valid"], true, "{answer}");
    let middle = signature.len() / 2;
    signature[middle] ^= 1;
    let answer = verify(signature.clone()).await;
    assert_eq!(
        answer["signers"][0]["reasons"][0]["code"], "content_digest_mismatch",
        "{answer}"
    );
    signature.truncate(middle);
    assert_eq!(verify(signature).await["code"], "invalid_field");
}

#[tokio::test]
async fn a_second_signer_joins_a_signature_over_the_same_content_only() {
    let world = World::new().await;
    let first = signed(&world, "kz-director", CONTENT).await;
    let existing = world.file("act.p7s", &first);
    let content = world.file("act.txt", CONTENT);
    let second = world.tokens.certificate("gost-director");
    let pin = pin_file(&world, &second.pin);
    let both = world.path().join("both.p7s");
    let sign = |file: &Path| {
        let arguments = [
            "sign",
            file.to_str().unwrap(),
            "--add-to",
            existing.to_str().unwrap(),
            "--out",
            both.to_str().unwrap(),
            "--cert",
            &second.fingerprint,
            "--pin-source",
            &pin,
            "--json",
        ];
        tokensign(&world, &arguments)
    };
    let other = world.file("other.txt", b"other");
    let (status, problem) = sign(&other);
    assert_ne!(status, 0);
    assert_eq!(problem["code"], "digest_mismatch", "{problem}");
    assert!(!both.exists() && world.agent.waiting().await.is_empty());

    let (status, answer) = sign(&content);
    assert_eq!(status, 0, "{answer}");
    let joined = std::fs::read(&both).unwrap();
    // The first signer's part stands there as it was.
    let of_first = tokensign::cms::SignedData::parse(&first).unwrap();
    let value = of_first.signers()[0].signature();
    assert!(joined.windows(value.len()).any(|window| window == value));
    let gost_root = root_of(&world, "gost-director");
    let body = json!({
        "signature": BASE64_STANDARD.encode(&joined),
        "content": BASE64_STANDARD.encode(CONTENT),
        "roots": [root(&world), gost_root],
    });
    let answer = verdict(&world, "en", &body).await;
    assert_eq!(answer["valid"], true, "{answer}");
    assert_eq!(answer["signers"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_timestamp_is_added_later_without_a_token() {
    let tsa = tokio::task::spawn_blocking(|| StampingServer::new(crate::authority::P256, "sha256"))
        .await
        .unwrap();
    let (directory, tokens) = prepared("");
    let ca = tokens.fixtures().certificate("kz-director").ca.clone();
    let tsa_ca = tsa.authority.path("ca.pem");
    tokens.configure(&format!(
        "\n[timestamp]\nurl = \"{}\"\n[verification]\nroots = [\"{}\"]\n",
        tsa.url,
        ca.display()
    ));
    let world = World::of(directory, tokens).await;
    let plain = signed(&world, "kz-director", CONTENT).await;
    let file = world.file("act.p7s", &plain);
    let content = world.file("act.txt", CONTENT);
    let stamped = world.path().join("stamped.p7s");
    let arguments = [
        "timestamp",
        file.to_str().unwrap(),
        "--out",
        stamped.to_str().unwrap(),
        "--json",
    ];
    let (status, answer) = tokensign(&world, &arguments);
    assert_eq!(status, 0, "{answer}");
    assert_eq!(answer["timestamps"].as_array().unwrap().len(), 1, "{answer}");
    world.tokens.verify("kz-director", &stamped, &content).unwrap();
    let path = stamped.to_str().unwrap();
    let verify = ["verify", path, "--content", content.to_str().unwrap()];
    let with_authority = [&verify[..], &["--root", tsa_ca.to_str().unwrap()]].concat();
    let (status, answer) = tokensign(&world, &[&with_authority[..], &["--json"]].concat());
    assert_eq!((status, &answer["valid"]), (0, &json!(true)), "{answer}");
    assert_eq!(answer["signers"][0]["timestamps"][0]["verdict"], "valid", "{answer}");
    // A person is told of it, too, also where nobody vouches for the authority.
    for (arguments, end) in [(with_authority, "верна"), (verify.to_vec(), "её службе доверия нет")]
    {
        let told = world.command(&[&arguments[..], &["--language", "ru"]].concat());
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let line = told.lines().find(|line| line.starts_with("Метки времени"));
        assert!(line.is_some_and(|line| line.contains(end)), "{told}");
    }
    // Nothing is overwritten, and nobody stamps twice.
    assert_ne!(tokensign(&world, &arguments).0, 0);
    let (status, problem) = tokensign(&world, &["timestamp", path, "--out", "-", "--json"]);
    assert_eq!((status, &problem["code"]), (2, &json!("invalid_field")), "{problem}");
}

#[tokio::test]
async fn what_comes_on_standard_input_is_signed() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("kz-director");
    let pin = pin_file(&world, &certificate.pin);
    let content = world.file("act.txt", CONTENT);
    let out = world.path().join("stdin.p7s");
    let mut command = command(
        &world,
        &[
            "sign",
            "-",
            "--out",
            out.to_str().unwrap(),
            "--cert",
            &certificate.fingerprint,
            "--pin-source",
            &pin,
        ],
    );
    let output = command.stdin(std::fs::File::open(&content).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world.tokens.verify("kz-director", &out, &content).unwrap();
}

#[tokio::test]
async fn the_configuration_and_given_digests_choose_among_what_a_key_allows() {
    let (directory, tokens) = prepared("");
    let fingerprint = tokens.certificate("kz-director").fingerprint;
    tokens.configure(&format!(
        "\n[[certificates]]\nfingerprint = \"{fingerprint}\"\nrsa_pss = true\ndigest = \"sha512\"\n"
    ));
    let world = World::of(directory, tokens).await;
    let algorithm = async |signature: &[u8]| {
        let body = json!({
            "signature": BASE64_STANDARD.encode(signature),
            "content": BASE64_STANDARD.encode(CONTENT),
            "roots": [root(&world)],
        });
        let answer = verdict(&world, "en", &body).await;
        assert_eq!(answer["valid"], true, "{answer}");
        answer["signers"][0]["algorithm"].as_str().unwrap().to_owned()
    };
    let signature = signed(&world, "kz-director", CONTENT).await;
    world.verify("kz-director", CONTENT, &signature).unwrap();
    assert_eq!(algorithm(&signature).await, "RSA-PSS, sha512");

    // Only the digest is there: it says which one it is.
    let digest = tokensign::cms::DigestAlgorithm::Sha384.digest(CONTENT);
    let request = json!({
        "certificate": fingerprint,
        "documents": [{ "name": "act.txt", "digest": digest }],
    });
    let posted = world.agent.owner(Method::POST, "/v1/signatures").json(&request);
    let answer: Value = posted.send().await.unwrap().json().await.unwrap();
    let question = world.agent.approve(&world.tokens.certificate("kz-director").pin).await;
    assert_eq!(question["documents"][0]["seen"], false, "{question}");
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let signature = signature_of(&world.agent.settled(&format!("/v1/signatures/{id}")).await);
    world.verify("kz-director", CONTENT, &signature).unwrap();
    assert_eq!(algorithm(&signature).await, "RSA-PSS, sha384");
}

/// Runs the command line: its exit code, and the JSON of stdout or, of a failure without any, of stderr.
fn tokensign(world: &World, arguments: &[&str]) -> (i32, Value) {
    let output = command(world, arguments).output().unwrap();
    let json = serde_json::from_slice(&output.stdout)
        .or_else(|_| serde_json::from_slice(&output.stderr))
        .unwrap_or_default();
    (output.status.code().unwrap(), json)
}

fn command(world: &World, arguments: &[&str]) -> Command {
    let mut command = Command::new(programs::tokensign());
    command.args(arguments).arg("--config").arg(world.agent.configuration());
    command
}

fn pin_file(world: &World, pin: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = world.file("pin", pin.as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!("file:{}", path.display())
}
