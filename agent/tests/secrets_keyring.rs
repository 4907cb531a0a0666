//! A bearer token in the user's keyring: a real Secret Service (gnome-keyring) on a message bus of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokensign::config::TokenSource;
use tokensign::messages::Code;
use tokensign::secrets::{HeldSecret, resolve};

/// Starts the keyring, unlocked, puts one entry into it and runs the other test.
const SESSION: &str = r#"
printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
printf 'token-from-the-keyring' | secret-tool store --label='tokensign main' service tokensign entry main
"$0" --exact as_a_child_read_the_keyring --ignored
"#;

#[test]
fn a_token_is_read_from_the_keyring() {
    for (program, package) in [
        ("dbus-run-session", "dbus-daemon"),
        ("gnome-keyring-daemon", "gnome-keyring"),
        ("secret-tool", "libsecret-tools"),
    ] {
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .unwrap();
        assert!(
            found.status.success(),
            "{program} is missing: apt-get install {package}"
        );
    }
    let home = TempDir::new().unwrap();
    let ran = Command::new("dbus-run-session")
        .args(["--", "sh", "-e", "-c", SESSION])
        .arg(std::env::current_exe().unwrap())
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(ran.status.success() && told.contains("1 passed"), "{told}");
    assert!(
        !told.contains("token-from-the-keyring"),
        "the secret is printed nowhere"
    );
}

#[test]
#[ignore = "run by the other test in a session of its own"]
fn as_a_child_read_the_keyring() {
    let source = TokenSource::Keyring("main".to_owned());
    assert_eq!(resolve(&source).unwrap().expose_secret(), "token-from-the-keyring");
    let held = HeldSecret::new(source);
    assert_eq!(held.fetch().unwrap().expose_secret(), "token-from-the-keyring");
    assert!(!format!("{held:?}").contains("token-from"));
    let missing = resolve(&TokenSource::Keyring("other".to_owned())).unwrap_err();
    assert_eq!(missing.code(), Code::ServiceTokenMissing);
    let detail = missing.detail_text().unwrap();
    assert!(
        detail.contains("secret-tool store --label='tokensign other'"),
        "{detail}"
    );
}
