//! The rules that the tables keep: approvals, grants, applications, idempotency keys, claims.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokensign::messages::Code;
use tokensign::platform::Deadline;
use tokensign::store::applications::{self, NewApplication};
use tokensign::store::approvals::{self, ApprovalState, ItemState, NewApproval, NewItem};
use tokensign::store::grants::{self, NewGrant};
use tokensign::store::{Store, idempotency};
use uuid::Uuid;

fn store() -> (TempDir, Store) {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

fn approval(request_key: &str, digests: usize) -> NewApproval {
    let item = |n: usize| NewItem {
        kind: "content".to_owned(),
        algorithm: "sha256".to_owned(),
        digest: vec![n.to_le_bytes()[0]; 32],
        name: Some(format!("document {n}")),
        tbs: None,
    };
    NewApproval {
        id: Uuid::new_v4(),
        request_key: request_key.to_owned(),
        kind: "local".to_owned(),
        caller: json!({ "name": "test" }),
        application: Some(Uuid::new_v4()),
        purpose: "signature".to_owned(),
        certificate: "ab".repeat(32),
        token: None,
        deadline: Deadline::after(Duration::from_secs(60)),
        job: None,
        from_grant: None,
        items: (0..digests).map(item).collect(),
    }
}

#[tokio::test]
async fn an_approved_digest_is_signed_once() {
    let (dir, store) = store();
    let new = approval("request", 2);
    let id = new.id;
    store.write(move |tx| approvals::insert(tx, &new)).await.unwrap();

    let not_begun = store
        .write(move |tx| approvals::mark_signed(tx, id, [(0, b"value".as_slice())]))
        .await;
    assert_eq!(not_begun.unwrap_err().code(), Code::WrongState);
    assert_eq!(
        store
            .write(move |tx| approvals::mark_signing(tx, id, 0, b"first"))
            .await
            .unwrap(),
        1
    );
    // The agent crashed between the token's answer and the commit: the same digest is sent again.
    assert_eq!(
        store
            .write(move |tx| approvals::mark_signing(tx, id, 0, b"second"))
            .await
            .unwrap(),
        2
    );
    store
        .write(move |tx| approvals::mark_signed(tx, id, [(0, b"value".as_slice())]))
        .await
        .unwrap();
    for again in [
        store
            .write(move |tx| approvals::mark_signed(tx, id, [(0, b"other".as_slice())]))
            .await,
        store
            .write(move |tx| approvals::mark_signing(tx, id, 0, b"third").map(drop))
            .await,
        store
            .write(move |tx| approvals::mark_signing(tx, id, 7, b"no such item").map(drop))
            .await,
    ] {
        assert_eq!(again.unwrap_err().code(), Code::WrongState);
    }

    let found = store.read(|c| approvals::live(c, "request")).await.unwrap().unwrap();
    assert_eq!(found.items[0].state, ItemState::Signed);
    assert_eq!(found.items[0].tbs.as_deref(), Some(b"second".as_slice()));
    assert_eq!(found.items[0].value.as_deref(), Some(b"value".as_slice()));
    assert_eq!(found.items[1].state, ItemState::Approved);
    store
        .write(move |tx| {
            approvals::mark_signing(tx, id, 1, b"tbs")?;
            approvals::mark_signed(tx, id, [(1, b"value".as_slice())])
        })
        .await
        .unwrap();
    let closed = store.read(move |c| approvals::find(c, id)).await.unwrap().unwrap();
    assert_eq!(
        closed.state,
        ApprovalState::Closed,
        "the last value closes the approval"
    );
    assert!(store.read(|c| approvals::live(c, "request")).await.unwrap().is_none());

    // The schema itself keeps the rules, whatever code comes by.
    drop(store);
    let raw = Connection::open(dir.path().join("tokensign.sqlite")).unwrap();
    for change in [
        "UPDATE approval_items SET value = x'00' WHERE n = 0",
        "UPDATE approval_items SET state = 'approved', tbs = NULL, value = NULL, signed_at = NULL WHERE n = 0",
        "UPDATE approval_items SET digest = x'00'",
        "UPDATE approvals SET certificate = 'other'",
        "UPDATE approvals SET state = 'live'",
    ] {
        assert!(raw.execute(change, []).is_err(), "{change}");
    }
}

#[tokio::test]
async fn a_request_has_one_live_approval_and_a_withdrawn_one_signs_nothing() {
    let (_dir, store) = store();
    let (first, second) = (approval("request", 1), approval("request", 1));
    let (id, again) = (first.id, second.clone());
    store.write(move |tx| approvals::insert(tx, &first)).await.unwrap();
    let refused = store.write(move |tx| approvals::insert(tx, &second)).await;
    assert_eq!(refused.unwrap_err().code(), Code::WrongState);
    store.write(move |tx| approvals::withdraw(tx, id)).await.unwrap();
    let refused = store.write(move |tx| approvals::mark_signing(tx, id, 0, b"tbs")).await;
    assert_eq!(refused.unwrap_err().code(), Code::WrongState);
    store.write(move |tx| approvals::insert(tx, &again)).await.unwrap();
}

#[tokio::test]
async fn a_grant_allows_no_more_than_its_limits() {
    let (_dir, store) = store();
    let grant = NewGrant {
        id: Uuid::new_v4(),
        application: None,
        certificate: "ab".repeat(32),
        service: Some("idocs".to_owned()),
        profile: None,
        document_kind: None,
        max_uses: 5,
        deadline: Deadline::after(Duration::from_secs(60)),
    };
    let id = grant.id;
    let passed = NewGrant {
        id: Uuid::new_v4(),
        deadline: Deadline::after(Duration::ZERO),
        ..grant.clone()
    };
    store
        .write(move |tx| {
            grants::insert(tx, &passed)?;
            grants::insert(tx, &grant)
        })
        .await
        .unwrap();
    assert_eq!(store.write(move |tx| grants::consume(tx, id, 3)).await.unwrap(), 2);
    let too_many = store.write(move |tx| grants::consume(tx, id, 3)).await;
    assert_eq!(too_many.unwrap_err().code(), Code::WrongState);
    assert_eq!(store.read(grants::list).await.unwrap().len(), 1);
    assert_eq!(
        store
            .write(move |tx| grants::end(tx, Some(id), "locked"))
            .await
            .unwrap(),
        [id]
    );
    let ended = store.write(move |tx| grants::consume(tx, id, 1)).await;
    assert_eq!(ended.unwrap_err().code(), Code::WrongState);
    let others = store.write(|tx| grants::end(tx, None, "locked")).await.unwrap();
    assert_eq!(others.len(), 1, "the other one, whose time is over");
    assert!(store.read(grants::list).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_revoked_or_expired_application_is_nobody() {
    let (_dir, store) = store();
    let new = |token: u8, expires_at| NewApplication {
        id: Uuid::new_v4(),
        name: format!("application {token}"),
        origin: Some("https://example.kz".to_owned()),
        permissions: vec!["sign".to_owned()],
        token_hash: [token; 32],
        expires_at,
    };
    let (lasting, expired) = (
        new(1, None),
        new(2, Some(OffsetDateTime::now_utc() - Duration::from_secs(1))),
    );
    let (id, twin) = (lasting.id, new(1, None));
    store
        .write(move |tx| {
            applications::insert(tx, &lasting)?;
            applications::insert(tx, &expired)
        })
        .await
        .unwrap();
    let twin = store.write(move |tx| applications::insert(tx, &twin)).await;
    assert_eq!(twin.unwrap_err().code(), Code::WrongState);
    let by_token = |token: u8| store.read(move |c| applications::by_token_hash(c, &[token; 32]));
    let found = by_token(1).await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.permissions, found.last_used_at),
        (id, vec!["sign".to_owned()], None)
    );
    assert!(by_token(2).await.unwrap().is_none());
    store
        .write(move |tx| {
            applications::touch(tx, id)?;
            applications::rename(tx, id, "renamed")
        })
        .await
        .unwrap();
    let found = store.read(move |c| applications::find(c, id)).await.unwrap().unwrap();
    assert_eq!(found.name, "renamed");
    assert!(found.last_used_at.is_some());
    assert!(
        store
            .read(|c| applications::is_origin_paired(c, "https://example.kz"))
            .await
            .unwrap()
    );
    store.write(move |tx| applications::revoke(tx, id)).await.unwrap();
    assert!(by_token(1).await.unwrap().is_none());
    assert!(
        !store
            .read(|c| applications::is_origin_paired(c, "https://example.kz"))
            .await
            .unwrap()
    );
    assert_eq!(
        store
            .write(move |tx| applications::revoke(tx, id))
            .await
            .unwrap_err()
            .code(),
        Code::NoSuchItem
    );
}

#[tokio::test]
async fn an_idempotency_key_names_one_request_for_a_day() {
    let (dir, store) = store();
    let application = Some(Uuid::new_v4());
    let find = |application, fingerprint: u8| {
        store.read(move |c| idempotency::find(c, application, "key", &[fingerprint; 32]))
    };
    assert_eq!(find(application, 1).await.unwrap(), None);
    let reserve = |application, fingerprint: u8| {
        store.write(move |tx| idempotency::reserve(tx, application, "key", &[fingerprint; 32], None))
    };
    reserve(application, 1).await.unwrap();
    assert_eq!(
        reserve(application, 1).await.unwrap_err().code(),
        Code::IdempotencyInProgress
    );
    assert_eq!(
        reserve(application, 2).await.unwrap_err().code(),
        Code::IdempotencyMismatch
    );
    assert_eq!(
        find(application, 2).await.unwrap_err().code(),
        Code::IdempotencyMismatch
    );
    reserve(None, 2).await.unwrap();
    store
        .write(move |tx| idempotency::answer(tx, application, "key", &json!({ "id": 1 })))
        .await
        .unwrap();
    assert_eq!(
        find(application, 1).await.unwrap().unwrap().response,
        Some(json!({ "id": 1 }))
    );
    drop(store);

    let raw = Connection::open(dir.path().join("tokensign.sqlite")).unwrap();
    raw.execute("UPDATE idempotency SET created_at = '2020-01-01T00:00:00.000000Z'", [])
        .unwrap();
    drop(raw);
    let store = Store::open(dir.path()).unwrap();
    let stale = store
        .read(move |c| idempotency::find(c, application, "key", &[2; 32]))
        .await
        .unwrap();
    assert_eq!(stale, None, "after a day the key is free");
    store
        .write(move |tx| idempotency::reserve(tx, application, "key", &[2; 32], None))
        .await
        .unwrap();
}
