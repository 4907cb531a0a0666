//! Where the services' documents leave the behaviour open, every way in which they may answer: each is carried through, or is an error of
//! its own before anything is signed.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::sandbox::{
    Action, Behaviour, DownloadLink, ErrorStyle, FaultRule, Happened, HashEncoding, HashKind, IdocsBehaviour,
    JsonLabel, Mig24Behaviour, PrepareAnswer, PrepareLayout, RunningSandbox, SandboxConfig, SignatureForm, When,
};

use crate::services::{finishes, saves, start_idocs, start_mig24};
use crate::world::Business;

/// Sends a file through iDocs, approves, and sees it finished and saved once.
async fn idocs_is_carried_through(business: &Business, what: &str) {
    let path = start_idocs(business).await;
    let pin = business.world.tokens.certificate("kz-director").pin;
    business.world.agent.approve(&pin).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{what}: {job}");
    let summary = business.sandbox.summary();
    assert_eq!(saves(&summary), 1, "{what}: {summary:?}");
    assert!(summary.duplicates.is_empty(), "{what}: {summary:?}");
}

/// The same with three files and MIG24.
async fn mig24_is_carried_through(business: &Business, what: &str) -> Value {
    let path = start_mig24(business).await;
    let pin = business.world.tokens.certificate("gost-director").pin;
    business.world.agent.approve(&pin).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{what}: {job}");
    let summary = business.sandbox.summary();
    assert_eq!(finishes(&summary), 1, "{what}: {summary:?}");
    assert!(summary.duplicates.is_empty(), "{what}: {summary:?}");
    job
}

/// The world as it is set, empty again after each use.
async fn behaving(business: &Business, behaviour: Behaviour) {
    business.sandbox.reset().unwrap();
    business.sandbox.set_behaviour(behaviour);
}

async fn mig24_behaving(business: &Business, mig24: Mig24Behaviour) {
    let behaviour = Behaviour {
        mig24,
        ..Behaviour::default()
    };
    behaving(business, behaviour).await;
}

#[tokio::test]
async fn every_way_in_which_idocs_may_answer_is_understood() {
    let mut business = Business::new().await;
    // A link may lead to another host when the profile names it.
    let (storage, asked) = storage_of(&business.sandbox);
    let configuration = business.world.tokens.configuration();
    let text = std::fs::read_to_string(&configuration).unwrap();
    let named = format!("[idocs.test]\ndownload_hosts = [\"{storage}\"]\n");
    std::fs::write(&configuration, text.replace("[idocs.test]\n", &named)).unwrap();
    business.world.restart(&[]).await;
    let elsewhere = format!("http://{storage}");

    let usual = IdocsBehaviour::default();
    let ways = [
        (
            "application/json",
            IdocsBehaviour {
                json_label: JsonLabel::ApplicationJson,
                ..usual.clone()
            },
        ),
        (
            "bodies that are not empty",
            IdocsBehaviour {
                empty_bodies: false,
                ..usual.clone()
            },
        ),
        (
            "dates in milliseconds",
            IdocsBehaviour {
                dates_in_milliseconds: true,
                ..usual.clone()
            },
        ),
        (
            "either form of signature",
            IdocsBehaviour {
                signature_form: SignatureForm::Any,
                ..usual.clone()
            },
        ),
        (
            "a relative link",
            IdocsBehaviour {
                download_link: DownloadLink::Relative,
                ..usual.clone()
            },
        ),
        (
            "a link with two slashes",
            IdocsBehaviour {
                download_link: DownloadLink::DoubleSlash { served: true },
                ..usual.clone()
            },
        ),
        (
            "a link with two slashes that is none",
            IdocsBehaviour {
                download_link: DownloadLink::DoubleSlash { served: false },
                ..usual.clone()
            },
        ),
        (
            "a link to a host of the profile",
            IdocsBehaviour {
                download_link: DownloadLink::OtherHost { base_url: elsewhere },
                ..usual
            },
        ),
    ];
    for (what, idocs) in ways {
        behaving(
            &business,
            Behaviour {
                idocs,
                ..Behaviour::default()
            },
        )
        .await;
        idocs_is_carried_through(&business, what).await;
    }
    let asked = asked.lock().unwrap().to_lowercase();
    assert!(asked.starts_with("get /api/v3/sync/sign-content/download/"), "{asked}");
    assert!(
        !asked.contains("authorization"),
        "the token goes to the service alone: {asked}"
    );
}

