//! What `tokensign idocs` and `tokensign mig24` have in common: a scenario is started, its question answered, its outcome shown.

use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use super::arguments::Scenario;
use super::client::Client;
use super::follow::{self, Follower};
use super::jobs;
use super::output::{Output, pair_lines, table_lines};
use super::session::Session;
use super::sign::id_of;
use super::table::Table;
use super::upload::{self, FileToSend};
use super::words;
use crate::messages::{Code, Fault};

/// How long one waiting request lasts, in seconds.
const WAIT: u64 = 30;

/// Starts a scenario, answers its question, shows its outcome.
pub(super) async fn run(
    session: &Session,
    scenario: &Scenario,
    path: &str,
    request: Map<String, Value>,
    files: Vec<(String, FileToSend)>,
) -> Result<(), Fault> {
    let output = session.output;
    let pin = scenario.signer.pin_source.unattended()?;
    let dialog = scenario
        .signer
        .pin_source
        .dialog(session.config.agent.pinentry.as_deref())?;
    let request = Value::Object(request);
    let agent = session.agent().await?;
    if scenario.detach && agent.is_own() {
        agent.end().await;
        return Err(
            Fault::new(Code::AgentUnreachable).detail("--detach leaves the work to the running agent, and none runs")
        );
    }
    let client = agent.client();
    let outcome = async {
        // Without a prompter of its own the work's question goes where others are attached.
        let follower = if scenario.detach {
            None
        } else {
            Some(Follower::attach(client, output, pin, dialog).await?)
        };
        let started = start(&output, client, path, &Work::with_files(request, files)).await?;
        match follower {
            Some(follower) => {
                follower
                    .follow(&format!("/v1/jobs/{}", id_of(&started)?), ProgressBar::hidden())
                    .await
            }
            None => Ok(started),
        }
    }
    .await;
    agent.end().await;
    show(session, &outcome?)
}

/// Work to be started.
#[derive(Debug)]
pub(super) struct Work {
    request: Value,
    files: Vec<(String, FileToSend)>,
}

impl Work {
    /// Work of a request alone.
    pub(super) fn plain(request: Value) -> Self {
        Self::with_files(request, Vec::new())
    }

    /// Work with files, each under its part's name.
    pub(super) fn with_files(request: Value, files: Vec<(String, FileToSend)>) -> Self {
        Self { request, files }
    }
}

/// Hands work with its files to the agent; gives the job that it started.
async fn start(output: &Output, client: &Client, path: &str, work: &Work) -> Result<Value, Fault> {
    if work.files.is_empty() {
        return client.post(path, &work.request).await;
    }
    let parts = work.files.iter().map(|(name, file)| (name.clone(), file)).collect();
    let (form, bar) = upload::form_of_parts(output, Some(&work.request), parts).await?;
    let started = client.post_form(path, form).await;
    bar.finish_and_clear();
    started
}

/// Starts work and waits until it is settled; gives the job. Breaking the command off leaves it to the agent.
///
/// # Errors
/// The work's own fault when it did not finish.
pub(super) async fn carry_out(session: &Session, client: &Client, path: &str, work: Work) -> Result<Value, Fault> {
    let started = start(&session.output, client, path, &work).await?;
    let path = format!("/v1/jobs/{}", id_of(&started)?);
    let mut job = started;
    while job["state"] == "running" {
        job = client.wait(&path, WAIT).await?;
    }
    follow::settled_outcome(job)
}

/// Carries work out and shows the job.
pub(super) async fn run_work(session: &Session, path: &str, work: Work) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let job = carry_out(session, agent.client(), path, work).await;
    agent.end().await;
    show(session, &job?)
}

/// Shows a finished job; documents of it that failed make the command fail.
fn show(session: &Session, job: &Value) -> Result<(), Fault> {
    session.output.result(job, || {
        let mut lines = jobs::for_people(&session.output, job);
        lines.extend(documents_of(&session.output, &job["outcome"]["documents"]));
        lines
    });
    let documents = job["outcome"]["documents"].as_array().map_or(0, Vec::len);
    match job["outcome"]["failed"].as_u64() {
        Some(failed) if failed > 0 => Err(partly(usize::try_from(failed).unwrap_or(usize::MAX), documents)),
        _ => Ok(()),
    }
}

/// The fault of work that was not done for every document.
pub(super) fn partly(failed: usize, of: usize) -> Fault {
    let reason = format!("{failed} of {of} documents failed; each says why");
    Fault::new(Code::ServiceRefused).arg("reason", &reason).detail(reason)
}

