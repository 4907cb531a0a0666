//! The scenario that gives documents their routes: one by the plain call, many in bulk. Each route is made once.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde_json::{Value, json};

use super::bulk::BulkKind;
use super::bulk_steps::{Begun, BulkSteps, CHUNK, Ended, Look};
use super::input::{DocumentRoutes, ExternalStations, InternalStations, NewRoutes, RouteKind};
use super::model::Direction;
use super::routes::{
    NewExternalNode, NewExternalRoute, NewInternalDocumentRoute, NewInternalNode, NewInternalRoute, NewQuickRoute,
    NewRoute,
};
use super::{Idocs, IdocsClient};
use crate::jobs::{JobContext, JobEnd, Outcome, Probe, Scenario, StepError, Terms};
use crate::messages::{Code, Fault};

/// The kind of jobs that give documents their routes.
pub const ROUTE: &str = "idocs_route";

#[derive(Debug)]
pub(super) struct RouteScenario {
    pub(super) idocs: Idocs,
}

impl Scenario for RouteScenario {
    fn kind(&self) -> &'static str {
        ROUTE
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.idocs.profiles().terms(profile)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let input: NewRoutes = context.input()?;
            let profile = self.idocs.profile(context.profile().unwrap_or_default())?;
            let run = Run {
                client: profile.client()?,
                context,
                required_action_type: profile.config.required_action_type.as_deref(),
            };
            match input.routes.as_slice() {
                [one] => run.one("route", one).await.map(|()| told(&[(one, None)])),
                routes => run.many(routes).await,
            }
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

struct Run<'a> {
    client: &'a IdocsClient,
    context: &'a JobContext,
    required_action_type: Option<&'a str>,
}

