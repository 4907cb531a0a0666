use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// The person's terminal itself, also when the standard streams lead elsewhere. A PIN is read from nowhere else.
///
/// Reading blocks; a cancelled token ends it within a tenth of a second and leaves the terminal as it was.
#[derive(Debug)]
pub struct Terminal {
    input: File,
    output: File,
}

/// What came from the terminal.
#[derive(Debug)]
pub enum Typed<T> {
    /// A line.
    Line(T),
    /// The person ended the input (Ctrl-D) or broke it off (Ctrl-C).
    Ended,
    /// The reading was cancelled.
    Cancelled,
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
        let input = OpenOptions::new().read(true).write(cfg!(windows)).open(input)?;
        let output = OpenOptions::new().write(true).open(output)?;
        Ok(Self { input, output })
    }

    /// Shows a line.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.output, "{text}")?;
        self.output.flush()
    }

    /// Shows a prompt and reads one line, without the white space around it. What was typed before the prompt is thrown away: an
    /// answer is given to a question that was seen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ask(&mut self, prompt: &str, cancelled: &CancellationToken) -> io::Result<Typed<String>> {
        imp::discard_typed(&self.input)?;
        self.prompt(prompt)?;
        imp::read_line(&mut self.input, cancelled)
    }

    /// Shows a prompt and reads one line without showing it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ask_secret(&mut self, prompt: &str, cancelled: &CancellationToken) -> io::Result<Typed<SecretString>> {
        let hidden = imp::Hidden::begin(&self.input)?;
        self.prompt(prompt)?;
        let typed = imp::read_hidden(&mut self.input, cancelled);
        drop(hidden);
        writeln!(self.output)?;
        typed
    }

    fn prompt(&mut self, prompt: &str) -> io::Result<()> {
        write!(self.output, "{prompt} ")?;
        self.output.flush()
    }
}

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io::{self, Read};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
    use secrecy::SecretString;
    use tokio_util::sync::CancellationToken;
    use zeroize::Zeroizing;

    use super::Typed;

    /// How often a waiting reader looks whether it was cancelled.
    const LOOK_EVERY: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    /// The longest line, in bytes.
    const LONGEST: usize = 1024;

    /// The terminal does not show what is typed and hands over every key; put back when dropped.
    pub(super) struct Hidden {
        terminal: File,
        before: Termios,
    }

    impl Hidden {
        pub(super) fn begin(terminal: &File) -> io::Result<Self> {
            let terminal = terminal.try_clone()?;
            let before = tcgetattr(&terminal)?;
            let mut hidden = before.clone();
            // Without ISIG Ctrl-C is read as a key, so that the terminal is never left without echo.
            hidden
                .local_modes
                .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Hidden {
        fn drop(&mut self) {
            // The terminal may be gone, and then nothing is left to put back.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }

    pub(super) fn discard_typed(terminal: &File) -> io::Result<()> {
        Ok(tcflush(terminal, QueueSelector::IFlush)?)
    }

    /// In its ordinary mode a terminal gives at most one line at a time.
    pub(super) fn read_line(terminal: &mut File, cancelled: &CancellationToken) -> io::Result<Typed<String>> {
        let mut line = [0; LONGEST];
        if !wait(terminal, cancelled)? {
            return Ok(Typed::Cancelled);
        }
        let length = terminal.read(&mut line)?;
        if length == 0 {
            return Ok(Typed::Ended);
        }
        Ok(Typed::Line(String::from_utf8_lossy(&line[..length]).trim().to_owned()))
    }

    pub(super) fn read_hidden(terminal: &mut File, cancelled: &CancellationToken) -> io::Result<Typed<SecretString>> {
        let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
        loop {
            if !wait(terminal, cancelled)? {
                return Ok(Typed::Cancelled);
            }
            let mut key = Zeroizing::new([0; 1]);
            if terminal.read(&mut *key)? == 0 {
                return Ok(Typed::Ended);
            }
            match key[0] {
                b'\r' | b'\n' => break,
                // Ctrl-C, Ctrl-D
                3 | 4 => return Ok(Typed::Ended),
                // Ctrl-U
                21 => typed.clear(),
                // Backspace takes a whole letter, which may have several bytes.
                8 | 127 => while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
                // The buffer does not grow: growing would leave a copy behind.
                byte if typed.len() < LONGEST => typed.push(byte),
                _ => {}
            }
        }
        let text = std::str::from_utf8(&typed).map_err(|_| io::Error::other("what was typed is not UTF-8"))?;
        Ok(Typed::Line(SecretString::from(text)))
    }

    /// Waits for something to read; `false` when cancelled.
    fn wait(terminal: &File, cancelled: &CancellationToken) -> io::Result<bool> {
        loop {
            if cancelled.is_cancelled() {
                return Ok(false);
            }
            let mut descriptors = [PollFd::new(terminal, PollFlags::IN)];
            match poll(&mut descriptors, Some(&LOOK_EVERY)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Not tested on Windows; the reading is not cancelled there before a line comes.
#[cfg(not(unix))]
mod imp {
    use std::fs::File;
    use std::io::{self, BufRead, BufReader};

    use secrecy::SecretString;
    use tokio_util::sync::CancellationToken;

    use super::Typed;

    pub(super) struct Hidden;

    impl Hidden {
        pub(super) fn begin(_terminal: &File) -> io::Result<Self> {
            Ok(Self)
        }
    }

    pub(super) fn discard_typed(_terminal: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn read_line(terminal: &mut File, _cancelled: &CancellationToken) -> io::Result<Typed<String>> {
        let mut line = String::new();
        match BufReader::new(terminal).read_line(&mut line)? {
            0 => Ok(Typed::Ended),
            _ => Ok(Typed::Line(line.trim().to_owned())),
        }
    }

    pub(super) fn read_hidden(_terminal: &mut File, _cancelled: &CancellationToken) -> io::Result<Typed<SecretString>> {
        rpassword::read_password().map(|line| Typed::Line(SecretString::from(line)))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};
    use secrecy::ExposeSecret;

    use super::*;

    /// A pseudo terminal: what a person types goes into the first file.
    fn terminal() -> (File, Terminal) {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let open = || {
            let path = std::path::Path::new(name.to_str().unwrap());
            let mut options = OpenOptions::new();
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOCTTY);
            options.read(true).write(true).open(path).unwrap()
        };
        let terminal = Terminal {
            input: open(),
            output: open(),
        };
        (File::from(person), terminal)
    }

    /// Types `keys` once `prompt` is on the screen.
    fn person(mut side: File, prompt: &'static str, keys: &'static [u8]) -> std::thread::JoinHandle<(File, Vec<u8>)> {
        std::thread::spawn(move || {
            let mut screen = Vec::new();
            let mut byte = [0; 1];
            while !screen.ends_with(prompt.as_bytes()) {
                side.read_exact(&mut byte).unwrap();
                screen.push(byte[0]);
            }
            side.write_all(keys).unwrap();
            (side, screen)
        })
    }

    #[test]
    fn a_line_is_read_and_what_came_before_the_question_is_not() {
        let (mut side, mut terminal) = terminal();
        side.write_all(b"yes\n").unwrap();
        let person = person(side, "Approve? ", b"no\n");
        let typed = terminal.ask("Approve?", &CancellationToken::new()).unwrap();
        assert!(matches!(typed, Typed::Line(line) if line == "no"));
        person.join().unwrap();
    }

    #[test]
    fn a_secret_is_read_with_corrections_and_not_shown() {
        let (side, mut terminal) = terminal();
        let person = person(side, "PIN ", "wrong\u{15}12é\u{7f}34x\u{7f}\r".as_bytes());
        let Typed::Line(secret) = terminal.ask_secret("PIN", &CancellationToken::new()).unwrap() else {
            panic!("no line");
        };
        assert_eq!(secret.expose_secret(), "1234");
        let (mut side, _) = person.join().unwrap();
        let mut after = [0; 2];
        side.read_exact(&mut after).unwrap();
        assert_eq!(&after, b"\r\n");
        assert!(
            tcgetattr(&terminal.input)
                .unwrap()
                .local_modes
                .contains(LocalModes::ECHO)
        );
    }

    #[test]
    fn a_secret_can_be_broken_off_and_cancelled() {
        let (side, mut terminal) = terminal();
        let person = person(side, "PIN ", b"12\x03");
        assert!(matches!(
            terminal.ask_secret("PIN", &CancellationToken::new()).unwrap(),
            Typed::Ended
        ));
        let _side = person.join().unwrap();
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        assert!(matches!(
            terminal.ask_secret("PIN", &cancelled).unwrap(),
            Typed::Cancelled
        ));
        assert!(
            tcgetattr(&terminal.input)
                .unwrap()
                .local_modes
                .contains(LocalModes::ECHO)
        );
    }
}
