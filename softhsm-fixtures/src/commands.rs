//! Running the programs that the fixtures are made with.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;

/// A program and the Debian package that holds it.
const OPENSSL: (&str, &str) = ("openssl", "openssl");
const PKCS11_TOOL: (&str, &str) = ("pkcs11-tool", "opensc");

/// Looks for every program on the PATH without running it.
pub(crate) fn require_all() -> Result<(), Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for (program, package) in [OPENSSL, PKCS11_TOOL] {
        if !std::env::split_paths(&path).any(|directory| directory.join(program).is_file()) {
            return Err(Error::MissingProgram { program, package });
        }
    }
    Ok(())
}

/// One run of a program.
pub(crate) struct Run {
    program: &'static str,
    package: &'static str,
    command: Command,
    input: Vec<u8>,
}

impl Run {
    /// `openssl`; with a configuration it loads the GOST engine, without one no configuration of the caller's
    /// environment disturbs it.
    pub(crate) fn openssl(configuration: Option<&Path>) -> Self {
        let mut run = Self::new(OPENSSL);
        match configuration {
            Some(path) => run.command.env("OPENSSL_CONF", path),
            None => run.command.env_remove("OPENSSL_CONF"),
        };
        run
    }

    /// OpenSC's `pkcs11-tool`; SoftHSM in it uses OpenSSL, which gets no configuration of the caller's either.
    pub(crate) fn pkcs11_tool() -> Self {
        let mut run = Self::new(PKCS11_TOOL);
        run.command.env_remove("OPENSSL_CONF");
        run
    }

    fn new((program, package): (&'static str, &'static str)) -> Self {
        Self {
            program,
            package,
            command: Command::new(program),
            input: Vec::new(),
        }
    }

    pub(crate) fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs the program and gives its standard output.
    pub(crate) fn output(mut self) -> Result<Vec<u8>, Error> {
        let command = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::MissingProgram {
                program: self.program,
                package: self.package,
            },
            _ => Error::File {
                path: self.program.into(),
                source: error,
            },
        })?;
        if let Some(mut input) = child.stdin.take() {
            // A program that ends without reading says why on its standard error.
            let _ = input.write_all(&self.input);
        }
        let output = child.wait_with_output().map_err(Error::file(self.program))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let arguments: Vec<_> = self.command.get_args().map(OsStr::to_string_lossy).collect();
        Err(Error::Command {
            command: format!("{} {}", self.program, arguments.join(" ")),
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
