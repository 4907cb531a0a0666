//! The part of the Assuan protocol that pinentry speaks (GnuPG manual "Developing with Assuan", and `info pinentry`): commands and
//! answers are lines of at most 1,000 bytes, `%` and line breaks are percent-encoded.

use std::io;

use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use zeroize::Zeroizing;

/// The longest line in bytes, its end not counted.
const LONGEST_LINE: usize = 1000;

/// `GPG_ERR_TIMEOUT`, `GPG_ERR_CANCELED`, `GPG_ERR_NOT_CONFIRMED` and `GPG_ERR_FULLY_CANCELED` of libgpg-error; the source stands in
/// the bits above.
const TIMEOUT: u32 = 62;
const CANCELED: u32 = 99;
const NOT_CONFIRMED: u32 = 114;
const FULLY_CANCELED: u32 = 198;
const CODE_BITS: u32 = 0xffff;

/// A conversation with a server.
#[derive(Debug)]
pub(super) struct Assuan<R, W> {
    answers: BufReader<R>,
    commands: W,
}

/// What a command brought.
#[derive(Debug)]
pub(super) enum Reply {
    /// It was done; the data that came, decoded.
    Ok(Option<SecretString>),
    /// It was refused.
    Err(Refusal),
}

/// Why a command was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// The person said no, or closed the dialog.
    ByPerson,
    /// Nobody answered in the time that was set.
    InTime,
    /// Something else, as the server says it.
    Other(String),
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Assuan<R, W> {
    /// Reads the greeting.
    ///
    /// # Errors
    /// When the server ends, or greets with an error.
    pub(super) async fn greeted(answers: R, commands: W) -> io::Result<Self> {
        let mut assuan = Self {
            answers: BufReader::new(answers),
            commands,
        };
        match assuan.reply().await? {
            Reply::Ok(_) => Ok(assuan),
            Reply::Err(refusal) => Err(io::Error::other(format!("{refusal:?}"))),
        }
    }

    /// Sends a command with its text, shortened to what a line holds, and reads what it brings.
    ///
    /// # Errors
    /// When the server ends, or sends what is no answer.
    pub(super) async fn call(&mut self, command: &str, text: &str) -> io::Result<Reply> {
        let line = line(command, text);
        self.commands.write_all(line.as_bytes()).await?;
        self.commands.flush().await?;
        self.reply().await
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let mut data = None;
        loop {
            // May hold the PIN.
            let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE + 2));
            if self.answers.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            if line.len() > LONGEST_LINE + 2 {
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
            while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                line.pop();
            }
            if line.starts_with(b"D ") {
                data = Some(decoded(&line[2..])?);
            } else if line.as_slice() == b"OK" || line.starts_with(b"OK ") {
                return Ok(Reply::Ok(data));
            } else if line.starts_with(b"ERR ") {
                return Ok(Reply::Err(Refusal::of(&String::from_utf8_lossy(&line[4..]))));
            } else if line.starts_with(b"INQUIRE") {
                // Pinentry may ask how good a PIN is; it is a token's, so there is nothing to say.
                self.commands.write_all(b"END\n").await?;
                self.commands.flush().await?;
            } else if !line.starts_with(b"S ") && !line.starts_with(b"#") && !line.is_empty() {
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
        }
    }
}

impl Refusal {
    fn of(text: &str) -> Self {
        let code: Option<u32> = text.split(' ').next().and_then(|code| code.parse().ok());
        match code.map(|code| code & CODE_BITS) {
            Some(CANCELED | FULLY_CANCELED | NOT_CONFIRMED) => Self::ByPerson,
            Some(TIMEOUT) => Self::InTime,
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// A command's line. A text that is too long ends in `…` where a character ends.
fn line(command: &str, text: &str) -> String {
    let mut line = command.to_owned();
    if !text.is_empty() {
        line.push(' ');
        let room = LONGEST_LINE - line.len();
        let whole: usize = text.chars().map(encoded_length).sum();
        // Three bytes for the `…`.
        let room = if whole > room { room - '…'.len_utf8() } else { room };
        let mut used = 0;
        for c in text.chars() {
            used += encoded_length(c);
            if used > room {
                line.push('…');
                break;
            }
            match c {
                '%' => line.push_str("%25"),
                '\n' => line.push_str("%0A"),
                '\r' => line.push_str("%0D"),
                c => line.push(c),
            }
        }
    }
    line.push('\n');
    line
}

fn encoded_length(c: char) -> usize {
    if matches!(c, '%' | '\n' | '\r') {
        3
    } else {
        c.len_utf8()
    }
}

fn decoded(data: &[u8]) -> io::Result<SecretString> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut text = Zeroizing::new(Vec::with_capacity(data.len()));
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            text.push(*byte);
            continue;
        }
        let mut digit = || {
            bytes
                .next()
                .and_then(|byte| char::from(*byte).to_digit(16))
                .ok_or_else(invalid)
        };
        let value = digit()? * 16 + digit()?;
        text.push(u8::try_from(value).map_err(|_| invalid())?);
    }
    std::str::from_utf8(&text)
        .map(SecretString::from)
        .map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn texts_are_encoded_and_fit_into_a_line() {
        assert_eq!(line("GETPIN", ""), "GETPIN\n");
        assert_eq!(line("SETDESC", "100 %\nДа"), "SETDESC 100 %25%0AДа\n");
        for text in ["й".repeat(2000), "%".repeat(2000), "a".repeat(992), "a".repeat(993)] {
            let line = line("SETDESC", &text);
            assert!(line.len() <= LONGEST_LINE + 1, "{}", line.len());
        }
        assert!(line("SETDESC", &"й".repeat(2000)).ends_with("й…\n"));
        assert_eq!(line("SETDESC", &"a".repeat(992)).len(), 1001);
    }

    async fn conversation(answers: &'static str) -> (io::Result<Reply>, String) {
        let mut commands = Vec::new();
        let answers = format!("OK Pleased to meet you\n{answers}");
        let mut assuan = Assuan::greeted(answers.as_bytes(), &mut commands).await.unwrap();
        let reply = assuan.call("GETPIN", "").await;
        drop(assuan);
        (reply, String::from_utf8(commands).unwrap())
    }

    #[tokio::test]
    async fn data_is_decoded() {
        let (reply, sent) = conversation("S PASSWORD_FROM\nINQUIRE QUALITY 1\nD 12%2534%0a\nOK\n").await;
        let Ok(Reply::Ok(Some(pin))) = reply else {
            panic!("{reply:?}")
        };
        assert_eq!(pin.expose_secret(), "12%34\n");
        assert_eq!(sent, "GETPIN\nEND\n");
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        for (answer, refusal) in [
            ("ERR 83886179 Operation cancelled <Pinentry>\n", Refusal::ByPerson),
            ("ERR 83886194 not confirmed <Pinentry>\n", Refusal::ByPerson),
            ("ERR 83886142 Timeout <Pinentry>\n", Refusal::InTime),
            (
                "ERR 83886340 No pinentry\n",
                Refusal::Other("83886340 No pinentry".to_owned()),
            ),
        ] {
            let (reply, _) = conversation(answer).await;
            assert!(
                matches!(&reply, Ok(Reply::Err(known)) if *known == refusal),
                "{answer} {reply:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        for answer in ["", "HELLO\n", "D %4\nOK\n", "D %zz\nOK\n"] {
            assert!(conversation(answer).await.0.is_err(), "{answer}");
        }
    }
}
