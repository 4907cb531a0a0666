use serde_json::Value;

use crate::messages::deceives;
pub(crate) use crate::messages::visible;

/// Applies [`visible`] to every text in `value`, for what a prompter shows.
pub(crate) fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.chars().any(deceives) {
                *text = visible(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_visible),
        Value::Object(members) => members.values_mut().for_each(make_visible),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
