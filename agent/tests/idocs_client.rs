//! The iDocs client against every style of answer and every way to fail.

#![allow(clippy::unwrap_used)]

mod service_fakes;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokensign::config::IdocsProfile;
use tokensign::http_client::{Bearer, Download, DownloadedKind, Failure, FilePart, ServiceId};
use tokensign::idocs::{
    BlobReference, Direction, DocumentGroup, DocumentMetadata, GenerateContent, IdocsClient, NewDocument, SaveSignature,
};
use tokensign::messages::{Code, Fault};

use service_fakes::{Asked, Break, Fake, TOKEN, answer, bearer, breaking, class, config, nobody, redirect};

fn profile(base_url: &str) -> IdocsProfile {
    IdocsProfile {
        service: config(base_url),
        attached: false,
        download_hosts: Vec::new(),
        required_action_type: None,
        webhooks: None,
    }
}

fn client(base_url: &str) -> IdocsClient {
    IdocsClient::new("test", &profile(base_url), bearer()).unwrap()
}

fn id(text: &str) -> ServiceId {
    text.parse().unwrap()
}

fn new_document<'a>(blob: &'a ServiceId, author: &'a ServiceId) -> NewDocument<'a> {
    NewDocument {
        document_metadata: DocumentMetadata {
            document_name: "Договор",
            document_number: "5",
            document_date: 1_770_091_506,
            document_group: DocumentGroup::HumanResources,
            document_author_employee_id: Some(author),
        },
        document_binary_contents: vec![BlobReference { blob_id: blob }],
    }
}

async fn save(client: &IdocsClient) -> Result<(), Failure> {
    let (document, employee, blob) = (id("d-1"), id("e-1"), id("b-1"));
    let request = SaveSignature {
        document_id: &document,
        signed_by_employee_id: &employee,
        signature_binary_content: BlobReference { blob_id: &blob },
        idempotency_ticket: "ticket-1",
    };
    client.save_signature(Direction::Outgoing, &request).await
}

async fn whole(mut download: Download) -> Result<(Vec<u8>, DownloadedKind), Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = download.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes, download.kind()))
}

