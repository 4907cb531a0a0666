use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection;
use crate::messages::{Code, Fault};

/// A few read-only connections; a query never waits for the writer.
pub(super) struct Readers {
    /// As many permits as connections, so that whoever has a permit finds a connection.
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn open(database: &Path) -> Result<Self, Fault> {
        let idle = (0..CONNECTIONS)
            .map(|_| connection::open_for_reading(database))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            permits: Arc::new(Semaphore::new(idle.len())),
            idle: Arc::new(Mutex::new(idle)),
        })
    }

    /// Runs `work` on a thread for work that blocks.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let idle = Arc::clone(&self.idle);
        let query = tokio::task::spawn_blocking(move || {
            // Given back after the connection: the next one with a permit must find it.
            let _permit = permit;
            Borrowed::take(&idle).ok_or_else(closed)?.snapshot(work)
        });
        query
            .await
            .unwrap_or_else(|e| Err(Fault::internal(format_args!("a query ended early: {e}"))))
    }

    /// Runs `work` on the caller's thread.
    pub(super) async fn run_here<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let _permit = self.permits.acquire().await.map_err(|_| closed())?;
        Borrowed::take(&self.idle).ok_or_else(closed)?.snapshot(work)
    }
}

fn closed() -> Fault {
    Fault::new(Code::StoreFailed).detail("the store is closed")
}

/// A connection that goes back to the others when it is dropped.
struct Borrowed<'a> {
    idle: &'a Mutex<Vec<Connection>>,
    /// `None` only while it is dropped.
    connection: Option<Connection>,
}

impl<'a> Borrowed<'a> {
    fn take(idle: &'a Mutex<Vec<Connection>>) -> Option<Self> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Self {
            idle,
            connection: Some(connection),
        })
    }

    fn snapshot<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let Some(connection) = &mut self.connection else {
            return Err(Fault::internal("the connection is gone"));
        };
        let snapshot = connection.transaction()?;
        work(&snapshot)
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

const CONNECTIONS: usize = 2;
