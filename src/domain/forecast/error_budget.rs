//! Error budgets (site reliability engineering): how fast an availability objective's allowed
//! downtime is used up.

use crate::domain::share::Share;
use crate::domain::time::Span;

/// The error budget of an availability objective over a period, in agreed service time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The share promised to be up.
    pub promised: Share,
    /// The agreed service time of the whole period.
    pub agreed: Span,
    /// The downtime so far.
    pub down: Span,
}

/// The downtime in a window before an instant, from which a burn rate is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnWindow {
    /// The agreed service time in the window.
    pub agreed: Span,
    /// The downtime in it.
    pub down: Span,
}

impl Budget {
    /// The downtime that the objective allows in the whole period.
    pub fn whole(&self) -> Span {
        self.promised.rest().of_span(self.agreed)
    }

    /// The allowed downtime less that so far; negative when the objective is missed.
    pub fn left(&self) -> Span {
        self.whole() - self.down
    }

    /// The burn rate in a window: at 1 the budget lasts exactly the period, at 2 half of it. `None`
    /// when no time was agreed in the window, or no downtime is allowed.
    pub fn burn_rate(&self, window: BurnWindow) -> Option<f64> {
        let allowed = f64::from(self.promised.rest().millionths()) / 1e6;
        let agreed = window.agreed.nanos() as f64;
        (agreed > 0.0 && allowed > 0.0).then(|| window.down.nanos() as f64 / agreed / allowed)
    }

    /// The agreed service time after which the budget is used up if it goes on as in the window;
    /// zero when it is used up, `None` when nothing was down in the window.
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
