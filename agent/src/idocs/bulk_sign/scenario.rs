use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::contents::BulkContents;
use super::item::{Input, Item, Part, Subject, each, going_on};
use super::outcome;
use crate::consent::Destination;
use crate::http_client::ServiceId;
use crate::idocs::bulk_steps::{BulkSteps, CHUNK};
use crate::idocs::facts::Facts;
use crate::idocs::input::{DocumentReference, InboxFilter};
use crate::idocs::model::{Direction, DocumentStatus, PageQuery};
use crate::idocs::queries::DocumentsQuery;
use crate::idocs::references::Company;
use crate::idocs::service::Profile;
use crate::idocs::signatory::Signatory;
use crate::idocs::{Idocs, IdocsClient};
use crate::jobs::{JobContext, JobEnd, Outcome, Scenario, Terms};
use crate::messages::{Code, Fault};
use crate::store::{Transaction, claims};

/// The status of documents that came and that nobody has touched.
const NEW: &str = "IN_NEW";

/// How many counterparties a question names.
const SHOWN_COUNTERPARTIES: usize = 5;

/// One of the two kinds.
#[derive(Debug)]
pub(in crate::idocs) struct BulkSignScenario {
    pub(in crate::idocs) kind: &'static str,
    pub(in crate::idocs) idocs: Idocs,
}

impl Scenario for BulkSignScenario {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.idocs.profiles().terms(profile)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let input: Input = context.input()?;
            let profile = self.idocs.profile(context.profile().unwrap_or_default())?;
            let client = profile.client()?;
            let run = Run {
                client,
                profile: &profile,
                context,
                idocs: &self.idocs,
                input: &input,
                steps: BulkSteps { client, context },
            };
            run.carry_through().await
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

/// One run of one job.
pub(super) struct Run<'a> {
    pub(super) client: &'a IdocsClient,
    pub(super) profile: &'a Profile,
    pub(super) context: &'a JobContext,
    pub(super) idocs: &'a Idocs,
    pub(super) input: &'a Input,
    pub(super) steps: BulkSteps<'a>,
}

/// A document that waits in the inbox.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Waiting {
    document: ServiceId,
    facts: Facts,
}

