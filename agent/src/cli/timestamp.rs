use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::arguments::Timestamp;
use super::session::Session;
use super::sign::{Target, encode};
use super::upload::{self, FileToSend};
use crate::messages::Fault;

/// `tokensign timestamp`: no token and no person are needed.
pub(super) async fn run(session: &Session, arguments: &Timestamp) -> Result<(), Fault> {
    let output = session.output;
    let signature = FileToSend::open(&arguments.signature).await?;
    let target = Target::of_one(&arguments.out, arguments.force)?;
    let agent = session.agent().await?;
    let answer = async {
        let parts = vec![("signature".to_owned(), &signature)];
        let (form, bar) = upload::form_of_parts(&output, None, parts).await?;
        let answer = agent.client().post_form("/v1/timestamps", form).await;
        bar.finish_and_clear();
        answer
    }
    .await;
    agent.end().await;
    let stamped = answer?;
    let der = stamped["signature"]
        .as_str()
        .and_then(|text| STANDARD.decode(text).ok());
    let der = der.ok_or_else(|| Fault::internal("the agent's answer holds no signature"))?;
    target.write(session, &encode(&der, arguments.encoding), arguments.force)?;
    let Some(path) = target.path() else {
        return Ok(());
    };
    let times = stamped["timestamps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let result = json!({ "file": signature.path(), "output": path, "timestamps": times });
    output.result(&result, || {
        let mut lines = vec![output.text_with("cli-timestamped", &[("count", &times.len())])];
        lines.extend(times.iter().filter_map(Value::as_str).map(str::to_owned));
        lines.push(output.text_with("cli-written", &[("path", &path.display())]));
        lines
    });
    Ok(())
}
