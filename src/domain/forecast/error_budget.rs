//! How fast an availability objective's error budget is used up.

use crate::domain::share::Share;
use crate::domain::time::Span;

/// How a period's availability stands, in agreed service time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The share promised to be up.
    pub promised: Share,
    /// The agreed time of the whole period.
    pub agreed: Span,
    /// What of it was down so far.
    pub down: Span,
}

/// What was down of the agreed time of some window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnWindow {
    /// The agreed time.
    pub agreed: Span,
    /// What of it was down.
    pub down: Span,
}

impl Budget {
    /// The down time that the period allows.
    pub fn whole(&self) -> Span {
        self.promised.rest().of_span(self.agreed)
    }

    /// What is left of it; negative: the objective is missed.
    pub fn left(&self) -> Span {
        self.whole() - self.down
    }

    /// How many times as fast as the promise allows a stretch used the budget up: at 1 it lasts
    /// just the period. `None` where nothing was agreed, or no down time is allowed.
    pub fn burn_rate(&self, window: BurnWindow) -> Option<f64> {
        let allowed = f64::from(self.promised.rest().millionths()) / 1e6;
        let agreed = window.agreed.nanos() as f64;
        (agreed > 0.0 && allowed > 0.0).then(|| window.down.nanos() as f64 / agreed / allowed)
    }

    /// The agreed time after which nothing is left if it goes on as in a window: none when
    /// nothing is left, `None` when it never ends so.
    pub fn exhausted_after(&self, window: BurnWindow) -> Option<Span> {
        let left = self.left();
        if left <= Span::ZERO {
            return Some(Span::ZERO);
        }
        (window.down > Span::ZERO).then(|| left.scaled(window.agreed, window.down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_as_fast_as_the_last_hours_were() {
        let promised = Share::from_percent("99").unwrap();
        let agreed = Span::from_hours(200);
        let budget = Budget { promised, agreed, down: Span::from_minutes(60) };
        assert_eq!(budget.left(), Span::from_minutes(60));
        let window = BurnWindow { agreed: Span::from_hours(10), down: Span::from_minutes(30) };
        assert!((budget.burn_rate(window).unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(budget.exhausted_after(window), Some(Span::from_hours(20)));
        let quiet = BurnWindow { down: Span::ZERO, ..window };
        assert_eq!(budget.exhausted_after(quiet), None);
        let missed = Budget { down: Span::from_hours(3), ..budget };
        assert_eq!(missed.exhausted_after(quiet), Some(Span::ZERO));
    }
}
