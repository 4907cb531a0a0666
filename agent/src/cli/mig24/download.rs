//! A service's file, saved beside the person's others or written to stdout.

use std::path::Path;

use futures_util::StreamExt as _;
use serde_json::json;

use super::arguments::Target;
use super::call::facts;
use crate::cli::client::Client;
use crate::cli::result_files;
use crate::cli::session::Session;
use crate::messages::{Code, Fault};

/// How a file is called when the person does not say.
#[derive(Debug)]
pub(super) enum Name<'a> {
    /// The service knows, in the member `name` of what lies at this path.
    Asked(&'a str),
    /// So.
    Known(String),
}

/// Saves what lies at `path`.
///
/// # Errors
/// `invalid_field` when the file is there already, `file_unreadable`, `disk_full`, and those of the service.
pub(super) async fn save(session: &Session, path: &str, name: Name<'_>, target: &Target) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let saved = save_with(session, agent.client(), path, name, target).await;
    agent.end().await;
    saved
}

async fn save_with(
    session: &Session,
    client: &Client,
    path: &str,
    name: Name<'_>,
    target: &Target,
) -> Result<(), Fault> {
    if target.out.as_deref() == Some(Path::new("-")) {
        let mut pieces = client.file(path).await?.bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Fault::new(Code::AgentUnreachable).detail(error))?;
            session.output.bytes(&piece).map_err(Fault::internal)?;
        }
        return Ok(());
    }
    let file = match &target.out {
        Some(out) if !out.is_dir() => out.clone(),
        directory => {
            let name = match name {
                Name::Known(name) => name,
                Name::Asked(path) => {
                    let known = client.get(path).await?;
                    known["name"].as_str().unwrap_or("document").to_owned()
                }
            };
            result_files::target(directory.as_deref(), &plain(&name))
        }
    };
    let size = result_files::fetch(&session.output, client, path, &file, target.force).await?;
    let told = json!({ "file": file, "size": size });
    session.output.result(&told, || facts(&told));
    Ok(())
}

/// A name of the service as a name in this directory.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') {
                '_'
            } else {
                c
            }
        })
        .collect();
    match plain.trim_matches(['.', ' ']) {
        "" => "document".to_owned(),
        // Nothing that was downloaded hides itself.
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_service_stays_in_its_directory() {
        assert_eq!(plain("Акт № 5.pdf"), "Акт № 5.pdf");
        assert_eq!(plain("../../.ssh/authorized_keys"), "authorized_keys");
        assert_eq!(plain("C:\\x\\a?.pdf"), "a_.pdf");
        assert_eq!(plain(".bashrc"), "bashrc");
        assert_eq!(plain(".."), "document");
        assert_eq!(plain("a\u{1b}b"), "a_b");
    }
}
