//! A sandbox that is stopped and started again goes on where it was.

use super::caller::Caller;
use super::idocs_quick_sign::{IIN, Office};
use crate::sandbox::{Employee, Sandbox, SandboxConfig};

#[tokio::test]
async fn state_tokens_and_effects_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let Office {
        pki, director, sandbox, ..
    } = Office::open();
    drop(sandbox);
    let open = || {
        let mut config = SandboxConfig::new(pki.ca());
        config.state_dir = Some(dir.path().to_owned());
        config.people.employees = vec![Employee::with_iin(IIN)];
        Sandbox::start(config).unwrap()
    };

    let sandbox = open();
    let idocs = Caller::new(&sandbox, sandbox.idocs_token());
    let employee_id = sandbox.announcement().employee_ids[0];
    let office = Office {
        pki: super::pki::Pki::new(super::pki::Family::P256),
        director,
        sandbox,
        idocs,
        employee_id,
    };
    let to_sign = office.to_sign(&office.draft().await).await;
    let Office { director, sandbox, .. } = office;
    let (effects, token) = (sandbox.effects(), sandbox.idocs_token().clone());
    drop(sandbox);

    let sandbox = open();
    assert!(*sandbox.idocs_token() == token);
    assert_eq!(sandbox.effects(), effects);
    let cms = pki.sign(&director, &to_sign.content);
    let idocs = Caller::new(&sandbox, sandbox.idocs_token());
    let office = Office {
        pki,
        director,
        sandbox,
        idocs,
        employee_id,
    };
    let saved = office.save(&to_sign, &cms).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(office.sandbox.effects().len(), effects.len() + 2);
}
