//! A set as other programs see it: `pkcs11-tool` for the tokens, `openssl` for the certificates.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use softhsm_fixtures::{Certificate, Control, Error, Fixtures, TempFixtures, Token};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

#[test]
fn a_second_run_in_the_same_directory_gives_a_fresh_whole_set() {
    let directory = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let first = create(directory.path());
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "making a set took {:?}",
        start.elapsed()
    );
    fs::write(directory.path().join("notes.txt"), "somebody else's").unwrap();

    let second = create(directory.path());
    let fingerprints: HashSet<&str> = first
        .certificates()
        .iter()
        .map(|one| one.fingerprint.as_str())
        .collect();
    assert!(
        second
            .certificates()
            .iter()
            .all(|one| !fingerprints.contains(one.fingerprint.as_str()))
    );
    assert!(directory.path().join("notes.txt").exists(), "the files of others stay");
    assert_everything_is_visible(&second);
}

#[test]
fn a_run_that_failed_half_way_is_no_obstacle() {
    let directory = tempfile::tempdir().unwrap();
    let fixtures = TempFixtures::new().unwrap();
    Fixtures::copy_from_template(fixtures.directory(), directory.path()).unwrap();
    fs::remove_file(directory.path().join("fixtures.json")).unwrap();
    fs::remove_dir_all(directory.path().join("certs")).unwrap();
    assert!(matches!(Fixtures::load(directory.path()), Err(Error::File { .. })));
    assert_everything_is_visible(&create(directory.path()));
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ca.pem"), "precious").unwrap();
    assert!(matches!(
        Fixtures::create(directory.path()),
        Err(Error::ForeignDirectory(_))
    ));
    assert_eq!(fs::read_to_string(directory.path().join("ca.pem")).unwrap(), "precious");
}

#[test]
fn openssl_verifies_every_certificate_in_its_time() {
    let fixtures = TempFixtures::new().unwrap();
    for certificate in fixtures.certificates() {
        if certificate.key_type.is_kazakh_gost() {
            continue;
        }
        let verified = verify(&fixtures, certificate, &[]);
        let answer = all_of(&verified);
        match certificate.name.as_str() {
            "expired" => assert!(answer.contains("certificate has expired"), "{answer}"),
            "not-yet-valid" => assert!(answer.contains("certificate is not yet valid"), "{answer}"),
            name => assert!(verified.status.success(), "{name}: {answer}"),
        }
        let untimed = verify(&fixtures, certificate, &["-no_check_time"]);
        assert!(untimed.status.success(), "{}: {}", certificate.name, all_of(&untimed));
    }
}

