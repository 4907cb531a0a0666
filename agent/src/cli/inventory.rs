use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arguments::{Certs, Modules, Purpose};
use super::output::{Output, pair_lines, printable, table_lines};
use super::problem;
use super::session::Session;
use super::table::Table;
use super::words;
use crate::certificate::Pkcs11Uri;
use crate::messages::Fault;

/// `tokensign tokens`
pub(super) async fn tokens(session: &Session) -> Result<(), Fault> {
    let output = session.output;
    let answer = read(session, "/v1/tokens", &[]).await?;
    output.result(&answer, || {
        let tokens = items(&answer, "tokens");
        if tokens.is_empty() {
            let mut lines = vec![output.text("ui-tokens-none")];
            lines.extend(reader_lines(&output, &answer));
            return lines;
        }
        let headings = [
            "ui-token",
            "ui-serial",
            "cli-model",
            "cli-module",
            "ui-state",
            "ui-certificates",
        ];
        let mut table = Table::new(headings.map(|key| output.text(key)));
        for token in tokens {
            table.row([
                text(token, "label"),
                text(token, "serial"),
                text(token, "model"),
                text(&token["module"], "name"),
                token_state(&output, token),
                items(token, "certificates").len().to_string(),
            ]);
        }
        let mut lines = table_lines(&table);
        lines.extend(reader_lines(&output, &answer));
        lines
    });
    Ok(())
}

/// `tokensign certs`
pub(super) async fn certs(session: &Session, arguments: &Certs) -> Result<(), Fault> {
    let output = session.output;
    let mut query = Vec::new();
    if let Some(selector) = &arguments.selector {
        query.push(("selector", selector.clone()));
    }
    match arguments.purpose {
        Some(Purpose::Signature) => query.push(("purpose", "signature".to_owned())),
        Some(Purpose::Authentication) => query.push(("purpose", "authentication".to_owned())),
        None => {}
    }
    let answer = read(session, "/v1/certificates", &query).await?;
    output.result(&answer, || {
        let certificates = items(&answer, "certificates");
        if certificates.is_empty() {
            return vec![output.text("ui-certificates-none")];
        }
        let mut lines = Vec::new();
        for (number, certificate) in certificates.iter().enumerate() {
            if number > 0 {
                lines.push(String::new());
            }
            lines.extend(certificate_lines(&output, certificate));
        }
        lines
    });
    Ok(())
}

/// `tokensign modules`
pub(super) async fn modules(session: &Session, command: &Modules) -> Result<(), Fault> {
    let output = session.output;
    match command {
        Modules::List => {
            let answer = read(session, "/v1/tokens", &[]).await?;
            let modules = json!({ "modules": answer["modules"] });
            output.result(&modules, || module_lines(&output, &modules));
        }
        Modules::Add(module) => {
            let body = json!({
                "path": absolute(&module.path)?,
                "profile": module.profile,
                "env": module.variables.iter().cloned().collect::<BTreeMap<_, _>>(),
            });
            let answer = post(session, "/v1/modules", &body).await?;
            output.result(&answer, || {
                let (path, description) = (text(&answer, "path"), description(&answer));
                vec![output.text_with("cli-module-added", &[("path", &path), ("description", &description)])]
            });
        }
        Modules::Remove { path } => {
            let answer = post(session, "/v1/modules/remove", &json!({ "path": absolute(path)? })).await?;
            let removed = text(&answer, "path");
            output.result(&answer, || {
                vec![output.text_with("cli-module-removed", &[("path", &removed)])]
            });
        }
        Modules::Release { path } => {
            let answer = post(session, "/v1/modules/release", &json!({ "path": absolute(path)? })).await?;
            output.result(&answer, || vec![output.text("ui-done")]);
        }
    }
    Ok(())
}

fn module_lines(output: &Output, modules: &Value) -> Vec<String> {
    let headings = ["cli-module", "ui-profile", "cli-origin", "ui-state", "ui-details"];
    let mut table = Table::new(headings.map(|key| output.text(key)));
    for module in items(modules, "modules") {
        let fault = module
            .get("fault")
            .filter(|fault| !fault.is_null())
            .map(problem::to_fault);
        table.row([
            text(module, "path"),
            text(module, "profile"),
            words::word(output, "ui-origin-", &text(module, "origin")),
            words::word(output, "ui-module-", &text(module, "state")),
            fault
                .map(|fault| output.localizer().fault_title(&fault))
                .unwrap_or_default(),
        ]);
    }
    table_lines(&table)
}

