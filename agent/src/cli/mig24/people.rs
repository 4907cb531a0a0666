use super::arguments::ProfileName;
use super::{call, path};
use crate::cli::services::segment;
use crate::cli::session::Session;
use crate::messages::Fault;

pub(super) async fn employees(
    session: &Session,
    profile: &ProfileName,
    employee: Option<&str>,
    organization: Option<&str>,
) -> Result<(), Fault> {
    let query = organization.map_or_else(String::new, |id| format!("?organization_id={}", segment(id)));
    if let Some(employee) = employee {
        let rest = format!("employees/{}{query}", segment(employee));
        return call::show(session, &path(session, profile, &rest)?).await;
    }
    let columns = [
        ("user_id", "ui-id"),
        ("full_name", "ui-name"),
        ("snils", "ui-snils"),
        ("mchd_info_id", "ui-power-of-attorney"),
        ("cert_container_name", "ui-container"),
    ];
    let path = path(session, profile, &format!("employees{query}"))?;
    call::list(session, &path, "employees", columns).await
}

pub(super) async fn counterparties(session: &Session, profile: &ProfileName) -> Result<(), Fault> {
    let columns = [
        ("abonent_id", "ui-abonent"),
        ("name", "ui-name"),
        ("inn", "ui-inn-le"),
        ("kpp", "ui-kpp"),
        ("date", "ui-created"),
    ];
    let path = path(session, profile, "counterparties")?;
    call::list(session, &path, "counterparties", columns).await
}

pub(super) async fn invitations(session: &Session, profile: &ProfileName, outgoing: bool) -> Result<(), Fault> {
    let columns = [
        ("abonent_id", "ui-abonent"),
        ("state", "ui-state"),
        ("name", "ui-name"),
        ("inn", "ui-inn-le"),
        ("date", "ui-created"),
        ("comment", "ui-comment"),
    ];
    let direction = if outgoing {
        "invitations/outbox"
    } else {
        "invitations/inbox"
    };
    call::list(session, &path(session, profile, direction)?, "invitations", columns).await
}

pub(super) async fn operators(session: &Session, profile: &ProfileName) -> Result<(), Fault> {
    let columns = [
        ("code", "ui-operator"),
        ("company_name", "ui-organisation"),
        ("product_name", "ui-name"),
        ("inn", "ui-inn-le"),
        ("kpp", "ui-kpp"),
    ];
    call::list(session, &path(session, profile, "operators")?, "operators", columns).await
}
