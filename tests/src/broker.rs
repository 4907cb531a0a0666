//! A RabbitMQ broker of one test: its own node, ports and data, gone with the test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::tls_identity::TlsIdentity;

/// Debian's package `rabbitmq-server`. The program in `/usr/sbin` changes to a user of its own, which a bare container may lack.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// How long the broker may take to start or to stop: an Erlang node on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The user, the password and the virtual host of the organisation.
pub const USER: &str = "org-1";
/// The password of [`USER`].
pub const PASSWORD: &str = "mellon-7";
/// The virtual host.
pub const VHOST: &str = "org-1";

/// A broker; stopped and removed when dropped.
#[derive(Debug)]
pub struct Broker {
    directory: TempDir,
    ports: Ports,
    child: Option<Child>,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    amqp: u16,
    distribution: u16,
    epmd: u16,
    amqps: u16,
}

impl Broker {
    /// Starts a broker and waits until it takes connections.
    ///
    /// # Panics
    /// When RabbitMQ is not installed, or does not start; with its log.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same, with a port for TLS beside the plain one.
    ///
    /// # Panics
    /// As [`Broker::start`].
    pub fn start_with_tls(identity: &TlsIdentity) -> Self {
        Self::start_with(Some(identity))
    }

    fn start_with(identity: Option<&TlsIdentity>) -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "{PROGRAM} is missing: apt-get install -y --no-install-recommends rabbitmq-server"
        );
        let directory = tempfile::Builder::new()
            .prefix("mq-")
            .tempdir()
            .expect("a directory can be made");
        let path = directory.path();
        std::fs::write(path.join("plugins"), "[].\n").expect("a file can be written");
        // Held together, so that they are four.
        let held: Vec<_> = (0..4).map(|_| free_port()).collect();
        let port = |n: usize| held[n].local_addr().expect("a bound socket has an address").port();
        let ports = Ports {
            amqp: port(0),
            distribution: port(1),
            epmd: port(2),
            amqps: port(3),
        };
        drop(held);
        let mut configuration = format!(
            "default_user = {USER}\ndefault_pass = {PASSWORD}\ndefault_vhost = {VHOST}\nlog.console = true\nlog.console.level = warning\n"
        );
        if let Some(identity) = identity {
            configuration.push_str(&format!(
                "listeners.ssl.1 = 127.0.0.1:{}\nssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n",
                ports.amqps,
                identity.ca().display(),
                identity.certificate().display(),
                identity.key().display(),
            ));
        }
        std::fs::write(path.join("rabbitmq.conf"), configuration).expect("a file can be written");
        let mut broker = Self {
            directory,
            ports,
            child: None,
        };
        broker.go_on();
        broker
    }

    /// Starts it again after [`Broker::stop`], with what it had.
    ///
    /// # Panics
    /// When it does not start; with its log.
    pub fn go_on(&mut self) {
        let path = self.directory.path();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the log can be written");
        let mut command = Command::new(PROGRAM);
        self.environment(&mut command);
        command
            .current_dir(path)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .process_group(0);
        let mut child = command.spawn().expect("rabbitmq-server starts");
        let started = Instant::now();
        while TcpStream::connect(self.address()).is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("rabbitmq-server ended with {status}:\n{}", self.log());
            }
            if started.elapsed() > PATIENCE {
                kill(&mut child, Signal::KILL);
                panic!("rabbitmq-server does not start:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.child = Some(child);
    }

    /// Stops it as an operator would: connections are closed, queues and messages stay on disk.
    ///
    /// # Panics
    /// When it does not stop; with its log.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        kill(&mut child, Signal::TERM);
        let told = Instant::now();
        while !matches!(child.try_wait(), Ok(Some(_))) {
            if told.elapsed() > PATIENCE {
                kill(&mut child, Signal::KILL);
                panic!("rabbitmq-server does not stop:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.amqp))
    }

    /// Its URL without user and password.
    pub fn url(&self) -> String {
        format!("amqp://{}/{VHOST}", self.address())
    }

    /// Its URL for TLS under one of its host's names, without user and password.
    pub fn tls_url(&self, host: &str) -> String {
        format!("amqps://{host}:{}/{VHOST}", self.ports.amqps)
    }

    /// Its URL with them.
    pub fn url_with_password(&self) -> String {
        format!("amqp://{USER}:{PASSWORD}@{}/{VHOST}", self.address())
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("rabbitmq.log")
    }

    fn environment(&self, command: &mut Command) {
        let path = self.directory.path();
        let port = |port: u16| port.to_string();
        command
            .env("HOME", path)
            // The node's own port mapper: another node's is none of ours.
            .env("ERL_EPMD_PORT", port(self.ports.epmd))
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            // By its address: a bare container may have no name service at all, not even for localhost.
            .env("RABBITMQ_USE_LONGNAME", "true")
            .env("RABBITMQ_NODENAME", format!("ts-{}@127.0.0.1", self.ports.amqp))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", port(self.ports.amqp))
            .env("RABBITMQ_DIST_PORT", port(self.ports.distribution))
            .env("RABBITMQ_MNESIA_BASE", path.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", path.join("log"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path.join("plugins"))
            .env("RABBITMQ_CONFIG_FILE", path.join("rabbitmq"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", path.join("none"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_PID_FILE", path.join("pid"))
            // One scheduler that sleeps when it has nothing to do.
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 1:1 +sbwt none");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill(&mut child, Signal::KILL);
        }
        // The port mapper left the node's process group; it ends when no node is registered with it any more.
        for _ in 0..50 {
            let mut command = Command::new("epmd");
            let killed = command
                .args(["-port", &self.ports.epmd.to_string(), "-kill"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if !matches!(killed, Ok(status) if !status.success()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn kill(child: &mut Child, signal: Signal) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
    if signal == Signal::KILL {
        let _ = child.wait();
    }
}

fn free_port() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free")
}
