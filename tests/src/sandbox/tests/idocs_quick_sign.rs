//! Quick signing in iDocs: the good path, and everything that must not pass.

use std::io::{Cursor, Read};
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::{Answer, Caller};
use super::pki::{Family, Pki, Signer};
use crate::sandbox::{
    Behaviour, DownloadLink, DuplicateKind, Employee, ErrorStyle, Happened, IdocsBehaviour, InboxDocumentSeed,
    JsonLabel, RunningSandbox, Sandbox, SandboxConfig, SeedFile, SignatureForm,
};

const IIN: &str = "880101300123";
const OTHER_IIN: &str = "900202400456";
const BIN: &str = "123456789012";

/// A sandbox, a PKI and a director who may sign.
pub(super) struct Office {
    pub(super) pki: Pki,
    pub(super) director: Signer,
    pub(super) sandbox: RunningSandbox,
    pub(super) idocs: Caller,
    pub(super) employee_id: Uuid,
}

/// What the service gave out to be signed.
pub(super) struct ToSign {
    pub(super) document_id: String,
    pub(super) ticket: String,
    pub(super) content: Vec<u8>,
}

impl Office {
    pub(super) fn open() -> Self {
        Self::open_with(Behaviour::default())
    }

    pub(super) fn open_with(behaviour: Behaviour) -> Self {
        Self::open_for(Family::P256, behaviour)
    }

    fn open_for(family: Family, behaviour: Behaviour) -> Self {
        let pki = Pki::new(family);
        let director = pki.signer(
            "director",
            &format!("/C=KZ/CN=DIRECTOR/serialNumber=IIN{IIN}/OU=BIN{BIN}"),
        );
        let mut config = SandboxConfig::new(pki.ca());
        config.behaviour = behaviour;
        Self::start(config, pki, director)
    }

    /// Starts the sandbox with two employees, one of them the director.
    pub(super) fn start(mut config: SandboxConfig, pki: Pki, director: Signer) -> Self {
        config.people.employees = vec![Employee::with_iin(OTHER_IIN), Employee::with_iin(IIN)];
        let employee_id = config.people.employees[1].employee_id();
        let sandbox = Sandbox::start(config).unwrap();
        let idocs = Caller::new(&sandbox, sandbox.idocs_token());
        Self {
            pki,
            director,
            sandbox,
            idocs,
            employee_id,
        }
    }

    /// Stops the sandbox and starts another one on the same state.
    pub(super) fn restart(self, state_dir: &Path) -> Self {
        let Self {
            pki, director, sandbox, ..
        } = self;
        drop(sandbox);
        let mut config = SandboxConfig::new(pki.ca());
        config.state_dir = Some(state_dir.to_owned());
        Self::start(config, pki, director)
    }

    pub(super) async fn upload(&self) -> String {
        let answer = self.idocs.upload(
            "/api/v3/sync/blobs/document-content",
            "documentContent",
            "act.pdf",
            b"%PDF-1.4 act",
        );
        answer.await.json()["response"]["blobId"].as_str().unwrap().to_owned()
    }

    pub(super) async fn create(&self, blob_id: &str) -> Answer {
        let body = json!({
            "documentMetadata": {
                "documentName": "Act",
                "documentNumber": "7",
                "documentDate": 1_760_000_000,
                "documentGroup": "General",
                "documentAuthorEmployeeId": self.employee_id,
            },
            "documentBinaryContents": [{"blobId": blob_id}],
        });
        self.idocs
            .post("/api/v3/sync/external/outbox/document/create", &body)
            .await
    }

    pub(super) async fn route(&self, document_id: &str) -> Answer {
        let node = json!({
            "order": 0,
            "counterpartyBin": "210987654321",
            "isIndividual": false,
            "counterpartyEmails": ["a@example.kz"],
            "isSignRequiredByCounterparty": true,
            "requiredActionType": "SIGN",
        });
        let body = json!({
            "documentId": document_id,
            "employeeId": self.employee_id,
            "route": {"external": {"routeOrderType": "NONE", "nodes": [node]}},
        });
        self.idocs
            .post("/api/v3/sync/external/outbox/route/quick-route/create", &body)
            .await
    }

