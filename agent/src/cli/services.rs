//! What `tokensign idocs` and `tokensign mig24` have in common: a scenario is started, its question answered, its outcome shown.

use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use super::arguments::Scenario;
use super::follow::Follower;
use super::jobs;
use super::output::pair_lines;
use super::session::Session;
use super::sign::id_of;
use super::upload::{self, FileToSend};
use crate::messages::{Code, Fault};

/// Starts a scenario, answers its question, shows its outcome.
pub(super) async fn run(
    session: &Session,
    scenario: &Scenario,
    path: &str,
    request: Map<String, Value>,
    files: Vec<(String, FileToSend)>,
) -> Result<(), Fault> {
    let output = session.output;
    let mut request = request;
    let pin = scenario.signer.pin_source.unattended()?;
    let dialog = scenario
        .signer
        .pin_source
        .dialog(session.config.agent.pinentry.as_deref())?;
    if pin.is_some() {
        request.insert("unattended".to_owned(), json!(true));
    }
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
        let started = if files.is_empty() {
            client.post(path, &request).await?
        } else {
            let parts = files.iter().map(|(name, file)| (name.clone(), file)).collect();
            let (form, bar) = upload::form_of_parts(&output, Some(&request), parts).await?;
            let started = client.post_form(path, form).await;
            bar.finish_and_clear();
            started?
        };
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
    let job = outcome?;
    output.result(&job, || jobs::for_people(&output, &job));
    Ok(())
}

pub(super) async fn status(session: &Session, path: &str) -> Result<(), Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().get(path).await;
    agent.end().await;
    let answer = answer?;
    session.output.result(&answer, || {
        let mut rows = Vec::new();
        flatten(&answer, "", &mut rows);
        pair_lines(&rows)
    });
    Ok(())
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