impl Run<'_> {
    async fn one(&self, step: &str, route: &DocumentRoutes) -> Result<(), JobEnd> {
        let create = || async {
            match route.kind {
                RouteKind::Quick => self.client.create_quick_route(&self.request(route)).await?,
                RouteKind::Outgoing => {
                    let request = self.request(route);
                    self.client.create_route(Direction::Outgoing, &request).await?;
                }
                RouteKind::Incoming => {
                    let request = self.request(route);
                    self.client.create_route(Direction::Incoming, &request).await?;
                }
                RouteKind::Internal => {
                    let request = internal_document(route)?;
                    self.client.create_internal_route(&request).await?;
                }
            }
            Ok(())
        };
        let probe = || async {
            Ok(match self.look(route).await? {
                Look::Done(()) => Probe::Done(()),
                Look::NotDone => Probe::NotDone,
                Look::Unclear(fault) => Probe::Unknown(fault),
            })
        };
        self.context.guarded_step(step, create, probe).await
    }

    async fn many(&self, routes: &[DocumentRoutes]) -> Result<Value, JobEnd> {
        let mut told_routes = Vec::with_capacity(routes.len());
        for (kind, bulk) in [
            (RouteKind::Quick, BulkKind::CreateQuickRoutes),
            (RouteKind::Outgoing, BulkKind::CreateRoutes(Direction::Outgoing)),
            (RouteKind::Incoming, BulkKind::CreateRoutes(Direction::Incoming)),
        ] {
            let of_it: Vec<_> = routes.iter().filter(|route| route.kind == kind).collect();
            for (k, chunk) in of_it.chunks(CHUNK).enumerate() {
                let ends = match self.chunk(&format!("{}.{k}", word(kind)), bulk, chunk).await {
                    Err(JobEnd::Closed(fault)) => vec![Some(fault); chunk.len()],
                    ended => ended?,
                };
                told_routes.extend(chunk.iter().copied().zip(ends));
            }
        }
        // The service has no bulk call for these.
        for (n, route) in routes
            .iter()
            .filter(|route| route.kind == RouteKind::Internal)
            .enumerate()
        {
            let end = match self.one(&format!("internal.{n}"), route).await {
                Ok(()) => None,
                Err(JobEnd::Closed(fault)) => Some(fault),
                Err(stopped @ JobEnd::Stopped(_)) => return Err(stopped),
            };
            told_routes.push((route, end));
        }
        Ok(told(&told_routes))
    }

    async fn chunk(
        &self,
        name: &str,
        kind: BulkKind,
        routes: &[&DocumentRoutes],
    ) -> Result<Vec<Option<Fault>>, JobEnd> {
        let steps = BulkSteps {
            client: self.client,
            context: self.context,
        };
        let requests: Vec<_> = routes.iter().map(|route| self.request(route)).collect();
        let look = |at: usize| self.look(routes[at]);
        let begun: Vec<Begun<()>> = steps
            .begin_once(&format!("route.{name}"), kind, &requests, look)
            .await?;
        let operations: Vec<_> = begun
            .iter()
            .filter_map(|begun| match begun {
                Begun::Operation(id) => Some(id.clone()),
                Begun::Found(()) => None,
            })
            .collect();
        let wait = || async {
            let mut ends = steps.ends::<Value>(kind, &operations).await?.into_iter();
            let mut faults = Vec::with_capacity(begun.len());
            for (route, begun) in routes.iter().zip(&begun) {
                let end = match begun {
                    Begun::Found(()) => None,
                    Begun::Operation(_) => ends.next(),
                };
                faults.push(match end {
                    Some(Ended::Done(_)) | None => None,
                    Some(Ended::Refused(fault)) => Some(fault),
                    Some(Ended::Unclear(fault)) => match self.look(route).await? {
                        Look::Done(()) => None,
                        Look::NotDone | Look::Unclear(_) => Some(fault),
                    },
                });
            }
            Ok(faults)
        };
        self.context.safe_step(&format!("routed.{name}"), wait).await
    }

    /// Whether the document has a route of that kind.
    async fn look(&self, route: &DocumentRoutes) -> Result<Look<()>, StepError> {
        let has_route = match route.kind {
            RouteKind::Quick | RouteKind::Outgoing => {
                let document = self.client.document(Direction::Outgoing, &route.document_id).await?;
                !document.external_nodes().is_empty() || !document.internal_nodes().is_empty()
            }
            RouteKind::Incoming => {
                let document = self.client.document(Direction::Incoming, &route.document_id).await?;
                !document.internal_nodes().is_empty()
            }
            RouteKind::Internal => {
                return Ok(Look::Unclear(Fault::new(Code::ServiceUncertain).detail(
                    "the service cannot be asked for internal documents; whether the route was made, a person sees in iDocs",
                )));
            }
        };
        Ok(if has_route { Look::Done(()) } else { Look::NotDone })
    }

    fn request<'r>(&'r self, route: &'r DocumentRoutes) -> NewQuickRoute<'r> {
        NewQuickRoute {
            document_id: &route.document_id,
            employee_id: &route.employee_id,
            route: NewRoute {
                external: route.external.as_ref().map(|stations| self.external(stations)),
                internal: route.internal.as_ref().map(internal),
            },
        }
    }

    fn external<'r>(&'r self, stations: &'r ExternalStations) -> NewExternalRoute<'r> {
        let nodes = (0..)
            .zip(&stations.counterparties)
            .map(|(order, counterparty)| NewExternalNode {
                order,
                counterparty_bin: &counterparty.bin,
                comment: counterparty.comment.as_deref(),
                is_individual: counterparty.is_individual,
                counterparty_emails: &counterparty.emails,
                is_sign_required_by_counterparty: counterparty.sign_required,
                org_unit_id: counterparty.org_unit_id.as_ref(),
                required_action_type: self.required_action_type,
            });
        NewExternalRoute {
            route_order_type: stations.order,
            is_sign_required_by_sender: stations.sign_required_by_sender,
            nodes: nodes.collect(),
        }
    }
}

fn internal(stations: &InternalStations) -> NewInternalRoute<'_> {
    let nodes = (0..).zip(&stations.employees).map(|(order, employee)| NewInternalNode {
        order,
        employee_id: &employee.employee_id,
        required_action: employee.action,
    });
    NewInternalRoute {
        route_action_ordering_type: stations.order,
        nodes: nodes.collect(),
    }
}

fn internal_document(route: &DocumentRoutes) -> Result<NewInternalDocumentRoute<'_>, StepError> {
    let stations = route.internal.as_ref();
    let stations = stations.ok_or_else(|| StepError::Refused(Fault::invalid_field("routes.internal", "is missing")))?;
    Ok(NewInternalDocumentRoute {
        document_id: &route.document_id,
        employee_id: &route.employee_id,
        route: internal(stations),
    })
}

fn word(kind: RouteKind) -> &'static str {
    match kind {
        RouteKind::Quick => "quick",
        RouteKind::Outgoing => "outgoing",
        RouteKind::Incoming => "incoming",
        RouteKind::Internal => "internal",
    }
}

/// What became of every route.
fn told(routes: &[(&DocumentRoutes, Option<Fault>)]) -> Value {
    let failed = routes.iter().filter(|(_, fault)| fault.is_some()).count();
    let documents: Vec<_> = routes
        .iter()
        .map(|(route, fault)| {
            json!({
                "document_id": route.document_id,
                "kind": route.kind,
                "state": if fault.is_none() { "routed" } else { "failed" },
                "fault": fault,
            })
        })
        .collect();
    json!({ "routed": routes.len() - failed, "failed": failed, "documents": documents })
}