#[tokio::test]
async fn a_wrapped_answer_is_read_whatever_its_label() {
    let fake = Fake::answering(
        200,
        r#"{"response":{"blobId":"B-1","fileName":"a.pdf","somethingNew":1},"errors":null}"#,
    )
    .await;
    let part = FilePart::of_bytes("documentContent", "Счёт №5.pdf", "application/pdf", "content");
    let blob = client(&fake.base_url).upload_document(part).await.unwrap();
    assert_eq!(blob, id("b-1"), "ids are compared without regard to letter case");
    let asked = fake.only();
    assert_eq!(asked.path, "/api/v3/sync/blobs/document-content");
    assert!(asked.bears_the_token());
    let body = asked.text();
    assert!(
        body.contains(r#"name="documentContent"; filename="Счёт №5.pdf""#),
        "{body}"
    );
    assert!(body.contains("application/pdf") && body.contains("content"), "{body}");
}

#[tokio::test]
async fn a_file_is_streamed_with_its_length() {
    let fake = Fake::answering(200, r#"{"response":{"blobId":"b"}}"#).await;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![b'x'; 300_000]).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let part = FilePart::of_file("documentContent", "a.txt", "text/plain", file.into(), 300_000);
    client(&fake.base_url).upload_document(part).await.unwrap();
    let asked = fake.only();
    assert!(
        asked.header("content-length").is_some(),
        "no chunked encoding: {:?}",
        asked.headers
    );
    assert!(asked.body.len() > 300_000);
}

#[tokio::test]
async fn a_bare_answer_is_read_and_the_request_is_the_vendors() {
    let fake = Fake::answering(200, r#"{"id":"d-1","documentStatus":"DRAFT","documentNumber":"5"}"#).await;
    let (blob, author) = (id("b-1"), id("e-1"));
    let created = client(&fake.base_url)
        .create_document(&new_document(&blob, &author))
        .await
        .unwrap();
    assert_eq!(created.id, id("d-1"));
    let asked = fake.only();
    assert_eq!(asked.header("content-type"), Some("application/json-patch+json"));
    assert_eq!(
        asked.json(),
        json!({
            "documentMetadata": {
                "documentName": "Договор", "documentNumber": "5", "documentDate": 1_770_091_506,
                "documentGroup": "HR", "documentAuthorEmployeeId": "e-1",
            },
            "documentBinaryContents": [{ "blobId": "b-1" }],
        })
    );
}

#[tokio::test]
async fn a_save_may_be_answered_with_nothing() {
    for body in ["", "  ", "null", "{}", "OK", r#"{"response":{},"errors":[]}"#] {
        let fake = Fake::answering(200, body).await;
        save(&client(&fake.base_url)).await.unwrap();
        assert_eq!(
            fake.only().json(),
            json!({
                "documentId": "d-1", "signedByEmployeeId": "e-1", "idempotencyTicket": "ticket-1",
                "signatureBinaryContent": { "blobId": "b-1" },
            })
        );
    }
}

#[tokio::test]
async fn a_content_to_sign_is_read_with_milliseconds_too() {
    for (dispose_on, expected) in [("1770091506", true), ("1770091506123", true), ("null", false)] {
        let body =
            format!(r#"{{"documentId":"d","downloadLink":"/x","disposeOn":{dispose_on},"idempotencyTicket":null}}"#);
        let fake = Fake::start(move |_| answer(200, "text/plain", body.clone())).await;
        let (document, employee) = (id("d"), id("e"));
        let request = GenerateContent {
            document_id: &document,
            signed_by_employee_id: &employee,
        };
        let content = client(&fake.base_url)
            .generate_content(Direction::Incoming, &request)
            .await
            .unwrap();
        assert_eq!(content.dispose_on.0.map(|at| at.unix_timestamp()).is_some(), expected);
        assert_eq!(content.idempotency_ticket, None);
        assert_eq!(
            fake.only().path,
            "/api/v3/sync/external/inbox/signature/content-to-sign/generate"
        );
    }
}

#[tokio::test]
async fn errors_in_a_2xx_are_a_failure() {
    let wrapped =
        |code: &str| format!(r#"{{"response":null,"errors":[{{"errorCode":"{code}","errorDescription":"нет"}}]}}"#);
    for (code, expected) in [
        ("BILLING_ERROR", ("refused", Code::ServiceBilling)),
        ("VALIDATION_ERROR", ("refused", Code::ServiceRefused)),
        ("BRAND_NEW_ERROR", ("refused", Code::ServiceRefused)),
        ("INTERNAL_SERVER_ERROR", ("ambiguous", Code::ServiceFailed)),
    ] {
        let body = wrapped(code);
        let fake = Fake::start(move |_| answer(200, "text/plain", body.clone())).await;
        let failure = save(&client(&fake.base_url)).await.unwrap_err();
        assert_eq!(class(&failure), expected, "{code}");
        assert_eq!(
            failure.fault().args().get("service_code").map(String::as_str),
            Some(code)
        );
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let fake = Fake::start(|asked: &Asked| {
        let query = asked.json();
        let (skip, top) = (query["skip"].as_u64().unwrap(), query["top"].as_u64().unwrap());
        let items: Vec<Value> = (skip..(skip + top).min(250))
            .map(|n| json!({ "id": format!("e-{n}"), "nationalIdentificationNumber": null }))
            .collect();
        let page =
            json!({ "response": { "pageItems": items, "skip": skip, "top": top, "totalSize": 250 }, "errors": null });
        answer(200, "text/plain", page.to_string())
    })
    .await;
    assert_eq!(client(&fake.base_url).employees().await.unwrap().len(), 250);
    assert_eq!(fake.asked().len(), 3);
}

#[tokio::test]
async fn documents_are_found_by_number_and_name() {
    let fake = Fake::answering(
        200,
        r#"{"response":{"pageItems":[{"id":"1","documentNumber":"5","documentName":"a"},{"id":"2","documentNumber":"6"}],"totalSize":2}}"#,
    )
    .await;
    let found = client(&fake.base_url)
        .find_outgoing(10, 20, |document| document.document_number.as_deref() == Some("5"))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        fake.only().json(),
        json!({ "documentDateFrom": 10, "documentDateTo": 20, "skip": 0, "top": 100 })
    );
}

#[tokio::test]
async fn a_status_is_asked_by_the_documents_id() {
    let fake = Fake::answering(200, r#"{"documentStatus":"SENT_BY_SENDER"}"#).await;
    let status = client(&fake.base_url).document_status(&id("a/b")).await.unwrap();
    assert_eq!(status.as_str(), "SENT_BY_SENDER");
    assert_eq!(
        fake.only().path,
        "/api/v3/sync/single/document/GetDocumentStatusByDocumentId/a%2Fb"
    );
}

#[tokio::test]
async fn every_failure_has_its_class() {
    let cases = [
        (401, "", ("refused", Code::ServiceUnauthorised)),
        (402, "", ("refused", Code::ServiceBilling)),
        (400, "{\"message\":\"no route\"}", ("refused", Code::ServiceRefused)),
        (
            404,
            "<html><body>nginx</body></html>",
            ("refused", Code::ServiceWrongEnvironment),
        ),
        (429, "", ("ambiguous", Code::ServiceFailed)),
        (500, "{\"title\":\"Oops\"}", ("ambiguous", Code::ServiceFailed)),
        (
            502,
            "<html><title>Bad Gateway</title></html>",
            ("ambiguous", Code::ServiceFailed),
        ),
        (
            200,
            "<!DOCTYPE html><html><title>Log in</title></html>",
            ("ambiguous", Code::ServiceUnreadable),
        ),
    ];
    for (status, body, expected) in cases {
        let fake = Fake::answering(status, body).await;
        let failure = save(&client(&fake.base_url)).await.unwrap_err();
        assert_eq!(class(&failure), expected, "{status} {body}");
        assert_eq!(failure.fault().args().get("profile").map(String::as_str), Some("test"));
        assert_eq!(fake.asked().len(), 1, "nothing is repeated by the client");
    }
    for (base_url, expected) in [
        (nobody().await, ("not sent", Code::ServiceUnreachable)),
        (
            breaking(Break::AfterTheRequest).await,
            ("ambiguous", Code::ServiceUnreachable),
        ),
        (
            breaking(Break::InTheAnswer).await,
            ("ambiguous", Code::ServiceUnreachable),
        ),
        (breaking(Break::Silence).await, ("ambiguous", Code::ServiceTimeout)),
    ] {
        let failure = save(&client(&base_url)).await.unwrap_err();
        assert_eq!(class(&failure), expected, "{failure:?}");
    }
}

#[tokio::test]
async fn a_write_follows_no_redirect() {
    let fake = Fake::start(|_| redirect("/elsewhere")).await;
    let failure = save(&client(&fake.base_url)).await.unwrap_err();
    assert_eq!(class(&failure), ("refused", Code::ServiceUnreadable));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn a_missing_token_sends_nothing() {
    let fake = Fake::answering(200, "").await;
    let bearer = Bearer::new(|| Err(Fault::new(Code::ServiceTokenMissing)));
    let client = IdocsClient::new("test", &profile(&fake.base_url), bearer).unwrap();
    let failure = save(&client).await.unwrap_err();
    assert_eq!(class(&failure), ("not sent", Code::ServiceTokenMissing));
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn the_token_shows_in_no_error() {
    let fake = Fake::start(|asked: &Asked| {
        let echo = format!("bad request: {:?}", asked.headers);
        answer(400, "text/plain", echo)
    })
    .await;
    let client = client(&fake.base_url);
    let failure = save(&client).await.unwrap_err();
    assert!(format!("{failure:?}").contains("redacted"));
    let shown = format!("{failure:?} {client:?}");
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[tokio::test]
async fn a_content_is_downloaded_from_the_service_with_the_token() {
    let fake = Fake::start(|_| answer(200, "application/zip", &b"PK\x03\x04content"[..])).await;
    let client = client(&fake.base_url);
    for link in ["/content/1", &format!("{}/content/1", fake.base_url)] {
        let (bytes, kind) = whole(client.download(link).await.unwrap()).await.unwrap();
        assert_eq!(
            (bytes.as_slice(), kind),
            (&b"PK\x03\x04content"[..], DownloadedKind::Zip)
        );
    }
    assert!(fake.asked().iter().all(Asked::bears_the_token));
}

#[tokio::test]
async fn another_host_gets_neither_token_nor_request() {
    let other = Fake::answering(200, "PK\x03\x04").await;
    let to_other = format!("{}/content", other.base_url);
    let target = to_other.clone();
    let fake = Fake::start(move |_| redirect(&target)).await;
    let client = client(&fake.base_url);
    for link in [
        to_other.as_str(),
        "/redirects-to-the-other",
        "http://service.example/content",
        "https://service.example/content",
        "//service.example/content",
        "file:///etc/passwd",
        "ftp://127.0.0.1/content",
    ] {
        let failure = client.download(link).await.unwrap_err();
        let expected = if link.starts_with("file:") {
            Code::ServiceUnreadable
        } else {
            Code::DownloadForeignHost
        };
        assert_eq!(class(&failure), ("refused", expected), "{link}");
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn an_allowed_host_gets_the_request_without_the_token() {
    let other = Fake::answering(200, "PK\x03\x04").await;
    let fake = Fake::answering(200, "").await;
    let mut profile = profile(&fake.base_url);
    profile.download_hosts = vec![other.base_url.trim_start_matches("http://").to_owned()];
    let client = IdocsClient::new("test", &profile, bearer()).unwrap();
    let link = format!("{}/content", other.base_url);
    whole(client.download(&link).await.unwrap()).await.unwrap();
    assert_eq!(other.only().header("authorization"), None);
}

#[tokio::test]
async fn a_double_slash_is_tried_as_it_is_and_then_collapsed() {
    let fake = Fake::start(|asked: &Asked| {
        if asked.path.contains("//") {
            answer(404, "text/plain", "")
        } else {
            answer(200, "application/zip", &b"PK\x03\x04"[..])
        }
    })
    .await;
    let link = format!("{}//api/content", fake.base_url);
    whole(client(&fake.base_url).download(&link).await.unwrap())
        .await
        .unwrap();
    let paths: Vec<_> = fake.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["//api/content", "/api/content"]);
}

#[tokio::test]
async fn what_is_no_content_is_told() {
    for (body, kind) in [
        ("", DownloadedKind::Empty),
        ("<html>gone</html>", DownloadedKind::Page),
        ("{\"errors\":[]}", DownloadedKind::Json),
        ("%PDF-1.7", DownloadedKind::Other),
    ] {
        let fake = Fake::answering(200, body).await;
        let (_, found) = whole(client(&fake.base_url).download("/c").await.unwrap())
            .await
            .unwrap();
        assert_eq!(found, kind, "{body}");
    }
    let failure = whole(
        client(&breaking(Break::InTheAnswer).await)
            .download("/c")
            .await
            .unwrap(),
    )
    .await
    .unwrap_err();
    assert_eq!(class(&failure), ("ambiguous", Code::ServiceUnreachable));
}

#[tokio::test]
async fn a_server_with_an_unknown_authority_is_sent_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let openssl = |arguments: &[&str]| {
        let run = Command::new("openssl").args(arguments).current_dir(dir.path()).output();
        let run = run.expect("openssl is missing: apt-get install -y openssl");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut server = Command::new("openssl")
        .args([
            "s_server",
            "-quiet",
            "-www",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-cert",
            "cert.pem",
            "-key",
            "key.pem",
        ])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let base_url = format!("https://127.0.0.1:{port}");
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let distrusting = client(&base_url).document_status(&id("d")).await.unwrap_err();
    let mut trusting = profile(&base_url);
    trusting.service.extra_ca = Some(at("cert.pem"));
    let trusting = IdocsClient::new("test", &trusting, bearer()).unwrap();
    let answered = trusting.document_status(&id("d")).await.unwrap_err();
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(
        class(&distrusting),
        ("not sent", Code::ServiceUnreachable),
        "{distrusting:?}"
    );
    // The page of `s_server -www`: TLS worked.
    assert_eq!(answered.fault().code(), Code::ServiceUnreadable, "{answered:?}");
}

#[tokio::test]
async fn a_profile_that_cannot_be_used_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let broken = |change: fn(&mut IdocsProfile)| {
        let mut profile = profile("https://service.example");
        change(&mut profile);
        IdocsClient::new("test", &profile, bearer()).unwrap_err()
    };
    let no_pem = dir.path().join("ca.pem");
    std::fs::write(&no_pem, "not PEM").unwrap();
    let mut with_ca = profile("https://service.example");
    with_ca.service.extra_ca = Some(no_pem);
    for fault in [
        broken(|profile| "http://service.example".clone_into(&mut profile.service.base_url)),
        broken(|profile| profile.service.proxy = Some("not a proxy".to_owned())),
        broken(|profile| profile.service.extra_ca = Some("/nonexistent/ca.pem".into())),
        IdocsClient::new("test", &with_ca, bearer()).unwrap_err(),
    ] {
        assert_eq!(fault.code(), Code::ConfigInvalid);
        assert!(fault.args().contains_key("reason"), "{fault}");
    }
}
