//! The outside world.

use std::collections::HashMap;
use std::sync::Mutex;

use tokensign::messages::{Code, Fault};

/// Things that happened outside, by name.
#[derive(Default)]
pub(crate) struct World {
    happened: Mutex<HashMap<String, u32>>,
}

impl World {
    pub(crate) fn happen(&self, what: &str) -> u32 {
        let mut happened = self.happened.lock().unwrap();
        let count = happened.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(crate) fn count(&self, what: &str) -> u32 {
        self.happened.lock().unwrap().get(what).copied().unwrap_or_default()
    }
}

pub(crate) fn fault(code: Code) -> Fault {
    Fault::new(code)
}
