use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};

use secrecy::SecretString;

/// The person's terminal itself, also when the standard streams lead elsewhere. A PIN is read from nowhere else.
#[derive(Debug)]
pub struct Terminal {
    reader: BufReader<File>,
    writer: File,
}

impl Terminal {
    /// Opens the terminal that controls this process.
    ///
    /// # Errors
    /// When there is none: a service, a pipeline without a session.
    pub fn open() -> io::Result<Self> {
        // Windows has two names for it. Not tested on Windows.
        let (input, output) = if cfg!(windows) {
            ("CONIN$", "CONOUT$")
        } else {
            ("/dev/tty", "/dev/tty")
        };
        let reader = OpenOptions::new().read(true).write(cfg!(windows)).open(input)?;
        let writer = OpenOptions::new().write(true).open(output)?;
        Ok(Self {
            reader: BufReader::new(reader),
            writer,
        })
    }

    /// Shows a line.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.writer, "{text}")?;
        self.writer.flush()
    }

    /// Shows a prompt and reads one line without its end; `None` when the terminal ended (Ctrl-D).
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        write!(self.writer, "{prompt} ")?;
        self.writer.flush()?;
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim().to_owned()))
    }

    /// Shows a prompt and reads one line without showing it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ask_secret(&mut self, prompt: &str) -> io::Result<SecretString> {
        write!(self.writer, "{prompt} ")?;
        self.writer.flush()?;
        rpassword::read_password().map(SecretString::from)
    }
}
