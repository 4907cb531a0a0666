//! The two answer styles: `{"response", "errors"}` and the bare object or nothing.

use serde_json::{Map, Value};

use crate::http_client::{Answer, Failure, ServiceError};

/// Takes what a 2xx answer carries, wrapped or bare; `Null` when it carries nothing.
///
/// # Errors
/// A non-empty `errors` is a failure whatever the status; an unreadable body is ambiguous.
pub(super) fn open(answer: &Answer) -> Result<Value, Failure> {
    let Value::Object(mut object) = answer.json()? else {
        return answer.json();
    };
    if let Some(error) = take(&mut object, "errors").as_ref().and_then(first_error) {
        return Err(answer.refused(&error));
    }
    Ok(take(&mut object, "response").unwrap_or(Value::Object(object)))
}

fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = object.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
    object.remove(&key)
}

/// The errors as one; `None` when there are none.
fn first_error(errors: &Value) -> Option<ServiceError> {
    let errors = match errors {
        Value::Array(errors) if !errors.is_empty() => errors.as_slice(),
        Value::Object(members) if !members.is_empty() => std::slice::from_ref(errors),
        _ => return None,
    };
    let word = |error: &Value, name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let texts: Vec<_> = errors
        .iter()
        .filter_map(|error| word(error, "errorDescription").or_else(|| error.as_str().map(str::to_owned)))
        .collect();
    Some(ServiceError {
        code: errors.iter().find_map(|error| word(error, "errorCode")),
        text: (!texts.is_empty()).then(|| texts.join("; ")),
    })
}