/// What a module says of itself, in one line.
fn description(library: &Value) -> String {
    let parts = ["manufacturer", "description", "version"].map(|member| text(library, member));
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// A path as it is meant where the command is typed: the agent may run elsewhere. A PKCS#11 URI stays as it is.
fn absolute(path: &str) -> Result<String, Fault> {
    if Pkcs11Uri::is_uri(path) {
        return Ok(path.to_owned());
    }
    let absolute = std::path::absolute(path).map_err(|error| Fault::invalid_field("path", error))?;
    Ok(absolute.to_string_lossy().into_owned())
}

async fn post(session: &Session, path: &str, body: &Value) -> Result<Value, Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().post(path, body).await;
    agent.end().await;
    answer
}

/// The readers whose card is no token here, each with what is wrong and what to do.
fn reader_lines(output: &Output, answer: &Value) -> Vec<String> {
    let localizer = output.localizer();
    let troubled = items(answer, "readers")
        .iter()
        .filter_map(|reader| Some((reader, reader.get("fault").filter(|fault| !fault.is_null())?)));
    troubled
        .flat_map(|(reader, problem)| {
            let fault = problem::to_fault(problem);
            let state = words::word(output, "ui-reader-", &text(reader, "state"));
            [
                String::new(),
                printable(&format!(
                    "{}: {}: {state}",
                    output.text("ui-reader"),
                    text(reader, "name")
                )),
                format!("    {}", printable(&localizer.fault_title(&fault))),
                format!("    {}", printable(&localizer.fault_advice(&fault))),
            ]
        })
        .collect()
}

async fn read(session: &Session, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
    let agent = session.agent().await?;
    let answer = agent.client().query(path, query).await;
    agent.end().await;
    answer
}

fn certificate_lines(output: &Output, certificate: &Value) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = |key: &str, value: String| {
        if !value.is_empty() {
            rows.push((output.text(key), value));
        }
    };
    let name = text(certificate, "common_name");
    row(
        "ui-common-name",
        if name.is_empty() {
            text(certificate, "subject")
        } else {
            name
        },
    );
    for (key, member) in [
        ("ui-organisation", "organisation"),
        ("ui-iin", "iin"),
        ("ui-bin", "bin"),
        ("ui-inn", "inn"),
        ("ui-inn-le", "inn_le"),
        ("ui-ogrn", "ogrn"),
        ("ui-snils", "snils"),
        ("ui-issuer", "issuer"),
        ("ui-key-type", "key_type"),
    ] {
        row(key, text(certificate, member));
    }
    row(
        "ui-valid-from",
        words::date_of(output, &text(certificate, "valid_from")),
    );
    let mut valid_until = words::date_of(output, &text(certificate, "valid_until"));
    if let Some(days) = certificate["expires_in_days"].as_u64() {
        let warning = output.text_with("ui-expires-soon", &[("count", &days)]);
        valid_until = format!("{valid_until} ({warning})");
    }
    row("ui-valid-until", valid_until);
    let purposes: Vec<_> = items(certificate, "purposes")
        .iter()
        .filter_map(Value::as_str)
        .map(|purpose| words::word(output, "ui-purpose-", purpose))
        .collect();
    row("ui-purpose", purposes.join(", "));
    let usable = match certificate.get("why_not").filter(|why| !why.is_null()) {
        Some(problem) => {
            let fault = problem::to_fault(problem);
            format!("{}: {}", output.text("ui-no"), output.localizer().fault_title(&fault))
        }
        None if certificate["usable"] == false => output.text("ui-no"),
        None => output.text("ui-yes"),
    };
    row("ui-usable", usable);
    let token = &certificate["token"];
    row(
        "ui-token",
        token.as_str().map_or_else(|| text(token, "label"), str::to_owned),
    );
    row("ui-fingerprint", text(certificate, "fingerprint"));
    pair_lines(&rows)
}

fn token_state(output: &Output, token: &Value) -> String {
    let state = words::word(output, "ui-token-", &text(token, "state"));
    let pin = match token["pin"]["state"].as_str() {
        Some(pin) if pin != "ok" => pin,
        _ if token["pin"]["to_be_changed"] == true => "to_be_changed",
        _ => return state,
    };
    format!("{state}, {}", words::word(output, "ui-pin-state-", pin))
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
