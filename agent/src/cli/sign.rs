use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::arguments::{Encoding, Format, Sign};
use super::follow::Follower;
use super::session::Session;
use super::upload::{self, FileToSend};
use crate::messages::{Code, Fault};
use crate::platform;

/// The part that holds the signature to which another is added.
const EXISTING_PART: &str = "existing";

/// `tokensign sign`
pub(super) async fn run(session: &Session, arguments: &Sign) -> Result<(), Fault> {
    let mut files = Vec::with_capacity(arguments.files.len());
    for path in &arguments.files {
        files.push(FileToSend::open(path).await?);
    }
    // Refused before anything is asked or signed.
    let targets = Target::of_all(arguments, &files)?;
    let pin = arguments.signer.pin_source.unattended()?;
    let existing = match &arguments.add_to {
        Some(_) if files.len() > 1 => {
            return Err(Fault::invalid_field("--add-to", "is a signature over one file"));
        }
        Some(path) => Some(FileToSend::open(path).await?),
        None => None,
    };
    let configured = session.config.agent.pinentry.as_deref();
    let dialog = arguments.signer.pin_source.dialog(configured)?;

    let documents: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(index, file)| {
            let mut document = json!({ "name": file.name(), "part": FileToSend::part_name(index) });
            if existing.is_some() {
                document["add_to_part"] = json!(EXISTING_PART);
            }
            document
        })
        .collect();
    let request = json!({
        "purpose": "signature",
        "certificate": arguments.signer.certificate,
        "format": match arguments.format {
            Format::CadesB => "cades-b",
            Format::CadesT => "cades-t",
            Format::Cms => "cms",
        },
        "detached": !arguments.attached,
        "include_chain": arguments.include_chain,
        "unattended": pin.is_some(),
        "documents": documents,
    });

    let agent = session.agent().await?;
    let client = agent.client();
    let signed = async {
        let follower = Follower::attach(client, session.output, pin, dialog).await?;
        let mut parts = upload::parts(&files);
        parts.extend(existing.iter().map(|existing| (EXISTING_PART.to_owned(), existing)));
        let (form, bar) = upload::form_of_parts(&session.output, Some(&request), parts).await?;
        let started = client.post_form("/v1/signatures", form).await;
        bar.finish_and_clear();
        let id = id_of(&started?)?;
        let bar = if files.len() > 1 {
            session
                .output
                .counting_bar(&session.output.text("cli-signing"), files.len() as u64)
        } else {
            ProgressBar::hidden()
        };
        follower.follow(&format!("/v1/signatures/{id}"), bar).await
    }
    .await;
    agent.end().await;
    write(session, arguments, &files, &targets, &signed?)
}

/// The id of what was started.
pub(super) fn id_of(started: &Value) -> Result<String, Fault> {
    let id = started["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Fault::new(Code::AgentUnreachable).detail("the agent does not say what it has started"))
}

fn write(
    session: &Session,
    arguments: &Sign,
    files: &[FileToSend],
    targets: &[Target],
    signed: &Value,
) -> Result<(), Fault> {
    let documents = signed["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if documents.len() != files.len() {
        return Err(Fault::internal(
            "the agent returns another number of signatures than there are files",
        ));
    }
    let mut written = Vec::with_capacity(files.len());
    for ((file, target), document) in files.iter().zip(targets).zip(documents) {
        let der = document["signature"]
            .as_str()
            .and_then(|text| STANDARD.decode(text).ok());
        let der = der.ok_or_else(|| Fault::internal("the agent's answer holds no signature"))?;
        let bytes = encode(&der, arguments.encoding);
        target.write(session, &bytes, arguments.force)?;
        written.push(json!({
            "file": file.path(),
            "output": target.path(),
            "digest": document["digest"],
            "size": document["size"],
        }));
    }
    if matches!(targets, [Target::Stdout]) {
        return Ok(());
    }
    let result = json!({ "id": signed["id"], "certificate": signed["certificate"], "documents": written });
    session.output.result(&result, || {
        targets
            .iter()
            .filter_map(Target::path)
            .map(|path| session.output.text_with("cli-written", &[("path", &path.display())]))
            .collect()
    });
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), Fault> {
    platform::write_result_file(path, bytes, overwrite).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        std::io::ErrorKind::StorageFull => Fault::new(Code::DiskFull).detail(format!("{}: {error}", path.display())),
        _ => Fault::new(Code::FileUnreadable)
            .arg("path", path.display())
            .arg("reason", error),
    })
}

fn exists(path: &Path) -> Fault {
    Fault::invalid_field(
        "--out",
        format!("{} exists already, --force overwrites it", path.display()),
    )
}

/// The signature's bytes as they are written.
pub(super) fn encode(der: &[u8], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Der => der.to_vec(),
        Encoding::Base64 => format!("{}\n", STANDARD.encode(der)).into_bytes(),
        Encoding::Pem => {
            // RFC 7468: lines of 64 characters.
            let text = STANDARD.encode(der);
            let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
            format!("-----BEGIN CMS-----\n{}\n-----END CMS-----\n", lines.join("\n")).into_bytes()
        }
    }
}

