//! `mig24 explain`: the answer and its reading, nothing signed.

use reqwest::Method;
use serde_json::json;
use tokensign_tests::sandbox::{Behaviour, HashKind, Mig24Behaviour, PrepareAnswer, PrepareLayout};

use super::{call, done, group, office, printed, tokensign};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_explained_and_nothing_is_signed() {
    let business = office().await;
    let made = group(&business).await;
    let certificate = business.world.tokens.certificate("gost-director").fingerprint;
    let explained = printed(&business, &["explain", &made, "--cert", &certificate]);
    assert_eq!(explained["certificate"], certificate);
    assert_eq!(explained["given_back"], json!(["requestId"]));
    let items = explained["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{explained}");
    for item in items {
        assert_eq!(
            (&item["reading"], &item["agrees_with_file"]),
            (&json!("content_digest"), &json!(true)),
            "{item}"
        );
        assert!(item["algorithm"].as_str().unwrap().contains("streebog"), "{item}");
    }
    let hash = explained["answer"]["hashes"][0]["hash"].as_str().unwrap();
    assert!(hash.ends_with("(44 characters)"), "a hash is shown whole: {hash}");
    assert_eq!(explained["finish"]["signatures"].as_array().unwrap().len(), 2);
    let lines = tokensign(&business, &["explain", &made, "--cert", &certificate]);
    let lines = String::from_utf8_lossy(&lines.stdout).into_owned();
    assert!(lines.contains("content_digest") && lines.contains("Акт.txt"), "{lines}");

    let group_summary = business.sandbox.summary().mig24.groups[0].clone();
    assert_eq!((group_summary.prepares, group_summary.finishes), (2, 0));
    assert!(business.world.agent.waiting().await.is_empty(), "nobody is asked");
}

#[tokio::test]
async fn what_would_refuse_the_group_is_said() {
    let business = office().await;
    let made = group(&business).await;
    let certificate = business.world.tokens.certificate("gost-director").fingerprint;
    let path = format!("package-groups/{made}/explanations");
    let request = json!({ "certificate": certificate });
    let behave = |hash_kind, layout| {
        business.sandbox.set_behaviour(Behaviour {
            mig24: Mig24Behaviour {
                hash_kind,
                prepare_answer: PrepareAnswer {
                    layout,
                    ..PrepareAnswer::default()
                },
                ..Mig24Behaviour::default()
            },
            ..Behaviour::default()
        });
    };
    behave(HashKind::SignedAttributesDigest, PrepareLayout::List);
    let explained = done(&business, Method::POST, &path, Some(request.clone())).await;
    assert_eq!(explained["items"][0]["agrees_with_file"], false, "{explained}");
    assert_eq!(explained["items"][0]["problem"]["code"], "prepare_unusable");
    behave(HashKind::SignedAttributes, PrepareLayout::List);
    let explained = done(&business, Method::POST, &path, Some(request.clone())).await;
    assert_eq!(explained["items"][0]["problem"]["code"], "digest_length", "{explained}");
    behave(HashKind::ContentDigest, PrepareLayout::Bare);
    let explained = done(&business, Method::POST, &path, Some(request.clone())).await;
    assert_eq!(explained["items"][1]["label"], "#2", "{explained}");

    // While a job signs the group its hashes are not asked for again.
    let job = json!({ "package_group_id": made, "certificate": certificate });
    done(&business, Method::POST, "package-group-signatures", Some(job)).await;
    business.world.agent.question("approve").await;
    let (status, problem) = call(&business, Method::POST, &path, Some(request)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")), "{problem}");
}
