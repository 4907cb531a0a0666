//! Signing package groups in MIG24: the good path with RSA and GOST, all three readings, and what must not pass.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use streebog::Streebog256;
use uuid::Uuid;

use super::caller::{Answer, Caller};
use super::pki::{Family, Pki, Signer};
use crate::sandbox::{
    Behaviour, DuplicateKind, Happened, HashEncoding, HashKind, Mig24Behaviour, PrepareAnswer, PrepareLayout,
    RunningSandbox, Sandbox, SandboxConfig, User,
};

const INN: &str = "7700000000";

/// A sandbox, a PKI and an employee with a natural person's certificate.
pub(super) struct Desk {
    pub(super) pki: Pki,
    pub(super) employee: Signer,
    pub(super) sandbox: RunningSandbox,
    pub(super) mig24: Caller,
}

impl Desk {
    pub(super) fn open(family: Family) -> Self {
        let pki = Pki::new(family);
        let employee = pki.signer("employee", "/C=RU/CN=EMPLOYEE/SNILS=11223344595");
        let mut config = SandboxConfig::new(pki.ca());
        if family == Family::Gost256 {
            config.gost_ca = Some(pki.ca());
        }
        let with_container = User {
            snils: "11223344595".to_owned(),
            cert_container_name: Some("box".to_owned()),
            ..User::default()
        };
        config.people.users = vec![
            with_container,
            User {
                snils: "15989387255".to_owned(),
                ..User::default()
            },
        ];
        let sandbox = Sandbox::start(config).unwrap();
        let mig24 = Caller::new(&sandbox, sandbox.mig24_token());
        Self {
            pki,
            employee,
            sandbox,
            mig24,
        }
    }

    pub(super) async fn upload(&self, content: &[u8]) -> Uuid {
        let id = Uuid::new_v4();
        let path = format!("/api/v1/documents/{id}/informal");
        let uploaded = self.mig24.upload(&path, "file", "letter.txt", content).await;
        assert_eq!(uploaded.status, 201, "{}", uploaded.text());
        id
    }

    pub(super) async fn create(&self, documents: &[Uuid]) -> Answer {
        let documents: Vec<_> = documents
            .iter()
            .map(|id| json!({"documentId": id, "recipientSignatureRequired": true}))
            .collect();
        let body = json!({"recipientAbonentCode": "2XX-someone", "documents": documents});
        self.mig24.post("/api/v1/package-groups", &body).await
    }

    /// Uploads three documents and puts them into a group.
    pub(super) async fn group(&self) -> (String, Vec<(Uuid, Vec<u8>)>) {
        let mut documents = Vec::new();
        for n in 0..3 {
            let content = format!("document {n}").into_bytes();
            documents.push((self.upload(&content).await, content));
        }
        let ids: Vec<_> = documents.iter().map(|(id, _)| *id).collect();
        let created = self.create(&ids).await.json();
        (created["id"].as_str().unwrap().to_owned(), documents)
    }

    pub(super) async fn prepare(&self, group_id: &str, signer: &Signer) -> Answer {
        let certificate = STANDARD.encode(self.pki.certificate_der(signer));
        let body = json!({"packageGroupId": group_id, "certificate": certificate, "mchdInfoId": "m-1"});
        self.mig24.post("/api/v1/sign/package-group/prepare", &body).await
    }

    pub(super) async fn finish(&self, group_id: &str, prepared: &Value, signatures: Value) -> Answer {
        let mut body = json!({"packageGroupId": group_id, "signatures": signatures});
        if let Some(request_id) = prepared.get("requestId") {
            body["requestId"] = request_id.clone();
        }
        self.mig24.post("/api/v1/sign/package-group/finish", &body).await
    }

    pub(super) fn signatures(&self, documents: &[(Uuid, Vec<u8>)]) -> Value {
        let signed = documents.iter().map(|(id, content)| {
            json!({"documentId": id, "signature": STANDARD.encode(self.pki.sign(&self.employee, content))})
        });
        signed.collect()
    }

    pub(super) async fn state(&self, group_id: &str) -> String {
        let info = self
            .mig24
            .get(&format!("/api/v1/package-groups/{group_id}/info"))
            .await
            .json();
        info["status"].as_str().unwrap().to_owned()
    }

