use serde_json::json;

use crate::client::Request;
use crate::running::Running;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_mistake_is_a_problem() {
    let agent = Running::start().await;
    let id = "01920000-0000-7000-8000-000000000000";
    let get = |path: &str| agent.owned(&format!("GET {path}"));
    let post = |path: &str, body: &str| {
        agent
            .owned(&format!("POST {path}"))
            .header("Content-Type", "application/json")
            .body(body)
    };
    let cases: Vec<(Request, u16, &str)> = vec![
        (get("/"), 404, "not_found"),
        (get("/v1/nothing"), 404, "not_found"),
        (get("/v1/jobs/"), 404, "not_found"),
        (agent.owned("DELETE /v1/status"), 405, "method_not_allowed"),
        (agent.owned("PATCH /v1/jobs"), 405, "method_not_allowed"),
        (get("/v1/jobs/5"), 404, "no_such_item"),
        (get(&format!("/v1/jobs/{id}")), 404, "no_such_item"),
        (get(&format!("/v1/signatures/{id}")), 404, "no_such_item"),
        (
            get(&format!("/v1/signatures/{id}/documents/x/signature")),
            404,
            "no_such_item",
        ),
        (get(&format!("/v1/questions/{id}")), 404, "no_such_item"),
        (
            agent.owned(&format!("DELETE /v1/applications/{id}")),
            404,
            "no_such_item",
        ),
        (get("/v1/jobs?limit=x"), 400, "invalid_field"),
        (get("/v1/jobs?colour=red"), 400, "invalid_field"),
        (get("/v1/certificates?selector=%3D%3D"), 422, "invalid_selector"),
        (get("/v1/certificates?purpose=decryption"), 400, "invalid_field"),
        (get("/v1/questions/stream?prompter=telepathy"), 400, "invalid_field"),
        (get("/v1/questions/stream"), 400, "invalid_field"),
        (get("/v1/idocs/none/documents/5/status"), 404, "profile_unknown"),
        (get("/v1/mig24/none/package-groups/5"), 404, "profile_unknown"),
        (post("/v1/signatures", "{"), 400, "malformed_json"),
        (post("/v1/signatures", ""), 400, "malformed_json"),
        (post("/v1/signatures", "{}"), 400, "invalid_field"),
        (post("/v1/page-sessions", "[]"), 400, "invalid_field"),
        // An array is no object, whatever stands in it.
        (post("/v1/pairings", r#"["A",["sign"]]"#), 400, "invalid_field"),
        (
            post(
                "/v1/signatures",
                r#"{"documents":[["a",null,null,"AAAA",null,null,null,null]]}"#,
            ),
            400,
            "invalid_field",
        ),
        (post("/v1/page-sessions", r#"{"code":"guess"}"#), 401, "unpaired"),
        (
            post(&format!("/v1/questions/{id}/decision"), "{}"),
            400,
            "invalid_field",
        ),
        (
            post(
                "/v1/idocs/none/quick-signs",
                r#"{"document_id":"5","direction":"outgoing"}"#,
            ),
            404,
            "profile_unknown",
        ),
        (
            post("/v1/mig24/none/package-group-signatures", r#"{"package_group_id":"5"}"#),
            404,
            "profile_unknown",
        ),
        (post(&format!("/v1/jobs/{id}/retry"), "{}"), 404, "no_such_item"),
        (agent.request("GET /v1/jobs"), 401, "unpaired"),
        (
            agent.request("GET /v1/jobs").header("Authorization", "Basic YTpi"),
            401,
            "unpaired",
        ),
        (agent.owned("GET /v1/jobs").bearer(&agent.owner), 401, "unpaired"),
    ];
    for (request, status, code) in cases {
        let answer = agent.send(&request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{request:?}: {}",
            answer.json()
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_speak_the_callers_language() {
    let agent = Running::start().await;
    let title = async |language: &str| {
        let request = agent.request("GET /v1/nothing").header("Accept-Language", language);
        agent.send(&request).await.json()["title"].as_str().unwrap().to_owned()
    };
    let (ru, kk, en) = (title("ru-RU,en;q=0.5").await, title("kk").await, title("de").await);
    assert!(ru != kk && kk != en && ru != en, "{ru} {kk} {en}");
    assert!(en.is_ascii());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_field_is_told_in_the_callers_language() {
    let agent = Running::start().await;
    let document = |content: &str| json!({ "documents": [{ "name": "a", "content": content }] });
    for (body, ru, kk, en) in [
        (document("%"), "это не base64", "base64 түрінде емес", "is not base64"),
        (
            json!({ "documents": [] }),
            "число записей — от 1 до",
            "жазбалар саны — 1 мен",
            "has 1 to 10000 entries",
        ),
        (
            json!({ "documents": 7 }),
            "ожидается",
            "күтілген",
            "expected a sequence",
        ),
        (json!({}), "не указано", "көрсетілмеген", "is missing"),
    ] {
        for (language, told) in [("ru", ru), ("kk", kk), ("en", en)] {
            let request = agent.owned("POST /v1/signatures").json(&body);
            let problem = agent.send(&request.header("Accept-Language", language)).await.json();
            assert!(
                problem["title"].as_str().unwrap().contains(told),
                "{language}: {problem}"
            );
            assert_eq!(problem["reason"], en, "{problem}");
        }
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_in_a_wrong_place_is_never_repeated() {
    let agent = Running::start().await;
    let line = "POST /v1/questions/01920000-0000-7000-8000-000000000000/decision";
    let body = json!({ "decision": "approve", "shown": "0", "prompter": "terminal", "pin": 73_911_337 });
    let answer = agent.send(&agent.owned(line).json(&body)).await;
    assert_eq!(answer.code(), "invalid_field");
    assert_eq!(answer.json()["field"], "pin");
    assert!(!answer.json().to_string().contains("73911337"));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_needs_no_token_but_a_name() {
    let agent = Running::start().await;
    let jobs = agent
        .send_local(&Request::bare("GET /v1/jobs").header("Host", "localhost"))
        .await;
    assert_eq!(jobs.status, 200);
    assert_eq!(jobs.json(), json!({ "jobs": [] }));
    let rebound = agent
        .send_local(&Request::bare("GET /v1/jobs").header("Host", "evil.example"))
        .await;
    assert_eq!(rebound.code(), "wrong_host");
    let page = Request::bare("GET /v1/jobs")
        .header("Host", "localhost")
        .header("Origin", "https://evil.example");
    assert_eq!(agent.send_local(&page).await.code(), "foreign_origin");
    agent.stop().await;
}
