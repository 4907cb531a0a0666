//! What the effects amount to: counts a document and a group, and everything that happened twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::effects::{Effect, Happened};

/// Counts over the whole log of effects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// iDocs.
    pub idocs: IdocsSummary,
    /// MIG24.
    pub mig24: Mig24Summary,
    /// What the caller did more than once. Empty is what a client of these services strives for.
    pub duplicates: Vec<Duplicate>,
    /// Effects of second deliveries, which a fault caused and not the caller. They are not in `duplicates`.
    pub redelivered_effects: u64,
}

/// Counts of iDocs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdocsSummary {
    /// Document files uploaded.
    pub blobs: u64,
    /// Signature files uploaded.
    pub signature_blobs: u64,
    /// Every document, in the order of creation.
    pub documents: Vec<DocumentSummary>,
}

/// What happened to one iDocs document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSummary {
    /// The document.
    pub document_id: Uuid,
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Routes created.
    pub routes: u64,
    /// Contents, and so tickets, issued.
    pub contents_generated: u64,
    /// Contents fetched.
    pub downloads: u64,
    /// Signatures saved: 0 or 1.
    pub saves: u64,
    /// Saves that came after it had been saved.
    pub repeated_saves: u64,
    /// Saves that were refused.
    pub refused_saves: u64,
}

/// Counts of MIG24.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mig24Summary {
    /// Documents uploaded.
    pub documents: u64,
    /// Uploads of bytes that were there already under the same id.
    pub repeated_uploads: u64,
    /// Every package group, in the order of creation.
    pub groups: Vec<GroupSummary>,
}

/// What happened to one MIG24 package group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// The group.
    pub group_id: Uuid,
    /// Documents in it when it was last changed.
    pub documents: u64,
    /// Times that hashes were handed out.
    pub prepares: u64,
    /// Times that it was signed by `finish`: 0 or 1.
    pub finishes: u64,
    /// Finishes that came after it had been finished.
    pub repeated_finishes: u64,
    /// Finishes that were refused.
    pub refused_finishes: u64,
    /// Times that the service was asked to sign, or to send a link to an employee.
    pub signed_by_service: u64,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Something that happened more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// What.
    pub kind: DuplicateKind,
    /// To what: an id, or number and name of a document.
    pub subject: String,
    /// How often, at least 2.
    pub count: u64,
}

/// What can happen more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateKind {
    /// iDocs: documents with one number and name.
    Document,
    /// iDocs: routes of one document.
    Route,
    /// iDocs: saves of one document, the repeated ones included.
    Save,
    /// MIG24: package groups with one document.
    PackageGroup,
    /// MIG24: finishes of one group, the repeated ones included.
    Finish,
    /// MIG24: requests that the service sign one group.
    SignedByService,
}

impl Summary {
    /// Counts a log of effects.
    pub fn of(effects: &[Effect]) -> Self {
        let mut summary = Self::default();
        let mut occurrences = BTreeMap::<(DuplicateKind, String), u64>::new();
        // A group that is deleted or changed gives its documents free: what counts is what stands at the end.
        let mut standing_groups = BTreeMap::<Uuid, Vec<Uuid>>::new();
        for effect in effects {
            summary.count(&effect.happened);
            if effect.delivery > 1 {
                summary.redelivered_effects += 1;
                continue;
            }
            if let Some(occurrence) = occurrence_of(&effect.happened) {
                *occurrences.entry(occurrence).or_default() += 1;
            }
            match &effect.happened {
                Happened::GroupCreated { group_id, document_ids }
                | Happened::GroupUpdated { group_id, document_ids } => {
                    standing_groups.insert(*group_id, document_ids.clone());
                }
                Happened::PackagesAdded { group_id, document_ids } => {
                    standing_groups.entry(*group_id).or_default().extend(document_ids);
                }
                Happened::GroupDeleted { group_id } => drop(standing_groups.remove(group_id)),
                _ => {}
            }
        }
        for document_id in standing_groups.values().flatten() {
            *occurrences
                .entry((DuplicateKind::PackageGroup, document_id.to_string()))
                .or_default() += 1;
        }
        summary.duplicates = occurrences
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|((kind, subject), count)| Duplicate { kind, subject, count })
            .collect();
        summary
    }

    fn count(&mut self, happened: &Happened) {
        match happened {
            Happened::BlobUploaded { .. } => self.idocs.blobs += 1,
            Happened::SignatureUploaded { .. } => self.idocs.signature_blobs += 1,
            Happened::DocumentCreated {
                document_id,
                number,
                name,
            }
            | Happened::DocumentSeeded {
                document_id,
                number,
                name,
            } => {
                let document = self.document(*document_id);
                document.number.clone_from(number);
                document.name.clone_from(name);
            }
            Happened::RouteCreated { document_id } => self.document(*document_id).routes += 1,
            Happened::ContentGenerated { document_id, .. } => self.document(*document_id).contents_generated += 1,
            Happened::ContentDownloaded { document_id, .. } => self.document(*document_id).downloads += 1,
            Happened::SignatureSaved { document_id, .. } => self.document(*document_id).saves += 1,
            Happened::SaveRepeated { document_id, .. } => self.document(*document_id).repeated_saves += 1,
            Happened::SaveRefused { document_id, .. } => self.document(*document_id).refused_saves += 1,
            Happened::DocumentUploaded { .. } => self.mig24.documents += 1,
            Happened::UploadRepeated { .. } => self.mig24.repeated_uploads += 1,
            Happened::GroupCreated { group_id, document_ids } | Happened::GroupUpdated { group_id, document_ids } => {
                self.group(*group_id).documents = document_ids.len() as u64;
            }
            Happened::PackagesAdded { group_id, document_ids } => {
                self.group(*group_id).documents += document_ids.len() as u64;
            }
            Happened::GroupDeleted { group_id } => self.group(*group_id).deleted = true,
            Happened::GroupPrepared { group_id, .. } => self.group(*group_id).prepares += 1,
            Happened::GroupFinished { group_id, .. } => self.group(*group_id).finishes += 1,
            Happened::FinishRepeated { group_id } => self.group(*group_id).repeated_finishes += 1,
            Happened::FinishRefused { group_id, .. } => self.group(*group_id).refused_finishes += 1,
            Happened::SignedByUser { group_id, .. }
            | Happened::LinkSentToUser { group_id, .. }
            | Happened::SignedByContainer { group_id, .. } => self.group(*group_id).signed_by_service += 1,
            Happened::StatusRequested { .. } | Happened::Subscribed { .. } => {}
        }
    }

    fn document(&mut self, document_id: Uuid) -> &mut DocumentSummary {
        let documents = &mut self.idocs.documents;
        let at = documents
            .iter()
            .position(|document| document.document_id == document_id)
            .unwrap_or_else(|| {
                documents.push(DocumentSummary {
                    document_id,
                    ..DocumentSummary::default()
                });
                documents.len() - 1
            });
        &mut documents[at]
    }

    fn group(&mut self, group_id: Uuid) -> &mut GroupSummary {
        let groups = &mut self.mig24.groups;
        let at = groups
            .iter()
            .position(|group| group.group_id == group_id)
            .unwrap_or_else(|| {
                groups.push(GroupSummary {
                    group_id,
                    ..GroupSummary::default()
                });
                groups.len() - 1
            });
        &mut groups[at]
    }
}

