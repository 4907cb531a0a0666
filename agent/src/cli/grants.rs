use serde_json::Value;

use super::arguments::Grants;
use super::output::pair_lines;
use super::session::Session;
use super::words;
use crate::messages::Fault;

/// `tokensign grants`
pub(super) async fn run(session: &Session, command: &Grants) -> Result<(), Fault> {
    let output = session.output;
    let agent = session.agent().await?;
    let answer = match command {
        Grants::List => agent.client().get("/v1/grants").await,
        Grants::Revoke { id } => agent.client().delete(&format!("/v1/grants/{id}")).await,
    };
    agent.end().await;
    let answer = answer?;
    output.result(&answer, || match command {
        Grants::Revoke { .. } => vec![output.text("cli-grant-ended")],
        Grants::List => {
            let grants = answer["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
            if grants.is_empty() {
                return vec![output.text("ui-grants-none")];
            }
            let mut lines = Vec::new();
            for grant in grants {
                if !lines.is_empty() {
                    lines.push(String::new());
                }
                lines.extend(one(session, grant));
            }
            lines
        }
    });
    Ok(())
}

fn one(session: &Session, grant: &Value) -> Vec<String> {
    let output = session.output;
    let text = |name: &str| grant[name].as_str().unwrap_or_default().to_owned();
    let destination = match grant["service"].as_str() {
        Some(service) => format!("{} ({})", words::word(&output, "ui-service-", service), text("profile")),
        None => String::new(),
    };
    let holder = &grant["holder"];
    let of_holder = |name: &str| holder[name].as_str().unwrap_or_default().to_owned();
    let names = [&holder["common_name"], &grant["subject"], &grant["certificate"]];
    let certificate = names
        .iter()
        .find_map(|name| name.as_str())
        .unwrap_or_default()
        .to_owned();
    let documents = match text("documents").as_str() {
        "any" => output.text("ui-grant-documents-any"),
        "digest" => output.text("ui-grant-documents-digest"),
        media_type => media_type.to_owned(),
    };
    let uses = output.text_with(
        "ui-grant-uses",
        &[
            ("used", &grant["used"].as_u64().unwrap_or_default()),
            ("most", &grant["max_uses"].as_u64().unwrap_or_default()),
        ],
    );
    let mut rows = vec![
        (output.text("ui-name"), text("application_name")),
        (output.text("ui-id"), text("id")),
        (output.text("ui-certificate"), certificate),
        (output.text("ui-organisation"), of_holder("organisation")),
        (output.text("ui-iin"), of_holder("iin")),
        (output.text("ui-bin"), of_holder("bin")),
        (output.text("ui-inn"), of_holder("inn")),
        (output.text("ui-inn-le"), of_holder("inn_le")),
        (output.text("ui-ogrn"), of_holder("ogrn")),
        (output.text("ui-snils"), of_holder("snils")),
        (output.text("ui-destination"), destination),
        (output.text("ui-documents"), documents),
        (output.text("ui-grant-signatures"), uses),
        (
            output.text("ui-grant-until"),
            words::moment_of(&output, &text("ends_at")),
        ),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    pair_lines(&rows)
}
