//! Approvals as the product makes them: a question on the desk, a person who answers it, a row in the store.

use std::time::Duration;

use secrecy::SecretString;
use time::OffsetDateTime;
use tokensign::certificate::{Certificate, Purpose};
use tokensign::cms::{Scheme, SignedAttributes};
use tokensign::consent::{
    Action, Approval, ApprovalSubject, ApprovedItem, CallerView, CertificateView, Decision, DecisionRequest, Desk,
    ItemKind, PinView, QuestionBody, Unlock, Verdict,
};
use tokensign::store::Store;
use tokensign::token::Authorised;

/// What a person approved, ready to be signed.
pub struct Approved {
    pub items: Vec<Authorised>,
    /// The signed attributes of each document.
    pub attributes: Vec<SignedAttributes>,
    pub unlock: Unlock,
}

/// A person sees these documents, enters the PIN and says yes.
pub async fn approve(certificate: &Certificate, scheme: &Scheme, documents: &[&[u8]], pin: Option<&str>) -> Approved {
    let items = documents.iter().enumerate().map(|(index, document)| ApprovedItem {
        kind: ItemKind::Content,
        name: format!("document {index}"),
        digest: scheme.digest().digest(document),
    });
    let (approval, unlock) = decide(certificate, items.collect(), pin).await;
    let attributes: Vec<_> = approval
        .items()
        .iter()
        .map(|item| SignedAttributes::new(&item.digest, certificate, OffsetDateTime::now_utc(), scheme).unwrap())
        .collect();
    let items = attributes
        .iter()
        .enumerate()
        .map(|(index, attributes)| Authorised::attributes(&approval, index, attributes, certificate, scheme).unwrap());
    Approved {
        items: items.collect(),
        attributes,
        unlock,
    }
}

/// The decision and its record.
pub async fn decide(certificate: &Certificate, items: Vec<ApprovedItem>, pin: Option<&str>) -> (Approval, Unlock) {
    let desk = Desk::new();
    let caller = CallerView {
        application: None,
        name: "tests".to_owned(),
        verified: true,
        origin: None,
        process: None,
        processes: Vec::new(),
    };
    let body = QuestionBody::Approve {
        action: Action::Sign,
        documents: Vec::new(),
        certificate: view(certificate),
        destination: None,
        pin: PinView::default(),
        remember: None,
    };
    let subject = ApprovalSubject {
        request_key: "tests".to_owned(),
        purpose: Purpose::Signature,
        certificate: certificate.fingerprint(),
        token: "tests".to_owned(),
        items,
        destination: None,
        unattended: false,
        scope: None,
    };
    let mut asked = desk.ask_approval(caller, None, body, None, subject, Duration::from_secs(60));
    let decision = DecisionRequest {
        decision: Verdict::Approve,
        shown: desk.question(asked.id()).unwrap().shown,
        certificate: None,
        pin: pin.map(SecretString::from),
        confirm_last_try: false,
        remember: None,
        prompter: "terminal".to_owned(),
        pin_source: None,
    };
    desk.decide(asked.id(), decision).unwrap();
    let Decision::Approved(Some(consented)) = asked.decision().await.unwrap() else {
        panic!("not approved")
    };
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let (approval, consented) = store
        .write(move |transaction| Ok((Approval::record(transaction, &consented, Vec::new())?, consented)))
        .await
        .unwrap();
    let (unlock, _) = consented.into_unlock();
    (approval, unlock)
}

/// How the certificate is shown; the tests look at nothing of it.
fn view(certificate: &Certificate) -> CertificateView {
    let view = serde_json::json!({
        "fingerprint": certificate.fingerprint(), "subject": "", "issuer": "", "serial": "", "key_type": "", "token": "", "uri": "",
        "valid_from": "2020-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z",
    });
    serde_json::from_value(view).unwrap()
}
