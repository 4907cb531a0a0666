use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::ModuleConfig;
use crate::endpoint::extract::JsonBody;
use crate::endpoint::module_path::{module_path, names_module};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::messages::{Code, Fault};
use crate::token::{ModuleSpec, Origin};

/// A module to add.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "path": "/usr/lib/librtpkcs11ecp.so" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct ModuleToAdd {
    /// Its file, absolute; or a PKCS#11 URI with `module-path`.
    path: String,
    /// The profile to run it by; recognised by the file's name when absent.
    #[serde(default)]
    profile: Option<String>,
    /// Environment variables that it needs; no place for secrets.
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// What a module says of itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedModule {
    /// Its file.
    #[schema(value_type = String)]
    path: PathBuf,
    /// Who made it.
    manufacturer: String,
    /// What it is.
    description: String,
    /// Its version.
    version: String,
    /// The PKCS#11 version that it follows.
    cryptoki: String,
}

/// Which module.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "path": "/usr/lib/librtpkcs11ecp.so" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct ModuleNamed {
    /// Its file, as `GET /v1/tokens` names it; or a PKCS#11 URI with `module-path` or `module-name`.
    path: String,
}

/// The module that something was done to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedModule {
    /// Its file.
    #[schema(value_type = String)]
    path: PathBuf,
}

/// Adds a module: loads it in a process that ends at once, and keeps it when that went well.
#[utoipa::path(
    post, path = "/v1/modules", tag = "person", request_body = ModuleToAdd,
    responses((status = CREATED, body = AddedModule))
)]
pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
    body: JsonBody,
) -> Result<(StatusCode, Json<AddedModule>), Problem> {
    let ModuleToAdd { path, profile, env } = body.parse()?;
    may_change_the_list(&shared)?;
    let path = module_path(&path).map_err(|reason| Fault::invalid_field("path", reason))?;
    let spec = ModuleSpec { path, profile, env };
    let library = shared.fleet.add(spec.clone()).await.map_err(Fault::from)?;
    let path = spec.path.clone();
    let record = ModuleConfig {
        path: spec.path,
        profile: spec.profile,
        env: spec.env,
    };
    let added_modules = shared.added_modules.clone();
    tokio::task::spawn_blocking(move || added_modules.add(record))
        .await
        .map_err(Fault::internal)??;
    // Its tokens are there when the command ends.
    shared.fleet.refresh().await;
    let added = AddedModule {
        path,
        manufacturer: library.manufacturer,
        description: library.description,
        version: library.version,
        cryptoki: library.cryptoki,
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// Lets go of a module that was added.
#[utoipa::path(
    post, path = "/v1/modules/remove", tag = "person", request_body = ModuleNamed,
    responses((status = OK, body = ChangedModule))
)]
pub(super) async fn remove(State(shared): State<Arc<Shared>>, body: JsonBody) -> Result<Json<ChangedModule>, Problem> {
    let ModuleNamed { path } = body.parse()?;
    may_change_the_list(&shared)?;
    let (path, origin) = find(&shared, &path)?;
    if origin != Origin::Added {
        return Err(Fault::new(Code::WrongState)
            .arg("item", path.display())
            .detail("the module was not added with `tokensign modules add`: take it out of the configuration, or disable it in p11-kit")
            .into());
    }
    let added_modules = shared.added_modules.clone();
    let file = path.clone();
    tokio::task::spawn_blocking(move || added_modules.remove(&file))
        .await
        .map_err(Fault::internal)??;
    shared.fleet.remove(&path);
    Ok(Json(ChangedModule { path }))
}

/// Takes back a module that was set aside, and tries it.
#[utoipa::path(
    post, path = "/v1/modules/release", tag = "person", request_body = ModuleNamed,
    responses((status = OK, body = ChangedModule))
)]
pub(super) async fn release(State(shared): State<Arc<Shared>>, body: JsonBody) -> Result<Json<ChangedModule>, Problem> {
    let ModuleNamed { path } = body.parse()?;
    let (path, _) = find(&shared, &path)?;
    if !shared.fleet.release(&path).await {
        return Err(Fault::new(Code::NoSuchItem).arg("item", path.display()).into());
    }
    Ok(Json(ChangedModule { path }))
}

/// A module on the list.
fn find(shared: &Shared, named: &str) -> Result<(PathBuf, Origin), Fault> {
    let inventory = shared.fleet.inventory();
    for module in &inventory.modules {
        if names_module(named, &module.path).map_err(|reason| Fault::invalid_field("path", reason))? {
            return Ok((module.path.clone(), module.origin));
        }
    }
    Err(Fault::new(Code::NoSuchItem).arg("item", named))
}

fn may_change_the_list(shared: &Shared) -> Result<(), Fault> {
    match shared.config.locked.covers("modules") {
        true => Err(Fault::new(Code::ConfigInvalid).arg("reason", "the system locks `modules`: ask the administrator")),
        false => Ok(()),
    }
}
