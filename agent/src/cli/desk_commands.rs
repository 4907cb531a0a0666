//! The small commands of the person: the page, locking, connected programs, the record, the agent's state.

use serde_json::{Value, json};

use super::arguments::{Apps, Open};
use super::output::pair_lines;
use super::question_text;
use super::session::Session;
use super::words;
use crate::messages::{Code, Fault};
use crate::platform::{self, OpenLinkError};

/// `tokensign status`: an agent that does not run is an answer, not a failure.
pub(super) async fn status(session: &Session) -> Result<(), Fault> {
    let output = session.output;
    let Some(client) = session.running().await? else {
        output.result(&json!({ "running": false }), || vec![output.text("cli-not-running")]);
        return Ok(());
    };
    let mut status = client.get("/v1/status").await?;
    status["running"] = json!(true);
    status["http"] = json!(session.http_address());
    output.result(&status, || {
        let prompters: Vec<_> = items(&status, "prompters").iter().filter_map(Value::as_str).collect();
        // One a line: whoever looks must see each that signs without being asked.
        let unattended: Vec<_> = items(&status, "unattended").iter().filter_map(Value::as_str).collect();
        let mut rows = vec![
            (output.text("cli-version"), text(&status, "version")),
            (output.text("cli-address"), text(&status, "http")),
            (output.text("ui-tokens"), status["tokens"].to_string()),
            (output.text("cli-prompters"), prompters.join(", ")),
            (
                output.text("cli-uptime"),
                words::duration(status["uptime_seconds"].as_u64().unwrap_or_default()),
            ),
            (output.text("cli-unattended"), unattended.join("\n")),
        ];
        rows.retain(|(_, value)| !value.is_empty());
        let mut lines = pair_lines(&rows);
        lines.push(output.text_with(
            "ui-questions-count",
            &[("count", &status["waiting"].as_u64().unwrap_or_default())],
        ));
        lines
    });
    Ok(())
}

/// `tokensign open`
pub(super) async fn open(session: &Session, arguments: &Open) -> Result<(), Fault> {
    let output = session.output;
    // The page belongs to a running agent: one of this command's own would be gone before the page is read.
    let client = session.running().await?.ok_or(Code::AgentUnreachable)?;
    let link = client.post("/v1/links", &json!({})).await?;
    let url = link["url"].as_str().ok_or_else(|| {
        Fault::new(Code::AgentUnreachable)
            .detail("the agent does not listen on loopback TCP, where a browser could reach it")
    })?;
    if !arguments.print && !output.is_json() {
        match platform::open_link(url) {
            Ok(()) => return Ok(()),
            // Where nobody could see a window the link is what helps.
            Err(OpenLinkError::NoDesktop) => {}
            Err(error) => output.say(&error.to_string()),
        }
        let seconds = link["expires_in"].as_u64().unwrap_or_default();
        output.say(&output.text_with("cli-link", &[("count", &seconds)]));
    }
    output.result(&link, || vec![url.to_owned()]);
    Ok(())
}

/// `tokensign lock`
pub(super) async fn lock(session: &Session) -> Result<(), Fault> {
    let output = session.output;
    // Where no agent runs nothing is unlocked.
    let answer = match session.running().await? {
        Some(client) => client.post("/v1/lock", &json!({})).await?,
        None => json!({ "ended_grants": 0 }),
    };
    output.result(&answer, || vec![output.text("ui-locked")]);
    Ok(())
}

/// `tokensign apps`
pub(super) async fn apps(session: &Session, command: &Apps) -> Result<(), Fault> {
    let output = session.output;
    let agent = session.agent().await?;
    let answer = match command {
        Apps::List => agent.client().get("/v1/applications").await,
        Apps::Revoke { id } => agent.client().delete(&format!("/v1/applications/{id}")).await,
        Apps::Rename { id, name } => {
            let path = format!("/v1/applications/{id}/name");
            agent.client().post(&path, &json!({ "name": name })).await
        }
    };
    agent.end().await;
    let answer = answer?;
    output.result(&answer, || match command {
        Apps::Revoke { .. } => vec![output.text("cli-revoked")],
        Apps::Rename { .. } => vec![output.text("ui-done")],
        Apps::List => {
            let applications = items(&answer, "applications");
            if applications.is_empty() {
                return vec![output.text("ui-applications-none")];
            }
            let mut lines = Vec::new();
            for application in applications {
                let last_used = match application["last_used_at"].as_str() {
                    Some(moment) => words::moment_of(&output, moment),
                    None => output.text("cli-never"),
                };
                // Whom the person connected needs no word.
                let connected_by = match application["prepared"].as_bool() {
                    Some(true) => output.text("ui-connected-by-administrator"),
                    _ => String::new(),
                };
                let permissions: Vec<_> = items(application, "permissions")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|name| question_text::permission(&output, name))
                    .collect();
                let mut rows = vec![
                    (output.text("ui-name"), text(application, "name")),
                    (output.text("ui-id"), text(application, "id")),
                    (output.text("ui-origin"), text(application, "origin")),
                    (output.text("ui-executable"), text(application, "executable")),
                    (output.text("cli-permissions"), permissions.join("\n")),
                    (output.text("ui-connected-by"), connected_by),
                    (
                        output.text("ui-created"),
                        words::moment_of(&output, &text(application, "created_at")),
                    ),
                    (output.text("ui-last-used"), last_used),
                ];
                rows.retain(|(_, value)| !value.is_empty());
                if !lines.is_empty() {
                    lines.push(String::new());
                }
                lines.extend(pair_lines(&rows));
            }
            lines
        }
    });
    Ok(())
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