    /// Uploads, creates and routes a document.
    pub(super) async fn draft(&self) -> String {
        let blob_id = self.upload().await;
        let document_id = self.create(&blob_id).await.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(self.route(&document_id).await.status, 200);
        document_id
    }

    pub(super) async fn generate(&self, direction: &str, document_id: &str) -> Answer {
        let path = format!("/api/v3/sync/external/{direction}/signature/content-to-sign/generate");
        self.idocs
            .post(
                &path,
                &json!({"documentId": document_id, "signedByEmployeeId": self.employee_id}),
            )
            .await
    }

    pub(super) async fn to_sign(&self, document_id: &str) -> ToSign {
        let generated = self.generate("outbox", document_id).await.json();
        let content = self.idocs.get(generated["downloadLink"].as_str().unwrap()).await;
        assert_eq!(content.status, 200);
        let ticket = generated["idempotencyTicket"].as_str().unwrap().to_owned();
        ToSign {
            document_id: document_id.to_owned(),
            ticket,
            content: content.body,
        }
    }

    pub(super) async fn upload_signature(&self, cms: &[u8]) -> String {
        let path = "/api/v3/sync/blobs/document-signature-content";
        let answer = self
            .idocs
            .upload(path, "signatureContent", "signature.cms", cms)
            .await
            .json();
        answer["response"]["blobId"].as_str().unwrap().to_owned()
    }

    pub(super) fn save_request(&self, to_sign: &ToSign, blob_id: &str) -> Value {
        json!({
            "documentId": to_sign.document_id,
            "signedByEmployeeId": self.employee_id,
            "signatureBinaryContent": {"blobId": blob_id},
            "idempotencyTicket": to_sign.ticket,
        })
    }

    pub(super) async fn save(&self, to_sign: &ToSign, cms: &[u8]) -> Answer {
        let blob_id = self.upload_signature(cms).await;
        self.idocs.post(SAVE, &self.save_request(to_sign, &blob_id)).await
    }

