use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::connection::{self, Connection, Transport};
use super::guard::PeerUser;
use super::places::{Place, Places};
use super::problem;
use super::shared::Shared;
use crate::config::EndpointConfig;
use crate::messages::{Code, Fault};
use crate::platform::{self, LocalListener, Peer};

/// The port, and those that are tried when it is taken.
const PORT: u16 = 9482;
const MORE_PORTS: std::ops::RangeInclusive<u16> = 9483..=9499;

/// The most connections of other users at once; each is told so and closed.
const MOST_FOREIGN: usize = 16;
/// How long accepting rests after the system refused (no descriptors left, for instance).
const REST: Duration = Duration::from_millis(100);

/// Binds the Unix socket.
///
/// # Errors
/// `internal` when the directory or the socket cannot be made; never deletes what is no socket.
pub(super) fn bind_socket(path: &Path) -> Result<LocalListener, Fault> {
    LocalListener::bind(path)
        .map_err(|error| Fault::internal(format_args!("the socket {} cannot be made: {error}", path.display())))
}

/// Binds loopback TCP: the address that the configuration names, else the first free port.
///
/// # Errors
/// `port_taken`, `config_invalid` when the address is not loopback.
pub(super) async fn bind_tcp(config: &EndpointConfig) -> Result<TcpListener, Fault> {
    if let Some(address) = config.listen {
        if !address.ip().is_loopback() {
            return Err(Fault::new(Code::ConfigInvalid)
                .arg("key", "endpoint.listen")
                .detail(format_args!(
                    "endpoint.listen is {address}; only loopback addresses are listened on"
                )));
        }
        return TcpListener::bind(address).await.map_err(|error| taken(address, &error));
    }
    let mut last = None;
    for port in std::iter::once(PORT).chain(MORE_PORTS) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Some(taken(address, &error)),
            Err(error) => return Err(taken(address, &error)),
        }
    }
    Err(last.unwrap_or_else(|| Fault::new(Code::PortTaken)))
}

fn taken(address: SocketAddr, error: &io::Error) -> Fault {
    Fault::new(Code::PortTaken)
        .arg("address", address)
        .arg("port", address.port())
        .detail(format_args!("{address} cannot be listened on: {error}"))
}

/// Accepts on the socket until the agent ends.
pub(super) async fn accept_local(shared: Arc<Shared>, router: Router, listener: LocalListener, tasks: TaskTracker) {
    let places = Places::new();
    loop {
        // Those that find no place wait in the kernel's queue.
        let Some(place) = places.wait().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.shutdown.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the socket accepts nothing");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let (shared, router) = (Arc::clone(&shared), router.clone());
        tasks.spawn(async move {
            let connection = describe(Transport::Unix, Ok(peer), &place);
            connection::serve(shared, router, connection, stream).await;
            drop(place);
        });
    }
}

/// Accepts on loopback TCP until the agent ends.
pub(super) async fn accept_tcp(shared: Arc<Shared>, router: Router, listener: TcpListener, tasks: TaskTracker) {
    let places = Places::new();
    let foreign = Arc::new(Semaphore::new(MOST_FOREIGN));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.shutdown.cancelled() => return,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "loopback TCP accepts nothing");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        // Beyond the last place a connection is told so and closed at once, so that the queue cannot be filled for good.
        let Some(place) = places.take() else {
            turn_away(&shared, stream, PeerUser::Own);
            continue;
        };
        let (shared, router, foreign) = (Arc::clone(&shared), router.clone(), Arc::clone(&foreign));
        tasks.spawn(async move {
            if let Some(connection) = identify(&stream, remote, &place).await {
                let _stranger = match connection.user {
                    PeerUser::Own => None,
                    PeerUser::Foreign { .. } => match foreign.try_acquire_owned() {
                        Ok(place) => Some(place),
                        Err(_) => return turn_away(&shared, stream, connection.user),
                    },
                };
                connection::serve(shared, router, connection, stream).await;
            }
            drop(place);
        });
    }
}

/// When it is worth connecting again, in seconds: an idle connection gives way by then.
const RETRY_AFTER: u32 = 2;

/// There is no place.
pub(super) fn too_many() -> Fault {
    Fault::new(Code::TooManyConnections).arg("retry_after", RETRY_AFTER)
}

/// What is said where there is no place; made once, because it may be said thousands of times.
static NO_PLACE: LazyLock<String> = LazyLock::new(|| problem::without_request(&too_many()));

/// Says that there is no place, as far as the kernel takes it at once.
fn turn_away(shared: &Shared, stream: TcpStream, user: PeerUser) {
    if let Ok(local) = stream.local_addr() {
        shared.refusals.note_turned_away(Transport::Tcp(local), user);
    }
    // The buffer of a new connection has room for it; whoever is gone already hears nothing.
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write(NO_PLACE.as_bytes());
    }
}

async fn identify(stream: &TcpStream, remote: SocketAddr, place: &Place) -> Option<Connection> {
    let local = stream.local_addr().ok()?;
    let _ = stream.set_nodelay(true);
    let peer = tokio::task::spawn_blocking(move || platform::tcp_peer(local, remote))
        .await
        .ok()?;
    Some(describe(Transport::Tcp(local), peer, place))
}

fn describe(transport: Transport, peer: io::Result<Peer>, place: &Place) -> Connection {
    let (user, peer) = match peer {
        Ok(peer) if peer.is_our_user() => (PeerUser::Own, Some(peer)),
        Ok(peer) => (PeerUser::Foreign { uid: Some(peer.uid()) }, None),
        // Where the system cannot tell the user of a TCP peer, the token alone must do (docs/security.md).
        Err(error) if error.kind() == io::ErrorKind::Unsupported => (PeerUser::Own, None),
        Err(_) => (PeerUser::Foreign { uid: None }, None),
    };
    Connection {
        transport,
        user,
        peer,
        crowded: place.is_crowded,
        kept_for_person: place.is_kept,
    }
}