/// What an effect is an occurrence of, for counting what happened twice.
fn occurrence_of(happened: &Happened) -> Option<(DuplicateKind, String)> {
    let (kind, subject) = match happened {
        Happened::DocumentCreated { number, name, .. } => (DuplicateKind::Document, format!("{number} {name}")),
        Happened::RouteCreated { document_id } => (DuplicateKind::Route, document_id.to_string()),
        Happened::SignatureSaved { document_id, .. } | Happened::SaveRepeated { document_id, .. } => {
            (DuplicateKind::Save, document_id.to_string())
        }
        Happened::GroupFinished { group_id, .. } | Happened::FinishRepeated { group_id } => {
            (DuplicateKind::Finish, group_id.to_string())
        }
        Happened::SignedByUser { group_id, .. }
        | Happened::LinkSentToUser { group_id, .. }
        | Happened::SignedByContainer { group_id, .. } => (DuplicateKind::SignedByService, group_id.to_string()),
        _ => return None,
    };
    Some((kind, subject))
}

#[cfg(test)]
mod tests {
    use super::super::effects::Service;
    use super::*;

    fn effects(happened: impl IntoIterator<Item = (u8, Happened)>) -> Vec<Effect> {
        (1..)
            .zip(happened)
            .map(|(seq, (delivery, happened))| Effect {
                seq,
                at: String::new(),
                service: Service::Idocs,
                call: seq,
                delivery,
                happened,
            })
            .collect()
    }

    #[test]
    fn a_second_document_with_the_same_number_and_name_is_a_duplicate() {
        let created = |delivery| {
            let document_id = Uuid::new_v4();
            (
                delivery,
                Happened::DocumentCreated {
                    document_id,
                    number: "7".to_owned(),
                    name: "Act".to_owned(),
                },
            )
        };
        let summary = Summary::of(&effects([created(1), created(1)]));
        let expected = Duplicate {
            kind: DuplicateKind::Document,
            subject: "7 Act".to_owned(),
            count: 2,
        };
        assert_eq!(summary.duplicates, [expected]);
        assert_eq!(summary.idocs.documents.len(), 2);

        let redelivered = Summary::of(&effects([created(1), created(2)]));
        assert_eq!(redelivered.duplicates, []);
        assert_eq!(redelivered.redelivered_effects, 1);
    }

    #[test]
    fn refused_finishes_are_counted_but_are_no_duplicates() {
        let group_id = Uuid::new_v4();
        let refused = || {
            (
                1,
                Happened::FinishRefused {
                    group_id,
                    reason: String::new(),
                },
            )
        };
        let finished = Happened::GroupFinished {
            group_id,
            document_ids: Vec::new(),
            certificate_sha256: String::new(),
        };
        let summary = Summary::of(&effects([refused(), refused(), (1, finished)]));
        assert_eq!(summary.duplicates, []);
        assert_eq!(
            (
                summary.mig24.groups[0].refused_finishes,
                summary.mig24.groups[0].finishes
            ),
            (2, 1)
        );
    }
    #[test]
    fn a_document_in_two_standing_groups_is_a_duplicate() {
        let document = Uuid::new_v4();
        let created = |group_id| {
            (
                1,
                Happened::GroupCreated {
                    group_id,
                    document_ids: vec![document],
                },
            )
        };
        let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
        let twice = Summary::of(&effects([created(first), created(second)])).duplicates;
        assert_eq!((twice[0].kind, twice[0].count), (DuplicateKind::PackageGroup, 2));
        let deleted = (1, Happened::GroupDeleted { group_id: first });
        assert_eq!(
            Summary::of(&effects([created(first), deleted, created(second)])).duplicates,
            []
        );
    }
}
