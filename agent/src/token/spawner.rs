use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::launch::Launch;
use super::worker::Arguments;
use crate::platform::{WorkerCommand, WorkerProcess, spawn_worker};

/// Starts workers of one program.
#[derive(Clone, Debug)]
pub(super) struct Spawner {
    program: Arc<Path>,
}

impl Spawner {
    pub(super) fn new(program: PathBuf) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// Starts a worker for a module whose file was checked.
    pub(super) fn spawn(&self, launch: &Launch, file: &Path) -> io::Result<WorkerProcess> {
        let arguments = Arguments::command_line(file);
        spawn_worker(&WorkerCommand {
            program: &self.program,
            arguments: &arguments.each_ref().map(|argument| argument.as_os_str()),
            environment: &launch.environment,
        })
    }
}
