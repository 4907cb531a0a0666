//! `tokensign jobs export`: what proves a job, as files that other programs can check.

use std::collections::HashSet;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::client::Client;
use super::output::Output;
use super::words;
use crate::messages::{Code, Fault};
use crate::platform;

/// The longest name of a file made of a document's name, in characters.
const LONGEST_NAME: usize = 100;

/// Writes the folder and gives the list of its files.
///
/// # Errors
/// `file_unreadable` when the folder is there already or cannot be written; `no_such_item` and those of any request.
pub(super) async fn write(client: &Client, output: &Output, id: Uuid, directory: &Path) -> Result<Value, Fault> {
    let evidence = client.get(&format!("/v1/jobs/{id}/evidence")).await?;
    let folder = Folder::make(directory)?;
    let mut names = Names::default();
    let mut files = vec!["README.md", "job.json", "audit.json"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let mut pairs = Vec::new();
    for signature in list(&evidence, "signatures") {
        let text = |name: &str| signature[name].as_str().unwrap_or_default();
        let name = names.unique(text("name"));
        let extension = if signature["is_cms"] == true { "p7s" } else { "sig" };
        let file = format!("signatures/{name}.{extension}");
        let bytes = BASE64_STANDARD.decode(text("signature")).map_err(Fault::internal)?;
        folder.write(&file, &bytes)?;
        files.push(file.clone());
        let document = match signature["document"].as_str() {
            None => None,
            Some(digest) => {
                let document = format!("documents/{name}");
                folder
                    .fetch(client, &format!("/v1/jobs/{id}/documents/{digest}"), &document)
                    .await?;
                files.push(document.clone());
                Some((document, digest.to_owned()))
            }
        };
        pairs.push((file, document, signature["digest"].clone()));
    }
    let written: HashSet<_> = pairs
        .iter()
        .filter_map(|(_, document, _)| Some(document.as_ref()?.1.clone()))
        .collect();
    for document in list(&evidence, "documents") {
        let digest = document["sha256"].as_str().unwrap_or_default();
        if !written.contains(digest) {
            let file = format!("documents/{digest}");
            folder
                .fetch(client, &format!("/v1/jobs/{id}/documents/{digest}"), &file)
                .await?;
            files.push(file);
        }
    }
    folder.write("job.json", pretty(&evidence["job"]).as_bytes())?;
    folder.write("audit.json", pretty(&evidence["audit"]).as_bytes())?;
    folder.write("README.md", readme(output, &evidence, &pairs).as_bytes())?;
    Ok(json!({ "job": id, "directory": directory, "files": files }))
}

/// A signature's file, its document's file with its SHA-256, and the digest that was signed.
type Pair = (String, Option<(String, String)>, Value);

fn readme(output: &Output, evidence: &Value, pairs: &[Pair]) -> String {
    let job = &evidence["job"];
    let text = |name: &str| job[name].as_str().unwrap_or_default();
    let state = words::word(output, "ui-state-", text("state"));
    let mut lines = vec![
        format!("# {}", text("title")),
        String::new(),
        format!("{}: {}", output.text("ui-id"), text("id")),
        format!("{}: {state}", output.text("ui-state")),
        format!(
            "{}: {}",
            output.text("ui-created"),
            words::moment_of(output, text("created_at"))
        ),
        String::new(),
        output.text("cli-evidence-files"),
        String::new(),
    ];
    for (signature, document, digest) in pairs {
        let (algorithm, value) = (&digest["algorithm"], &digest["value"]);
        let digest = format!(
            "{} {}",
            algorithm.as_str().unwrap_or_default(),
            value.as_str().unwrap_or_default()
        );
        lines.push(match document {
            Some((document, _)) => format!("- `{signature}` ← `{document}` ({digest})"),
            None => format!("- `{signature}` ({digest})"),
        });
    }
    lines.extend([
        String::new(),
        output.text("cli-evidence-check"),
        String::new(),
        "    openssl cms -verify -binary -inform DER -in SIGNATURE.p7s -content DOCUMENT -CAfile CA.pem -purpose any -out /dev/null"
            .to_owned(),
        String::new(),
        output.text("cli-evidence-audit"),
        String::new(),
    ]);
    lines.join("\n")
}

fn list<'a>(evidence: &'a Value, name: &str) -> &'a [Value] {
    evidence[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    let mut text = format!("{value:#}");
    text.push('\n');
    text
}

/// The folder being written.
struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    fn make(path: &'a Path) -> Result<Self, Fault> {
        let folder = Self(path);
        if path.try_exists().unwrap_or(true) {
            return Err(folder.failed(path, &"is there already; name a new folder"));
        }
        for directory in [path.to_owned(), path.join("signatures"), path.join("documents")] {
            platform::ensure_private_directory(&directory).map_err(|error| folder.failed(&directory, &error))?;
        }
        Ok(folder)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.0.join(name);
        platform::write_result_file(&path, bytes, false).map_err(|error| self.failed(&path, &error))
    }

    async fn fetch(&self, client: &Client, from: &str, name: &str) -> Result<(), Fault> {
        let path = self.0.join(name);
        let mut response = client.file(from).await?;
        let file = platform::create_private_file(&path).map_err(|error| self.failed(&path, &error))?;
        let mut file = tokio::fs::File::from_std(file);
        while let Some(chunk) = response.chunk().await.map_err(Fault::internal)? {
            file.write_all(&chunk)
                .await
                .map_err(|error| self.failed(&path, &error))?;
        }
        file.sync_all().await.map_err(|error| self.failed(&path, &error))
    }

    fn failed(&self, path: &Path, reason: &dyn std::fmt::Display) -> Fault {
        Fault::new(Code::FileUnreadable)
            .arg("path", path.display())
            .arg("reason", reason)
    }
}

/// Names of files, each once.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// A document's name as the name of a file: nothing that leaves the folder or that a file system refuses.
    fn unique(&mut self, name: &str) -> String {
        let plain: String = name
            .chars()
            .take(LONGEST_NAME)
            .map(|c| {
                if c.is_control() || r#"/\:*?"<>|"#.contains(c) {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        let plain = match plain.trim_matches(['.', ' ']) {
            "" => "document",
            plain => plain,
        };
        let mut unique = plain.to_owned();
        let mut n = 1;
        while !self.0.insert(unique.to_lowercase()) {
            n += 1;
            unique = format!("{n}-{plain}");
        }
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder_and_differ() {
        let mut names = Names::default();
        assert_eq!(names.unique("../../Счёт № 5.pdf"), "_.._Счёт № 5.pdf");
        assert_eq!(names.unique("a\u{0}b"), "a_b");
        assert_eq!(names.unique("A_B"), "2-A_B");
        assert_eq!(names.unique(".."), "document");
        assert_eq!(names.unique(""), "2-document");
    }
}
