//! Which items of a batch had their outcome.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::batch::{Outcome, Unsigned};
use super::error::TokenError;

/// The outcomes of one batch on their way to whoever waits for them. Every item gets exactly one.
pub(super) struct Progress {
    settled: Vec<bool>,
    /// Every item before it had its outcome.
    next: usize,
    /// So many items may be with the token at most. The worker begins them in their order, so they are the first that have no outcome.
    with_the_token: usize,
    failure: Option<TokenError>,
    outcomes: mpsc::Sender<Outcome>,
}

/// An outcome for an item that is none of the batch's, or that had one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NoSuchItem;

impl Progress {
    /// Nothing is with the token yet. The channel has room for `count` outcomes.
    pub(super) fn new(count: usize, outcomes: mpsc::Sender<Outcome>) -> Self {
        Self {
            settled: vec![false; count],
            next: 0,
            with_the_token: 0,
            failure: None,
            outcomes,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.settled.len()
    }

    /// The token is open, and so many items are signed at once.
    pub(super) fn begin(&mut self, at_once: usize) {
        self.with_the_token = at_once;
    }

    pub(super) fn signed(&mut self, index: usize, signature: Vec<u8>, reversed_digest: bool) -> Result<(), NoSuchItem> {
        self.settle(Outcome {
            index,
            reversed_digest,
            result: Ok(signature),
        })
    }

    /// The session that had the item begins no other one.
    pub(super) fn failed(&mut self, index: usize, error: TokenError) -> Result<(), NoSuchItem> {
        self.settle(Outcome::unsigned(index, Unsigned::Failed(Arc::new(error.clone()))))?;
        self.with_the_token = self.with_the_token.saturating_sub(1);
        self.failure.get_or_insert(error);
        Ok(())
    }

    /// The worker says that the batch is over: the token has nothing any more. The failure that ended it, if one did.
    pub(super) fn over(&mut self) -> Option<TokenError> {
        self.with_the_token = 0;
        self.failure.take()
    }

    /// The batch is over for this reason: gives every item that has none its outcome.
    pub(super) fn stop(&mut self, error: TokenError) {
        let cause = Arc::new(error);
        let left: Vec<usize> = (self.next..self.count())
            .filter(|index| !self.settled[*index])
            .collect();
        for (place, index) in left.into_iter().enumerate() {
            let unsigned = if place < self.with_the_token {
                Unsigned::Failed
            } else {
                Unsigned::NotBegun
            };
            // Each is one of the batch's, and had no outcome.
            let _ = self.settle(Outcome::unsigned(index, unsigned(Arc::clone(&cause))));
        }
    }

    fn settle(&mut self, outcome: Outcome) -> Result<(), NoSuchItem> {
        let settled = self.settled.get_mut(outcome.index).filter(|settled| !**settled);
        *settled.ok_or(NoSuchItem)? = true;
        while self.settled.get(self.next) == Some(&true) {
            self.next += 1;
        }
        // The channel has room for every item; a reader that went away wants no outcome.
        let _ = self.outcomes.try_send(outcome);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What became of each item: `s` signed, `f` failed, `n` not begun.
    fn fates(mut outcomes: mpsc::Receiver<Outcome>) -> String {
        let mut fates = Vec::new();
        while let Ok(outcome) = outcomes.try_recv() {
            fates.push((
                outcome.index,
                match outcome.result {
                    Ok(_) => 's',
                    Err(Unsigned::Failed(_)) => 'f',
                    Err(Unsigned::NotBegun(_)) => 'n',
                },
            ));
        }
        fates.sort_unstable();
        assert!(fates.iter().map(|(index, _)| *index).eq(0..fates.len()), "{fates:?}");
        fates.into_iter().map(|(_, fate)| fate).collect()
    }

    fn crashed() -> TokenError {
        TokenError::ModuleCrashed {
            module: "m".to_owned(),
            how: "x".to_owned(),
        }
    }

    #[test]
    fn a_crash_fails_what_is_with_the_token_and_begins_nothing_else() {
        let (sender, outcomes) = mpsc::channel(6);
        let mut progress = Progress::new(6, sender);
        progress.begin(2);
        progress.signed(0, vec![], false).unwrap();
        // The second session was quicker: 1 is still with the first one.
        progress.signed(2, vec![], false).unwrap();
        progress.stop(crashed());
        assert_eq!(fates(outcomes), "sfsfnn");
    }

    #[test]
    fn before_the_login_nothing_is_with_the_token() {
        let (sender, outcomes) = mpsc::channel(3);
        Progress::new(3, sender).stop(TokenError::Cancelled);
        assert_eq!(fates(outcomes), "nnn");
    }

    #[test]
    fn a_failure_lets_the_other_session_end_its_own() {
        let (sender, outcomes) = mpsc::channel(5);
        let mut progress = Progress::new(5, sender);
        progress.begin(2);
        progress.failed(0, crashed()).unwrap();
        progress.signed(1, vec![], false).unwrap();
        let failure = progress.over().unwrap();
        progress.stop(failure);
        assert_eq!(fates(outcomes), "fsnnn");
    }

    #[test]
    fn an_item_has_one_outcome() {
        let (sender, outcomes) = mpsc::channel(2);
        let mut progress = Progress::new(2, sender);
        progress.begin(1);
        progress.signed(0, vec![], false).unwrap();
        assert_eq!(progress.signed(0, vec![], false), Err(NoSuchItem));
        assert_eq!(progress.signed(2, vec![], false), Err(NoSuchItem));
        progress.signed(1, vec![], false).unwrap();
        progress.stop(crashed());
        assert_eq!(fates(outcomes), "ss");
    }
}
