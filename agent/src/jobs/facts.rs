//! What a job can be found by later, read out of what its scenario was given and what it brought back.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::messages::Fault;
use crate::store::job_facts::{self, FactKind};
use crate::store::jobs::JobRow;
use crate::store::{Transaction, approvals, steps};

/// The members by which scenarios and services name things, in input, outcome and steps' results alike.
const MEMBERS: [(&str, FactKind); 16] = [
    ("document_name", FactKind::Name),
    ("document_number", FactKind::Name),
    ("counterparty", FactKind::Counterparty),
    ("counterparty_bin", FactKind::Counterparty),
    ("counterparty_name", FactKind::Counterparty),
    ("counterpartyCompanyBin", FactKind::Counterparty),
    ("recipient_abonent_code", FactKind::Counterparty),
    ("abonent_code", FactKind::Counterparty),
    ("abonentCode", FactKind::Counterparty),
    ("recipientAbonentCode", FactKind::Counterparty),
    ("document_id", FactKind::ServiceId),
    ("package_group_id", FactKind::ServiceId),
    ("package_id", FactKind::ServiceId),
    ("signature_blob_id", FactKind::ServiceId),
    ("documentId", FactKind::ServiceId),
    ("packageGroupId", FactKind::ServiceId),
];

/// Members that name a document in what is the scenario's own, but anybody at all in a service's answer.
const OWN_MEMBERS: [(&str, FactKind); 2] = [("name", FactKind::Name), ("number", FactKind::Name)];

/// What is told under these members is about who asked and who signs, not about what.
const PEOPLE: [&str; 4] = ["caller", "certificate", "selector", "employee"];

/// Members of a recipient that tell who it is.
const RECIPIENT: [&str; 4] = ["name", "inn", "bin", "email"];

/// Notes what a new job can be found by.
pub(super) fn note_started(tx: &Transaction<'_>, job: &JobRow) -> Result<(), Fault> {
    Facts::of_start(job).note(tx, job.id)
}

/// Notes what a job that closes can be found by: its outcome where that tells more, what its steps learned, and what was approved.
pub(super) fn note_closed(tx: &Transaction<'_>, job: &JobRow, read_outcome: bool) -> Result<(), Fault> {
    let mut facts = Facts::default();
    if let Some(outcome) = job.outcome.as_ref().filter(|_| read_outcome) {
        facts.read(&outcome.value()?, true);
    }
    for result in steps::of_job(tx, job.id)?.into_iter().filter_map(|step| step.result) {
        facts.read(&result, false);
    }
    facts.0.extend(approvals::facts(tx, job.id)?);
    let noted = Facts::of_start(job);
    facts.0.retain(|fact| !noted.0.contains(fact));
    facts.note(tx, job.id)
}

#[derive(Debug, Default)]
struct Facts(BTreeSet<(FactKind, String)>);

impl Facts {
    fn of_start(job: &JobRow) -> Self {
        let mut facts = Self::default();
        facts.add(FactKind::Name, &job.title);
        facts.read(&job.input, true);
        facts
    }

    fn add(&mut self, kind: FactKind, value: &str) {
        let value = value.trim();
        if !value.is_empty() {
            self.0.insert((kind, value.to_owned()));
        }
    }

    /// Reads a structure; `own` is the scenario's, not an answer of a service.
    fn read(&mut self, value: &Value, own: bool) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.read(item, own)),
            Value::Object(members) => {
                for (member, value) in members.iter().filter(|(name, _)| !PEOPLE.contains(&name.as_str())) {
                    self.member(member, value, own);
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, member: &str, value: &Value, own: bool) {
        let named = |list: &[(&str, FactKind)]| list.iter().find(|(name, _)| *name == member).map(|(_, kind)| *kind);
        let kind = named(&MEMBERS).or_else(|| named(&OWN_MEMBERS).filter(|_| own));
        match (value, kind) {
            (Value::String(text), Some(kind)) => self.add(kind, text),
            (Value::Object(recipient), _) if member.to_ascii_lowercase().contains("recipient") => {
                self.recipient(recipient);
            }
            (Value::String(text), None) if member == "recipient" => self.add(FactKind::Counterparty, text),
            (Value::Object(digest), _) if member.ends_with("digest") => {
                if let Some(value) = digest.get("value").and_then(Value::as_str) {
                    self.add(FactKind::Digest, value);
                }
            }
            _ => self.read(value, own),
        }
    }

    fn recipient(&mut self, recipient: &Map<String, Value>) {
        for (member, value) in recipient {
            match value {
                Value::String(text)
                    if RECIPIENT.contains(&member.as_str()) || member.to_lowercase().contains("code") =>
                {
                    self.add(FactKind::Counterparty, text);
                }
                Value::Object(nested) => self.recipient(nested),
                _ => {}
            }
        }
    }

    fn note(self, tx: &Transaction<'_>, job: Uuid) -> Result<(), Fault> {
        for (kind, value) in self.0 {
            job_facts::note(tx, job, kind, &value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(value: &Value, own: bool) -> Vec<(FactKind, String)> {
        let mut facts = Facts::default();
        facts.read(value, own);
        facts.0.into_iter().collect()
    }

    #[test]
    fn documents_and_counterparties_are_found_and_people_are_not() {
        let input = json!({
            "caller": { "name": "1C" },
            "subject": { "file": { "send": { "name": "Счёт", "number": "5", "counterparty_bin": "050140009999" } } },
        });
        let found = [
            (FactKind::Name, "5".to_owned()),
            (FactKind::Name, "Счёт".to_owned()),
            (FactKind::Counterparty, "050140009999".to_owned()),
        ];
        assert_eq!(facts(&input, true), found);
        assert_eq!(facts(&json!({ "employees": [{ "name": "Иванов" }] }), false), []);
    }

    #[test]
    fn a_recipient_is_a_counterparty_in_every_shape() {
        let code = [(FactKind::Counterparty, "2BM-TEST".to_owned())];
        for shape in [
            json!({ "recipient": { "AbonentCode": "2BM-TEST" } }),
            json!({ "recipient": "2BM-TEST" }),
            json!({ "recipientInfo": { "abonent": { "code": "2BM-TEST" } } }),
        ] {
            assert_eq!(facts(&shape, false), code, "{shape}");
        }
    }

    #[test]
    fn a_digest_is_found_by_its_value() {
        let outcome = json!({ "documents": [{ "digest": { "algorithm": "sha256", "value": "wf8=" } }] });
        assert_eq!(facts(&outcome, true), [(FactKind::Digest, "wf8=".to_owned())]);
    }
}
