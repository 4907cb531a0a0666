use serde_json::Value;

use super::arguments::Watch;
use super::path;
use crate::cli::output::{Output, printable};
use crate::cli::session::Session;
use crate::cli::words;
use crate::messages::{Code, Fault};
use crate::platform;

/// How long one waiting request lasts, in seconds.
const WAIT: u64 = 30;

/// `tokensign mig24 watch`: one line an event, JSON for programs.
pub(super) async fn run(session: &Session, arguments: &Watch) -> Result<(), Fault> {
    let events = path(session, &arguments.profile, "events")?;
    let Some(client) = session.running().await? else {
        // Only an agent that stays consumes queues.
        return Err(Fault::new(Code::AgentUnreachable).detail("events are taken by the running agent, and none runs"));
    };
    let output = session.output;
    let mut after = arguments.after;
    let mut told = None;
    loop {
        let wait = if arguments.once { 0 } else { WAIT };
        let path = format!("{events}?after={after}");
        let answer = tokio::select! {
            answer = client.wait(&path, wait) => answer?,
            _ = platform::shutdown_signal() => return Ok(()),
        };
        let state = answer["queue"]["state"].as_str().unwrap_or_default().to_owned();
        if told.as_ref() != Some(&state) {
            output.say(&output.text(&format!("ui-queue-{state}")));
            told = Some(state);
        }
        let arrived = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        for event in arrived {
            after = event["seq"].as_i64().unwrap_or(after);
            output.result(event, || vec![line(&output, event)]);
        }
        if arguments.once && arrived.is_empty() {
            return Ok(());
        }
    }
}

fn line(output: &Output, event: &Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let mut parts = vec![
        event["seq"].to_string(),
        words::moment_of(output, text("received_at")),
        words::word(output, "ui-topic-", text("topic")),
    ];
    for name in [
        "status",
        "package_group_id",
        "package_id",
        "document_id",
        "file_id",
        "abonent_id",
    ] {
        if !text(name).is_empty() {
            parts.push(text(name).to_owned());
        }
    }
    if let Some(reason) = event["set_aside"].as_str() {
        parts.push(output.text_with("ui-event-set-aside", &[("reason", &reason)]));
    }
    printable(&parts.join("  "))
}
