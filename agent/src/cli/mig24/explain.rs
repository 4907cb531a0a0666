use serde_json::{Value, json};

use super::arguments::Explain;
use super::call::facts;
use super::path;
use crate::cli::output::{pair_lines, printable, table_lines};
use crate::cli::problem;
use crate::cli::services::{members, segment};
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::messages::Fault;

/// `tokensign mig24 explain`
pub(super) async fn run(session: &Session, arguments: &Explain) -> Result<(), Fault> {
    let path = path(
        session,
        &arguments.profile,
        &format!("package-groups/{}/explanations", segment(&arguments.what.group)),
    )?;
    let request = members([
        (
            "certificate",
            arguments.signer.certificate.as_ref().map(|selector| json!(selector)),
        ),
        ("mchd_info_id", arguments.what.mchd.as_ref().map(|id| json!(id))),
    ]);
    let agent = session.agent().await?;
    let answer = agent.client().post(&path, &request).await;
    agent.end().await;
    let answer = answer?;
    session.output.result(&answer, || for_people(session, &answer));
    Ok(())
}

fn for_people(session: &Session, answer: &Value) -> Vec<String> {
    let output = session.output;
    let told = |fault: &Value| match fault {
        Value::Null => None,
        fault => Some(output.localizer().fault_title(&problem::to_fault(fault))),
    };
    let mut lines = pair_lines(&[
        (
            output.text("ui-certificate"),
            answer["certificate"].as_str().unwrap_or_default().to_owned(),
        ),
        (
            "hash_kind".to_owned(),
            answer["hash_kind"].as_str().unwrap_or_default().to_owned(),
        ),
    ]);
    lines.extend([String::new(), "prepare:".to_owned()]);
    let shown = serde_json::to_string_pretty(&answer["answer"]).unwrap_or_default();
    lines.extend(shown.lines().map(printable));
    lines.push(String::new());
    if let Some(problem) = told(&answer["problem"]) {
        lines.push(printable(&problem));
        lines.extend(facts(&answer["problem"]));
        return lines;
    }
    let headings = ["ui-document", "ui-reading", "ui-agrees-with-file", "ui-error"];
    let mut table = Table::new(headings.map(|key| output.text(key)));
    for item in answer["items"].as_array().into_iter().flatten() {
        let agrees = match item["agrees_with_file"].as_bool() {
            Some(true) => output.text("ui-yes"),
            Some(false) => output.text("ui-no"),
            None => String::new(),
        };
        let reading = item["reading"].as_str().unwrap_or_default();
        let algorithm = item["algorithm"].as_str().unwrap_or_default();
        table.row([
            item["label"].as_str().unwrap_or_default().to_owned(),
            format!("{reading} {algorithm}").trim().to_owned(),
            agrees,
            told(&item["problem"]).unwrap_or_default(),
        ]);
    }
    lines.extend(table_lines(&table));
    lines.extend([String::new(), "finish:".to_owned()]);
    let shown = serde_json::to_string_pretty(&answer["finish"]).unwrap_or_default();
    lines.extend(shown.lines().map(printable));
    lines
}
