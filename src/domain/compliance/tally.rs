//! Entries added up: counts of outcomes by both accounts, and the experience totals.

use super::{Account, Entry, Membership};
use crate::domain::clock::Outcome;
use crate::domain::decimal::Decimal;
use crate::domain::exact_spread::ExactSpread;
use crate::domain::experience::ExperienceTotals;
use crate::domain::figures::{Count, ServiceTime, counts_table, define_figures, tally_table};
use crate::domain::share::Share;
use crate::domain::spread::Spread;
use crate::domain::time::Span;
use crate::domain::time_sum::TimeSum;

counts_table!(define_figures);
tally_table!(define_figures);

impl Counts {
    /// How many are excluded, whatever their outcome.
    pub fn excluded(&self) -> u64 {
        self.excluded_met
            + self.excluded_breached
            + self.excluded_cancelled
            + self.excluded_undecided
    }

    /// How many count in the attainment: met or breached, and not excluded.
    pub fn decided(&self) -> u64 {
        self.met + self.breached
    }

    /// met / (met + breached), rounded down to the millionth; `None` when nothing was decided.
    pub fn attainment(&self) -> Option<Share> {
        Share::of(self.met, self.decided())
    }

    /// As what an entry is counted by the contract where it is placed.
    pub fn of_placed(entry: &Entry<'_>) -> Counts {
        Counts::of(entry.contractual.outcome, entry.is_cancelled, entry.is_excluded)
    }

    /// As what an entry is counted by the contract while it is open and undecided.
    pub fn of_open(is_excluded: bool) -> Counts {
        Counts::of(Outcome::Undecided, false, is_excluded)
    }

    fn of(outcome: Outcome, is_cancelled: bool, is_excluded: bool) -> Counts {
        let mut counts = Counts::default();
        let count = match (outcome, is_cancelled, is_excluded) {
            (Outcome::Met, _, false) => &mut counts.met,
            (Outcome::Breached, _, false) => &mut counts.breached,
            (Outcome::Met, _, true) => &mut counts.excluded_met,
            (Outcome::Breached, _, true) => &mut counts.excluded_breached,
            (_, true, false) => &mut counts.cancelled,
            (_, true, true) => &mut counts.excluded_cancelled,
            (_, false, false) => &mut counts.undecided,
            (_, false, true) => &mut counts.excluded_undecided,
        };
        *count = 1;
        counts
    }
}

impl Tally {
    /// What an entry adds to a period that it belongs to so.
    pub fn membership(entry: &Entry<'_>, membership: Membership) -> Tally {
        match membership {
            Membership::Placed => Tally::of(entry),
            Membership::OpenAtEnd => Tally::of_open(entry.is_excluded),
        }
    }

    /// What an entry adds that was open and undecided at the period's end: it is counted, and
    /// adds to no other figure before it is placed.
    fn of_open(is_excluded: bool) -> Tally {
        Tally {
            contractual: Counts::of_open(is_excluded),
            experienced: Counts::of(Outcome::Undecided, false, false),
            ..Tally::default()
        }
    }

    /// Adds a target of an incident of this age that was open at the period's end, or is now.
    pub fn add_to_backlog(&mut self, age: Span) {
        self.backlog_ages.add_one(age);
    }

    /// The tally of a single entry that is placed.
    pub fn of(entry: &Entry<'_>) -> Tally {
        let Account { elapsed, .. } = entry.contractual;
        let counts_elapsed = entry.decide_time.is_some() && !entry.is_excluded;
        let is_late = entry.verdict() == Outcome::Breached;
        Tally {
            contractual: Counts::of_placed(entry),
            experienced: Counts::of(entry.experienced.outcome, entry.is_cancelled, false),
            watermelons: u64::from(entry.is_watermelon()),
            reverse_watermelons: u64::from(entry.is_reverse_watermelon()),
            idle_work: u64::from(entry.has_idle_work()),
            met_by_pauses: u64::from(entry.is_met_by_pauses()),
            experience_totals: entry.experience_totals.clone().unwrap_or_default(),
            elapsed: if counts_elapsed { Spread::of(elapsed.into()) } else { Spread::default() },
            elapsed_total: if counts_elapsed { elapsed.into() } else { TimeSum::ZERO },
            lateness: match is_late {
                true => ExactSpread::of(entry.lateness),
                false => ExactSpread::default(),
            },
            backlog_ages: ExactSpread::default(),
        }
    }

    /// The mean elapsed time of the decided entries that are not excluded, rounded down to the
    /// nanosecond; `None` without any.
    pub fn elapsed_mean(&self) -> Option<TimeSum> {
        let decided = self.contractual.decided();
        (decided > 0).then(|| self.elapsed_total.divided(u128::from(decided)))
    }

    /// A percentile of the ages of the backlog, exactly; `None` where nothing was open.
    pub fn backlog_age(&self, hundredths: u32) -> Option<Span> {
        self.backlog_ages.percentile(Share::from_hundredths(hundredths))
    }

    /// The contractual attainment less the experienced one, in percent, made of the two as they
    /// are shown, each rounded down; `None` when one of them is.
    pub fn attainment_gap(&self) -> Option<Decimal> {
        let (paper, experience) = (self.contractual.attainment()?, self.experienced.attainment()?);
        Some(paper.above(experience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_between_the_accounts_has_a_sign() {
        let counts = |met| Counts { met, breached: 8 - met, ..Counts::default() };
        let gap = |paper, experience| {
            let (contractual, experienced) = (counts(paper), counts(experience));
            let tally = Tally { contractual, experienced, ..Tally::default() };
            tally.attainment_gap().map(|gap| gap.to_string())
        };
        assert_eq!(gap(7, 6), Some("12.5".into()));
        assert_eq!(gap(6, 7), Some("-12.5".into()));
        assert_eq!(gap(6, 6), Some("0".into()));
        assert_eq!(Tally::default().attainment_gap(), None);
    }

    /// P10: who subtracts the percentages that stand beside it gets the same.
    #[test]
    fn the_gap_is_the_difference_of_the_shown_percentages() {
        for ((met, all), (met_experienced, all_experienced), shown) in [
            ((10, 11), (8, 10), ["90.909", "80", "10.909"]),
            ((1, 3), (2, 3), ["33.3333", "66.6666", "-33.3333"]),
            ((2, 3), (1, 2), ["66.6666", "50", "16.6666"]),
            ((1, 2), (1, 3), ["50", "33.3333", "16.6667"]),
            ((0, 1), (1, 1), ["0", "100", "-100"]),
        ] {
            let counts = |met, all| Counts { met, breached: all - met, ..Counts::default() };
            let contractual = counts(met, all);
            let experienced = counts(met_experienced, all_experienced);
            let gap = Tally { contractual, experienced, ..Tally::default() }.attainment_gap();
            let texts = [contractual.attainment(), experienced.attainment()]
                .map(|share| share.map(|share| share.to_string()).unwrap_or_default());
            let gap = gap.map(|gap| gap.to_string()).unwrap_or_default();
            assert_eq!([texts[0].as_str(), texts[1].as_str(), gap.as_str()], shown);
        }
    }
}
