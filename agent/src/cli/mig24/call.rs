//! One call of the agent and its result.

use serde_json::Value;

use crate::cli::output::{pair_lines, table_lines};
use crate::cli::services::flatten;
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::messages::Fault;

/// Reads something and shows all that the answer says.
pub(super) async fn show(session: &Session, path: &str) -> Result<(), Fault> {
    let answer = read(session, path).await?;
    session.output.result(&answer, || facts(&answer));
    Ok(())
}

/// Reads a list and shows some members of each entry; a program gets all of them.
pub(super) async fn list<const N: usize>(
    session: &Session,
    path: &str,
    list: &str,
    columns: [(&str, &str); N],
) -> Result<(), Fault> {
    let answer = read(session, path).await?;
    let output = session.output;
    output.result(&answer, || {
        let mut table = Table::new(columns.map(|(_, heading)| output.text(heading)));
        for entry in answer[list].as_array().into_iter().flatten() {
            table.row(columns.map(|(member, _)| text(&entry[member])));
        }
        table_lines(&table)
    });
    Ok(())
}

/// Changes something and shows what came of it.
pub(super) async fn change(session: &Session, path: &str, body: &Value) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().post(path, body).await;
    agent.end().await;
    let answer = answer?;
    session.output.result(&answer, || facts(&answer));
    Ok(())
}

/// Deletes something and shows what came of it.
pub(super) async fn delete(session: &Session, path: &str) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().delete(path).await;
    agent.end().await;
    let answer = answer?;
    session.output.result(&answer, || facts(&answer));
    Ok(())
}

/// Reads something.
pub(super) async fn read(session: &Session, path: &str) -> Result<Value, Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().get(path).await;
    agent.end().await;
    answer
}

/// All leaves of an answer with their paths, for people.
pub(super) fn facts(answer: &Value) -> Vec<String> {
    let mut rows = Vec::new();
    flatten(answer, "", &mut rows);
    pair_lines(&rows)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
