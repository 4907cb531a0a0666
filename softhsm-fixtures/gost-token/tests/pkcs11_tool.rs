//! The module as OpenSC's `pkcs11-tool` sees it, its signatures as OpenSSL's GOST engine sees them.

#![allow(clippy::unwrap_used)]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cryptoki_sys::{CKA_CLASS, CKA_LABEL, CKA_VALUE, CKO_PUBLIC_KEY};
use gost_token::{Control, DIRECTORY_VARIABLE, KeySize, ParameterSet, PublicKey, State, Token};
use tempfile::TempDir;

const PIN: &str = "87654321";
const WRONG_PIN: &str = "11112222";
const LABEL: &str = "a key";

#[test]
fn a_blank_token_is_initialised_and_filled_by_pkcs11_tool() {
    let token = TestToken::blank();
    let so_pin = ("SO", "12345678");
    token.succeeds(&["--init-token", "--label", "a token", "--so-pin", "env:SO"], &[so_pin]);
    let init_pin = [
        "--login",
        "--login-type",
        "so",
        "--so-pin",
        "env:SO",
        "--init-pin",
        "--new-pin",
        "env:NEW",
    ];
    token.succeeds(&init_pin, &[so_pin, ("NEW", PIN)]);
    token.generate("GOSTR3410-2012-256:B");

    let slots = token.succeeds(&["--list-slots"], &[]);
    assert!(
        slots.contains("a token") && slots.contains("PIN initialized"),
        "{slots}"
    );
    let before_login = token.succeeds(&["--list-objects"], &[]);
    assert!(before_login.contains("Public Key Object") && !before_login.contains("Private Key Object"));
    let mechanisms = token.succeeds(&["--list-mechanisms"], &[]);
    for name in [
        "GOSTR3410,",
        "GOSTR3410_512",
        "GOSTR3410-WITH-GOSTR3411-12-256",
        "GOSTR3410-WITH-GOSTR3411-12-512",
    ] {
        assert!(mechanisms.contains(name), "{name} is missing in {mechanisms}");
    }
}

#[test]
fn openssl_accepts_every_curve_and_mechanism() {
    // OpenSC's letters: 256:A is TC26-A, 256:B to D are CryptoPro-A to C.
    let curves = [
        ("GOSTR3410-2012-256:A", ParameterSet::Tc26A256),
        ("GOSTR3410-2012-256:B", ParameterSet::CryptoProA),
        ("GOSTR3410-2012-256:C", ParameterSet::CryptoProB),
        ("GOSTR3410-2012-256:D", ParameterSet::CryptoProC),
        ("GOSTR3410-2012-512:A", ParameterSet::Tc26A512),
        ("GOSTR3410-2012-512:B", ParameterSet::Tc26B512),
        ("GOSTR3410-2012-512:C", ParameterSet::Tc26C512),
    ];
    for (key_type, parameters) in curves {
        let token = TestToken::personalised();
        token.generate(key_type);
        let (digest_name, raw, hashing) = match parameters.key_size() {
            KeySize::Bits256 => ("-md_gost12_256", "GOSTR3410", "GOSTR3410-WITH-GOSTR3411-12-256"),
            KeySize::Bits512 => ("-md_gost12_512", "GOSTR3410_512", "GOSTR3410-WITH-GOSTR3411-12-512"),
        };
        // Longer than pkcs11-tool's buffer, so that it signs in parts.
        let content = token.write("content", &[0xa5; 5000]);
        let digest = token.path("digest");
        token.openssl(&["dgst", digest_name, "-binary", "-out", text(&digest), text(&content)]);
        let public_key = token.write("public.der", &token.public_key(parameters).subject_public_key_info());

        for (mechanism, input) in [(raw, &digest), (hashing, &content)] {
            let signature = token.path("signature");
            token.sign(mechanism, input, &signature).succeeds();
            let verify = [
                "dgst",
                digest_name,
                "-keyform",
                "DER",
                "-verify",
                text(&public_key),
                "-signature",
            ];
            let answer = token.openssl(&[&verify[..], &[text(&signature), text(&content)]].concat());
            assert!(answer.contains("Verified OK"), "{key_type} {mechanism}: {answer}");
        }
    }
}

#[test]
fn each_login_spends_one_try_at_most() {
    let token = TestToken::with_key();
    for (wrong_pins, word) in [
        (1, "user PIN count low"),
        (2, "final user PIN try"),
        (3, "user PIN locked"),
    ] {
        assert!(!token.login(WRONG_PIN).status.success());
        let state = token.state();
        assert_eq!(
            (state.login_calls, state.wrong_pins, u64::from(state.tries_left)),
            (wrong_pins, wrong_pins, 3 - wrong_pins)
        );
        let slots = token.succeeds(&["--list-slots"], &[]);
        assert!(slots.contains(word), "{word} is missing in {slots}");
    }
    let refused = token.login(PIN);
    assert!(all_of(&refused).contains("CKR_PIN_LOCKED"), "{}", all_of(&refused));
}

