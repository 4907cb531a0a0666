//! Approvals as the product makes them: a question on the desk, a person who answers it.

use secrecy::SecretString;
use tokensign::certificate::Purpose;
use tokensign::cms::{Digest, DigestAlgorithm};
use tokensign::consent::*;
use tokensign::token::{Authorised, Scheme, Value};

pub fn approve(
    certificate: [u8; 32],
    values: Vec<(Scheme, Value)>,
    pin: Option<&str>,
    confirm_last_try: bool,
) -> (Vec<Authorised>, Unlock) {
    let fp: tokensign::certificate::Fingerprint = serde_json::from_value(serde_json::json!(certificate)).unwrap();
    let desk = Desk::new();
    let view: CertificateView = serde_json::from_value(serde_json::json!({"fingerprint": fp, "subject":"","issuer":"","serial":"","key_type":"","valid_from":"2020-01-01T00:00:00Z","valid_until":"2030-01-01T00:00:00Z","token":"","uri":""})).unwrap();
    let body = QuestionBody::Approve {
        action: Action::Sign,
        documents: vec![],
        certificate: view,
        destination: None,
        pin: PinView::default(),
    };
    let caller = CallerView {
        application: None,
        name: "test".into(),
        verified: true,
        origin: None,
        process: None,
    };
    let subject = ApprovalSubject {
        request_key: "k".into(),
        purpose: Purpose::Signature,
        certificate: fp,
        items: vec![],
        unattended: false,
    };
    let mut asked = desk.ask_approval(caller, None, body, subject, std::time::Duration::from_secs(60));
    let q = desk.question(asked.id()).unwrap();
    desk.decide(
        asked.id(),
        DecisionRequest {
            decision: Verdict::Approve,
            shown: q.shown,
            certificate: None,
            pin: pin.map(SecretString::from),
            confirm_last_try,
            prompter: "terminal".into(),
        },
    )
    .unwrap();
    let decision = futures_util::FutureExt::now_or_never(asked.decision())
        .unwrap()
        .unwrap();
    let Decision::Approved(Some(c)) = decision else {
        panic!()
    };
    let _ = (Digest {
        algorithm: DigestAlgorithm::Sha256,
        value: vec![],
    },);
    (
        values
            .into_iter()
            .map(|(s, v)| Authorised::unchecked(certificate, s, v))
            .collect(),
        c.into_unlock(),
    )
}
