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
    agent.get("/v1/tokens").await
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

/// Whoever else can write the file, or put another in its place, would run in the agent's worker.
#[tokio::test]
async fn a_module_that_others_can_change_or_that_has_no_fixed_place_is_not_loaded() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new().await;
    let (library, variable) = another_library(&world);
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let placed = |directory: &str, file_mode, directory_mode| {
        let directory = world.path().join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("libplaced.so");
        std::fs::copy(&library, &file).unwrap();
        mode(&file, file_mode);
        mode(&directory, directory_mode);
        file
    };
    let below = placed("open-above/below", 0o755, 0o755);
    mode(&world.path().join("open-above"), 0o777);
    let link = world.path().join("link.so");
    std::os::unix::fs::symlink(placed("linked", 0o666, 0o755), &link).unwrap();
    for (file, culprit) in [
        (placed("group", 0o775, 0o755), "libplaced.so"),
        (placed("world", 0o757, 0o755), "libplaced.so"),
        (placed("group-directory", 0o755, 0o775), "group-directory"),
        (placed("world-directory", 0o755, 0o777), "world-directory"),
        (below, "open-above"),
        (link, "libplaced.so"),
    ] {
        let path = file.to_str().unwrap();
        let arguments = ["modules", "add", path, "--profile", "gost-token", "--env", &variable];
        let output = tokensign(world.agent.configuration(), &arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{path}: {said}");
        assert!(
            said.contains("can be written by others") && said.contains(culprit),
            "{path}: {said}"
        );
        assert!(module(&inventory(&world.agent).await, &file).is_none());
    }
    for relative in [
        "libplaced.so",
        "./group/libplaced.so",
        "PKCS11:?module-path=libplaced.so",
    ] {
        let body = serde_json::json!({ "path": relative });
        let answer = world.agent.owner(Method::POST, "/v1/modules").json(&body);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&answer["code"], &answer["field"]),
            (&"invalid_field".into(), &"path".into()),
            "{answer}"
        );
        assert!(answer.to_string().contains("absolute"), "{answer}");
    }
    // Named in the configuration, such a module is shown with the reason and not loaded; a relative path stops the agent.
    let (directory, tokens) = prepared("");
    let open = directory.path().join("libopen.so");
    std::fs::copy(&library, &open).unwrap();
    mode(&open, 0o775);
    tokens.configure(&format!("\n[[modules]]\npath = \"{}\"\n", open.display()));
    let agent = Agent::start(&tokens.configuration()).await;
    let now = inventory(&agent).await;
    let entry = module(&now, &open).unwrap_or_else(|| panic!("{now}"));
    assert_eq!(entry["state"], "unsafe", "{entry}");
    drop(agent);
    tokens.configure("\n[[modules]]\npath = \"libopen.so\"\n");
    let refused = tokensign(&tokens.configuration(), &["tokens"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("modules.path"),
        "{}",
        text(&refused.stderr)
    );
}

/// What a confined module must not do is refused by the system, and the module works all the same.
#[tokio::test]
async fn a_confined_module_starts_no_program() {
    let (directory, tokens) = prepared("");
    let configuration = tokens.configuration();
    let profiles = configuration.parent().unwrap().join("profiles.d");
    std::fs::create_dir(&profiles).unwrap();
    tokens.gost_control(&serde_json::json!({ "starts_program": true }));
    let programs = || {
        let state = tokens.fixtures().gost_token_state().unwrap();
        (state.programs_started, state.programs_refused)
    };
    let certificate = tokens.certificate("gost-director");
    for level in ["off", "no_exec", "strict"] {
        let profile = format!(
            "name = 'gost-token'\ntitle = 'Confined'\n\
             [[locations]]\nos = 'linux'\nfiles = ['libgost_token.so']\nsource = 'here'\n\
             [confining]\nlevel = '{level}'\nenvironment = ['GOST_TOKEN_DIR']\nstate = ['$GOST_TOKEN_DIR']\nsource = 'here'\n"
        );
        std::fs::write(profiles.join("gost-token.toml"), profile).unwrap();
        let before = programs();
        let agent = Agent::start(&configuration).await;
        let document = serde_json::json!({ "name": "a.txt", "content": "YQ==" });
        let body = serde_json::json!({ "certificate": certificate.fingerprint, "documents": [document] });
        let answer = agent.owner(Method::POST, "/v1/signatures").json(&body);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        agent.approve(&certificate.pin).await;
        let path = format!("/v1/signatures/{}", answer["id"].as_str().unwrap());
        let resource = agent.settled(&path).await;
        assert_eq!(resource["state"], "finished", "{level}: {resource}");
        let (started, refused) = (programs().0 - before.0, programs().1 - before.1);
        match level {
            "off" => assert!(started > 0 && refused == 0, "{started} {refused}"),
            _ => assert!(started == 0 && refused > 0, "{level}: {started} {refused}"),
        }
    }
    drop(directory);
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
