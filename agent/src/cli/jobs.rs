use serde_json::{Value, json};

use super::arguments::{Jobs, JobsList};
use super::client::Client;
use super::evidence_folder;
use super::output::{Output, pair_lines, table_lines};
use super::problem;
use super::session::Session;
use super::table::Table;
use super::words;
use crate::messages::Fault;

/// How long a command that takes a job up waits for it, in seconds.
const PATIENCE: u64 = 30;

/// `tokensign jobs`
pub(super) async fn run(session: &Session, command: &Jobs) -> Result<(), Fault> {
    let output = session.output;
    let agent = session.agent().await?;
    let answer = answer(agent.client(), &output, command).await;
    agent.end().await;
    let answer = answer?;
    output.result(&answer, || match command {
        Jobs::List(_) => list(&output, &answer),
        Jobs::Export { dir, .. } => {
            let path = dir.display().to_string();
            vec![output.text_with("cli-written", &[("path", &path)])]
        }
        _ => for_people(&output, &answer),
    });
    Ok(())
}

async fn answer(client: &Client, output: &Output, command: &Jobs) -> Result<Value, Fault> {
    match command {
        Jobs::List(filter) => client.query("/v1/jobs", &query(filter)).await,
        Jobs::Show { id } => client.get(&format!("/v1/jobs/{id}")).await,
        Jobs::Retry { id } => {
            client.post(&format!("/v1/jobs/{id}/retry"), &json!({})).await?;
            client.wait(&format!("/v1/jobs/{id}"), PATIENCE).await
        }
        Jobs::Settle(settle) => {
            let id = settle.id;
            let mut said = json!({ "happened": settle.happened });
            if let Some(step) = &settle.step {
                said["step"] = json!(step);
            }
            if let Some(result) = &settle.result {
                said["result"] = json!(result);
            }
            client.post(&format!("/v1/jobs/{id}/resolution"), &said).await?;
            client.wait(&format!("/v1/jobs/{id}"), PATIENCE).await
        }
        Jobs::Cancel { id } => client.delete(&format!("/v1/jobs/{id}")).await,
        Jobs::RemoveLeft { id } => {
            let removal = client.post(&format!("/v1/jobs/{id}/removal"), &json!({})).await?;
            let id = removal["id"].as_str().unwrap_or_default();
            client.wait(&format!("/v1/jobs/{id}"), PATIENCE).await
        }
        Jobs::Export { id, dir } => evidence_folder::write(client, output, *id, dir).await,
    }
}

fn query(filter: &JobsList) -> Vec<(&'static str, String)> {
    let mut query = vec![("open", filter.open.to_string()), ("limit", filter.limit.to_string())];
    let optional = [
        ("state", &filter.state),
        ("since", &filter.since),
        ("until", &filter.until),
        ("name", &filter.name),
        ("counterparty", &filter.counterparty),
        ("reference", &filter.reference),
    ];
    query.extend(filter.before.map(|before| ("before", before.to_string())));
    query.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?))),
    );
    query
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
    if let Some(until) = job["waiting"]["until"]
        .as_str()
        .filter(|_| job["waiting"]["question"].is_string())
    {
        rows.push((output.text("ui-deadline"), words::moment_of(output, until)));
    }
    if let Some(problem) = job.get("fault").filter(|fault| !fault.is_null()) {
        let fault = problem::to_fault(problem);
        rows.push((output.text("ui-error"), output.localizer().fault_title(&fault)));
        rows.push((output.text("ui-what-to-do"), output.localizer().fault_advice(&fault)));
        if let Some(left) = problem.get("left_behind") {
            rows.push((output.text("ui-left-behind"), left_behind(output, left)));
        }
    }
    for command in commands(job) {
        rows.push((output.text("cli-next"), command));
    }
    let mut lines = pair_lines(&rows);
    let steps = job["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !steps.is_empty() {
        let mut table = Table::new([
            output.text("ui-steps"),
            output.text("ui-state"),
            output.text("ui-attempts"),
            output.text("ui-error"),
        ]);
        for step in steps {
            let cell = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
            table.row([
                cell("name"),
                words::word(output, "ui-step-", &cell("state")),
                step["attempts"].as_u64().unwrap_or_default().to_string(),
                reason(output, step),
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

/// Why a step failed, is uncertain or waits; when it is begun again.
fn reason(output: &Output, step: &Value) -> String {
    let Some(problem) = step.get("fault").filter(|fault| !fault.is_null()) else {
        return String::new();
    };
    let title = output.localizer().fault_title(&problem::to_fault(problem));
    match step["next_at"].as_str() {
        Some(next) => {
            let time = words::moment_of(output, next);
            format!(
                "{title} ({})",
                output.text_with("ui-waiting-to-retry", &[("time", &time)])
            )
        }
        None => title,
    }
}

/// What a job left at the service, in one line.
fn left_behind(output: &Output, left: &Value) -> String {
    let ids = left.as_object().into_iter().flatten();
    let ids: Vec<_> = ids
        .filter_map(|(name, value)| match value {
            Value::String(id) => Some(format!("{name} {id}")),
            Value::Array(ids) => {
                let ids: Vec<_> = ids.iter().filter_map(Value::as_str).collect();
                Some(format!("{name} {}", ids.join(" ")))
            }
            _ => None,
        })
        .collect();
    let sent = match left["sent"].as_bool() {
        Some(true) => "ui-left-sent",
        Some(false) => "ui-left-not-sent",
        None => "ui-left-may-be-sent",
    };
    format!("{} ({})", ids.join(", "), output.text(sent))
}

/// The commands that a person can give about a job that has come to its end or stopped.
fn commands(job: &Value) -> Vec<String> {
    let id = job["id"].as_str().unwrap_or_default();
    let actions = job["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if job["state"] == "running" {
        return Vec::new();
    }
    actions
        .iter()
        .filter_map(|action| match action.as_str()? {
            "retry" => Some(format!("tokensign jobs retry {id}")),
            "settle" => Some(format!("tokensign jobs settle {id} --happened | --did-not")),
            "cancel" => Some(format!("tokensign jobs cancel {id}")),
            "remove_left" => Some(format!("tokensign jobs remove-left {id}")),
            _ => None,
        })
        .collect()
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
    let mut lines = table_lines(&table);
    if let Some(next) = answer["next"].as_str() {
        lines.push(String::new());
        lines.push(output.text_with("cli-jobs-more", &[("id", &next)]));
    }
    lines
}

/// Where it stands, and what it waits for.
fn state(output: &Output, job: &Value) -> String {
    let waiting = &job["waiting"];
    match waiting["for"].as_str() {
        Some(which @ ("waiting_to_retry" | "waiting_for_service")) => {
            let until = words::moment_of(output, waiting["until"].as_str().unwrap_or_default());
            let key = if which == "waiting_to_retry" {
                "ui-waiting-to-retry"
            } else {
                "ui-waiting-for-service"
            };
            output.text_with(key, &[("time", &until)])
        }
        Some("waiting_for_token") if waiting["token"].is_string() => {
            let token = waiting["token"].as_str().unwrap_or_default();
            output.text_with("ui-waiting-for-token-named", &[("token", &token)])
        }
        Some(waiting) if job["state"] == "running" => words::word(output, "ui-", waiting),
        _ => words::word(output, "ui-state-", job["state"].as_str().unwrap_or_default()),
    }
}