/// What became of each document, when a job had several.
fn documents_of(output: &Output, documents: &Value) -> Vec<String> {
    let documents = documents.as_array().map(Vec::as_slice).unwrap_or_default();
    if documents.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(["ui-id", "ui-name", "ui-state", "ui-error"].map(|key| output.text(key)));
    for document in documents {
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let state = words::word(output, "ui-state-", &text("state"));
        let fault = document.get("fault").filter(|fault| !fault.is_null());
        let error = fault.and_then(|fault| serde_json::from_value::<Fault>(fault.clone()).ok());
        let error = error.map_or_else(String::new, |fault| output.localizer().fault_title(&fault));
        table.row([text("document_id"), text("document_name"), state, error]);
    }
    let mut lines = vec![String::new()];
    lines.extend(table_lines(&table));
    lines
}

/// Says what a command would send and have signed, and does nothing.
pub(super) async fn dry_run(session: &Session, path: &str, work: &Work) -> Result<(), Fault> {
    let mut files = Vec::with_capacity(work.files.len());
    for (part, file) in &work.files {
        let digest = file.sha256().await?;
        files.push(json!({ "part": part, "file": file.path(), "size": file.size(), "sha256": digest }));
    }
    let would = json!({ "dry_run": true, "call": format!("POST {path}"), "request": work.request, "files": files });
    session.output.result(&would, || {
        let mut lines = vec![session.output.text("cli-dry-run"), String::new()];
        let mut rows = vec![(session.output.text("cli-call"), format!("POST {path}"))];
        flatten(&work.request, "", &mut rows);
        for (_, file) in &work.files {
            rows.push((file.name().to_owned(), words::size(&session.output, file.size())));
        }
        lines.extend(pair_lines(&rows));
        lines
    });
    Ok(())
}

/// Tells the agent something that is done at once, and shows its answer.
pub(super) async fn tell(session: &Session, path: &str, body: &Value) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().post(path, body).await;
    agent.end().await;
    show_leaves(session, &answer?);
    Ok(())
}

/// Reads something with a query.
pub(super) async fn ask(session: &Session, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().query(path, query).await;
    agent.end().await;
    answer
}

pub(super) async fn status(session: &Session, path: &str) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().get(path).await;
    agent.end().await;
    show_leaves(session, &answer?);
    Ok(())
}

fn show_leaves(session: &Session, answer: &Value) {
    session.output.result(answer, || {
        let mut rows = Vec::new();
        flatten(answer, "", &mut rows);
        pair_lines(&rows)
    });
}

/// The leaves of a service's answer with their paths, for people.
pub(super) fn flatten(value: &Value, path: &str, rows: &mut Vec<(String, String)>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| flatten(value, &below(name), rows)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| flatten(item, &below(&(index + 1).to_string()), rows));
        }
        Value::Null => {}
        Value::String(text) => rows.push((path.to_owned(), text.clone())),
        other => rows.push((path.to_owned(), other.to_string())),
    }
}

/// The profile that was named, or the only one there is.
pub(super) fn one_profile<'a>(
    service: &str,
    mut known: impl Iterator<Item = &'a String> + Clone,
    named: Option<&str>,
) -> Result<&'a str, Fault> {
    let all = known.clone().cloned().collect::<Vec<_>>().join(", ");
    let found = match named {
        Some(named) => {
            let found = known.find(|name| *name == named);
            found.ok_or_else(|| {
                Fault::new(Code::ProfileUnknown)
                    .arg("profile", named)
                    .detail(format!("known profiles: {all}"))
            })
        }
        None => match (known.next(), known.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => {
                Err(Fault::new(Code::ProfileUnknown).detail(format!("the configuration has no [{service}.…] profile")))
            }
            (Some(_), Some(_)) => Err(Fault::invalid_field(
                "--profile",
                format!("there are several, name one of: {all}"),
            )),
        },
    };
    found.map(String::as_str)
}

pub(super) fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// An id as one segment of a path.
pub(super) fn segment(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_only_profile_needs_no_name() {
        let profiles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (none, one, two) = (profiles(&[]), profiles(&["main"]), profiles(&["a", "b"]));
        assert_eq!(one_profile("idocs", one.iter(), None).unwrap(), "main");
        assert_eq!(one_profile("idocs", two.iter(), Some("b")).unwrap(), "b");
        assert_eq!(
            one_profile("idocs", none.iter(), None).unwrap_err().code(),
            Code::ProfileUnknown
        );
        assert_eq!(
            one_profile("idocs", two.iter(), None).unwrap_err().code(),
            Code::InvalidField
        );
        assert_eq!(
            one_profile("idocs", two.iter(), Some("c")).unwrap_err().code(),
            Code::ProfileUnknown
        );
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        assert_eq!(segment("a/../b?c"), "a%2F%2E%2E%2Fb%3Fc");
    }
}
