//! A sandbox that is stopped and started again goes on where it was.

use super::idocs_quick_sign::Office;

#[tokio::test]
async fn state_tokens_and_effects_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let office = Office::open().restart(dir.path());
    let to_sign = office.to_sign(&office.draft().await).await;
    let (effects, token) = (office.sandbox.effects(), office.sandbox.idocs_token().clone());

    let office = office.restart(dir.path());
    assert_eq!(*office.sandbox.idocs_token(), token);
    assert_eq!(office.sandbox.effects(), effects);
    let saved = office
        .save(&to_sign, &office.pki.sign(&office.director, &to_sign.content))
        .await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(office.sandbox.effects().len(), effects.len() + 2);
}
