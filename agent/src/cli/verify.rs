use std::path::PathBuf;

use serde_json::{Value, json};

use super::arguments::Verify;
use super::output::{Output, pair_lines};
use super::session::Session;
use super::upload::{self, FileToSend};
use super::words;
use crate::messages::{Code, Fault};

/// The largest file of root certificates, in bytes.
const LARGEST_ROOTS: u64 = 1 << 20;

/// `tokensign verify`: the verdict is the result; one that is not `valid` is also the command's failure.
pub(super) async fn run(session: &Session, arguments: &Verify) -> Result<(), Fault> {
    let output = session.output;
    let signature = FileToSend::open(&arguments.signature).await?;
    let content = match arguments
        .content
        .clone()
        .or_else(|| content_beside(&arguments.signature))
    {
        Some(path) => Some(FileToSend::open(&path).await?),
        None => None,
    };
    let mut roots = Vec::with_capacity(arguments.roots.len());
    for path in &arguments.roots {
        let text = String::from_utf8(upload::read_small(path, LARGEST_ROOTS)?)
            .map_err(|_| Fault::invalid_field("--root", format!("{} is not PEM", path.display())))?;
        roots.push(text);
    }
    let request = json!({ "roots": roots, "revocation": arguments.revocation });
    let mut parts = vec![("signature".to_owned(), &signature)];
    parts.extend(content.as_ref().map(|content| ("content".to_owned(), content)));

    let agent = session.agent().await?;
    let (form, bar) = upload::form_of_parts(&output, Some(&request), parts).await?;
    let answer = agent.client().post_form("/v1/verifications", form).await;
    bar.finish_and_clear();
    agent.end().await;
    let verdict = answer?;
    output.result(&verdict, || for_people(session, &verdict));
    match verdict["valid"].as_bool() {
        Some(true) => Ok(()),
        _ => Err(Fault::new(Code::VerificationFailed)),
    }
}

/// `file.pdf` for `file.pdf.p7s`.
fn content_beside(signature: &std::path::Path) -> Option<PathBuf> {
    let is_signature = signature
        .extension()
        .is_some_and(|extension| extension == "p7s" || extension == "sig");
    is_signature
        .then(|| signature.with_extension(""))
        .filter(|path| path.is_file())
}

fn for_people(session: &Session, verdict: &Value) -> Vec<String> {
    let output = &session.output;
    let mut lines = vec![match verdict["valid"].as_bool() {
        Some(true) => output.text("cli-verdict-valid"),
        Some(false) => output.text("cli-verdict-invalid"),
        None => output.text("cli-verdict-unknown"),
    }];
    for signer in verdict["signers"].as_array().into_iter().flatten() {
        let certificate = &signer["certificate"];
        let mut rows = Vec::new();
        let mut row = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                rows.push((output.text(key), value.to_owned()));
            }
        };
        row(
            "ui-certificate",
            certificate["common_name"]
                .as_str()
                .or_else(|| certificate["subject"].as_str()),
        );
        row("ui-organisation", certificate["organisation"].as_str());
        row("ui-iin", certificate["iin"].as_str());
        row("ui-bin", certificate["bin"].as_str());
        row("ui-inn", certificate["inn"].as_str());
        row("ui-issuer", certificate["issuer"].as_str());
        let until = certificate["valid_until"]
            .as_str()
            .map(|text| words::date_of(output, text));
        row("ui-valid-until", until.as_deref());
        let time = signer["signing_time"]
            .as_str()
            .map(|text| words::moment_of(output, text));
        row("cli-signing-time", time.as_deref());
        let stamps = signer["timestamps"].as_array().into_iter().flatten();
        let stamps: Vec<_> = stamps.map(|stamp| timestamp(output, stamp)).collect();
        row(
            "cli-timestamps",
            (!stamps.is_empty()).then(|| stamps.join("\n")).as_deref(),
        );
        row("cli-algorithm", signer["algorithm"].as_str());
        let state = signer["verdict"]
            .as_str()
            .map(|verdict| output.text(&format!("cli-verdict-{verdict}-signer")));
        row("ui-state", state.as_deref());
        let reasons = reasons(signer);
        row(
            "ui-details",
            (!reasons.is_empty()).then(|| reasons.join("\n")).as_deref(),
        );
        lines.push(String::new());
        lines.extend(pair_lines(&rows));
    }
    lines
}

/// A timestamp in one line: its time and authority, and whether it holds. One that does not hold leaves the signature as good as without it, and has to be seen.
fn timestamp(output: &Output, stamp: &Value) -> String {
    let time = stamp["time"].as_str().map(|text| words::moment_of(output, text));
    let authority = stamp["authority"].as_str().map(str::to_owned);
    let verdict = stamp["verdict"].as_str().unwrap_or("unknown");
    let reasons = reasons(stamp).into_iter().map(str::to_owned);
    let parts: Vec<_> = time
        .into_iter()
        .chain(authority)
        .chain([output.text(&format!("cli-timestamp-{verdict}"))])
        .chain(reasons)
        .collect();
    parts.join(" · ")
}

/// Why a verdict is not `valid`, in words.
fn reasons(verdict: &Value) -> Vec<&str> {
    let reasons = verdict["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["text"].as_str()).collect()
}