#[test]
fn faults_show_at_once() {
    let token = TestToken::with_key();
    let digest = token.write("digest", &[1; 32]);
    let signature = token.path("signature");
    let attempt = |faults: Control| {
        faults.save(token.directory.path()).unwrap();
        token.sign("GOSTR3410", &digest, &signature)
    };

    attempt(Control::default()).succeeds();
    for faults in [
        Control {
            crash_at_load: true,
            ..Control::default()
        },
        Control {
            crash_at_initialize: true,
            ..Control::default()
        },
        Control {
            crash_in_sign_after: Some(0),
            ..Control::default()
        },
    ] {
        let output = attempt(faults.clone());
        assert_eq!(
            output.status.code(),
            None,
            "{faults:?} ends the process by a signal: {}",
            all_of(&output)
        );
    }
    for (faults, word) in [
        (
            Control {
                pin_locked: true,
                ..Control::default()
            },
            "CKR_PIN_LOCKED",
        ),
        (
            Control {
                device_removed: true,
                ..Control::default()
            },
            "No slot with a token was found",
        ),
        (
            Control {
                device_removed_after_signatures: Some(0),
                ..Control::default()
            },
            "No slot with a token was found",
        ),
    ] {
        let output = attempt(faults.clone());
        assert!(
            !output.status.success() && all_of(&output).contains(word),
            "{faults:?}: {}",
            all_of(&output)
        );
    }
    let output = attempt(Control {
        prints_on_stdout: true,
        ..Control::default()
    });
    assert!(String::from_utf8_lossy(&output.stdout).contains("gost-token: C_Sign called"));

    let output = attempt(Control {
        get_interface_fails: true,
        ..Control::default()
    });
    assert!(all_of(&output).contains("C_GetInterface failed"), "{}", all_of(&output));
    output.succeeds();

    let start = Instant::now();
    attempt(Control {
        sign_delay_ms: 700,
        ..Control::default()
    })
    .succeeds();
    assert!(start.elapsed() >= Duration::from_millis(700));
}

#[test]
fn a_hanging_signature_hangs_until_killed() {
    let token = TestToken::with_key();
    Control {
        hang_in_sign: true,
        ..Control::default()
    }
    .save(token.directory.path())
    .unwrap();
    let digest = token.write("digest", &[1; 32]);
    let mut child = token
        .sign_command("GOSTR3410", &digest, &token.path("signature"))
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert!(child.try_wait().unwrap().is_none(), "the process still waits");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(token.state().signatures, 0);
}

/// A token in a directory of its own.
struct TestToken {
    directory: TempDir,
}

impl TestToken {
    fn blank() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn personalised() -> Self {
        let token = Self::blank();
        token.personalise();
        token
    }

    fn with_key() -> Self {
        let token = Self::blank();
        token
            .personalise()
            .generate_key_pair(LABEL, b"\x01", ParameterSet::CryptoProA)
            .unwrap();
        token
    }

    fn personalise(&self) -> Token {
        Token::create(self.directory.path(), "a token", "12345678", PIN).unwrap()
    }

    fn state(&self) -> State {
        State::load(self.directory.path()).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn generate(&self, key_type: &str) {
        let command = [
            "--login",
            "--pin",
            "env:PIN",
            "--keypairgen",
            "--key-type",
            key_type,
            "--label",
            LABEL,
        ];
        self.succeeds(&[&command[..], &["--id", "01"]].concat(), &[("PIN", PIN)]);
    }

    fn login(&self, pin: &str) -> Output {
        let mut command = self.tool();
        run(command
            .args(["--login", "--pin", "env:PIN", "--list-objects"])
            .env("PIN", pin))
    }

    fn sign(&self, mechanism: &str, input: &Path, output: &Path) -> Output {
        run(&mut self.sign_command(mechanism, input, output))
    }

    fn sign_command(&self, mechanism: &str, input: &Path, output: &Path) -> Command {
        let mut command = self.tool();
        command
            .args([
                "--login",
                "--pin",
                "env:PIN",
                "--sign",
                "--id",
                "01",
                "--mechanism",
                mechanism,
            ])
            .env("PIN", PIN);
        command.arg("--input-file").arg(input).arg("--output-file").arg(output);
        command
    }

    fn succeeds(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        run(self.tool().args(arguments).envs(environment.iter().copied())).succeeds()
    }

    fn tool(&self) -> Command {
        let mut command = Command::new("pkcs11-tool");
        command
            .env(DIRECTORY_VARIABLE, self.directory.path())
            .arg("--module")
            .arg(module());
        // The hang test kills its child without reading it.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn public_key(&self, parameters: ParameterSet) -> PublicKey {
        let state = self.state();
        let key = state
            .objects
            .values()
            .map(|object| &object.attributes)
            .find(|attributes| {
                attributes.number(CKA_CLASS) == Some(CKO_PUBLIC_KEY)
                    && attributes.value(CKA_LABEL) == Some(LABEL.as_bytes())
            });
        PublicKey::from_value(parameters, key.unwrap().value(CKA_VALUE).unwrap()).unwrap()
    }

    fn openssl(&self, arguments: &[&str]) -> String {
        let configuration =
            "openssl_conf = a\n[a]\nengines = b\n[b]\ngost = c\n[c]\nengine_id = gost\ndefault_algorithms = ALL\n";
        let configuration = self.write("openssl.cnf", configuration.as_bytes());
        run(Command::new("openssl")
            .args(arguments)
            .env("OPENSSL_CONF", configuration))
        .succeeds()
    }
}

trait Succeeds {
    fn succeeds(self) -> String;
}

impl Succeeds for Output {
    #[track_caller]
    fn succeeds(self) -> String {
        assert!(self.status.success(), "{}", all_of(&self));
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

#[track_caller]
fn run(command: &mut Command) -> Output {
    let hint = "the test needs pkcs11-tool and openssl with its GOST engine: \
                apt-get install opensc openssl libengine-gost-openssl";
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; {hint}"))
}

fn all_of(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}

/// Cargo puts the module beside the test program.
fn module() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.with_file_name(format!("{DLL_PREFIX}gost_token{DLL_SUFFIX}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
