use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::messages::{Code, Fault, Localizer};

/// Members of a problem document that are not arguments (RFC 9457, and ours).
const STANDARD: [&str; 6] = ["type", "title", "status", "detail", "code", "what_to_do"];

/// A fault as a problem document, in the person's language.
pub(super) fn of_fault(fault: &Fault, localizer: Localizer) -> Value {
    let mut members = Map::new();
    for (name, value) in fault.args() {
        members.insert(name.clone().into_owned(), json!(value));
    }
    for (name, value) in fault.extras() {
        members.insert(name.clone().into_owned(), value.clone());
    }
    let code = fault.code();
    members.insert("type".to_owned(), json!(format!("urn:tokensign:error:{code}")));
    members.insert("title".to_owned(), json!(localizer.fault_title(fault)));
    members.insert("status".to_owned(), json!(code.status()));
    members.insert("code".to_owned(), json!(code));
    members.insert("what_to_do".to_owned(), json!(localizer.fault_advice(fault)));
    if let Some(detail) = fault.detail_text() {
        members.insert("detail".to_owned(), json!(detail));
    }
    Value::Object(members)
}

/// The fault that a problem document tells of. A code of a newer agent reads as `internal` with that code in the detail.
pub(super) fn to_fault(problem: &Value) -> Fault {
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let mut fault = match text("code").map(str::parse::<Code>) {
        Some(Ok(code)) => Fault::new(code),
        Some(Err(_)) => Fault::new(Code::Internal),
        None => return Fault::new(Code::AgentUnreachable).detail("the answer is not one of tokensign's"),
    };
    match (fault.code(), text("detail"), text("code")) {
        (_, Some(detail), _) => fault = fault.detail(detail),
        (Code::Internal, None, Some(code)) if code != Code::Internal.as_str() => fault = fault.detail(code),
        _ => {}
    }
    for (name, value) in problem.as_object().into_iter().flatten() {
        if STANDARD.contains(&name.as_str()) {
            continue;
        }
        let name = Cow::Owned(name.clone());
        fault = match value {
            Value::String(value) => fault.arg(name, value),
            value => fault.extra(name, value.clone()),
        };
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Language;

    #[test]
    fn a_fault_survives_the_way_over_http() {
        let fault = Fault::new(Code::PinIncorrect)
            .arg("tries_left", 2)
            .detail("CKR_PIN_INCORRECT")
            .extra("candidates", json!([1]));
        let problem = of_fault(&fault, Localizer::new(Language::En));
        assert_eq!(problem["status"], 403);
        let back = to_fault(&problem);
        assert_eq!(
            (back.code(), back.args(), back.detail_text()),
            (fault.code(), fault.args(), fault.detail_text())
        );
        assert_eq!(back.extras(), fault.extras());
    }

    #[test]
    fn an_unknown_code_is_kept_as_detail() {
        let fault = to_fault(&json!({ "code": "of_the_future" }));
        assert_eq!(
            (fault.code(), fault.detail_text()),
            (Code::Internal, Some("of_the_future"))
        );
        assert_eq!(to_fault(&json!("<html>")).code(), Code::AgentUnreachable);
    }
}