impl Run<'_> {
    async fn carry_through(&self) -> Result<Value, JobEnd> {
        let company: Company = self
            .context
            .safe_step("company", || async { Ok(self.client.company().await?) })
            .await?;
        let items = &mut self.items().await?;
        if items.is_empty() {
            return Ok(outcome::nothing());
        }
        self.note_left(items, &[]);
        let destination = self.destination(&company, items);
        let labels = going_on(items).iter().map(|n| items[*n].label()).collect();
        any_left(items)?;
        let signatory = Signatory {
            signing: self.idocs.signing(),
            client: self.client,
            context: self.context,
            profile: self.profile,
            caller: &self.input.caller,
            certificate: self.input.certificate.as_ref(),
            employee: self.input.employee_id.as_ref(),
        };
        let by = signatory.find(&company, labels, &destination).await?;
        let employee = &by.signer.employee_id;
        match &self.input.subject {
            Subject::Files(files) => self.make_documents(employee, files, items).await?,
            Subject::Documents(_) | Subject::Inbox(_) => self.claim(employee, items).await?,
        }
        any_left(items)?;
        let (ready, signed) = match self.ready_before()? {
            Some(ready) => ready,
            None => {
                let contents = BulkContents::new(self.client, self.context, employee, items);
                self.make_ready(contents, items, &by, &destination).await?
            }
        };
        self.context.left().may_be_sent();
        let saved = self.save(employee, items, &ready).await?;
        any_left(items).inspect_err(|end| {
            if !items.iter().any(|item| item.unclear) {
                self.context.left().was_not_taken(end);
            }
        })?;
        Ok(outcome::of(self.context, items, &by, &ready, &signed, &saved))
    }

    /// Notes what the job leaves should it not finish: the documents, and those that `operations` may still make.
    pub(super) fn note_left(&self, items: &[Item], operations: &[ServiceId]) {
        let documents = items.iter().filter_map(|item| item.document.as_ref());
        let lists = [
            ("document_ids", documents.map(ServiceId::to_string).collect()),
            ("operation_ids", operations.iter().map(ServiceId::to_string).collect()),
        ];
        let created = matches!(self.input.subject, Subject::Files(_));
        self.context.left().are(lists, created);
    }

    /// The documents, with what the person is told of them.
    async fn items(&self) -> Result<Vec<Item>, JobEnd> {
        match &self.input.subject {
            Subject::Documents(documents) => self.named(documents).await,
            Subject::Inbox(filter) => self.inbox(filter).await,
            Subject::Files(files) => {
                let item = |send| Item::new(Direction::Outgoing, None, Facts::of_sending(send));
                Ok(files.iter().map(|(send, _)| item(send)).collect())
            }
        }
    }

    async fn named(&self, documents: &[DocumentReference]) -> Result<Vec<Item>, JobEnd> {
        let mut items = Vec::with_capacity(documents.len());
        for (k, chunk) in documents.chunks(CHUNK).enumerate() {
            let read = || async {
                let reads: Vec<_> = chunk
                    .iter()
                    .map(|named| Facts::read(self.client, &named.document_id, named.direction))
                    .collect();
                each(reads).await
            };
            let facts: Vec<Part<Facts>> = self.context.safe_step(&format!("facts.{k}"), read).await?;
            for (named, facts) in chunk.iter().zip(facts) {
                let mut item = Item::new(named.direction, Some(named.document_id.clone()), Facts::default());
                match facts {
                    Part::Done(facts) => item.facts = facts,
                    Part::Failed(fault) => item.failure = Some(fault),
                }
                items.push(item);
            }
        }
        Ok(items)
    }

    async fn inbox(&self, filter: &InboxFilter) -> Result<Vec<Item>, JobEnd> {
        let find = || async {
            let statuses = match filter.statuses.as_slice() {
                [] => vec![DocumentStatus::new(NEW)],
                statuses => statuses.to_vec(),
            };
            let tomorrow = OffsetDateTime::now_utc() + Duration::days(1);
            let query = DocumentsQuery {
                document_statuses: &statuses,
                document_date_from: filter.from.map_or(0, |date| date.0.unix_timestamp()),
                document_date_to: filter.to.map_or(tomorrow, |date| date.0).unix_timestamp(),
                document_author_id: None,
                page: PageQuery { skip: 0, top: 0 },
            };
            let found = self.client.all_documents(Direction::Incoming, &query).await?;
            let waiting = found.into_iter().take(filter.limit()).map(|view| Waiting {
                facts: Facts::of(&view),
                document: view.id,
            });
            Ok(waiting.collect::<Vec<_>>())
        };
        let waiting: Vec<Waiting> = self.context.safe_step("inbox", find).await?;
        let item = |waiting: Waiting| Item::new(Direction::Incoming, Some(waiting.document), waiting.facts);
        Ok(waiting.into_iter().map(item).collect())
    }

    /// One signature of one employee on one document: no second job saves it too.
    async fn claim(&self, employee: &ServiceId, items: &mut [Item]) -> Result<(), JobEnd> {
        let places = going_on(items);
        let keys: Vec<_> = places
            .iter()
            .filter_map(|n| items[*n].document.as_ref())
            .map(|document| format!("idocs/{}/save/{document}/{employee}", self.profile.name).to_ascii_lowercase())
            .collect();
        let job = self.context.id();
        let claim = move |tx: &Transaction<'_>| {
            let claimed = keys.iter().map(|key| match claims::claim(tx, key, job) {
                Ok(()) => Ok(None),
                Err(fault) if fault.code() == Code::WrongState => Ok(Some(fault)),
                Err(fault) => Err(fault),
            });
            claimed.collect::<Result<Vec<_>, Fault>>()
        };
        let taken: Vec<Option<Fault>> = self.context.stored_step("claims", claim).await?;
        for (n, fault) in places.into_iter().zip(taken) {
            items[n].failure = fault;
        }
        Ok(())
    }

    fn destination(&self, company: &Company, items: &[Item]) -> Destination {
        let all: BTreeSet<_> = items
            .iter()
            .filter_map(|item| item.facts.counterparty.as_deref())
            .collect();
        let mut shown: Vec<_> = all.iter().copied().take(SHOWN_COUNTERPARTIES).collect();
        if all.len() > SHOWN_COUNTERPARTIES {
            shown.push("…");
        }
        let effect = match &self.input.subject {
            Subject::Files(_) => "effect-idocs-send",
            Subject::Documents(_) | Subject::Inbox(_) => "effect-idocs-sign",
        };
        Destination {
            service: "idocs".to_owned(),
            profile: self.profile.name.clone(),
            host: self.client.host(),
            organisation: company.label(),
            counterparty: (!shown.is_empty()).then(|| shown.join(", ")),
            power_of_attorney: None,
            effect: effect.to_owned(),
            reversible: false,
        }
    }
}

/// # Errors
/// The first document's failure when none is left, with those of the others; a failure that leaves open whether the document is
/// signed before all.
pub(super) fn any_left(items: &[Item]) -> Result<(), JobEnd> {
    if items.iter().any(|item| item.failure.is_none()) {
        return Ok(());
    }
    let unclear = items.iter().find(|item| item.unclear);
    let first = unclear.or_else(|| items.first()).and_then(|item| item.failure.clone());
    let fault = first.unwrap_or_else(|| Fault::new(Code::NoSuchItem).arg("item", "document"));
    let failure = |item: &Item| {
        json!({
            "document_id": item.document,
            "name": item.facts.name,
            "state": item.failed_state(),
            "fault": item.failure,
        })
    };
    let failures: Vec<_> = items.iter().map(failure).collect();
    Err(JobEnd::Closed(fault.extra("documents", Value::from(failures))))
}
