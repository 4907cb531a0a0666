//! Questions in the desktop's own dialog: GnuPG's pinentry, a program of the system for confirmations and PINs.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use tokio::process::Command;

use super::assuan::{Assuan, Refusal, Reply};
use crate::messages::{Code, Fault};
use crate::platform;

/// A pinentry program with what it is told of the place that it shows itself at.
#[derive(Clone, Debug)]
pub struct Pinentry {
    program: PathBuf,
    /// The terminal's file and type, for the variants without windows.
    terminal: Option<(String, String)>,
}

/// What a dialog says.
#[derive(Clone, Debug, Default)]
pub struct Dialog {
    /// What is asked: a few lines. What does not fit into a line of the protocol is cut off, so the page has it whole.
    pub description: String,
    /// What went wrong with the last answer.
    pub error: Option<String>,
    /// The text before the field; a PIN is asked for only when there is one.
    pub prompt: Option<String>,
    /// The label of yes.
    pub ok: String,
    /// The label of no.
    pub cancel: String,
    /// The process that asks, so that the dialog can name it.
    pub owner: Option<u32>,
    /// After this it counts as unanswered.
    pub timeout: Duration,
}

/// What became of a dialog.
#[derive(Debug)]
pub enum Answer {
    /// Yes, with the PIN where one was asked for.
    Yes(Option<SecretString>),
    /// No.
    No,
    /// Nobody answered.
    Unanswered,
}

impl Pinentry {
    /// The program at this path; it and its directory must not be writable by others, for the person types a PIN into it.
    ///
    /// # Errors
    /// `config_invalid`.
    pub fn new(program: &Path) -> Result<Self, Fault> {
        let invalid = |error: &dyn std::fmt::Display| {
            Fault::new(Code::ConfigInvalid).arg("reason", format_args!("agent.pinentry: {error}"))
        };
        // Debian's alternatives are links; which program they lead to decides what it calls itself.
        platform::check_module_file(program).map_err(|error| invalid(&error))?;
        Ok(Self {
            program: program.to_owned(),
            terminal: None,
        })
    }

    /// Shows itself at this terminal where there is no window.
    #[must_use]
    pub fn at_terminal(mut self, terminal: &Path, kind: &str) -> Self {
        self.terminal = Some((terminal.display().to_string(), kind.to_owned()));
        self
    }

    /// Shows a dialog and waits for the answer. Dropping the future closes it.
    ///
    /// # Errors
    /// `no_prompter` when the program does not start or breaks off: every failure is as good as no answer.
    pub async fn show(&self, dialog: &Dialog) -> Result<Answer, Fault> {
        self.talk(dialog).await.map_err(|error| {
            Fault::new(Code::NoPrompter).detail(format_args!("{} breaks off: {error}", self.program.display()))
        })
    }

    async fn talk(&self, dialog: &Dialog) -> io::Result<Answer> {
        let mut child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(commands), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        };
        let mut assuan = Assuan::greeted(answers, commands).await?;
        // An option that the variant does not know is refused, and that is fine. No cache is ever allowed.
        for (name, value) in self.options(dialog) {
            assuan.call("OPTION", &format!("{name}={value}")).await?;
        }
        assuan.call("SETTITLE", "tokensign").await?;
        assuan.call("SETDESC", &dialog.description).await?;
        assuan.call("SETOK", &dialog.ok).await?;
        assuan.call("SETCANCEL", &dialog.cancel).await?;
        assuan
            .call("SETTIMEOUT", &dialog.timeout.as_secs().max(1).to_string())
            .await?;
        if let Some(error) = &dialog.error {
            assuan.call("SETERROR", error).await?;
        }
        let reply = match &dialog.prompt {
            Some(prompt) => {
                assuan.call("SETPROMPT", prompt).await?;
                assuan.call("GETPIN", "").await?
            }
            None => assuan.call("CONFIRM", "").await?,
        };
        let answer = match reply {
            // An empty PIN comes as no data.
            Reply::Ok(None) if dialog.prompt.is_some() => Answer::No,
            Reply::Ok(pin) => Answer::Yes(pin),
            Reply::Err(Refusal::ByPerson) => Answer::No,
            Reply::Err(Refusal::InTime) => Answer::Unanswered,
            Reply::Err(Refusal::Other(text)) => return Err(io::Error::other(text)),
        };
        // It ends when its input does.
        drop(assuan);
        let _ = tokio::time::timeout(Duration::from_secs(1), child.wait()).await;
        Ok(answer)
    }

    fn options(&self, dialog: &Dialog) -> Vec<(&'static str, String)> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = |category| {
            variable("LC_ALL")
                .or_else(|| variable(category))
                .or_else(|| variable("LANG"))
        };
        let mut options = Vec::new();
        let mut put = |name, value: Option<String>| options.extend(value.map(|value| (name, value)));
        put("display", variable("DISPLAY").or_else(|| variable("WAYLAND_DISPLAY")));
        if let Some((terminal, kind)) = &self.terminal {
            put("ttyname", Some(terminal.clone()));
            put("ttytype", Some(kind.clone()));
        }
        put("lc-ctype", locale("LC_CTYPE"));
        put("lc-messages", locale("LC_MESSAGES"));
        let uid = platform::current_uid().unwrap_or_default();
        put("owner", dialog.owner.map(|pid| format!("{pid}/{uid}")));
        options
    }
}