/// OpenSSL knows no Kazakh identifiers, so it is given the parts: the CA's point under the identifiers of TC26, and the value in their order of bytes.
#[test]
fn the_gost_engine_confirms_the_values_in_kazakh_certificates() {
    let fixtures = TempFixtures::new().unwrap();
    let place = tempfile::tempdir().unwrap();
    let root = pem_to_der(&fs::read_to_string(fixtures.kz_gost_ca()).unwrap());
    let (_, root) = X509Certificate::from_der(&root).unwrap();
    // id-tc26-gost3410-12-512 on TC26's set A, and the point as it stands in the certificate.
    let head = "3081a0301706082a85030701010102300b06092a850307010201020103818400";
    let point = &root.public_key().subject_public_key.data;
    let key = place.path().join("key.der");
    fs::write(&key, [hex::decode(head).unwrap().as_slice(), &point[..]].concat()).unwrap();
    let kazakh: Vec<_> = fixtures
        .certificates()
        .iter()
        .filter(|one| one.key_type.is_kazakh_gost())
        .collect();
    assert_eq!(kazakh.len(), 2);
    for certificate in kazakh {
        assert_eq!(certificate.ca, fixtures.kz_gost_ca());
        let der = fs::read(&certificate.der).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        assert_eq!(
            parsed.signature_algorithm.algorithm.to_id_string(),
            "1.2.398.3.10.1.1.2.3.2"
        );
        assert_eq!(parsed.issuer(), root.subject());
        let mut value = parsed.signature_value.data.to_vec();
        let file = |name: &str, bytes: &[u8]| -> PathBuf {
            let path = place.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let signed = file("signed", parsed.tbs_certificate.as_ref());
        let verified = |signature: &Path| {
            let mut openssl = Command::new("openssl");
            openssl
                .env("OPENSSL_CONF", fixtures.gost_openssl_configuration())
                .args(["dgst", "-md_gost12_512", "-keyform", "DER", "-verify"])
                .arg(&key)
                .arg("-signature")
                .arg(signature)
                .arg(&signed);
            run(&mut openssl)
        };
        let as_it_stands = verified(&file("kazakh", &value));
        assert!(!as_it_stands.status.success(), "{}", all_of(&as_it_stands));
        value.reverse();
        let reversed = verified(&file("russian", &value));
        assert!(reversed.status.success(), "{}: {}", certificate.name, all_of(&reversed));
    }
}

#[test]
fn certificates_say_what_the_description_says() {
    let fixtures = TempFixtures::new().unwrap();
    for certificate in fixtures.certificates() {
        let der = fs::read(&certificate.der).unwrap();
        let (rest, parsed) = X509Certificate::from_der(&der).unwrap();
        assert!(rest.is_empty());
        let subject: Vec<String> = parsed
            .subject()
            .iter_attributes()
            .map(|attribute| String::from_utf8_lossy(attribute.attr_value().data).into_owned())
            .collect();
        let identity = &certificate.identity;
        let iin = identity.iin.as_ref().map(|iin| format!("IIN{iin}"));
        let bin = identity.bin.as_ref().map(|bin| format!("BIN{bin}"));
        let numbers = [
            &iin,
            &bin,
            &identity.inn,
            &identity.innle,
            &identity.ogrn,
            &identity.snils,
        ];
        for number in numbers.into_iter().flatten() {
            assert!(
                subject.contains(number),
                "{}: {number} is not in {subject:?}",
                certificate.name
            );
        }
        assert!(
            numbers.iter().any(|number| number.is_some()),
            "{} names nobody",
            certificate.name
        );
    }
    let director = fixtures.certificate("kz-director");
    assert!(director.usable && director.identity.bin.is_some());
    assert!(!fixtures.certificate("authentication-only").usable);
}

#[test]
fn awkward_ones_are_awkward() {
    let fixtures = TempFixtures::new().unwrap();
    let softhsm = fixtures.token_of("kz-director");
    let objects = list_objects(softhsm, Some(fixtures.pin()));
    let objects_of = |label: &str, kind: &str| {
        let blocks = objects.split("Object").zip(objects.split("Object").skip(1));
        blocks
            .filter(|(before, block)| before.ends_with(kind) && has_label(block, label))
            .count()
    };
    assert_eq!(objects_of("certificate-without-key", "Certificate "), 1);
    assert_eq!(objects_of("certificate-without-key", "Private Key "), 0);
    assert_eq!(objects_of("key-without-certificate", "Private Key "), 1);
    assert_eq!(objects_of("key-without-certificate", "Certificate "), 0);
    assert_eq!(fixtures.keys_without_certificate()[0].label, "key-without-certificate");

    let (first, second) = (
        fixtures.certificate("same-id-first"),
        fixtures.certificate("same-id-second"),
    );
    assert_eq!(first.id, second.id);
    assert_ne!(first.fingerprint, second.fingerprint);
}

#[test]
fn a_copy_works_on_its_own() {
    let copy = TempFixtures::new().unwrap();
    assert_everything_is_visible(&copy);
    assert_eq!(Fixtures::load(copy.directory()).unwrap().pin(), copy.pin());
    for file in ["fixtures.json", "tokensign.toml", "softhsm2.conf"] {
        let text = fs::read_to_string(copy.directory().join(file)).unwrap();
        assert!(
            text.contains(copy.directory().to_str().unwrap()),
            "{file} names its own directory"
        );
        assert!(
            !text.contains("softhsm-fixtures-template"),
            "{file} does not name the template's"
        );
    }

    let content = copy.directory().join("content");
    let signature = copy.directory().join("signature");
    fs::write(&content, "to be signed").unwrap();
    let director = copy.certificate("kz-director");
    let arguments = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", &director.id];
    let mut sign = pkcs11_tool(copy.token_of("kz-director"), Some(copy.pin()));
    sign.args(arguments)
        .arg("--input-file")
        .arg(&content)
        .arg("--output-file")
        .arg(&signature);
    succeeds(&mut sign);
    let public_key = copy.directory().join("public.pem");
    succeeds(
        Command::new("openssl")
            .args(["x509", "-noout", "-pubkey", "-in"])
            .arg(&director.pem)
            .arg("-out")
            .arg(&public_key),
    );
    succeeds(
        Command::new("openssl")
            .args(["dgst", "-sha256", "-verify"])
            .arg(public_key)
            .arg("-signature")
            .arg(signature)
            .arg(content),
    );
}

#[test]
fn faults_and_counters_of_the_gost_token_are_at_hand() {
    let fixtures = TempFixtures::new().unwrap();
    let token = fixtures.token_of("gost-director");
    let logins = fixtures.gost_token_state().unwrap().login_calls;
    fixtures
        .control_gost_token(&Control {
            pin_locked: true,
            ..Control::default()
        })
        .unwrap();
    let refused = run(pkcs11_tool(token, Some(fixtures.pin())).arg("--list-objects"));
    assert!(all_of(&refused).contains("CKR_PIN_LOCKED"), "{}", all_of(&refused));
    assert_eq!(fixtures.gost_token_state().unwrap().login_calls, logins + 1);
}

#[test]
fn the_configuration_lists_the_modules_and_the_usable_certificates() {
    let fixtures = TempFixtures::new().unwrap();
    let text = fs::read_to_string(fixtures.configuration()).unwrap();
    let configuration: toml::Table = text.parse().unwrap();
    let modules = configuration["modules"].as_array().unwrap();
    let listed: Vec<_> = modules
        .iter()
        .map(|module| module["profile"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["softhsm", "gost-token"]);
    assert_eq!(configuration["discovery"]["enabled"].as_bool(), Some(false));
    for certificate in fixtures.certificates() {
        let listed = text.contains(&certificate.fingerprint);
        assert_eq!(
            listed,
            certificate.usable || certificate.name == "authentication-only",
            "{}",
            certificate.name
        );
    }
    assert!(!text.contains(fixtures.pin()), "the PIN is not in the configuration");
}

fn create(directory: &Path) -> Fixtures {
    let mut command = Command::new(env!("CARGO_BIN_EXE_softhsm-fixtures"));
    let output = succeeds(command.args(["create", "--dir"]).arg(directory));
    assert!(output.lines().count() <= 3, "the summary is short: {output}");
    Fixtures::load(directory).unwrap()
}

fn assert_everything_is_visible(fixtures: &Fixtures) {
    for token in fixtures.tokens() {
        let objects = list_objects(token, Some(fixtures.pin()));
        for certificate in fixtures
            .certificates()
            .iter()
            .filter(|certificate| certificate.token == token.label)
        {
            let serial = format!("ID:         {}", certificate.id);
            assert!(
                has_label(&objects, &certificate.label),
                "{} is not in {objects}",
                certificate.label
            );
            assert!(objects.contains(&serial), "{} is not in {objects}", certificate.id);
        }
        let slots = succeeds(pkcs11_tool(token, None).arg("--list-token-slots"));
        assert!(slots.contains(&token.label) && slots.contains(&token.serial), "{slots}");
    }
}

fn has_label(text: &str, label: &str) -> bool {
    text.lines().any(|line| {
        line.trim()
            .strip_prefix("label:")
            .is_some_and(|value| value.trim() == label)
    })
}

fn list_objects(token: &Token, pin: Option<&str>) -> String {
    succeeds(pkcs11_tool(token, pin).arg("--list-objects"))
}

fn pkcs11_tool(token: &Token, pin: Option<&str>) -> Command {
    let mut command = Command::new("pkcs11-tool");
    command.envs(&token.env).arg("--module").arg(&token.module);
    if let Some(pin) = pin {
        command
            .args(["--token-label", &token.label, "--login", "--pin", "env:PIN"])
            .env("PIN", pin);
    }
    command
}

fn pem_to_der(pem: &str) -> Vec<u8> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    pem.contents
}

fn verify(fixtures: &Fixtures, certificate: &Certificate, options: &[&str]) -> Output {
    let mut command = Command::new("openssl");
    if certificate.ca == fixtures.gost_ca() {
        command.env("OPENSSL_CONF", fixtures.gost_openssl_configuration());
    }
    run(command
        .arg("verify")
        .args(options)
        .arg("-CAfile")
        .arg(&certificate.ca)
        .arg(&certificate.pem))
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", all_of(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn run(command: &mut Command) -> Output {
    let hint = "the test needs SoftHSM, pkcs11-tool and openssl with its GOST engine: \
                apt-get install softhsm2 opensc openssl libengine-gost-openssl";
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; {hint}"))
}

fn all_of(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}
