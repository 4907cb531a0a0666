//! What the services do wrong: each a true error with its own code, nothing signed that should not be.

use serde_json::{Value, json};
use tokensign_tests::sandbox::{Action, FaultRule, RedeliveredAnswer, When};

use crate::services::{finishes, saves, start_idocs, start_mig24};
use crate::world::Business;

/// Runs a scenario that must end before any question, and gives the fault's code.
async fn fails_unasked(business: &Business, mig24: bool) -> String {
    let path = if mig24 {
        start_mig24(business).await
    } else {
        start_idocs(business).await
    };
    let job = business.world.agent.settled(&path).await;
    assert!(business.world.agent.waiting().await.is_empty(), "nobody is asked");
    assert!(matches!(job["state"].as_str(), Some("failed" | "stopped")), "{job}");
    assert!(
        !job["fault"]["what_to_do"].as_str().unwrap_or_default().is_empty(),
        "{job}"
    );
    job["fault"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{job}"))
        .to_owned()
}

async fn with_fault(rule: FaultRule) -> Business {
    Business::with(|config| config.faults.push(rule), "", &[]).await
}

#[tokio::test]
async fn no_ticket_stops_before_the_pin() {
    let business = with_fault(FaultRule::on("POST", "content-to-sign/generate", Action::NoTicket)).await;
    assert_eq!(fails_unasked(&business, false).await, "ticket_missing");
}

#[tokio::test]
async fn a_download_link_to_another_host_gets_no_token() {
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("http://{}/content.zip", other.local_addr().unwrap());
    let action = Action::DownloadLink { link };
    let business = with_fault(FaultRule::on("POST", "content-to-sign/generate", action)).await;
    assert_eq!(fails_unasked(&business, false).await, "download_foreign_host");
    let connected = tokio::time::timeout(std::time::Duration::from_millis(200), other.accept()).await;
    assert!(connected.is_err(), "nothing was sent to the other host");
}

#[tokio::test]
async fn a_hash_of_the_wrong_length_signs_nothing() {
    let business = with_fault(FaultRule::on(
        "POST",
        "sign/package-group/prepare",
        Action::WrongDigestLength,
    ))
    .await;
    assert_eq!(fails_unasked(&business, true).await, "digest_length");
}

#[tokio::test]
async fn a_hash_of_another_document_signs_nothing() {
    let business = with_fault(FaultRule::on("POST", "sign/package-group/prepare", Action::WrongDigest)).await;
    assert_eq!(fails_unasked(&business, true).await, "prepare_unusable");
}

#[tokio::test]
async fn each_status_has_its_own_code() {
    let answer = |status, body: Value| Action::Answer {
        status,
        content_type: None,
        body,
        when: When::Before,
    };
    for (action, code) in [
        (answer(401, json!("")), "service_unauthorised"),
        (answer(402, json!("")), "service_billing"),
        (answer(403, json!("Оплаченный срок доступа истек")), "service_billing"),
        (answer(400, json!("no")), "service_refused"),
        (
            Action::HtmlPage {
                status: 200,
                when: When::Before,
            },
            "service_unreadable",
        ),
        (
            Action::HtmlPage {
                status: 404,
                when: When::Before,
            },
            "service_wrong_environment",
        ),
    ] {
        let business = with_fault(FaultRule::on("POST", "company-token", action.clone())).await;
        assert_eq!(fails_unasked(&business, false).await, code, "iDocs: {action:?}");
        let business = with_fault(FaultRule::on("POST", "sign/package-group/prepare", action.clone())).await;
        assert_eq!(fails_unasked(&business, true).await, code, "MIG24: {action:?}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_times_out() {
    let action = Action::Delay {
        millis: 60_000,
        when: When::Before,
    };
    let business = with_fault(FaultRule::on("POST", "company-token", action)).await;
    let path = start_idocs(&business).await;
    let timed_out = |job: &Value| {
        job["waiting"]["for"] == "waiting_to_retry" && job["steps"][0]["fault"]["code"] == "service_timeout"
    };
    business.world.agent.until(&path, timed_out).await;
}

#[tokio::test]
async fn a_passing_failure_is_overcome() {
    let action = Action::Answer {
        status: 500,
        content_type: None,
        body: json!(""),
        when: When::Before,
    };
    let rule = FaultRule::on("POST", "content-to-sign/generate", action).times(1);
    let business = with_fault(rule).await;
    let path = start_idocs(&business).await;
    business
        .world
        .agent
        .approve(&business.world.tokens.certificate("kz-director").pin)
        .await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}");
}

#[tokio::test]
async fn a_save_whose_answer_is_lost_is_not_repeated_when_it_arrived() {
    let rule = FaultRule::on("POST", "quick-sign/save", Action::Cut { when: When::After }).times(1);
    let business = with_fault(rule).await;
    let path = start_idocs(&business).await;
    business
        .world
        .agent
        .approve(&business.world.tokens.certificate("kz-director").pin)
        .await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}");
    let summary = business.sandbox.summary();
    assert_eq!(saves(&summary), 1, "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

#[tokio::test]
async fn a_save_that_did_not_arrive_is_repeated_with_the_same_ticket() {
    let rule = FaultRule::on("POST", "quick-sign/save", Action::Cut { when: When::Before }).times(1);
    let business = with_fault(rule).await;
    let path = start_idocs(&business).await;
    business
        .world
        .agent
        .approve(&business.world.tokens.certificate("kz-director").pin)
        .await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}");
    let summary = business.sandbox.summary();
    assert_eq!(saves(&summary), 1, "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

#[tokio::test]
async fn a_finish_whose_answer_is_lost_is_not_repeated_when_it_arrived() {
    let rule = FaultRule::on("POST", "sign/package-group/finish", Action::Cut { when: When::After }).times(1);
    let business = with_fault(rule).await;
    let path = start_mig24(&business).await;
    business
        .world
        .agent
        .approve(&business.world.tokens.certificate("gost-director").pin)
        .await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}");
    let summary = business.sandbox.summary();
    assert_eq!(finishes(&summary), 1, "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

/// A proxy delivers the request twice, and the agent sees the refusal of the second: the service is asked, and the job is done.
#[tokio::test]
async fn a_submission_that_is_refused_because_it_arrived_is_done() {
    for (mig24, call, signer) in [
        (false, "quick-sign/save", "kz-director"),
        (true, "sign/package-group/finish", "gost-director"),
    ] {
        let action = Action::DuplicateDelivery {
            answer: RedeliveredAnswer::Second,
        };
        let business = with_fault(FaultRule::on("POST", call, action)).await;
        let path = if mig24 {
            start_mig24(&business).await
        } else {
            start_idocs(&business).await
        };
        let pin = business.world.tokens.certificate(signer).pin;
        business.world.agent.approve(&pin).await;
        let job = business.world.agent.settled(&path).await;
        assert_eq!(job["state"], "finished", "{call}: {job}");
        let summary = business.sandbox.summary();
        let submitted = if mig24 { finishes(&summary) } else { saves(&summary) };
        assert_eq!(submitted, 1, "{call}: {summary:?}");
        assert!(summary.duplicates.is_empty(), "{call}: {summary:?}");
        let is_call = |request: &&tokensign_tests::sandbox::LoggedRequest| request.path.contains(call);
        let requests = business.sandbox.requests();
        assert_eq!(requests.iter().filter(is_call).count(), 1, "the agent sent it once");
    }
}

#[tokio::test]
async fn a_certificate_of_another_person_is_named_before_the_prompt() {
    let business = Business::with(|config| config.people.employees.clear(), "", &[]).await;
    assert_eq!(fails_unasked(&business, false).await, "employee_unknown");
    let business = Business::with(|config| "050140001234".clone_into(&mut config.company.bin), "", &[]).await;
    assert_eq!(fails_unasked(&business, false).await, "signer_mismatch");
}
