//! Modules added, listed and removed on the command line, and what the profiles of the configuration directory change.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::Value;
use tokensign_tests::agent::Agent;
use tokensign_tests::programs;

use crate::world::{World, prepared};

fn tokensign(configuration: &Path, arguments: &[&str]) -> Output {
    Command::new(programs::tokensign())
        .args(arguments)
        .arg("--config")
        .arg(configuration)
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}{}", text(&output.stdout), text(&output.stderr)))
}

/// The library of the GOST test token under another name, and what it needs in its environment.
fn another_library(world: &World) -> (PathBuf, String) {
    let token = world.tokens.fixtures().token_of("gost-director");
    let copy = world.path().join("libvendor.so");
    std::fs::copy(&token.module, &copy).unwrap();
    let (name, value) = token.env.iter().next().unwrap();
    (copy, format!("{name}={}", value.to_str().unwrap()))
}

fn module<'a>(inventory: &'a Value, path: &Path) -> Option<&'a Value> {
    let modules = inventory["modules"].as_array().unwrap();
    modules.iter().find(|module| module["path"] == path.to_str().unwrap())
}

async fn inventory(agent: &Agent) -> Value {
    agent
        .owner(Method::GET, "/v1/tokens")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_module_is_tried_recorded_shown_and_removed() {
    let mut world = World::new().await;
    let (library, variable) = another_library(&world);
    let configuration = world.agent.configuration().to_owned();
    let path = library.to_str().unwrap();
    let tokens_before = inventory(&world.agent).await["tokens"].as_array().unwrap().len();

    let added = tokensign(
        &configuration,
        &[
            "modules",
            "add",
            path,
            "--profile",
            "gost-token",
            "--env",
            &variable,
            "--json",
        ],
    );
    assert!(added.status.success(), "{}", text(&added.stderr));
    assert_eq!(json(&added)["description"], "GOST R 34.10-2012 for tests");

    // It reads the same token as the configured one: the token is shown once, and says so.
    let now = inventory(&world.agent).await;
    let entry = module(&now, &library).unwrap_or_else(|| panic!("{now}"));
    assert_eq!((&entry["origin"], &entry["state"]), (&"added".into(), &"ok".into()));
    let tokens = now["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), tokens_before, "{now}");
    let shared = tokens.iter().find(|token| token["also_through"].is_array());
    assert_eq!(shared.unwrap_or_else(|| panic!("{now}"))["also_through"][0], path);

    // The next agent has it, too.
    world.agent.kill();
    let agent = Agent::start(&configuration).await;
    assert_eq!(module(&inventory(&agent).await, &library).unwrap()["origin"], "added");

    let removed = tokensign(
        &configuration,
        &["modules", "remove", &format!("pkcs11:?module-path={path}")],
    );
    assert!(removed.status.success(), "{}", text(&removed.stderr));
    let now = inventory(&agent).await;
    assert!(module(&now, &library).is_none());
    assert_eq!(now["tokens"].as_array().unwrap().len(), tokens_before);
    let again = tokensign(&configuration, &["modules", "remove", path]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
}

#[tokio::test]
async fn what_is_no_module_or_may_not_be_trusted_is_not_recorded() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new().await;
    let configuration = world.agent.configuration();
    let (library, variable) = another_library(&world);
    let no_library = world.file("notes.so", b"no library");
    let writable = world.path().join("libopen.so");
    std::fs::copy(&library, &writable).unwrap();
    std::fs::set_permissions(&writable, std::fs::Permissions::from_mode(0o666)).unwrap();
    let with_pin = format!("pkcs11:?module-path={}&pin-value=1234", library.display());
    // The library itself refuses to start without its directory.
    let add = |arguments: &[&str]| tokensign(configuration, &[&["modules", "add"], arguments].concat());
    for (arguments, exit, says) in [
        (vec![no_library.to_str().unwrap()], 4, "cannot be used"),
        (
            vec![writable.to_str().unwrap(), "--env", &variable],
            4,
            "can be written by others",
        ),
        (vec!["/nowhere/libx.so"], 4, "missing"),
        (vec![library.to_str().unwrap()], 4, "C_Initialize"),
        (
            vec![library.to_str().unwrap(), "--profile", "nonsense"],
            4,
            "no token profile",
        ),
        (vec![&with_pin], 2, "pin-value"),
    ] {
        let output = add(&arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
        assert!(said.contains(says) && !said.contains("1234"), "{arguments:?}: {said}");
    }
    let now = inventory(&world.agent).await;
    assert!(module(&now, &library).is_none() && module(&now, &no_library).is_none());
    let configured = world.tokens.fixtures().token_of("gost-director").module.clone();
    let configured = std::path::absolute(configured).unwrap();
    let kept = tokensign(configuration, &["modules", "remove", configured.to_str().unwrap()]);
    assert_ne!(kept.status.code(), Some(0));
    assert!(text(&kept.stderr).contains("configuration"), "{}", text(&kept.stderr));
}

#[tokio::test]
async fn applications_and_the_page_cannot_add_modules() {
    let world = World::new().await;
    let (library, _) = another_library(&world);
    let body = serde_json::json!({ "path": library });
    let answer = world
        .agent
        .stranger(Method::POST, "/v1/modules")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn a_profile_of_the_configuration_directory_replaces_the_embedded_one_and_has_to_be_sound() {
    let (directory, tokens) = prepared("");
    let configuration = tokens.configuration();
    let profiles = configuration.parent().unwrap().join("profiles.d");
    std::fs::create_dir(&profiles).unwrap();
    let own = profiles.join("gost-token.toml");
    let location = "[[locations]]\nos = 'linux'\nfiles = ['libgost_token.so']\nsource = 'here'\n";
    let confining = "[confining]\nlevel = 'off'\nenvironment = ['GOST_TOKEN_DIR']\nsource = 'here'\n";
    std::fs::write(
        &own,
        format!("name = 'gost-token'\ntitle = 'Our own title'\n{location}{confining}"),
    )
    .unwrap();
    let agent = Agent::start(&configuration).await;
    let now = inventory(&agent).await;
    let titles: Vec<_> = now["modules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|module| &module["name"])
        .collect();
    assert!(titles.contains(&&Value::from("Our own title")), "{now}");
    drop(agent);

    std::fs::write(
        &own,
        "name = 'gost-token'\ntitle = 'x'\nconfining = { level = 'of', source = 'here' }\n",
    )
    .unwrap();
    let broken = tokensign(&configuration, &["tokens"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(
        text(&broken.stderr).contains("gost-token.toml"),
        "{}",
        text(&broken.stderr)
    );
    drop(directory);
}
