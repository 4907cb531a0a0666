use serde_json::{Value, json};

use super::output::{Output, printable, table_lines};
use super::problem;
use super::session::Session;
use super::table::Table;
use super::words;
use crate::messages::{Code, Fault, Language};
use crate::{platform, secrets};

/// One thing that was looked at.
struct Check {
    /// For programs.
    name: String,
    /// The same for people.
    title: String,
    /// What was found, when it is well.
    found: String,
    fault: Option<Fault>,
}

impl Check {
    /// Something of a name of its own: a file, a profile.
    fn of(name: impl Into<String>, result: Result<String, Fault>) -> Self {
        let name = name.into();
        Self::titled(name.clone(), name, result)
    }

    /// Something that is called differently in each language: `cli-doctor-<name>`.
    fn known(output: &Output, name: &str, result: Result<String, Fault>) -> Self {
        let title = output.text(&format!("cli-doctor-{}", name.replace(' ', "-")));
        Self::titled(name.to_owned(), title, result)
    }

    fn titled(name: String, title: String, result: Result<String, Fault>) -> Self {
        let (found, fault) = match result {
            Ok(found) => (found, None),
            Err(fault) => (String::new(), Some(fault)),
        };
        Self {
            name,
            title,
            found,
            fault,
        }
    }
}

/// `tokensign doctor`: every finding with what to do; fails when there is one.
pub(super) async fn run(session: &Session) -> Result<(), Fault> {
    let output = session.output;
    let mut checks = vec![Check::known(&output, "directories", directories(session))];
    checks.extend(secrets_of_profiles(session));
    checks.extend(agent(session).await);

    let localizer = output.localizer();
    let value: Vec<_> = checks
        .iter()
        .map(|check| {
            let problem = check.fault.as_ref().map(|fault| problem::of_fault(fault, localizer));
            json!({ "check": check.name, "found": check.found, "problem": problem })
        })
        .collect();
    output.result(&json!({ "checks": value }), || {
        let mut table = Table::new(["ui-name", "ui-state", "ui-details"].map(|key| output.text(key)));
        for check in &checks {
            let word = if check.fault.is_some() {
                "cli-check-problem"
            } else {
                "cli-check-ok"
            };
            table.row([check.title.clone(), output.text(word), check.found.clone()]);
        }
        let mut rows = table_lines(&table).into_iter();
        let mut lines: Vec<_> = rows.next().into_iter().collect();
        for (check, row) in checks.iter().zip(rows) {
            lines.push(row);
            if let Some(fault) = &check.fault {
                lines.push(format!("    {}", printable(&localizer.fault_title(fault))));
                lines.push(format!("    {}", printable(&localizer.fault_advice(fault))));
                lines.extend(
                    more(fault, localizer.language())
                        .into_iter()
                        .map(|line| format!("    {}", printable(line))),
                );
            }
        }
        lines
    });
    match checks.into_iter().find_map(|check| check.fault) {
        Some(fault) => {
            Err(Fault::new(fault.code()).detail("at least one check found a problem; they are listed above"))
        }
        None => Ok(()),
    }
}

/// What else there is to say: the notes on the token's family in the person's language, else the detail, which is English.
fn more(fault: &Fault, language: Language) -> Vec<&str> {
    let notes = fault
        .extras()
        .get("notes")
        .and_then(|notes| notes[language.as_str()].as_array());
    match notes {
        Some(notes) => notes.iter().filter_map(Value::as_str).collect(),
        None => fault.detail_text().into_iter().flat_map(str::lines).collect(),
    }
}

fn directories(session: &Session) -> Result<String, Fault> {
    let directories = session.config.directories()?;
    directories.create()?;
    Ok(format!(
        "{}, {}",
        directories.state.display(),
        directories.runtime.display()
    ))
}

/// Tokens that speak PC/SC need its service; some have drivers of their own, so its absence is told, not counted as a problem.
fn reader_service(output: &Output, inventory: &Value) -> String {
    let state = inventory["reader_service"].as_str().unwrap_or_default();
    output.text(match state {
        "ok" => "cli-reader-service-ok",
        "absent" => "cli-reader-service-absent",
        "hangs" => "cli-reader-service-hangs",
        _ => "cli-reader-service-failed",
    })
}

/// What is in each reader. A card that cannot be used is a problem, an empty reader is not.
fn readers(output: &Output, inventory: &Value) -> Vec<Check> {
    let readers = inventory["readers"].as_array().into_iter().flatten();
    let checks = readers.map(|reader| {
        let name = reader["name"].as_str().unwrap_or_default();
        let result = match reader.get("fault").filter(|fault| !fault.is_null()) {
            Some(problem) => Err(problem::to_fault(problem)),
            None => Ok(words::word(
                output,
                "ui-reader-",
                reader["state"].as_str().unwrap_or_default(),
            )),
        };
        Check::titled(
            format!("reader {name}"),
            format!("{} {name}", output.text("ui-reader")),
            result,
        )
    });
    checks.collect()
}

fn secrets_of_profiles(session: &Session) -> Vec<Check> {
    let idocs = session
        .config
        .idocs
        .iter()
        .map(|(name, profile)| (format!("idocs.{name}"), &profile.service));
    let mig24 = session
        .config
        .mig24
        .iter()
        .map(|(name, profile)| (format!("mig24.{name}"), &profile.service));
    idocs
        .chain(mig24)
        .map(|(name, service)| {
            let found = secrets::resolve(&service.token).map(|_| secrets::describe(&service.token));
            Check::of(name.clone(), found.map_err(|fault| fault.arg("profile", name)))
        })
        .collect()
}

async fn agent(session: &Session) -> Vec<Check> {
    let output = &session.output;
    let inventory = async {
        let agent = session.agent().await?;
        let how = if agent.is_own() {
            "cli-agent-startable"
        } else {
            "cli-agent-runs"
        };
        let tokens = agent.client().get("/v1/tokens").await;
        agent.end().await;
        Ok::<_, Fault>((output.text(how), tokens?))
    };
    let (how, inventory) = match inventory.await {
        Ok(found) => found,
        Err(fault) => return vec![Check::known(output, "agent", Err(fault))],
    };
    let mut checks = vec![
        Check::known(output, "agent", Ok(how)),
        Check::known(output, "reader service", Ok(reader_service(output, &inventory))),
    ];
    checks.extend(readers(output, &inventory));
    for module in inventory["modules"].as_array().into_iter().flatten() {
        let path = module["path"].as_str().unwrap_or_default();
        let state = words::word(output, "ui-module-", module["state"].as_str().unwrap_or_default());
        let family = module["profile"].as_str().map(str::to_owned);
        let family = family.unwrap_or_else(|| output.text("cli-no-known-family"));
        let found = match module.get("fault").filter(|fault| !fault.is_null()) {
            Some(problem) => Err(problem::to_fault(problem)),
            None => Ok(format!("{state}, {family}")),
        };
        checks.push(Check::of(path, found));
    }
    let tokens = inventory["tokens"].as_array().map(Vec::len).unwrap_or_default();
    let found = if tokens == 0 {
        Err(Fault::new(Code::TokenAbsent))
    } else {
        Ok(labels(&inventory))
    };
    checks.push(Check::known(output, "tokens", found));
    if !platform::has_desktop_session() {
        checks.push(Check::known(output, "desktop", Ok(output.text("cli-no-desktop"))));
    }
    checks
}

fn labels(inventory: &Value) -> String {
    let labels: Vec<_> = inventory["tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|token| token["label"].as_str())
        .collect();
    labels.join(", ")
}
