use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::client::Client;
use super::event_stream::{Event, EventReader};
use super::output::Output;
use super::problem;
use super::session::Session;
use crate::messages::{Code, Fault};
use crate::platform;

/// `tokensign tokens --watch`: a line for every token that is there, then for each that is plugged in, pulled out, or says something else of its PIN,
/// and for a card in a reader that cannot serve and why, until the command is broken off.
///
/// # Errors
/// `agent_unreachable` when the agent ends.
pub(super) async fn watch(session: &Session) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let outcome = tokio::select! {
        outcome = follow(agent.client(), session.output) => outcome,
        _ = platform::shutdown_signal() => Ok(()),
    };
    agent.end().await;
    outcome
}

async fn follow(client: &Client, output: Output) -> Result<(), Fault> {
    // Listened to before the first list is read, so that nothing falls in between.
    let mut pieces = client.stream("/v1/events").await?.bytes_stream();
    let mut events = EventReader::default();
    let mut known = Known::default();
    report(client, output, &mut known).await?;
    while let Some(Ok(piece)) = pieces.next().await {
        let tells = |event: &Event| event.name == "tokens" || event.name == "reader";
        if events.push(&piece).iter().any(tells) {
            report(client, output, &mut known).await?;
        }
    }
    Err(Fault::new(Code::AgentUnreachable).detail("the agent has ended"))
}

/// What was told.
#[derive(Debug, Default)]
struct Known {
    /// The tokens by their ids.
    tokens: BTreeMap<String, Value>,
    /// The readers whose card cannot serve, by their names.
    troubles: BTreeMap<String, Value>,
}

async fn report(client: &Client, output: Output, known: &mut Known) -> Result<(), Fault> {
    let answer = client.get("/v1/tokens").await?;
    let tokens = by(&answer["tokens"], "id");
    for (change, token) in changes(&known.tokens, &tokens) {
        output.result(&json!({ "change": change.word(), "token": token }), || {
            vec![output.text_with(
                change.message(),
                &[
                    ("token", &text(token, "label")),
                    ("serial", &text(token, "serial")),
                    ("reader", &text(token, "reader")),
                ],
            )]
        });
    }
    let mut troubles = by(&answer["readers"], "name");
    troubles.retain(|_, reader| reader["fault"].is_object());
    for (name, reader) in &troubles {
        let is_known = |known: &Value| known["state"] == reader["state"] && known["atr"] == reader["atr"];
        if !known.troubles.get(name).is_some_and(is_known) {
            let fault = problem::to_fault(&reader["fault"]);
            output.result(&json!({ "change": "reader", "reader": reader }), || {
                let problem = output.localizer().fault_title(&fault);
                let told = output.text_with("cli-reader-trouble", &[("reader", name), ("problem", &problem)]);
                vec![told, format!("  {}", output.localizer().fault_advice(&fault))]
            });
        }
    }
    *known = Known { tokens, troubles };
    Ok(())
}

/// The items of a list by one of their members.
fn by(list: &Value, member: &str) -> BTreeMap<String, Value> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| (text(item, member), item.clone())).collect()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    Plugged,
    Pulled,
    Changed,
}

impl Change {
    fn word(self) -> &'static str {
        match self {
            Self::Plugged => "plugged",
            Self::Pulled => "pulled",
            Self::Changed => "changed",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Plugged => "cli-token-plugged",
            Self::Pulled => "cli-token-pulled",
            Self::Changed => "cli-token-changed",
        }
    }
}

/// What differs between two lists by id: first what went, then what came or is not as it was.
fn changes<'a>(
    before: &'a BTreeMap<String, Value>,
    now: &'a BTreeMap<String, Value>,
) -> impl Iterator<Item = (Change, &'a Value)> {
    let pulled = before
        .iter()
        .filter(|(id, _)| !now.contains_key(*id))
        .map(|(_, token)| (Change::Pulled, token));
    let others = now.iter().filter_map(|(id, token)| match before.get(id) {
        None => Some((Change::Plugged, token)),
        Some(old) if old != token => Some((Change::Changed, token)),
        Some(_) => None,
    });
    pulled.chain(others)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_apart() {
        let list = |tokens: &[(&str, u64)]| -> BTreeMap<String, Value> {
            tokens
                .iter()
                .map(|(id, tries)| ((*id).to_owned(), json!({ "id": id, "pin": { "tries_left": tries } })))
                .collect()
        };
        let (before, now) = (
            list(&[("stays", 3), ("goes", 3), ("wrong pin", 3)]),
            list(&[("stays", 3), ("wrong pin", 2), ("comes", 3)]),
        );
        let told: Vec<_> = changes(&before, &now)
            .map(|(change, token)| (change, text(token, "id")))
            .collect();
        let expected = [
            (Change::Pulled, "goes"),
            (Change::Plugged, "comes"),
            (Change::Changed, "wrong pin"),
        ];
        assert_eq!(told, expected.map(|(change, id)| (change, id.to_owned())));
    }
}
