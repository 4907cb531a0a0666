//! Signatures made at the service: each under an approval that names documents, signer and power of attorney; no token is touched.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::sandbox::{Action, FaultRule, Happened, SandboxConfig, When};

use super::{call, done, group, office, with_container, without_container};
use crate::world::Business;

async fn start(business: &Business, request: Value) -> String {
    let job = done(business, Method::POST, "remote-signatures", Some(request)).await;
    format!("/v1/jobs/{}", job["id"].as_str().unwrap())
}

async fn approved(business: &Business) -> Value {
    let question = business.world.agent.question("remote").await;
    let decided = business
        .world
        .agent
        .decide(&question, json!({ "decision": "approve" }))
        .await;
    decided.unwrap_or_else(|problem| panic!("{problem}"));
    question
}

fn signed_by_service(business: &Business) -> u64 {
    business
        .sandbox
        .summary()
        .mig24
        .groups
        .iter()
        .map(|group| group.signed_by_service)
        .sum()
}

#[tokio::test]
async fn a_container_signs_after_the_person_has_seen_what() {
    let business = office().await;
    let made = group(&business).await;
    let path = start(
        &business,
        json!({ "package_group_id": made, "container": "box", "mchd_info_id": "m-7" }),
    )
    .await;
    let question = approved(&business).await;
    assert_eq!(
        question["signer"],
        json!({ "means": "container", "name": "box", "power_of_attorney": "m-7" })
    );
    assert_eq!(question["documents"][0]["name"], "Акт.txt", "{question}");
    assert!(
        question["documents"]
            .as_array()
            .unwrap()
            .iter()
            .all(|document| document["seen"] == true)
    );
    assert_eq!(question["destination"]["effect"], "effect-mig24-remote");
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}\n{}", business.world.agent.log());
    assert_eq!(
        (&job["outcome"]["state"], &job["outcome"]["delivery"]),
        (&json!("submitted"), &json!("submitted"))
    );
    assert_eq!(signed_by_service(&business), 1);
    let effects = business.sandbox.effects();
    let asked = effects.iter().find_map(|effect| match &effect.happened {
        Happened::SignedByContainer {
            container,
            mchd_info_id,
            ..
        } => Some((container.clone(), mchd_info_id.clone())),
        _ => None,
    });
    assert_eq!(asked, Some(("box".to_owned(), Some("m-7".to_owned()))));
    let audit: Value = business.world.agent.get("/v1/audit?limit=100").await;
    let approval = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["kind"] == "approved");
    let approval = approval.unwrap_or_else(|| panic!("{audit}"));
    assert_eq!(
        (&approval["body"]["kind"], &approval["body"]["signer"]["name"]),
        (&json!("remote"), &json!("box"))
    );
}

/// What a document of the question says, as the page shows it.
async fn shown(business: &Business, question: &Value, index: usize) -> Value {
    let path = format!(
        "/v1/questions/{}/documents/{index}/preview",
        question["id"].as_str().unwrap()
    );
    let answer = business.world.agent.owner(Method::GET, &path).send().await.unwrap();
    answer.json().await.unwrap()
}

/// The person can look into each document, also when the question comes again after a restart; afterwards nothing of them is kept.
#[tokio::test]
async fn what_is_signed_at_the_service_can_be_looked_into() {
    let mut business = office().await;
    let made = group(&business).await;
    let path = start(&business, json!({ "package_group_id": made, "container": "box" })).await;
    for restarted in [false, true] {
        if restarted {
            business.world.agent.kill();
            business.world.agent = Agent::start(&business.world.tokens.configuration()).await;
        }
        let question = business.world.agent.question("remote").await;
        for (index, name) in ["Акт.txt", "Счёт.txt"].into_iter().enumerate() {
            let preview = shown(&business, &question, index).await;
            assert_eq!(
                (&preview["kind"], &preview["text"]),
                (&json!("text"), &json!(format!("{name}\n"))),
                "{restarted}: {preview}"
            );
        }
        assert_eq!(shown(&business, &question, 2).await["code"], "no_such_item");
    }
    let sealed = business.world.tokens.fixtures().directory().join("state/blobs");
    let files = || walk(&sealed).len();
    assert_eq!(files(), 2, "the documents of the open job");
    approved(&business).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}");
    let started = Instant::now();
    while files() > 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "the documents stay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn an_employee_signs_with_the_kept_certificate_or_by_a_link() {
    let business = office().await;
    for (user, means, state) in [
        (with_container(), "employee_certificate", "submitted"),
        (without_container(), "employee_link", "link_sent"),
    ] {
        let made = group(&business).await;
        let path = start(
            &business,
            json!({ "package_group_id": made, "user_id": user.user_id() }),
        )
        .await;
        let question = approved(&business).await;
        assert_eq!(question["signer"]["means"], means, "{question}");
        assert!(
            question["signer"]["name"].as_str().unwrap().contains(&user.full_name),
            "{question}"
        );
        assert_eq!(
            question["signer"].get("power_of_attorney"),
            user.mchd_info_id.map(Value::from).as_ref()
        );
        let job = business.world.agent.settled(&path).await;
        assert_eq!(
            (&job["state"], &job["outcome"]["state"]),
            (&json!("finished"), &json!(state)),
            "{job}"
        );
    }
    assert_eq!(signed_by_service(&business), 2);
    assert!(business.sandbox.summary().duplicates.is_empty());
}