    pub(super) async fn status(&self, document_id: &str) -> String {
        let path = format!("/api/v3/sync/single/document/GetDocumentStatusByDocumentId/{document_id}");
        self.idocs.get(&path).await.json()["documentStatus"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn reasons(&self) -> Vec<String> {
        let effects = self.sandbox.effects().into_iter();
        effects
            .filter_map(|effect| match effect.happened {
                Happened::SaveRefused { reason, .. } => Some(reason),
                _ => None,
            })
            .collect()
    }
}

pub(super) const SAVE: &str = "/api/v3/sync/external/outbox/signature/quick-sign/save";

#[tokio::test]
async fn a_document_is_signed_and_every_effect_is_recorded_in_order() {
    let office = Office::open_for(Family::Rsa, Behaviour::default());
    let document_id = office.draft().await;
    assert_eq!(office.status(&document_id).await, "DRAFT");
    let to_sign = office.to_sign(&document_id).await;

    let mut archive = zip::ZipArchive::new(Cursor::new(&to_sign.content)).unwrap();
    let mut file = Vec::new();
    archive.by_name("act.pdf").unwrap().read_to_end(&mut file).unwrap();
    assert_eq!(file, b"%PDF-1.4 act");

    let saved = office
        .save(&to_sign, &office.pki.sign(&office.director, &to_sign.content))
        .await;
    assert_eq!((saved.status.as_u16(), saved.text()), (200, String::new()));
    assert_eq!(office.status(&document_id).await, "SENT_BY_SENDER");

    let effects = office.sandbox.effects();
    let Some(Happened::SignatureSaved { content_sha256, .. }) = effects.last().map(|it| &it.happened) else {
        panic!("the save is the last effect");
    };
    assert_eq!(office.sandbox.blob(content_sha256), Some(to_sign.content));
    assert_eq!(office.sandbox.blob("../effects.jsonl"), None);
    let kinds: Vec<_> = effects
        .iter()
        .map(|it| serde_json::to_value(it).unwrap()["kind"].clone())
        .collect();
    let expected = [
        "blob_uploaded",
        "document_created",
        "route_created",
        "content_generated",
        "content_downloaded",
        "signature_uploaded",
        "signature_saved",
    ];
    assert_eq!(kinds, expected);
    assert!(effects.is_sorted_by_key(|it| (it.seq, it.call)));
    let summary = office.sandbox.summary();
    assert_eq!(summary.duplicates, []);
    assert_eq!(
        (summary.idocs.documents[0].saves, summary.idocs.documents[0].downloads),
        (1, 1)
    );
}

#[tokio::test]
async fn a_signature_over_other_content_is_refused() {
    let office = Office::open();
    let document_id = office.draft().await;
    let to_sign = office.to_sign(&document_id).await;
    let cms = office.pki.sign(&office.director, b"something else");
    office
        .save(&to_sign, &cms)
        .await
        .refuses(400, "OpenSSL does not accept the signature");
    assert_eq!(office.status(&document_id).await, "DRAFT");
    assert_eq!(office.reasons().len(), 1);

    // A refused signature does not use the ticket up.
    let cms = office.pki.sign(&office.director, &to_sign.content);
    assert_eq!(office.save(&to_sign, &cms).await.status, 200);
    assert_eq!(office.sandbox.summary().duplicates, []);
}

#[tokio::test]
async fn a_signer_under_another_ca_is_refused() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let stranger = Pki::new(Family::P256);
    let signer = stranger.signer(
        "director",
        &format!("/C=KZ/CN=DIRECTOR/serialNumber=IIN{IIN}/OU=BIN{BIN}"),
    );
    let cms = stranger.sign(&signer, &to_sign.content);
    office
        .save(&to_sign, &cms)
        .await
        .refuses(400, "OpenSSL does not accept the signature");
}

#[tokio::test]
async fn a_signer_who_is_not_the_employee_or_not_of_the_company_is_refused() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    for (name, subject, reason) in [
        (
            "colleague",
            format!("/C=KZ/CN=X/serialNumber=IIN{OTHER_IIN}/OU=BIN{BIN}"),
            "IIN (900202400456)",
        ),
        (
            "leaver",
            format!("/C=KZ/CN=X/serialNumber=IIN{IIN}/OU=BIN999999999999"),
            "BIN (999999999999)",
        ),
        (
            "individual",
            format!("/C=KZ/CN=X/serialNumber=IIN{IIN}"),
            "BIN (880101300123)",
        ),
        ("nobody", "/C=KZ/CN=X".to_owned(), "IIN (none)"),
    ] {
        let signer = office.pki.signer(name, &subject);
        office
            .save(&to_sign, &office.pki.sign(&signer, &to_sign.content))
            .await
            .refuses(400, reason);
    }
    assert_eq!(office.sandbox.summary().idocs.documents[0].refused_saves, 4);
}

#[tokio::test]
async fn only_the_ticket_issued_for_the_document_is_accepted() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let other = office.to_sign(&office.draft().await).await;
    let cms = office.pki.sign(&office.director, &to_sign.content);
    let with_ticket = |ticket: &str| ToSign {
        document_id: to_sign.document_id.clone(),
        ticket: ticket.to_owned(),
        content: Vec::new(),
    };
    office
        .save(&with_ticket("invented"), &cms)
        .await
        .refuses(400, "was not issued");
    office
        .save(&with_ticket(&other.ticket), &cms)
        .await
        .refuses(400, "issued for another document");
    office
        .save(&with_ticket(""), &cms)
        .await
        .refuses(400, "idempotencyTicket is missing");
    assert_eq!(office.status(&to_sign.document_id).await, "DRAFT");
}

