use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::Transaction;
use super::lock::StoreLock;
use crate::messages::{Code, Fault};

/// The thread that owns the writing connection and carries out what is handed to it, one after the other.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only while it is dropped.
    queue: Option<mpsc::Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

type Task = Box<dyn FnOnce(&mut Connection) + Send>;

impl Writer {
    /// Starts the thread; `lock` is given back after the connection is closed.
    pub(super) fn spawn(mut connection: Connection, lock: StoreLock) -> io::Result<Self> {
        let (queue, tasks) = mpsc::channel::<Task>();
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            let _lock = lock;
            for task in tasks {
                task(&mut connection);
            }
            drop(connection);
        })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs `work` in a transaction, commits it when it returns `Ok`, rolls it back otherwise.
    pub(super) async fn transaction<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.enqueue(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| in_transaction(connection, work)))
                .unwrap_or_else(|payload| Err(panicked(payload.as_ref())));
            // Nobody listens when the caller was cancelled; what it handed over is done all the same.
            let _ = answer.send(result);
        });
        answered
            .await
            .unwrap_or_else(|_| Err(Fault::new(Code::StoreFailed).detail("the store's writer has ended")))
    }

    /// Runs `work` after everything handed over before, without waiting for it.
    pub(super) fn enqueue<F: FnOnce(&mut Connection) + Send + 'static>(&self, work: F) {
        if let Some(queue) = &self.queue {
            // Fails only when the thread has ended; a caller that waits for an answer sees that by itself.
            let _ = queue.send(Box::new(work));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            // The last handle may go inside a task of the thread itself.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn panicked(payload: &(dyn Any + Send)) -> Fault {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(message, "a change of the store panicked and was rolled back");
    Fault::internal("a change of the store panicked")
}
