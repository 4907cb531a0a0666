use serde_json::Value;

use super::arguments::{Direction, List, ListDocuments, OneDocument, Profile};
use super::path_of;
use crate::cli::output::{Output, table_lines};
use crate::cli::services::{self, segment};
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::cli::words;
use crate::messages::Fault;

/// The state of documents that came and that nobody has touched.
const NEW: &str = "IN_NEW";

pub(super) async fn inbox(session: &Session, page: &List) -> Result<(), Fault> {
    let query = vec![("direction", "incoming".to_owned()), ("status", NEW.to_owned())];
    list(session, page, "documents", query, |output, answer| {
        documents_table(output, &answer["documents"])
    })
    .await
}

pub(super) async fn documents(session: &Session, arguments: &ListDocuments) -> Result<(), Fault> {
    let mut query = vec![("direction", arguments.direction.word().to_owned())];
    if !arguments.status.is_empty() {
        query.push(("status", arguments.status.join(",")));
    }
    for (name, value) in [
        ("from", &arguments.from),
        ("to", &arguments.to),
        ("author", &arguments.author),
    ] {
        query.extend(value.clone().map(|value| (name, value)));
    }
    list(session, &arguments.page, "documents", query, |output, answer| {
        documents_table(output, &answer["documents"])
    })
    .await
}

pub(super) async fn show(session: &Session, arguments: &OneDocument) -> Result<(), Fault> {
    let way = match arguments.direction {
        Direction::Outgoing => "",
        Direction::Incoming => "?direction=incoming",
    };
    let path = format!("documents/{}{way}", segment(&arguments.document));
    services::status(session, &path_of(session, &arguments.profile, &path)?).await
}

pub(super) async fn employees(session: &Session, profile: &Profile) -> Result<(), Fault> {
    let path = path_of(session, profile, "employees")?;
    let answer = services::ask(session, &path, &[]).await?;
    session.output.result(&answer, || {
        let output = &session.output;
        let headings = ["ui-id", "ui-iin", "ui-name", "cli-position", "cli-email"].map(|key| output.text(key));
        let mut table = Table::new(headings);
        for employee in rows(&answer["employees"]) {
            table.row(
                ["id", "national_identification_number", "full_name", "position", "email"]
                    .map(|name| cell(employee, name)),
            );
        }
        table_lines(&table)
    });
    Ok(())
}

pub(super) async fn operations(session: &Session, page: &List) -> Result<(), Fault> {
    list(session, page, "operations", Vec::new(), |output, answer| {
        let headings = ["ui-id", "ui-created", "ui-state", "ui-error"].map(|key| output.text(key));
        let mut table = Table::new(headings);
        for operation in rows(&answer["operations"]) {
            table.row([
                cell(operation, "operation_id"),
                words::moment_of(output, &cell(operation, "created_on")),
                cell(operation, "operation_status"),
                cell(&operation["operation_errors"][0], "error_description"),
            ]);
        }
        table_lines(&table)
    })
    .await
}

/// A table of documents.
pub(super) fn documents_table(output: &Output, documents: &Value) -> Vec<String> {
    let headings = [
        "ui-id",
        "cli-number",
        "ui-name",
        "cli-date",
        "ui-state",
        "ui-counterparty",
    ];
    let mut table = Table::new(headings.map(|key| output.text(key)));
    for document in rows(documents) {
        let counterparties: Vec<_> = rows(&document["document_route"]["external"]["nodes"])
            .iter()
            .map(|node| cell(node, "counterparty_company_bin"))
            .collect();
        table.row([
            cell(document, "id"),
            cell(document, "document_number"),
            cell(document, "document_name"),
            words::date_of(output, &cell(document, "document_date")),
            cell(document, "document_status"),
            counterparties.join(", "),
        ]);
    }
    table_lines(&table)
}

pub(super) fn rows(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn cell(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

async fn list(
    session: &Session,
    page: &List,
    path: &str,
    mut query: Vec<(&str, String)>,
    for_people: impl Fn(&Output, &Value) -> Vec<String>,
) -> Result<(), Fault> {
    query.push(("skip", page.skip.to_string()));
    query.push(("top", page.top.to_string()));
    let path = path_of(session, &page.profile, path)?;
    let answer = services::ask(session, &path, &query).await?;
    session.output.result(&answer, || {
        let mut lines = for_people(&session.output, &answer);
        if let Some(total) = answer["total"].as_u64() {
            lines.push(String::new());
            lines.push(session.output.text_with("cli-total", &[("count", &total)]));
        }
        lines
    });
    Ok(())
}