/// A host that keeps the contents for the service, and what it was asked for.
fn storage_of(sandbox: &RunningSandbox) -> (SocketAddr, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&asked);
    let (service, token) = (sandbox.address(), sandbox.idocs_token().expose().to_owned());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = vec![0; 16 << 10];
            let size = client.read(&mut head).unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..size]).into_owned();
            told.lock().unwrap().push_str(&head);
            let mut service = TcpStream::connect(service).unwrap();
            let fetched = head.replace(
                "\r\n\r\n",
                &format!("\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"),
            );
            service.write_all(fetched.as_bytes()).unwrap();
            let _ = std::io::copy(&mut service, &mut client);
        }
    });
    (address, asked)
}

/// What a service says of its refusal reaches the person, in whatever shape.
#[tokio::test]
async fn a_refusal_in_every_shape_is_told() {
    let business = Business::new().await;
    for error_style in [
        ErrorStyle::Message,
        ErrorStyle::Error,
        ErrorStyle::Problem,
        ErrorStyle::Text,
    ] {
        let behaviour = Behaviour {
            idocs: IdocsBehaviour {
                error_style,
                signature_form: SignatureForm::Attached,
                ..IdocsBehaviour::default()
            },
            mig24: Mig24Behaviour {
                error_style,
                ..Mig24Behaviour::default()
            },
        };
        behaving(&business, behaviour).await;
        let path = start_idocs(&business).await;
        let pin = business.world.tokens.certificate("kz-director").pin;
        business.world.agent.approve(&pin).await;
        let job = business.world.agent.settled(&path).await;
        assert_eq!(
            (&job["state"], &job["fault"]["code"]),
            (&json!("failed"), &json!("service_refused")),
            "{job}"
        );
        let effects = business.sandbox.effects();
        let reason = effects.iter().rev().find_map(|effect| match &effect.happened {
            Happened::SaveRefused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        let reason = reason.unwrap();
        assert!(
            job["fault"].to_string().contains(&reason),
            "{error_style:?}: {reason:?} is not in {job}"
        );
        assert_eq!(job["fault"]["left_behind"]["sent"], false, "{job}");

        let none = "/v1/mig24/test/documents/00000000-0000-4000-8000-000000000000/file";
        let answer = business.world.agent.owner(Method::GET, none).send().await.unwrap();
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "no_such_item", "{error_style:?}: {problem}");
    }
}

#[tokio::test]
async fn a_body_in_pieces_is_read_and_one_that_breaks_off_is_asked_for_again() {
    let slow = Action::SlowBody {
        chunk_bytes: 7,
        pause_millis: 2,
    };
    let cut = |path: &str| {
        FaultRule {
            method: None,
            ..FaultRule::on("", path, Action::Cut { when: When::During })
        }
        .nth(1)
    };
    let business = Business::new().await;
    business.sandbox.faults([FaultRule {
        method: None,
        ..FaultRule::on("", "/api/", slow)
    }]);
    idocs_is_carried_through(&business, "slow").await;
    mig24_is_carried_through(&business, "slow").await;
    // In the middle of a reading answer, of the content, and of an answer to what must happen once.
    for path in ["company-employees", "sign-content/download", "outbox/document/create"] {
        behaving(&business, Behaviour::default()).await;
        business.sandbox.faults([cut(path)]);
        idocs_is_carried_through(&business, path).await;
    }
    for path in ["sign/package-group/prepare", "/file", "package-groups"] {
        behaving(&business, Behaviour::default()).await;
        business.sandbox.faults([cut(path)]);
        mig24_is_carried_through(&business, path).await;
    }
}

#[tokio::test]
async fn every_shape_of_the_hashes_is_read() {
    let business = Business::new().await;
    let usual = PrepareAnswer::default();
    let some = |member: &str| Some(member.to_owned());
    let shapes = [
        PrepareAnswer {
            layout: PrepareLayout::Packages,
            list_member: some("packages"),
            ..usual.clone()
        },
        PrepareAnswer {
            layout: PrepareLayout::Map,
            ..usual.clone()
        },
        PrepareAnswer {
            layout: PrepareLayout::Bare,
            list_member: None,
            session_member: None,
            ..usual.clone()
        },
        PrepareAnswer {
            list_member: None,
            session_member: None,
            ..usual.clone()
        },
        PrepareAnswer {
            list_member: some("documents"),
            id_member: "id".to_owned(),
            hash_member: "digest".to_owned(),
            ..usual.clone()
        },
        PrepareAnswer {
            list_member: some("items"),
            id_member: "fileId".to_owned(),
            hash_member: "dataToSign".to_owned(),
            ..usual.clone()
        },
        PrepareAnswer {
            encoding: HashEncoding::Hex,
            algorithm_member: some("oid"),
            ..usual.clone()
        },
        PrepareAnswer {
            encoding: HashEncoding::Base64url,
            algorithm_member: None,
            session_member: some("sessionId"),
            ..usual
        },
    ];
    for prepare_answer in shapes {
        let what = format!("{prepare_answer:?}");
        let mig24 = Mig24Behaviour {
            prepare_answer,
            ..Mig24Behaviour::default()
        };
        mig24_behaving(&business, mig24).await;
        mig24_is_carried_through(&business, &what).await;
    }
}

/// The three readings of what a hash is, each finished with what the service takes for it; `finish` may answer with a body.
#[tokio::test]
async fn every_reading_of_the_hashes_is_finished() {
    for (kind, hash_kind, more) in [
        ("content_digest", HashKind::ContentDigest, ""),
        ("auto", HashKind::ContentDigest, ""),
        ("auto", HashKind::SignedAttributes, "accept_signed_attributes = true\n"),
        (
            "signed_attributes",
            HashKind::SignedAttributes,
            "accept_signed_attributes = true\n",
        ),
        ("signed_attributes_digest", HashKind::SignedAttributesDigest, ""),
    ] {
        let change = |config: &mut SandboxConfig| {
            config.behaviour.mig24.hash_kind = hash_kind;
            config.behaviour.mig24.empty_finish_body = false;
        };
        let business = Business::with(change, &format!("hash_kind = \"{kind}\"\n{more}"), &[]).await;
        mig24_is_carried_through(&business, &format!("{kind}, {hash_kind:?}")).await;
    }
}

#[tokio::test]
async fn a_plan_that_has_ended_is_told_by_whatever_status() {
    let business = Business::new().await;
    for status in [401, 402, 403] {
        let mig24 = Mig24Behaviour {
            expired_plan_status: Some(status),
            ..Mig24Behaviour::default()
        };
        mig24_behaving(&business, mig24).await;
        let answer = business
            .world
            .agent
            .owner(Method::GET, "/v1/mig24/test/documents")
            .send()
            .await
            .unwrap();
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "service_billing", "{status}: {problem}");
    }
    // And iDocs by its code, in a success.
    behaving(&business, Behaviour::default()).await;
    let unpaid = Action::Answer {
        status: 200,
        content_type: None,
        body: json!({ "response": null, "errors": [{ "errorCode": "BILLING_ERROR", "errorDescription": "Нет оплаты" }] }),
        when: When::Before,
    };
    business
        .sandbox
        .faults([FaultRule::on("POST", "company-token", unpaid)]);
    let answer = business
        .world
        .agent
        .owner(Method::GET, "/v1/idocs/test/company")
        .send()
        .await
        .unwrap();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "service_billing", "{problem}");
}

