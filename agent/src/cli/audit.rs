use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::arguments::{Audit, AuditFormat};
use super::output::{Output, pair_lines, table_lines};
use super::session::Session;
use super::table::Table;
use super::words;
use crate::messages::{Code, Fault};
use crate::store::{self, Connection, audit, checkpoints};

/// So many entries are read at a time.
const PIECE: u32 = 1000;

/// `tokensign audit`: read from the database itself, with or without a running agent.
pub(super) fn run(session: &Session, command: &Audit) -> Result<(), Fault> {
    let output = session.output;
    let state = session.config.directories()?.state;
    let connection = store::open_for_reading(&state)?;
    match command {
        Audit::List { limit } => list(&connection, output, *limit),
        Audit::Show { number } => show(&connection, output, *number),
        Audit::Verify { checkpoint: None } => verify(&connection, output, &[]),
        Audit::Verify { checkpoint: Some(file) } => {
            let own = state.join(checkpoints::FILE);
            let checkpoints = read_checkpoints(file.as_deref().unwrap_or(&own))?;
            verify(&connection, output, &checkpoints)
        }
        Audit::Export { format } => export(&connection, *format),
    }
}

fn list(connection: &Connection, output: Output, limit: u32) -> Result<(), Fault> {
    let entries = audit::list(connection, None, limit)?;
    output.result(&json!({ "entries": entries }), || {
        let mut table = Table::new(["ui-serial", "ui-time", "ui-kind", "ui-who", "ui-id"].map(|key| output.text(key)));
        for entry in &entries {
            table.row([
                entry.seq.to_string(),
                words::moment_of(&output, &entry.at.format(&Rfc3339).unwrap_or_default()),
                entry.kind.clone(),
                entry.actor.clone(),
                entry.job.map(|id| id.to_string()).unwrap_or_default(),
            ]);
        }
        table_lines(&table)
    });
    Ok(())
}

fn show(connection: &Connection, output: Output, number: i64) -> Result<(), Fault> {
    let entry = audit::list(connection, number.checked_add(1), 1)?
        .pop()
        .filter(|entry| entry.seq == number)
        .ok_or_else(|| Fault::new(Code::NoSuchItem).arg("item", number))?;
    output.result(&json!(entry), || {
        let mut rows = vec![
            (output.text("ui-serial"), entry.seq.to_string()),
            (
                output.text("ui-time"),
                words::moment_of(&output, &entry.at.format(&Rfc3339).unwrap_or_default()),
            ),
            (output.text("ui-kind"), entry.kind.clone()),
            (output.text("ui-who"), entry.actor.clone()),
            (
                output.text("ui-id"),
                entry.job.map(|id| id.to_string()).unwrap_or_default(),
            ),
            ("hash".to_owned(), entry.hash.clone()),
        ];
        rows.retain(|(_, value)| !value.is_empty());
        let mut lines = pair_lines(&rows);
        let body = serde_json::to_string_pretty(&entry.body).unwrap_or_default();
        lines.extend(body.lines().map(super::output::printable));
        lines
    });
    Ok(())
}

fn verify(connection: &Connection, output: Output, checkpoints: &[audit::Checkpoint]) -> Result<(), Fault> {
    match audit::verify_with(connection, checkpoints)? {
        audit::Verdict::Intact(head) => {
            let result = json!({
                "intact": true,
                "entries": head.seq,
                "hash": hex::encode(head.hash),
                "checkpoint": checkpoints.iter().map(|checkpoint| checkpoint.seq).max(),
                "checkpoints": checkpoints.len(),
            });
            output.result(&result, || {
                vec![output.text_with("cli-audit-intact", &[("count", &head.seq)])]
            });
            Ok(())
        }
        audit::Verdict::Broken { seq, reason } => Err(Fault::new(Code::AuditBroken)
            .arg("entry", seq)
            .detail(format!("the audit log is broken at entry {seq}: {reason}"))),
    }
}

fn read_checkpoints(file: &Path) -> Result<Vec<audit::Checkpoint>, Fault> {
    let unreadable = |reason: String| {
        Fault::new(Code::FileUnreadable)
            .arg("path", file.display())
            .detail(reason)
    };
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    checkpoints::all_of(&text).map_err(|error| unreadable(error.to_string()))
}

fn export(connection: &Connection, format: AuditFormat) -> Result<(), Fault> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if matches!(format, AuditFormat::Csv) && write(&mut out, "seq,at,kind,actor,job,body,hash\r\n").is_err() {
        return Ok(());
    }
    let mut after = 0;
    loop {
        let entries = audit::list_after(connection, after, PIECE)?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for entry in &entries {
            let line = match format {
                AuditFormat::Jsonl => format!("{}\n", json!(entry)),
                AuditFormat::Csv => csv_line(entry),
            };
            // Whoever read it has gone: that is an end, not a failure.
            if write(&mut out, &line).is_err() {
                return Ok(());
            }
        }
    }
    let _ = out.flush();
    Ok(())
}

fn write(out: &mut impl std::io::Write, line: &str) -> std::io::Result<()> {
    out.write_all(line.as_bytes())
}

fn csv_line(entry: &audit::Recorded) -> String {
    let at = entry.at.format(&Rfc3339).unwrap_or_default();
    let job = entry.job.map(|id| id.to_string()).unwrap_or_default();
    let body = Value::to_string(&entry.body);
    let fields = [
        &entry.seq.to_string(),
        &at,
        &entry.kind,
        &entry.actor,
        &job,
        &body,
        &entry.hash,
    ]
    .map(|field| csv_field(field));
    format!("{}\r\n", fields.join(","))
}

/// RFC 4180 section 2; what a spreadsheet would take for a formula gets an apostrophe before it.
fn csv_field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formula_gets_through() {
        assert_eq!(csv_field("signed"), "signed");
        assert_eq!(csv_field("{\"a\":1}"), "\"{\"\"a\"\":1}\"");
        assert_eq!(csv_field("a,b\n"), "\"a,b\n\"");
        assert_eq!(csv_field("=1+1"), "'=1+1");
    }
}