    fn behave(&self, mig24: Mig24Behaviour) {
        self.sandbox.set_behaviour(Behaviour {
            mig24,
            ..Behaviour::default()
        });
    }
}

#[tokio::test]
async fn a_group_is_signed_with_gost_and_every_signature_is_kept() {
    let desk = Desk::open(Family::Gost256);
    let (group_id, documents) = desk.group().await;
    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    for (item, (id, content)) in prepared["hashes"].as_array().unwrap().iter().zip(&documents) {
        assert_eq!(item["documentId"], json!(id));
        assert_eq!(item["hashAlgorithm"], "1.2.643.7.1.1.2.2");
        assert_eq!(item["hash"], STANDARD.encode(Streebog256::digest(content)));
    }
    let effects = desk.sandbox.effects();
    let Some(Happened::GroupPrepared {
        mchd_info_id, digests, ..
    }) = effects.last().map(|it| &it.happened)
    else {
        panic!("prepare is the last effect");
    };
    assert_eq!((mchd_info_id.as_deref(), digests.len()), (Some("m-1"), 3));
    let finished = desk.finish(&group_id, &prepared, desk.signatures(&documents)).await;
    assert_eq!((finished.status.as_u16(), finished.text()), (200, String::new()));
    assert_eq!(desk.state(&group_id).await, "Sent");

    let info = desk
        .mig24
        .get(&format!("/api/v1/package-groups/{group_id}/info"))
        .await
        .json();
    let signature_id = info["packages"][0]["signatureFileId"].as_str().unwrap();
    let signature = desk.mig24.get(&format!("/api/v1/documents/{signature_id}/file")).await;
    assert_eq!(signature.body.first(), Some(&0x30));
    let summary = desk.sandbox.summary();
    assert_eq!(summary.duplicates, []);
    assert_eq!(
        (summary.mig24.groups[0].finishes, summary.mig24.groups[0].documents),
        (1, 3)
    );
}

