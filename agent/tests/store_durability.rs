//! The store's files and rules: who may open it, what survives, what is refused.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use tokensign::messages::{Code, Fault};
use tokensign::store::audit::{self, Actor, BrokenChain, Entry, Verdict};
use tokensign::store::{Store, calibrations};
use tokio::io::AsyncReadExt;

fn directory() -> TempDir {
    TempDir::new().unwrap()
}

fn database(dir: &TempDir) -> PathBuf {
    dir.path().join("tokensign.sqlite")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn entry(n: usize) -> Entry {
    Entry {
        kind: "tested",
        actor: Actor::Agent,
        job: None,
        body: json!({ "n": n }),
    }
}

async fn with_audit(dir: &TempDir, entries: usize) -> Store {
    let store = Store::open(dir.path()).unwrap();
    store
        .write(move |tx| {
            for n in 0..entries {
                audit::append(tx, entry(n))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    store
}

#[tokio::test]
async fn everything_is_for_the_owner_alone() {
    let dir = directory();
    let state = dir.path().join("a/state");
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let store = Store::open(&state).unwrap();
    let mut spool = store.spool(100).await.unwrap();
    spool.write(b"document").await.unwrap();
    let spooled = spool.finish().await.unwrap();
    store
        .write(|tx| calibrations::remember(tx, "token", "r‖s"))
        .await
        .unwrap();
    let mut seen = 0;
    let mut rooms = vec![state.clone()];
    while let Some(room) = rooms.pop() {
        assert_eq!(mode(&room), 0o700, "{}", room.display());
        for entry in fs::read_dir(&room).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rooms.push(path);
            } else {
                seen += 1;
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
    // The lock, the database, its log and shared memory, and the document.
    assert_eq!(seen, 5);
    drop(spooled);
}

#[tokio::test]
async fn a_second_agent_is_told_who_holds_the_store() {
    let dir = directory();
    let first = Store::open(dir.path()).unwrap();
    let fault = Store::open(dir.path()).unwrap_err();
    assert_eq!(fault.code(), Code::AgentRunning);
    assert_eq!(fault.args().get("pid"), Some(&std::process::id().to_string()));
    drop(first);
    Store::open(dir.path()).unwrap();
}

/// As a child of an agent that was killed between its fork and its exec.
#[tokio::test]
async fn the_lock_that_outlives_its_holder_for_a_moment_is_waited_for() {
    let dir = directory();
    drop(Store::open(dir.path()).unwrap());
    let mut holder = std::process::Command::new("true").spawn().unwrap();
    holder.wait().unwrap();
    let mut copy = fs::File::options().write(true).open(dir.path().join("lock")).unwrap();
    copy.lock().unwrap();
    copy.set_len(0).unwrap();
    writeln!(copy, "{}", holder.id()).unwrap();
    let path = dir.path().to_owned();
    let opened = tokio::task::spawn_blocking(move || Store::open(&path));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!opened.is_finished());
    drop(copy);
    opened.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let dir = directory();
    let store = Store::open(dir.path()).unwrap();
    store
        .write(|tx| calibrations::remember(tx, "token", "first"))
        .await
        .unwrap();
    store
        .write(|tx| calibrations::remember(tx, "token", "second"))
        .await
        .unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let layout = store.read(|c| calibrations::layout(c, "token")).await.unwrap();
    assert_eq!(layout.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let dir = directory();
    drop(Store::open(dir.path()).unwrap());
    Connection::open(database(&dir))
        .unwrap()
        .pragma_update(None, "user_version", 1000)
        .unwrap();
    let before = fs::read(database(&dir)).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap_err().code(), Code::StoreNewer);
    assert!(fs::read(database(&dir)).unwrap() == before);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let dir = directory();
    Connection::open(database(&dir))
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x)")
        .unwrap();
    assert_eq!(Store::open(dir.path()).unwrap_err().code(), Code::StoreFailed);
}

#[tokio::test]
async fn a_damaged_page_is_an_error_and_no_panic() {
    let dir = directory();
    drop(with_audit(&dir, 2000).await);
    let length = fs::metadata(database(&dir)).unwrap().len();
    let pages = length / 4096;
    assert!(pages > 50, "{pages}");
    let mut failed = 0;
    for page in 1..pages {
        let copy = directory();
        fs::copy(database(&dir), database(&copy)).unwrap();
        let mut file = fs::OpenOptions::new().write(true).open(database(&copy)).unwrap();
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xa5; 4096]).unwrap();
        drop(file);
        let whole = match Store::open(copy.path()) {
            Ok(store) => store.check().await.and(store.read(audit::verify).await.map(drop)),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = whole {
            let damaged = matches!(fault.code(), Code::StoreDamaged | Code::StoreFailed);
            assert!(damaged, "page {page}: {fault}");
            failed += 1;
        }
    }
    // A page on the free list may hold anything.
    assert!(failed + 5 > pages, "{failed} of {pages}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let dir = directory();
    fs::write(
        database(&dir),
        "not a database at all, but long enough to be read as one".repeat(100),
    )
    .unwrap();
    assert_eq!(Store::open(dir.path()).unwrap_err().code(), Code::StoreDamaged);
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_there_stays() {
    let dir = directory();
    let store = with_audit(&dir, 10).await;
    let pages: i64 = store
        .write(|tx| {
            let pages: i64 = tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let _: i64 = tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0))?;
            Ok(pages)
        })
        .await
        .unwrap();
    let full = loop {
        if let Err(fault) = store.write(|tx| audit::append(tx, entry(0))).await {
            break fault;
        }
    };
    assert_eq!(full.code(), Code::DiskFull);
    store
        .write(move |tx| Ok(tx.query_row(&format!("PRAGMA max_page_count = {}", pages * 2), [], |_| Ok(()))?))
        .await
        .unwrap();
    store.write(|tx| audit::append(tx, entry(0))).await.unwrap();
    assert!(matches!(store.read(audit::verify).await.unwrap(), Verdict::Intact(_)));
}

#[tokio::test]
async fn a_change_that_fails_or_panics_leaves_nothing_and_the_store_goes_on() {
    let dir = directory();
    let store = Store::open(dir.path()).unwrap();
    let failed: Result<(), _> = store
        .write(|tx| {
            calibrations::remember(tx, "token", "half")?;
            Err(Fault::new(Code::Refused))
        })
        .await;
    assert_eq!(failed.unwrap_err().code(), Code::Refused);
    let panicked: Result<(), _> = store
        .write(|tx| {
            calibrations::remember(tx, "token", "half")?;
            panic!("as a test")
        })
        .await;
    assert_eq!(panicked.unwrap_err().code(), Code::Internal);
    let panicked: Result<(), _> = store.read(|_| panic!("as a test")).await;
    assert_eq!(panicked.unwrap_err().code(), Code::Internal);
    assert_eq!(store.read(|c| calibrations::layout(c, "token")).await.unwrap(), None);
    store
        .write(|tx| calibrations::remember(tx, "token", "whole"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_change_that_was_handed_over_is_made_though_the_caller_left() {
    let dir = directory();
    let store = Store::open(dir.path()).unwrap();
    {
        let mut write = Box::pin(store.write(|tx| calibrations::remember(tx, "token", "kept")));
        assert!(futures_util::poll!(&mut write).is_pending());
    }
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert!(
        store
            .read(|c| calibrations::layout(c, "token"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn queries_cannot_change_anything() {
    let dir = directory();
    let store = Store::open(dir.path()).unwrap();
    let fault = store
        .read(|c| Ok(c.execute("DELETE FROM calibrations", [])?))
        .await
        .unwrap_err();
    assert_eq!(fault.code(), Code::StoreFailed);
}

// The audit chain

#[tokio::test]
async fn the_audit_log_is_append_only_and_verifies() {
    let dir = directory();
    let store = with_audit(&dir, 20).await;
    for change in [
        "UPDATE audit SET body = '{}' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 3",
    ] {
        let fault = store.write(move |tx| Ok(tx.execute(change, [])?)).await.unwrap_err();
        assert!(fault.to_string().contains("append-only"), "{fault}");
    }
    let head = store.read(audit::head).await.unwrap();
    assert_eq!(store.read(audit::verify).await.unwrap(), Verdict::Intact(head));
    let newest = store.read(|c| audit::list(c, None, 5)).await.unwrap();
    assert_eq!(newest.iter().map(|e| e.seq).collect::<Vec<_>>(), [20, 19, 18, 17, 16]);
    assert_eq!(newest[0].body, json!({ "n": 19 }));
    let older = store.read(|c| audit::list(c, Some(3), 5)).await.unwrap();
    assert_eq!(older.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn tampering_with_the_audit_log_is_found() {
    let cases = [
        (
            "UPDATE audit SET body = '{\"n\":7}' WHERE seq = 5",
            5,
            BrokenChain::Changed,
        ),
        (
            "UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 5",
            5,
            BrokenChain::Changed,
        ),
        ("UPDATE audit SET job = '' WHERE seq = 5", 5, BrokenChain::Changed),
        (
            "UPDATE audit SET actor = actor || kind, kind = '' WHERE seq = 5",
            5,
            BrokenChain::Changed,
        ),
        (
            "UPDATE audit SET hash = zeroblob(32) WHERE seq = 5",
            5,
            BrokenChain::Changed,
        ),
        ("DELETE FROM audit WHERE seq = 5", 6, BrokenChain::Removed),
        ("DELETE FROM audit WHERE seq < 5", 5, BrokenChain::Removed),
        (
            "DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = seq - 1 WHERE seq > 5",
            5,
            BrokenChain::Unlinked,
        ),
        (
            "UPDATE audit SET seq = 100 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6;
          UPDATE audit SET seq = 6 WHERE seq = 100",
            5,
            BrokenChain::Unlinked,
        ),
    ];
    for (tampering, seq, reason) in cases {
        let dir = directory();
        drop(with_audit(&dir, 20).await);
        let raw = Connection::open(database(&dir)).unwrap();
        raw.execute_batch("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_removed;")
            .unwrap();
        raw.execute_batch(tampering).unwrap();
        drop(raw);
        let store = Store::open(dir.path()).unwrap();
        let verdict = store.read(audit::verify).await.unwrap();
        assert_eq!(verdict, Verdict::Broken { seq, reason }, "{tampering}");
    }
}

#[tokio::test]
async fn a_cut_off_tail_is_found_with_a_checkpoint() {
    let dir = directory();
    let store = with_audit(&dir, 20).await;
    let checkpoint = store.read(audit::head).await.unwrap();
    store.write(|tx| audit::append(tx, entry(20))).await.unwrap();
    let verified = store.read(move |c| audit::verify_with(c, &[checkpoint])).await.unwrap();
    assert!(matches!(verified, Verdict::Intact(head) if head.seq == 21));
    drop(store);
    let raw = Connection::open(database(&dir)).unwrap();
    raw.execute_batch("DROP TRIGGER audit_is_not_removed; DELETE FROM audit WHERE seq > 18;")
        .unwrap();
    drop(raw);
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(store.read(audit::verify).await.unwrap(), Verdict::Intact(head) if head.seq == 18));
    let cut = Verdict::Broken {
        seq: 19,
        reason: BrokenChain::NotTheCheckpoint,
    };
    assert_eq!(
        store.read(move |c| audit::verify_with(c, &[checkpoint])).await.unwrap(),
        cut
    );
    // Written anew, as someone who can compute hashes would.
    store
        .write(|tx| {
            for n in 100..110 {
                audit::append(tx, entry(n))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let other = Verdict::Broken {
        seq: 20,
        reason: BrokenChain::NotTheCheckpoint,
    };
    assert_eq!(
        store.read(move |c| audit::verify_with(c, &[checkpoint])).await.unwrap(),
        other
    );
    // The journal goes on with the new chain; what it said before still counts.
    let newest = store.read(audit::head).await.unwrap();
    let both = store.read(move |c| audit::verify_with(c, &[checkpoint, newest])).await;
    assert_eq!(both.unwrap(), other);
    let alone = store.read(move |c| audit::verify_with(c, &[newest])).await;
    assert_eq!(alone.unwrap(), Verdict::Intact(newest));
}

// Documents

fn documents(dir: &TempDir) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for shard in fs::read_dir(dir.path().join("blobs")).unwrap() {
        found.extend(
            fs::read_dir(shard.unwrap().path())
                .unwrap()
                .map(|file| file.unwrap().path()),
        );
    }
    found
}

/// Comes after everything that was handed to the writer before.
async fn settle(store: &Store) {
    store.write(|_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_document_is_kept_under_its_digest_while_it_is_held() {
    let dir = directory();
    let store = Store::open(dir.path()).unwrap();
    let mut spool = store.spool(1 << 20).await.unwrap();
    spool.write(b"hello ").await.unwrap();
    spool.write(b"world").await.unwrap();
    let spooled = spool.finish().await.unwrap();
    // SHA-256 of "hello world", by sha256sum.
    assert_eq!(
        spooled.id().as_str(),
        "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
    );
    assert_eq!(spooled.size(), 11);
    let mut text = String::new();
    store
        .blob(spooled.id())
        .await
        .unwrap()
        .read_to_string(&mut text)
        .await
        .unwrap();
    assert_eq!(text, "hello world");
    let mut again = store.spool(1 << 20).await.unwrap();
    again.write(b"hello world").await.unwrap();
    let again = again.finish().await.unwrap();
    assert_eq!(documents(&dir).len(), 1);
    let id = spooled.id().clone();
    drop(spooled);
    settle(&store).await;
    assert!(store.has_blob(&id), "the second holder still needs it");
    drop(again);
    settle(&store).await;
    assert!(documents(&dir).is_empty());
    assert_eq!(store.blob(&id).await.unwrap_err().code(), Code::NoSuchItem);
}

#[tokio::test]
async fn an_unfinished_or_oversized_document_leaves_nothing() {
    let dir = directory();
    let store = Store::open(dir.path()).unwrap();
    let mut spool = store.spool(10).await.unwrap();
    spool.write(&[0; 10]).await.unwrap();
    assert_eq!(documents(&dir).len(), 1);
    let fault = spool.write(&[0]).await.unwrap_err();
    assert_eq!(fault.code(), Code::BodyTooLarge);
    assert_eq!(fault.args().get("limit").map(String::as_str), Some("10"));
    drop(spool);
    assert!(documents(&dir).is_empty());
}

#[tokio::test]
async fn what_a_crash_left_of_documents_is_removed() {
    let dir = directory();
    drop(Store::open(dir.path()).unwrap());
    let blobs = dir.path().join("blobs");
    fs::write(blobs.join("tmp/unfinished"), "x").unwrap();
    fs::create_dir(blobs.join("aa")).unwrap();
    let old = blobs.join("aa").join("a".repeat(64));
    let young = blobs.join("aa").join(format!("{}b", "a".repeat(63)));
    for file in [&old, &young] {
        fs::write(file, "x").unwrap();
    }
    let hours_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    fs::File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(hours_ago)
        .unwrap();
    drop(Store::open(dir.path()).unwrap());
    assert_eq!(documents(&dir), [young]);
}
