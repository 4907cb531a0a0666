use serde_json::{Value, json};

use super::arguments::{Draft, Order, Route, RouteKind};
use super::path_of;
use crate::cli::globs;
use crate::cli::services::{self, Work, members};
use crate::cli::session::Session;
use crate::cli::upload::{FileToSend, read_small};
use crate::messages::Fault;

/// The largest file of routes, in bytes.
const LARGEST_ROUTES: u64 = 4 << 20;

/// `tokensign idocs draft`
pub(super) async fn draft(session: &Session, arguments: &Draft) -> Result<(), Fault> {
    let mut files = Vec::new();
    for path in globs::expand(&arguments.files)? {
        files.push((FileToSend::part_name(files.len()), FileToSend::open(&path).await?));
    }
    let first = files.first().map(|(_, file)| file.name());
    let request = members([
        (
            "kind",
            Some(json!(if arguments.internal { "internal" } else { "outgoing" })),
        ),
        ("name", arguments.name.as_deref().or(first).map(|name| json!(name))),
        ("number", Some(json!(arguments.paper.number))),
        ("date", Some(json!(arguments.paper.date))),
        ("group", Some(json!(arguments.group))),
        ("author_employee_id", arguments.author.as_ref().map(|id| json!(id))),
    ]);
    let path = path_of(session, &arguments.profile, "documents")?;
    let work = Work::with_files(Value::Object(request), files);
    if arguments.dry_run {
        return services::dry_run(session, &path, &work).await;
    }
    services::run_work(session, &path, work).await
}

/// `tokensign idocs route`
pub(super) async fn route(session: &Session, arguments: &Route) -> Result<(), Fault> {
    let request = match &arguments.file {
        Some(file) => {
            let bytes = read_small(file, LARGEST_ROUTES)?;
            serde_json::from_slice(&bytes)
                .map_err(|error| Fault::invalid_field("--file", format!("{} is not JSON: {error}", file.display())))?
        }
        None => one_route(arguments)?,
    };
    let path = path_of(session, &arguments.profile, "routes")?;
    let work = Work::plain(request);
    if arguments.dry_run {
        return services::dry_run(session, &path, &work).await;
    }
    services::run_work(session, &path, work).await
}

fn one_route(arguments: &Route) -> Result<Value, Fault> {
    let order = match arguments.order {
        Order::None => "none",
        Order::Parallel => "parallel",
        Order::Sequential => "sequential",
    };
    let external = (!arguments.counterparty.is_empty()).then(|| {
        let counterparties: Vec<_> = arguments
            .counterparty
            .iter()
            .map(|bin| json!({ "bin": bin, "emails": arguments.email, "comment": arguments.comment }))
            .collect();
        json!({ "order": order, "counterparties": counterparties })
    });
    let mut employees = Vec::with_capacity(arguments.act.len());
    for act in &arguments.act {
        let (employee, action) = act
            .rsplit_once(':')
            .ok_or_else(|| Fault::invalid_field("--act", "is ID:ACTION, with sign, approve, inform or reject"))?;
        employees.push(json!({ "employee_id": employee, "action": action }));
    }
    let internal = (!employees.is_empty()).then(|| json!({ "order": order, "employees": employees }));
    let route = members([
        ("document_id", arguments.document.as_ref().map(|id| json!(id))),
        (
            "kind",
            Some(json!(match arguments.kind {
                RouteKind::Quick => "quick",
                RouteKind::Outgoing => "outgoing",
                RouteKind::Incoming => "incoming",
                RouteKind::Internal => "internal",
            })),
        ),
        ("employee_id", arguments.employee.as_ref().map(|id| json!(id))),
        ("external", external),
        ("internal", internal),
    ]);
    Ok(json!({ "routes": [route] }))
}
