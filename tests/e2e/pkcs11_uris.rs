//! PKCS#11 URIs (RFC 7512), over HTTP, on the command line and in the configuration.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, prepared, signature_of};

/// The certificate as it is listed, and the module of its token.
async fn named(world: &World, fingerprint: &str) -> (Value, String) {
    let certificates: Value = world.agent.get("/v1/certificates").await;
    let mut all = certificates["certificates"].as_array().unwrap().iter();
    let certificate = all
        .find(|certificate| certificate["fingerprint"] == fingerprint)
        .unwrap();
    let module = world.tokens.fixtures().token_of("gost-director").module.clone();
    let module = std::path::absolute(module).unwrap().to_str().unwrap().to_owned();
    (certificate.clone(), module)
}

/// The text without what RFC 3986 lets stand.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test]
async fn a_key_a_token_and_a_module_are_named_by_uri_everywhere() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    let (listed, module) = named(&world, &certificate.fingerprint).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (own, serial) = (text(&listed["uri"]), text(&listed["token"]["serial"]));
    let on_token = format!("token={}", encoded(&text(&listed["token"]["label"])));
    let id = own.split(';').find(|attribute| attribute.starts_with("id=")).unwrap();
    let id = id.split('?').next().unwrap();
    let selectors = [
        own.clone(),
        own.replacen("pkcs11:", "PKCS11:", 1),
        format!("pkcs11:{on_token};{id}"),
        format!("Pkcs11:serial={serial};{id};type=private"),
        format!("pkcs11:{id};type=cert?module-path={}", encoded(&module)),
        format!("pkcs11:{id}?module-name=gost_token&x-unknown=1"),
        format!("serial={},token=PKCS11:serial={serial}", text(&listed["serial"])),
    ];
    for selector in &selectors {
        let id = world.request_signature(selector, b"document").await;
        let question = world.agent.approve(&certificate.pin).await;
        assert_eq!(
            question["certificate"]["fingerprint"], certificate.fingerprint,
            "{selector}"
        );
        let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
        assert_eq!(resource["state"], "finished", "{selector}: {resource}");
        world
            .verify("gost-director", b"document", &signature_of(&resource))
            .unwrap();
        let listed = world.command(&["certs", "--json", selector]);
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let listed = listed["certificates"].as_array().unwrap();
        assert_eq!(listed.len(), 1, "{selector}");
        assert_eq!(listed[0]["fingerprint"], certificate.fingerprint);
    }
    let elsewhere = world.request("pkcs11:token=nowhere", b"document").await;
    let path = format!("/v1/signatures/{}", elsewhere["id"].as_str().unwrap());
    assert_eq!(
        world.agent.settled(&path).await["fault"]["code"],
        "certificate_not_found"
    );

    // A module, where it is released; also in the letter case that RFC 3986 allows.
    for uri in [
        format!("pkcs11:?module-path={}", encoded(&module)),
        "PKCS11:?module-name=gost_token".to_owned(),
    ] {
        let released = world.command(&["modules", "release", &uri]);
        assert!(
            released.status.success(),
            "{uri}: {}",
            String::from_utf8_lossy(&released.stderr)
        );
        let answer = world
            .agent
            .owner(Method::POST, "/v1/modules/release")
            .json(&json!({ "path": uri }));
        assert!(answer.send().await.unwrap().status().is_success(), "{uri}");
    }
}

#[tokio::test]
async fn a_pin_in_a_uri_is_refused_however_it_is_written_and_repeated_nowhere() {
    let world = World::new().await;
    for uri in [
        "pkcs11:token=a?pin-value=87654321",
        "PKCS11:token=a;pin-value=87654321",
        "pkcs11:token=a?%70in-value=87654321",
        "pkcs11:token=a?PIN-VALUE=87654321",
        "pkcs11:?module-name=gost_token&pin-source=file:/87654321",
    ] {
        let answer = world.request(uri, b"document").await;
        assert_eq!(answer["code"], "invalid_selector", "{uri}: {answer}");
        let body = json!({ "path": uri });
        let module = world.agent.owner(Method::POST, "/v1/modules/release").json(&body);
        let module: Value = module.send().await.unwrap().json().await.unwrap();
        assert_eq!(module["code"], "invalid_field", "{uri}: {module}");
        let file = world.file("contract", b"hello");
        let signed = world.command(&["sign", file.to_str().unwrap(), "--cert", uri]);
        let listed = world.command(&["certs", uri]);
        for (output, told) in [(&signed, &answer), (&listed, &module)] {
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{uri}: {said}");
            assert!(
                !said.contains("87654321") && !told.to_string().contains("87654321"),
                "{uri}: {said}"
            );
        }
    }
    assert!(!world.agent.log().contains("87654321"));
}

#[tokio::test]
async fn the_configuration_takes_uris_of_modules_and_wants_certificates_by_fingerprint() {
    let (directory, tokens) = prepared("");
    let copy = directory.path().join("libvendor two.so");
    std::fs::copy(&tokens.fixtures().token_of("gost-director").module, &copy).unwrap();
    let (name, value) = tokens.fixtures().token_of("gost-director").env.iter().next().unwrap();
    let uri = format!("PKCS11:?module-path={}", encoded(copy.to_str().unwrap()));
    tokens.configure(&format!(
        "\n[[modules]]\npath = \"{uri}\"\nprofile = \"gost-token\"\nenv = {{ {name} = \"{}\" }}\n",
        value.to_str().unwrap()
    ));
    let world = World::of(directory, tokens).await;
    let answer: Value = world.agent.get("/v1/tokens").await;
    let modules = answer["modules"].as_array().unwrap();
    let loaded = modules.iter().find(|module| module["path"] == copy.to_str().unwrap());
    assert_eq!(loaded.unwrap_or_else(|| panic!("{answer}"))["state"], "ok", "{answer}");

    let refused = |lines: &str, says: &str| {
        let (_directory, tokens) = prepared(lines);
        let output = std::process::Command::new(tokensign_tests::programs::tokensign())
            .args(["tokens", "--config"])
            .arg(tokens.configuration())
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says) && !said.contains("87654321"), "{said}");
    };
    refused(
        "\n[[certificates]]\nfingerprint = \"pkcs11:token=a?pin-value=87654321\"\n",
        "certificates.fingerprint is a PKCS#11 URI",
    );
    refused("\n[[modules]]\npath = \"pkcs11:token=a\"\n", "names no module");
    refused(
        "\n[[modules]]\npath = \"pkcs11:?module-path=/x.so&pin%2Dvalue=87654321\"\n",
        "pin-value",
    );
}