#[tokio::test]
async fn rsa_keys_get_sha256() {
    let desk = Desk::open(Family::Rsa);
    let (group_id, documents) = desk.group().await;
    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    assert_eq!(
        prepared["hashes"][0]["hash"],
        STANDARD.encode(Sha256::digest(&documents[0].1))
    );
    assert_eq!(
        desk.finish(&group_id, &prepared, desk.signatures(&documents))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn one_bad_signature_refuses_the_whole_group() {
    let desk = Desk::open(Family::Gost256);
    let (group_id, documents) = desk.group().await;
    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    let mut wrong = documents.clone();
    wrong[1].1 = b"another document".to_vec();
    let refused = desk.finish(&group_id, &prepared, desk.signatures(&wrong)).await;
    refused.refuses(400, &documents[1].0.to_string());
    assert_eq!(desk.state(&group_id).await, "Created");
    let two = desk
        .finish(&group_id, &prepared, desk.signatures(&documents[..2]))
        .await;
    two.refuses(400, "2 signatures came for 3 documents");

    assert_eq!(
        desk.finish(&group_id, &prepared, desk.signatures(&documents))
            .await
            .status,
        200
    );
    let summary = desk.sandbox.summary();
    assert_eq!(
        (
            summary.mig24.groups[0].finishes,
            summary.mig24.groups[0].refused_finishes
        ),
        (1, 2)
    );
    assert_eq!(summary.duplicates, []);
}

#[tokio::test]
async fn a_second_finish_changes_nothing_and_is_counted() {
    let desk = Desk::open(Family::P256);
    let (group_id, documents) = desk.group().await;
    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    let signatures = desk.signatures(&documents);
    assert_eq!(desk.finish(&group_id, &prepared, signatures.clone()).await.status, 200);
    desk.finish(&group_id, &prepared, signatures)
        .await
        .refuses(409, "signed already");
    let duplicates = desk.sandbox.summary().duplicates;
    assert_eq!((duplicates[0].kind, duplicates[0].count), (DuplicateKind::Finish, 2));
    assert_eq!(duplicates.len(), 1);
    desk.prepare(&group_id, &desk.employee)
        .await
        .refuses(409, "signed already");
}

#[tokio::test]
async fn only_the_certificate_prepared_for_may_sign() {
    let desk = Desk::open(Family::P256);
    let (group_id, documents) = desk.group().await;
    let colleague = desk.pki.signer("colleague", "/C=RU/CN=COLLEAGUE/SNILS=15989387255");
    let prepared = desk.prepare(&group_id, &colleague).await.json();
    let refused = desk.finish(&group_id, &prepared, desk.signatures(&documents)).await;
    refused.refuses(400, "not the certificate that prepare was asked with");
}

#[tokio::test]
async fn prepare_looks_at_the_certificate() {
    let desk = Desk::open(Family::P256);
    let (group_id, _) = desk.group().await;
    let prepare = async |certificate: &str| {
        let body = json!({"packageGroupId": group_id, "certificate": certificate});
        desk.mig24.post("/api/v1/sign/package-group/prepare", &body).await
    };
    prepare("-----BEGIN CERTIFICATE-----").await.refuses(400, "base64");
    prepare("MAA=").await.refuses(400, "X.509");
    let der = desk.pki.certificate_der(&desk.employee);
    prepare(&STANDARD.encode(&der[..der.len() - 1]))
        .await
        .refuses(400, "X.509");

    let ours = desk.pki.signer("ours", &format!("/C=RU/CN=OURS/INNLE={INN}"));
    desk.prepare(&group_id, &ours).await.json();
    let theirs = desk.pki.signer("theirs", "/C=RU/CN=THEIRS/INNLE=7811111111");
    desk.prepare(&group_id, &theirs).await.refuses(400, "INN 7811111111");
}

#[tokio::test]
async fn readings_b_and_c_take_raw_values() {
    for family in [Family::Rsa, Family::P256, Family::Gost256] {
        let desk = Desk::open(family);
        desk.behave(Mig24Behaviour {
            hash_kind: HashKind::SignedAttributes,
            ..Mig24Behaviour::default()
        });
        let (group_id, _) = desk.group().await;
        let prepared = desk.prepare(&group_id, &desk.employee).await.json();
        let sign = |item: &Value| {
            let attributes = STANDARD.decode(item["hash"].as_str().unwrap()).unwrap();
            assert_eq!(attributes[0], 0x31);
            let value = desk.pki.sign_raw(&desk.employee, &attributes);
            json!({"documentId": item["documentId"], "signature": STANDARD.encode(value)})
        };
        let items = prepared["hashes"].as_array().unwrap();
        let signatures: Vec<_> = items.iter().map(sign).collect();
        let mut swapped = signatures.clone();
        swapped[0]["signature"] = signatures[1]["signature"].clone();
        desk.finish(&group_id, &prepared, json!(swapped))
            .await
            .refuses(400, "OpenSSL does not accept");
        let finished = desk.finish(&group_id, &prepared, json!(signatures)).await;
        assert_eq!(finished.status, 200, "{}", finished.text());
    }

    let desk = Desk::open(Family::Gost256);
    desk.behave(Mig24Behaviour {
        hash_kind: HashKind::SignedAttributesDigest,
        ..Mig24Behaviour::default()
    });
    let (group_id, documents) = desk.group().await;
    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    let hash = STANDARD
        .decode(prepared["hashes"][0]["hash"].as_str().unwrap())
        .unwrap();
    assert_eq!(hash.len(), 32);
    assert_ne!(hash, Streebog256::digest(&documents[0].1).to_vec());
}

#[tokio::test]
async fn prepare_answers_in_the_shape_switched_on() {
    let desk = Desk::open(Family::P256);
    let (group_id, documents) = desk.group().await;
    let digest = |n: usize| Sha256::digest(&documents[n].1).to_vec();
    let prepare = async |answer: PrepareAnswer| {
        desk.behave(Mig24Behaviour {
            prepare_answer: answer,
            ..Mig24Behaviour::default()
        });
        desk.prepare(&group_id, &desk.employee).await.json()
    };

    let list = PrepareAnswer {
        list_member: None,
        id_member: "id".to_owned(),
        hash_member: "digest".to_owned(),
        algorithm_member: None,
        encoding: HashEncoding::Hex,
        ..PrepareAnswer::default()
    };
    let answer = prepare(list).await;
    assert_eq!(
        (&answer[2]["id"], &answer[2]["digest"]),
        (&json!(documents[2].0), &json!(hex::encode(digest(2))))
    );
    assert_eq!(answer[2].get("hashAlgorithm"), None);

    let packages = PrepareAnswer {
        layout: PrepareLayout::Packages,
        list_member: Some("packages".to_owned()),
        encoding: HashEncoding::Base64url,
        ..PrepareAnswer::default()
    };
    let answer = prepare(packages).await;
    assert_eq!(
        answer["packages"][1]["documents"][0]["hash"],
        URL_SAFE_NO_PAD.encode(digest(1))
    );

    let map = PrepareAnswer {
        layout: PrepareLayout::Map,
        ..PrepareAnswer::default()
    };
    let answer = prepare(map).await;
    assert_eq!(answer["hashes"][documents[0].0.to_string()], STANDARD.encode(digest(0)));

    let bare = PrepareAnswer {
        layout: PrepareLayout::Bare,
        list_member: None,
        ..PrepareAnswer::default()
    };
    let answer = prepare(bare).await;
    assert_eq!(answer, json!([0, 1, 2].map(|n| STANDARD.encode(digest(n)))));
    let in_order: Vec<_> = documents
        .iter()
        .map(|(_, content)| STANDARD.encode(desk.pki.sign(&desk.employee, content)))
        .collect();
    assert_eq!(desk.finish(&group_id, &answer, json!(in_order)).await.status, 200);
}

#[tokio::test]
async fn the_value_to_be_echoed_is_checked() {
    let desk = Desk::open(Family::P256);
    let (group_id, documents) = desk.group().await;
    desk.finish(&group_id, &json!({}), desk.signatures(&documents))
        .await
        .refuses(409, "has not been prepared");
    desk.prepare(&group_id, &desk.employee).await.json();
    desk.finish(&group_id, &json!({}), desk.signatures(&documents))
        .await
        .refuses(400, "requestId");
}

#[tokio::test]
async fn an_expired_plan_refuses_everything_in_the_vendors_words() {
    let desk = Desk::open(Family::P256);
    for status in [401, 402, 403] {
        desk.behave(Mig24Behaviour {
            expired_plan_status: Some(status),
            ..Mig24Behaviour::default()
        });
        desk.mig24
            .get("/api/v1/documents")
            .await
            .refuses(status, "Оплаченный срок доступа истек");
    }
    desk.behave(Mig24Behaviour::default());
    assert_eq!(desk.mig24.get("/api/v1/documents").await.json(), json!([]));
    let stranger = Caller::new(&desk.sandbox, desk.sandbox.mig24_token()).with_token("wrong");
    stranger.get("/api/v1/documents").await.refuses(401, "bearer token");
}

#[tokio::test]
async fn groups_are_changed_until_they_are_signed() {
    let desk = Desk::open(Family::P256);
    let (group_id, documents) = desk.group().await;
    let fourth = desk.upload(b"fourth").await;
    let group = format!("/api/v1/package-groups/{group_id}");
    let add = json!([{"documentId": fourth, "recipientSignatureRequired": false}]);
    let added = desk.mig24.post(&format!("{group}/packages"), &add).await.json();
    assert_eq!(added["packages"].as_array().unwrap().len(), 4);
    desk.mig24
        .post(&format!("{group}/packages"), &add)
        .await
        .refuses(400, "comes twice");
    desk.create(&[Uuid::new_v4()])
        .await
        .refuses(400, "there is no document");
    let no_flag = json!({"recipientAbonentCode": "2XX", "documents": [{"documentId": fourth}]});
    desk.mig24
        .post("/api/v1/package-groups", &no_flag)
        .await
        .refuses(400, "whether the recipient must sign");
    let nobody = json!({"documents": [{"documentId": fourth, "needSign": true}]});
    desk.mig24
        .post("/api/v1/package-groups", &nobody)
        .await
        .refuses(400, "recipientAbonentCode");

    let org = json!({"email": "b@example.ru", "name": "B", "inn": "7811111111", "kpp": "781101001", "ogrn": "1"});
    let only = json!({"recipientOrg": org, "documents": [{"documentId": documents[0].0, "needSign": true}]});
    let updated = desk.mig24.put(&group, &only).await.json();
    assert_eq!(
        (
            &updated["recipientOrg"]["inn"],
            updated["packages"].as_array().unwrap().len()
        ),
        (&json!("7811111111"), 1)
    );

    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    assert_eq!(
        desk.finish(&group_id, &prepared, desk.signatures(&documents[..1]))
            .await
            .status,
        200
    );
    desk.mig24.delete(&group).await.refuses(409, "signed already");
    let (other, _) = desk.group().await;
    assert_eq!(
        desk.mig24
            .delete(&format!("/api/v1/package-groups/{other}"))
            .await
            .status,
        204
    );
    assert_eq!(
        desk.mig24
            .get(&format!("/api/v1/package-groups/{other}/info"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn documents_are_kept_under_the_clients_ids() {
    let desk = Desk::open(Family::P256);
    let id = desk.upload(b"letter").await;
    let path = format!("/api/v1/documents/{id}");
    assert_eq!(desk.mig24.get(&format!("{path}/file")).await.body, b"letter");
    assert_eq!(desk.mig24.get(&path).await.json()["name"], "letter.txt");
    assert_eq!(
        desk.mig24
            .upload(&format!("{path}/informal"), "file", "letter.txt", b"letter")
            .await
            .status,
        200
    );
    desk.mig24
        .upload(&format!("{path}/informal"), "file", "letter.txt", b"other")
        .await
        .refuses(409, "another content");
    assert_eq!(desk.sandbox.summary().mig24.repeated_uploads, 1);

    let detected = Uuid::new_v4();
    let url = desk.mig24.url(&format!("/api/v1/documents/{detected}?fileName=a.xml"));
    let request = desk.mig24.http.post(url).body("<?xml version=\"1.0\"?><a/>");
    assert_eq!(desk.mig24.send(request).await.unwrap().json()["type"], "Formal");
    let upd = Uuid::new_v4();
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(upd));
    assert_eq!(
        desk.mig24
            .post("/api/v1/documents/upd", &Value::Object(body))
            .await
            .json()["type"],
        "Upd"
    );
    let picture = desk
        .mig24
        .get(&format!("/api/v1/documents/upd/draft-visualization/{upd}"))
        .await;
    assert!(picture.text().starts_with("%PDF-"));
    assert_eq!(
        desk.mig24
            .get("/api/v1/documents")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn the_service_signs_for_a_user_a_container_or_sends_a_link() {
    let desk = Desk::open(Family::P256);
    let org = desk.sandbox.announcement().organisation_id;
    let users = desk.mig24.get(&format!("/{org}/users")).await.json();
    assert_eq!(users[0]["certContainerName"], "box");
    let one = format!("/api/v1/orgs/{org}/users/{}", users[1]["userId"].as_str().unwrap());
    assert_eq!(desk.mig24.get(&one).await.json()["snils"], "15989387255");

    let (by_user, _) = desk.group().await;
    let body = json!({"packageGroupId": by_user, "userId": users[0]["userId"]});
    assert_eq!(
        desk.mig24.post("/api/v1/sign/package-group/user", &body).await.status,
        200
    );
    assert_eq!(desk.state(&by_user).await, "Sent");
    let (by_link, _) = desk.group().await;
    let body = json!({"packageGroupId": by_link, "userId": users[1]["userId"]});
    assert_eq!(
        desk.mig24.post("/api/v1/sign/package-group/user", &body).await.status,
        200
    );
    assert_eq!(desk.state(&by_link).await, "WaitingForUser");
    let (by_container, _) = desk.group().await;
    let body = json!({"packageGroupId": by_container, "containerName": "box", "mchdInfoId": "m"});
    assert_eq!(desk.mig24.post("/api/v1/sign/package-group", &body).await.status, 200);
    desk.mig24
        .post("/api/v1/sign/package-group", &body)
        .await
        .refuses(409, "signed already");
    assert_eq!(desk.state(&by_container).await, "Sent");
}

#[tokio::test]
async fn a_sent_group_is_delivered_after_a_while() {
    let desk = Desk::open(Family::P256);
    desk.behave(Mig24Behaviour {
        delivered_after_seconds: Some(0),
        ..Mig24Behaviour::default()
    });
    let (group_id, documents) = desk.group().await;
    let prepared = desk.prepare(&group_id, &desk.employee).await.json();
    assert_eq!(
        desk.finish(&group_id, &prepared, desk.signatures(&documents))
            .await
            .status,
        200
    );
    assert_eq!(desk.state(&group_id).await, "Delivered");
}
