use serde_json::{Value, json};

use super::arguments::Jobs;
use super::output::{Output, pair_lines, table_lines};
use super::problem;
use super::session::Session;
use super::table::Table;
use super::words;
use crate::messages::Fault;

/// `tokensign jobs`
pub(super) async fn run(session: &Session, command: &Jobs) -> Result<(), Fault> {
    let output = session.output;
    let agent = session.agent().await?;
    let client = agent.client();
    let answer = match command {
        Jobs::List { open, limit } => {
            client
                .query("/v1/jobs", &[("open", open.to_string()), ("limit", limit.to_string())])
                .await
        }
        Jobs::Show { id } => client.get(&format!("/v1/jobs/{id}")).await,
        Jobs::Retry { id } => client.post(&format!("/v1/jobs/{id}/retry"), &json!({})).await,
        Jobs::Cancel { id } => client.delete(&format!("/v1/jobs/{id}")).await,
    };
    agent.end().await;
    let answer = answer?;
    output.result(&answer, || match command {
        Jobs::List { .. } => list(&output, &answer),
        Jobs::Show { .. } | Jobs::Retry { .. } | Jobs::Cancel { .. } => for_people(&output, &answer),
    });
    Ok(())
}

/// One job for people.
pub(super) fn for_people(output: &Output, job: &Value) -> Vec<String> {
    let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
    let mut rows = vec![
        (output.text("ui-id"), text("id")),
        (output.text("ui-kind"), words::word(output, "ui-kind-", &text("kind"))),
        (output.text("ui-name"), text("title")),
        (output.text("ui-state"), state(output, job)),
        (output.text("ui-created"), words::moment_of(output, &text("created_at"))),
    ];
    if let Some(profile) = job["profile"].as_str() {
        rows.push((output.text("ui-profile"), profile.to_owned()));
    }
    if let Some(problem) = job.get("fault").filter(|fault| !fault.is_null()) {
        let fault = problem::to_fault(problem);
        rows.push((output.text("ui-error"), output.localizer().fault_title(&fault)));
        rows.push((output.text("ui-what-to-do"), output.localizer().fault_advice(&fault)));
    }
    let mut lines = pair_lines(&rows);
    let steps = job["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !steps.is_empty() {
        let mut table = Table::new([
            output.text("ui-steps"),
            output.text("ui-state"),
            output.text("ui-attempts"),
        ]);
        for step in steps {
            let cell = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
            table.row([
                cell("name"),
                words::word(output, "ui-step-", &cell("state")),
                step["attempts"].as_u64().unwrap_or_default().to_string(),
            ]);
        }
        lines.push(String::new());
        lines.extend(table_lines(&table));
    }
    if let Some(outcome) = job.get("outcome").filter(|outcome| outcome.is_object()) {
        let simple: Vec<_> = outcome
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            // A signature is for programs (`--json`).
            .filter(|(_, value)| value.len() <= 120)
            .collect();
        if !simple.is_empty() {
            lines.push(String::new());
            lines.push(output.text("cli-outcome"));
            lines.extend(pair_lines(&simple));
        }
    }
    lines
}

fn list(output: &Output, answer: &Value) -> Vec<String> {
    let jobs = answer["jobs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if jobs.is_empty() {
        return vec![output.text("ui-jobs-none")];
    }
    let headings = ["ui-id", "ui-created", "ui-kind", "ui-state", "ui-name"].map(|key| output.text(key));
    let mut table = Table::new(headings);
    for job in jobs {
        let text = |name: &str| job[name].as_str().unwrap_or_default();
        table.row([
            text("id").to_owned(),
            words::moment_of(output, text("created_at")),
            words::word(output, "ui-kind-", text("kind")),
            state(output, job),
            text("title").to_owned(),
        ]);
    }
    table_lines(&table)
}

/// Where it stands, and what it waits for.
fn state(output: &Output, job: &Value) -> String {
    match job["waiting"]["for"].as_str() {
        Some("waiting_to_retry") => {
            let until = words::moment_of(output, job["waiting"]["until"].as_str().unwrap_or_default());
            output.text_with("ui-waiting-to-retry", &[("time", &until)])
        }
        Some(waiting) if job["state"] == "running" => words::word(output, "ui-", waiting),
        _ => words::word(output, "ui-state-", job["state"].as_str().unwrap_or_default()),
    }
}
