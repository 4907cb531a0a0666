use std::path::Path;

use http::header::AUTHORIZATION;
use http::request::Parts;

use super::browser::Source;
use super::route::{Access, profile_of};
use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::connection::{Connection, Transport};
use crate::endpoint::credentials::TokenHash;
use crate::endpoint::permission::Permission;
use crate::endpoint::shared::Shared;
use crate::messages::{Code, Fault};

/// Step 5: who calls. A token is bound to where it came from: an application's to its origin, the owner's to programs, the page's
/// to the page.
///
/// # Errors
/// `unpaired`, `foreign_origin` when a token comes from an origin that it does not belong to, `store_failed`.
pub(super) async fn caller(
    shared: &Shared,
    connection: &Connection,
    parts: &Parts,
    source: Source,
    access: Access,
) -> Result<Caller, Fault> {
    let identity = match bearer(parts)? {
        // An open route is as open to a caller with a wrong token as to one without.
        Some(token) if access.is_open() => known(shared, connection, token, &source).await.unwrap_or_default(),
        Some(token) => known(shared, connection, token, &source).await?,
        None if connection.transport == Transport::Unix && source == Source::Program => Some(Identity::Owner),
        None => None,
    };
    let identity = match identity {
        Some(identity) => identity,
        None if access.is_open() => Identity::Anyone,
        None => return Err(Fault::new(Code::Unpaired)),
    };
    let origin = match source {
        Source::Foreign(origin) => Some(origin),
        Source::Program | Source::OwnPage => None,
    };
    Ok(Caller {
        identity,
        origin,
        peer: connection.peer.clone(),
    })
}

/// Whether the caller may call the route at all.
///
/// # Errors
/// `permission_denied`.
pub(super) fn check_access(caller: &Caller, access: Access, path: &str) -> Result<(), Fault> {
    let denied = |permission: &str| Err(Fault::new(Code::PermissionDenied).arg("permission", permission));
    match access {
        Access::FirstContact
        | Access::PairingSecret
        | Access::Public
        | Access::Shell
        | Access::PageCode
        | Access::Known => Ok(()),
        Access::SignOrAuthenticate => {
            if caller.may(&Permission::Authenticate) {
                return Ok(());
            }
            caller.require(&Permission::Sign)
        }
        Access::Certificates => caller.require(&Permission::Certificates),
        Access::Verify => caller.require(&Permission::Verify),
        Access::Service(service, class) => caller.require(&Permission::service(service, &profile_of(path), class)),
        Access::Person if caller.is_person() => Ok(()),
        Access::Person => denied("person"),
        Access::Owner if matches!(caller.identity, Identity::Owner) => Ok(()),
        Access::Owner => denied("owner"),
    }
}

/// Whether the other end is a process of this program: a second condition beside the token, never the only one.
async fn is_program(connection: &Connection, program: &str) -> bool {
    let Some(peer) = connection.peer.clone() else {
        return false;
    };
    let process = tokio::task::spawn_blocking(move || peer.process()).await.ok().flatten();
    process
        .and_then(|process| process.executable)
        .is_some_and(|executable| executable == Path::new(program))
}

async fn known(
    shared: &Shared,
    connection: &Connection,
    token: &str,
    source: &Source,
) -> Result<Option<Identity>, Fault> {
    let hash = TokenHash::of(token);
    if hash == shared.owner_token && *source == Source::Program {
        return Ok(Some(Identity::Owner));
    }
    if shared.pages.is_session(&hash) && !matches!(source, Source::Foreign(_)) {
        return Ok(Some(Identity::Page(hash)));
    }
    let Some(application) = shared.applications.by_token(&hash).await? else {
        return Ok(None);
    };
    let fits = match (&application.origin, source) {
        (Some(bound), Source::Foreign(origin)) => bound == origin,
        (None, Source::Program) => match &application.executable {
            Some(bound) => is_program(connection, bound).await,
            None => true,
        },
        _ => false,
    };
    if !fits {
        return Err(Fault::new(Code::ForeignOrigin).detail("the token was given to another origin or program"));
    }
    Ok(Some(Identity::Application(application)))
}

/// The bearer token (RFC 6750 section 2.1); other schemes are the handlers' own.
fn bearer(parts: &Parts) -> Result<Option<&str>, Fault> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let unreadable = |detail: &str| Fault::new(Code::Unpaired).detail(detail);
    if values.next().is_some() {
        return Err(unreadable("Authorization comes more than once"));
    }
    let value = value
        .to_str()
        .map_err(|_| unreadable("Authorization is not readable"))?;
    Ok(value.split_once(' ').and_then(|(scheme, token)| {
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }))
}