#[tokio::test]
async fn a_second_save_changes_nothing_and_is_counted() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let cms = office.pki.sign(&office.director, &to_sign.content);
    assert_eq!(office.save(&to_sign, &cms).await.status, 200);
    office.save(&to_sign, &cms).await.refuses(400, "signed already");

    let summary = office.sandbox.summary();
    assert_eq!(
        (
            summary.idocs.documents[0].saves,
            summary.idocs.documents[0].repeated_saves
        ),
        (1, 1)
    );
    assert_eq!(summary.duplicates.len(), 1);
    assert_eq!(
        (summary.duplicates[0].kind, summary.duplicates[0].count),
        (DuplicateKind::Save, 2)
    );
    office
        .generate("outbox", &to_sign.document_id)
        .await
        .refuses(400, "signed already");
}

#[tokio::test]
async fn a_document_and_a_route_created_twice_show() {
    let office = Office::open();
    let blob_id = office.upload().await;
    let document_id = office.create(&blob_id).await.json()["id"].as_str().unwrap().to_owned();
    office.create(&blob_id).await.json();
    office.route(&document_id).await;
    office.route(&document_id).await;
    let kinds: Vec<_> = office.sandbox.summary().duplicates.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [DuplicateKind::Document, DuplicateKind::Route]);
}

#[tokio::test]
async fn a_save_without_a_route_is_refused() {
    let office = Office::open();
    let blob_id = office.upload().await;
    let document_id = office.create(&blob_id).await.json()["id"].as_str().unwrap().to_owned();
    let to_sign = office.to_sign(&document_id).await;
    let cms = office.pki.sign(&office.director, &to_sign.content);
    office.save(&to_sign, &cms).await.refuses(400, "has no route");
}

#[tokio::test]
async fn the_form_of_the_signature_is_the_one_switched_on() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let attached = office.pki.sign_attached(&office.director, &to_sign.content);
    office.save(&to_sign, &attached).await.refuses(400, "must be detached");

    let mut behaviour = office.sandbox.behaviour();
    behaviour.idocs.signature_form = SignatureForm::Attached;
    office.sandbox.set_behaviour(behaviour);
    let detached = office.pki.sign(&office.director, &to_sign.content);
    office.save(&to_sign, &detached).await.refuses(400, "must be attached");
    let other = office.pki.sign_attached(&office.director, b"something else");
    office.save(&to_sign, &other).await.refuses(400, "another content");
    assert_eq!(office.save(&to_sign, &attached).await.status, 200);
}

#[tokio::test]
async fn an_expired_content_has_to_be_generated_again() {
    let idocs = IdocsBehaviour {
        dispose_after_seconds: 0,
        ..IdocsBehaviour::default()
    };
    let office = Office::open_with(Behaviour {
        idocs,
        ..Behaviour::default()
    });
    let document_id = office.draft().await;
    let generated = office.generate("outbox", &document_id).await.json();
    office
        .idocs
        .get(generated["downloadLink"].as_str().unwrap())
        .await
        .refuses(404, "disposed of");

    office.sandbox.set_behaviour(Behaviour::default());
    let first = office.to_sign(&document_id).await;
    let second = office.to_sign(&document_id).await;
    assert_eq!(first.content, second.content, "the ZIP is built once");
    let cms = office.pki.sign(&office.director, &first.content);
    let ticket = generated["idempotencyTicket"].as_str().unwrap().to_owned();
    let expired = ToSign {
        document_id: document_id.clone(),
        ticket,
        content: Vec::new(),
    };
    office.save(&expired, &cms).await.refuses(400, "expired");
    assert_eq!(office.save(&second, &cms).await.status, 200);
}