/// Where one signature goes.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Target {
    File(PathBuf),
    Stdout,
}

impl Target {
    /// The target that was named; refused before anything is done when it is a file that exists.
    pub(super) fn of_one(out: &Path, overwrite: bool) -> Result<Self, Fault> {
        if out.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        if !overwrite && out.symlink_metadata().is_ok() {
            return Err(exists(out));
        }
        Ok(Self::File(out.to_owned()))
    }

    pub(super) fn write(&self, session: &Session, bytes: &[u8], overwrite: bool) -> Result<(), Fault> {
        match self {
            Self::Stdout => session.output.bytes(bytes).map_err(Fault::internal),
            Self::File(path) => write_file(path, bytes, overwrite),
        }
    }

    fn of_all(arguments: &Sign, files: &[FileToSend]) -> Result<Vec<Self>, Fault> {
        let targets: Vec<_> = match &arguments.out {
            Some(out) if out.as_os_str() == "-" => {
                if files.len() > 1 {
                    return Err(Fault::invalid_field("--out", "stdout takes one signature"));
                }
                vec![Self::Stdout]
            }
            Some(out) if out.is_dir() => files
                .iter()
                .map(|file| Self::File(out.join(signature_name(file.name()))))
                .collect(),
            Some(out) => {
                if files.len() > 1 {
                    return Err(Fault::invalid_field(
                        "--out",
                        "for several files it is a directory that exists",
                    ));
                }
                vec![Self::File(out.clone())]
            }
            None if files.iter().any(FileToSend::is_stdin) => {
                return Err(Fault::invalid_field(
                    "--out",
                    "is needed: what comes on stdin has no place of its own",
                ));
            }
            None => files
                .iter()
                .map(|file| {
                    let mut path = file.path().as_os_str().to_owned();
                    path.push(".p7s");
                    Self::File(path.into())
                })
                .collect(),
        };
        if targets.iter().collect::<BTreeSet<_>>().len() != targets.len() {
            return Err(Fault::invalid_field("FILE", "two signatures would have the same name"));
        }
        for path in targets.iter().filter_map(Self::path) {
            if !arguments.force && path.symlink_metadata().is_ok() {
                return Err(exists(path));
            }
        }
        Ok(targets)
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdout => None,
        }
    }
}

fn signature_name(file: &str) -> String {
    format!("{file}.p7s")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::Parser;

    use super::super::arguments::{Arguments, Command};
    use super::*;

    fn sign(line: &[&str]) -> Sign {
        match Arguments::try_parse_from([&["tokensign", "sign"], line].concat())
            .unwrap()
            .command
        {
            Command::Sign(sign) => sign,
            _ => unreachable!("the command line says sign"),
        }
    }

    async fn targets(dir: &Path, line: &[&str]) -> Result<Vec<Target>, Fault> {
        let arguments = sign(line);
        let mut files = Vec::new();
        for path in &arguments.files {
            files.push(FileToSend::open(&dir.join(path)).await?);
        }
        Target::of_all(&arguments, &files)
    }

    #[tokio::test]
    async fn signatures_lie_beside_their_files_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("a.pdf"), "a").unwrap();
        std::fs::write(path("b"), "b").unwrap();
        let there = targets(dir.path(), &["a.pdf", "b"]).await.unwrap();
        assert_eq!(there, [Target::File(path("a.pdf.p7s")), Target::File(path("b.p7s"))]);

        std::fs::write(path("b.p7s"), "old").unwrap();
        assert!(targets(dir.path(), &["b"]).await.is_err());
        assert!(targets(dir.path(), &["b", "--force"]).await.is_ok());
        assert!(targets(dir.path(), &["a.pdf", "a.pdf"]).await.is_err());
        assert!(targets(dir.path(), &["a.pdf", "b", "--out", "-"]).await.is_err());
        assert!(targets(dir.path(), &["no-such"]).await.is_err());
        let out = path("out");
        std::fs::create_dir(&out).unwrap();
        let there = targets(dir.path(), &["a.pdf", "--out", out.to_str().unwrap()])
            .await
            .unwrap();
        assert_eq!(there, [Target::File(out.join("a.pdf.p7s"))]);
    }

    #[test]
    fn signatures_are_written_in_three_encodings() {
        let der = [0x30_u8; 60];
        assert_eq!(encode(&der, Encoding::Der), der);
        let pem = String::from_utf8(encode(&der, Encoding::Pem)).unwrap();
        let lines: Vec<_> = pem.lines().collect();
        assert_eq!(
            (lines[0], lines[1].len(), lines[2].len(), lines[3]),
            ("-----BEGIN CMS-----", 64, 16, "-----END CMS-----")
        );
        let base64 = encode(&der, Encoding::Base64);
        assert_eq!(STANDARD.decode(&base64[..base64.len() - 1]).unwrap(), der);
    }

    #[test]
    fn the_pin_never_stands_on_the_command_line() {
        let error = Arguments::try_parse_from(["tokensign", "sign", "f", "--pin-source", "123456"]).unwrap_err();
        assert!(error.to_string().contains("env:NAME"));
    }
}
