//! The one thread that starts workers. The kernel kills a worker when the thread that started it ends (`PR_SET_PDEATHSIG`
//! follows the thread, not the process), so it must not be one of the runtime's, which come and go.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::launch::Launch;
use super::worker::Arguments;
use crate::platform::{WorkerCommand, WorkerProcess, spawn_worker};

/// The way to the thread. It ends, and the workers with it, when the last clone is gone.
#[derive(Clone, Debug)]
pub(super) struct Spawner {
    orders: mpsc::Sender<Order>,
}

struct Order {
    launch: Arc<Launch>,
    file: PathBuf,
    runtime: Handle,
    started: oneshot::Sender<io::Result<WorkerProcess>>,
}

impl Spawner {
    pub(super) fn start(program: PathBuf) -> io::Result<Self> {
        let (orders, incoming) = mpsc::channel::<Order>();
        thread::Builder::new().name("workers".to_owned()).spawn(move || {
            for order in incoming {
                let _runtime = order.runtime.enter();
                let arguments = Arguments::command_line(&order.file);
                let result = spawn_worker(&WorkerCommand {
                    program: &program,
                    arguments: &arguments.each_ref().map(|argument| argument.as_os_str()),
                    environment: &order.launch.environment,
                });
                // A caller that went away drops the process, which kills it.
                let _ = order.started.send(result);
            }
        })?;
        Ok(Self { orders })
    }

    pub(super) async fn spawn(&self, launch: Arc<Launch>, file: PathBuf) -> io::Result<WorkerProcess> {
        let (started, process) = oneshot::channel();
        let order = Order {
            launch,
            file,
            runtime: Handle::current(),
            started,
        };
        self.orders
            .send(order)
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        process.await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?
    }
}