#[tokio::test]
async fn an_incoming_document_is_signed_without_a_route() {
    let office = Office::open();
    let seed = InboxDocumentSeed {
        number: "15".to_owned(),
        name: "Invoice".to_owned(),
        files: vec![SeedFile::new("invoice.pdf", b"%PDF-1.4 invoice")],
    };
    let document_id = office.sandbox.seed_inbox_document(seed).unwrap().to_string();
    office
        .generate("outbox", &document_id)
        .await
        .refuses(404, "no Outbox document");
    let generated = office.generate("inbox", &document_id).await.json();
    let content = office.idocs.get(generated["downloadLink"].as_str().unwrap()).await.body;
    let ticket = generated["idempotencyTicket"].as_str().unwrap().to_owned();
    let cms = office.pki.sign(&office.director, &content);
    let blob_id = office.upload_signature(&cms).await;
    let body = office.save_request(
        &ToSign {
            document_id: document_id.clone(),
            ticket,
            content,
        },
        &blob_id,
    );
    let saved = office
        .idocs
        .post("/api/v3/sync/external/inbox/signature/quick-sign/save", &body)
        .await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(office.status(&document_id).await, "FINISHED");
}

#[tokio::test]
async fn uploads_are_checked() {
    let office = Office::open();
    let (documents, signatures) = (
        "/api/v3/sync/blobs/document-content",
        "/api/v3/sync/blobs/document-signature-content",
    );
    let too_large = vec![b'x'; 15 * 1024 * 1024 + 1];
    let upload = async |path, part, name, content: &[u8]| office.idocs.upload(path, part, name, content).await;
    upload(documents, "documentContent", "a.exe", b"x")
        .await
        .refuses(400, "UPLOADED_FILE_EXTENSION_ERROR");
    upload(documents, "documentContent", "a.pdf", b"")
        .await
        .refuses(400, "UPLOADED_FILE_CONTENT_PARSING_ERROR");
    upload(documents, "documentContent", "a.pdf", &too_large)
        .await
        .refuses(400, "UPLOADED_FILE_SIZE_ERROR");
    upload(documents, "file", "a.pdf", b"x")
        .await
        .refuses(400, "VALIDATION_ERROR");
    upload(signatures, "signatureContent", "a.p7s", b"x")
        .await
        .refuses(400, "UPLOADED_FILE_EXTENSION_ERROR");
    upload(signatures, "signatureContent", "a.cms", b"-----BEGIN CMS-----")
        .await
        .refuses(400, "CONTENT_PARSING");
    upload(documents, "documentContent", "a.PDF", &too_large[1..])
        .await
        .json();
    office
        .create(&Uuid::new_v4().to_string())
        .await
        .refuses(400, "there is no document content");
}

#[tokio::test]
async fn without_the_right_token_nothing_is_answered() {
    let office = Office::open();
    let stranger = Caller::new(&office.sandbox, office.sandbox.idocs_token()).with_token("wrong");
    let wrapped = stranger.post("/api/v3/sync/references/company-token", &json!({})).await;
    wrapped.refuses(401, "PERMISSION_ERROR");
    let document_id = office.draft().await;
    let status = format!("/api/v3/sync/single/document/GetDocumentStatusByDocumentId/{document_id}");
    stranger.get(&status).await.refuses(401, "bearer token");
    let generated = office.generate("outbox", &document_id).await.json();
    stranger
        .get(generated["downloadLink"].as_str().unwrap())
        .await
        .refuses(401, "bearer token");
    // The token of the other service is a wrong one here.
    let confused = Caller::new(&office.sandbox, office.sandbox.mig24_token());
    confused
        .post("/api/v3/sync/references/company-token", &json!({}))
        .await
        .refuses(401, "PERMISSION_ERROR");
}

