use std::time::{Duration, Instant};

/// A token bucket: so many at once, then one each interval.
#[derive(Debug)]
pub(crate) struct Bucket {
    capacity: f64,
    per_second: f64,
    level: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket of `capacity`, refilled within `period`.
    pub(crate) fn new(capacity: u32, period: Duration) -> Self {
        let capacity = f64::from(capacity);
        Self {
            capacity,
            per_second: capacity / period.as_secs_f64(),
            level: capacity,
            filled: Instant::now(),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long it takes until there is one again, when it is empty.
    pub(crate) fn take(&mut self) -> Result<(), Duration> {
        self.take_at(Instant::now())
    }

    fn take_at(&mut self, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.level = (self.level + passed * self.per_second).min(self.capacity);
        if self.level < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.level) / self.per_second));
        }
        self.level -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_empties_and_fills_again() {
        let mut bucket = Bucket::new(2, Duration::from_secs(20));
        let start = bucket.filled;
        assert!(bucket.take_at(start).is_ok());
        assert!(bucket.take_at(start).is_ok());
        assert!(bucket.take_at(start).is_err_and(|wait| wait.as_secs() == 10));
        assert!(bucket.take_at(start + Duration::from_secs(11)).is_ok());
    }
}
