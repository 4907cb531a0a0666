use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::certificate::Certificate;
use crate::consent::GrantView;
use crate::endpoint::extract::InPath;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::visible::visible;

/// The remembered decisions that hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct Grants {
    /// The first given first.
    grants: Vec<Grant>,
}

/// A remembered decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct Grant {
    #[serde(flatten)]
    grant: GrantView,
    /// The application's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    application_name: Option<String>,
    /// The subject of the certificate, while its token is plugged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Whose certificate it is, while its token is plugged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<Holder>,
}

/// Whose certificate it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Holder {
    /// Holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    /// Kazakh personal number.
    #[serde(skip_serializing_if = "Option::is_none")]
    iin: Option<String>,
    /// Kazakh business number.
    #[serde(skip_serializing_if = "Option::is_none")]
    bin: Option<String>,
    /// Russian personal taxpayer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    inn: Option<String>,
    /// Russian taxpayer number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    inn_le: Option<String>,
    /// Russian registration number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    ogrn: Option<String>,
    /// Russian insurance number of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    snils: Option<String>,
}

impl Holder {
    fn of(certificate: &Certificate) -> Self {
        let identity = certificate.identity();
        Self {
            common_name: identity.common_name.clone(),
            organisation: identity.organisation.clone(),
            iin: identity.iin.clone(),
            bin: identity.bin.clone(),
            inn: identity.inn.clone(),
            inn_le: identity.inn_le.clone(),
            ogrn: identity.ogrn.clone(),
            snils: identity.snils.clone(),
        }
    }
}

/// Lists the remembered decisions that hold.
#[utoipa::path(get, path = "/v1/grants", tag = "person", responses((status = OK, body = Grants)))]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<Grants>, Problem> {
    let applications = shared.applications.all();
    let inventory = shared.fleet.inventory();
    let certificates: Vec<_> = inventory
        .certificates()
        .filter_map(|(_, found)| Certificate::from_der(&found.der).ok())
        .collect();
    let grants = shared.grants.list().await?.into_iter().map(|grant| {
        let certificate = certificates
            .iter()
            .find(|certificate| certificate.fingerprint().to_string() == grant.certificate);
        Grant {
            application_name: applications
                .iter()
                .find(|application| Some(application.id) == grant.application)
                .map(|application| visible(&application.name)),
            subject: certificate.map(|certificate| certificate.subject().to_owned()),
            holder: certificate.map(Holder::of),
            grant,
        }
    });
    Ok(Json(Grants {
        grants: grants.collect(),
    }))
}

/// Ends a remembered decision, and the login that was kept for it.
#[utoipa::path(
    delete, path = "/v1/grants/{id}", tag = "person", params(("id" = Uuid, Path, description = "The remembered decision")),
    responses((status = NO_CONTENT))
)]
pub(super) async fn revoke(State(shared): State<Arc<Shared>>, InPath(id): InPath<Uuid>) -> Result<StatusCode, Problem> {
    shared.grants.revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