#[tokio::test]
async fn what_was_made_can_be_found_again() {
    let office = Office::open();
    let document_id = office.draft().await;
    let query =
        json!({"documentStatuses": ["DRAFT"], "documentDateFrom": 1_700_000_000, "documentDateTo": 0, "top": 5});
    let found = office
        .idocs
        .post("/api/v3/sync/external/documents-query/outbox", &query)
        .await
        .json();
    assert_eq!(found["response"]["totalSize"], 1);
    let document = &found["response"]["pageItems"][0];
    assert_eq!(
        (&document["id"], &document["documentNumber"]),
        (&json!(document_id), &json!("7"))
    );
    assert_eq!(
        document["documentRoute"]["external"]["nodes"][0]["counterpartyCompanyBin"],
        "210987654321"
    );

    let query = json!({"documentStatuses": ["FINISHED"]});
    let found = office
        .idocs
        .post("/api/v3/sync/external/documents-query/outbox", &query)
        .await
        .json();
    assert_eq!(found["response"]["totalSize"], 0);
    let one = format!("/api/v3/sync/external/documents-query/single/outbox/{document_id}");
    assert_eq!(office.idocs.get(&one).await.json()["response"]["documentName"], "Act");

    let page = json!({"skip": 1, "top": 1});
    let employees = office
        .idocs
        .post("/api/v3/sync/references/company-employees", &page)
        .await
        .json();
    assert_eq!(employees["response"]["totalSize"], 2);
    assert_eq!(
        employees["response"]["pageItems"][0]["nationalIdentificationNumber"],
        IIN
    );
    let token = office
        .idocs
        .post("/api/v3/sync/references/company-token", &json!({}))
        .await
        .json();
    assert_eq!(token["response"]["companyBin"], BIN);
}

#[tokio::test]
async fn answers_are_labelled_and_shaped_as_switched_on() {
    let office = Office::open();
    let document_id = office.draft().await;
    let generated = office.generate("outbox", &document_id).await;
    assert_eq!(generated.label, "text/plain; charset=utf-8");
    let unknown = Uuid::new_v4().to_string();
    assert_eq!(
        office.generate("outbox", &unknown).await.text(),
        format!(r#"{{"message":"there is no Outbox document {unknown}"}}"#)
    );

    let idocs = IdocsBehaviour {
        json_label: JsonLabel::ApplicationJson,
        empty_bodies: false,
        dates_in_milliseconds: true,
        error_style: ErrorStyle::Problem,
        ..IdocsBehaviour::default()
    };
    office.sandbox.set_behaviour(Behaviour {
        idocs,
        ..Behaviour::default()
    });
    let generated = office.generate("outbox", &document_id).await;
    assert_eq!(generated.label, "application/json; charset=utf-8");
    assert!(generated.json()["disposeOn"].as_i64().unwrap() > 100_000_000_000);
    assert_eq!(office.route(&document_id).await.text(), "{}");
    let problem = office.generate("outbox", &unknown).await;
    assert_eq!(problem.label, "application/problem+json; charset=utf-8");
    problem.refuses(404, r#""title":"Not Found""#);
}

#[tokio::test]
async fn download_links_have_the_form_switched_on() {
    let office = Office::open();
    let document_id = office.draft().await;
    let link = async |download_link| {
        let idocs = IdocsBehaviour {
            download_link,
            ..IdocsBehaviour::default()
        };
        office.sandbox.set_behaviour(Behaviour {
            idocs,
            ..Behaviour::default()
        });
        office.generate("outbox", &document_id).await.json()["downloadLink"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let relative = link(DownloadLink::Relative).await;
    assert!(relative.starts_with("/api/v3/"), "{relative}");
    assert_eq!(office.idocs.get(&relative).await.status, 200);

    let unserved = link(DownloadLink::DoubleSlash { served: false }).await;
    let base_url = office.sandbox.base_url();
    assert!(unserved.starts_with(&format!("{base_url}//api/v3/")), "{unserved}");
    assert_eq!(office.idocs.get(&unserved).await.status, 404);
    assert_eq!(office.idocs.get(&unserved.replace("//api", "/api")).await.status, 200);
    let served = link(DownloadLink::DoubleSlash { served: true }).await;
    assert_eq!(office.idocs.get(&served).await.status, 200);

    let elsewhere = link(DownloadLink::OtherHost {
        base_url: "http://127.0.0.2:9".to_owned(),
    })
    .await;
    assert!(elsewhere.starts_with("http://127.0.0.2:9/api/v3/"), "{elsewhere}");
}