/// Submitted and delivered are two things: the job ends with the first, the service tells of the second later.
#[tokio::test]
async fn a_delivery_is_told_when_the_service_tells_of_it() {
    let later = |config: &mut SandboxConfig| config.behaviour.mig24.delivered_after_seconds = Some(3);
    let business = Business::with(later, "", &[]).await;
    let job = mig24_is_carried_through(&business, "delivered later").await;
    assert_eq!(job["outcome"]["delivery"], "submitted", "{job}");
    let group = job["outcome"]["package_group_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{job}"))
        .to_owned();
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let path = format!("/v1/mig24/test/package-groups/{group}");
        let info = business.world.agent.get(&path).await;
        if info["delivery"] == "delivered" {
            break;
        }
        assert!(info["delivery"] == "submitted" && Instant::now() < until, "{info}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How `finish` names its members and lays them out, and who chooses a group's id, is the profile's.
#[tokio::test]
async fn what_is_finished_is_sent_in_the_shape_of_the_profile() {
    for shape in [
        "[mig24.test.shapes.finish]\nitems = \"map\"\nlist_field = \"items\"\ngroup_field = \"groupId\"\n",
        "[mig24.test.shapes.finish]\nitems = \"bare\"\n",
        "[mig24.test.shapes.finish]\nsignature_field = \"cms\"\n[mig24.test.shapes.group]\nid = \"service\"\n",
    ] {
        let business = Business::with(|_| {}, shape, &[]).await;
        mig24_is_carried_through(&business, shape).await;
    }
}

/// The service throws the content away while the person thinks: it is made again, and the same bytes keep the question. The new ticket is used.
#[tokio::test]
async fn a_content_that_is_made_again_with_the_same_bytes_keeps_the_question() {
    let soon = |config: &mut SandboxConfig| config.behaviour.idocs.dispose_after_seconds = 6;
    let business = Business::with(soon, "", &[]).await;
    let path = start_idocs(&business).await;
    let asked = business.world.agent.question("approve").await;
    let tickets = || -> Vec<String> {
        let effects = business.sandbox.effects();
        let generated = effects.iter().filter_map(|effect| match &effect.happened {
            Happened::ContentGenerated { ticket, .. } => Some(ticket.clone()),
            _ => None,
        });
        generated.collect()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while tickets().len() < 2 {
        assert!(Instant::now() < until, "{}", business.world.agent.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let pin = business.world.tokens.certificate("kz-director").pin;
    let question = business.world.agent.approve(&pin).await;
    assert_eq!(
        (&question["id"], &question["notice"]),
        (&asked["id"], &Value::Null),
        "the question stands"
    );
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}");
    let effects = business.sandbox.effects();
    let used = effects.iter().find_map(|effect| match &effect.happened {
        Happened::SignatureSaved { ticket, .. } => Some(ticket.clone()),
        _ => None,
    });
    assert_ne!(
        used.as_ref(),
        tickets().first(),
        "the ticket that was thrown away is not used"
    );
    assert_eq!(
        (
            saves(&business.sandbox.summary()),
            business.world.signed_as_approved().await
        ),
        (1, 1)
    );
}

/// A file that the service does not take is told before anybody is asked, in the service's words.
#[tokio::test]
async fn a_file_that_is_too_large_for_the_service_is_told() {
    let small = |config: &mut SandboxConfig| config.behaviour.idocs.upload_limit_bytes = 8;
    let business = Business::with(small, "", &[]).await;
    let path = start_idocs(&business).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(
        (&job["state"], &job["fault"]["code"]),
        (&json!("failed"), &json!("service_refused")),
        "{job}"
    );
    assert!(job["fault"].to_string().contains("UPLOADED_FILE_SIZE_ERROR"), "{job}");
    assert!(business.sandbox.summary().idocs.documents.is_empty() && business.world.agent.waiting().await.is_empty());
}