#[tokio::test]
async fn a_refusal_asks_nothing_of_the_service() {
    let business = office().await;
    let made = group(&business).await;
    let path = start(&business, json!({ "package_group_id": made, "container": "box" })).await;
    let question = business.world.agent.question("remote").await;
    // A program may not say yes for the person.
    let unattended = business
        .world
        .agent
        .decide(&question, json!({ "decision": "approve", "prompter": "unattended" }))
        .await;
    assert_eq!(unattended.unwrap_err()["code"], "not_unattended");
    business
        .world
        .agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();
    let job = business.world.agent.settled(&path).await;
    assert_eq!(
        (&job["state"], &job["fault"]["left_behind"]["sent"]),
        (&json!("refused"), &json!(false)),
        "{job}"
    );
    assert_eq!(signed_by_service(&business), 0);
}

/// The answer is lost, before or after the effect: the group is looked at, and the service is asked again only when it is unsigned.
#[tokio::test]
async fn a_lost_answer_is_followed_by_a_look_at_the_group() {
    for when in [When::Before, When::After] {
        let business = office().await;
        let made = group(&business).await;
        business
            .sandbox
            .faults([FaultRule::on("POST", "/sign/package-group", Action::Cut { when }).nth(1)]);
        let path = start(&business, json!({ "package_group_id": made, "container": "box" })).await;
        approved(&business).await;
        let job = business.world.agent.settled(&path).await;
        assert_eq!(job["state"], "finished", "{when:?}: {job}");
        assert_eq!(signed_by_service(&business), 1, "{when:?}");
    }
}

/// The agent dies between the approval and the call: nobody is asked twice, the service once.
#[tokio::test]
async fn an_approval_outlives_the_agent() {
    for boundary in [
        "step:approve:effect",
        "step:approve:closed",
        "step:remote:opened",
        "step:remote:effect",
    ] {
        let people = |config: &mut SandboxConfig| config.people.users = vec![with_container()];
        let mut business = Business::with(people, "", &[("FAILPOINTS", &format!("{boundary}=return"))]).await;
        let made = group(&business).await;
        let path = start(&business, json!({ "package_group_id": made, "container": "box" })).await;
        let question = business.world.agent.question("remote").await;
        // The agent may be gone before it answers.
        let decision = business
            .world
            .agent
            .try_decide(&question, json!({ "decision": "approve" }));
        let _ = tokio::time::timeout(Duration::from_secs(5), decision).await;
        business.world.agent.wait_for_end().await;
        business.world.agent = Agent::start(&business.world.tokens.configuration()).await;
        let job = business.world.agent.settled(&path).await;
        assert_eq!(job["state"], "finished", "{boundary}: {job}");
        assert_eq!(signed_by_service(&business), 1, "{boundary}");
    }
}

#[tokio::test]
async fn a_request_that_names_no_signer_or_two_is_refused() {
    let business = office().await;
    let made = group(&business).await;
    let user = with_container().user_id();
    for wrong in [
        json!({ "package_group_id": made }),
        json!({ "package_group_id": made, "container": " " }),
        json!({ "package_group_id": made, "container": "box", "user_id": user }),
        json!({ "package_group_id": made, "user_id": user, "mchd_info_id": "m-1" }),
    ] {
        let (status, problem) = call(&business, Method::POST, "remote-signatures", Some(wrong.clone())).await;
        assert_eq!(
            (status, &problem["code"]),
            (400, &json!("invalid_field")),
            "{wrong}: {problem}"
        );
    }
    // Two at once: the second one finds the group claimed.
    let first = start(&business, json!({ "package_group_id": made, "container": "box" })).await;
    business.world.agent.question("remote").await;
    let second = start(&business, json!({ "package_group_id": made, "user_id": user })).await;
    let job = business.world.agent.settled(&second).await;
    assert_eq!(
        (&job["state"], &job["fault"]["code"]),
        (&json!("failed"), &json!("wrong_state")),
        "{job}"
    );
    approved(&business).await;
    assert_eq!(business.world.agent.settled(&first).await["state"], "finished");
    assert_eq!(signed_by_service(&business), 1);
}
