//! The tables of the figures that reports consist of. Types, codecs and sheets are generated from
//! them.
//!
//! A table lists the figures that are `kept` for a group, each with its unit and the label by which
//! checks name it. Kept figures add up, and what was added can be subtracted again. It also lists
//! the figures that are `reported`: the field of the API's message, its unit, where it comes from,
//! and its heading in a printed sheet, if it has one.
//!
//! A user of a table passes it the name of a macro, which is called with the whole table:
//!
//! - `define_figures!` makes the type, which adds, subtracts and lists its figures;
//! - the codec of the views makes the rows they are kept in;
//! - the codec of the API makes the messages they are reported in;
//! - the command line makes the columns of its sheets.
//!
//! A figure that one of them forgets does not compile. A new figure takes a line here, what a
//! single entry or incident adds to it (the `of` of its type), the two fields in the protos, and a
//! new format version of the views, which are then rebuilt.

use super::exact_spread::ExactSpread;
use super::spread::Spread;
use super::time_sum::TimeSum;

/// A number of things.
pub(crate) type Count = u64;
/// People's time, added up over people.
pub(crate) type PeopleTime = TimeSum;
/// Time in which the provider served or worked, added up over incidents.
pub(crate) type ServiceTime = TimeSum;

/// A figure that adds up, and from which what was added can be subtracted again.
pub trait Figure {
    /// Adds another figure.
    fn add(&mut self, other: &Self);

    /// Subtracts a figure that was added before; the result is not below zero.
    fn remove(&mut self, other: &Self);

    /// Its value, for comparison and display.
    fn value(&self) -> Value<'_>;
}

/// The value of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'f> {
    /// A count.
    Count(u64),
    /// Time added up.
    Time(TimeSum),
    /// How often which times occurred.
    Spread(&'f Spread),
    /// How often which times occurred, to the nanosecond.
    ExactSpread(&'f ExactSpread),
    /// Several figures, each with its label.
    Figures(Vec<(&'static str, Value<'f>)>),
}

impl Figure for u64 {
    fn add(&mut self, other: &u64) {
        *self = self.saturating_add(*other);
    }

    fn remove(&mut self, other: &u64) {
        *self = self.saturating_sub(*other);
    }

    fn value(&self) -> Value<'_> {
        Value::Count(*self)
    }
}

impl Figure for TimeSum {
    fn add(&mut self, other: &TimeSum) {
        *self += *other;
    }

    fn remove(&mut self, other: &TimeSum) {
        *self = self.less(*other);
    }

    fn value(&self) -> Value<'_> {
        Value::Time(*self)
    }
}

impl Figure for Spread {
    fn add(&mut self, other: &Spread) {
        Spread::add(self, other);
    }

    fn remove(&mut self, other: &Spread) {
        Spread::remove(self, other);
    }

    fn value(&self) -> Value<'_> {
        Value::Spread(self)
    }
}

impl Figure for ExactSpread {
    fn add(&mut self, other: &ExactSpread) {
        ExactSpread::add(self, other);
    }

    fn remove(&mut self, other: &ExactSpread) {
        ExactSpread::remove(self, other);
    }

    fn value(&self) -> Value<'_> {
        Value::ExactSpread(self)
    }
}

/// Makes the type of a table's figures.
macro_rules! define_figures {
    (
        $(#[$about:meta])*
        $name:ident as $message:ident and [$($other:ident),*];
        kept { $($(#[$doc:meta])* $figure:ident: $unit:ty, $label:literal;)* }
        reported { $($columns:tt)* }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $figure: $unit,)*
        }

        impl $name {
            /// Adds another.
            pub fn add(&mut self, other: &$name) {
                $($crate::domain::figures::Figure::add(&mut self.$figure, &other.$figure);)*
            }

            /// Subtracts one that was added before.
            pub fn remove(&mut self, other: &$name) {
                $($crate::domain::figures::Figure::remove(&mut self.$figure, &other.$figure);)*
            }

            /// Whether all its figures are zero.
            pub fn is_empty(&self) -> bool {
                *self == $name::default()
            }
        }

        impl $crate::domain::figures::Figure for $name {
            fn add(&mut self, other: &$name) {
                $name::add(self, other);
            }

            fn remove(&mut self, other: &$name) {
                $name::remove(self, other);
            }

            fn value(&self) -> $crate::domain::figures::Value<'_> {
                $crate::domain::figures::Value::Figures(vec![
                    $(($label, $crate::domain::figures::Figure::value(&self.$figure)),)*
                ])
            }
        }
    };
}

/// Clocks counted.
macro_rules! counts_table {
    ($reader:ident) => {
        $reader! {
            /// Entries counted by what they came to.
            #[derive(Copy)]
            Counts as Tally and [];
            kept {
                /// Within their limits.
                met: Count, "met";
                /// Over their limits.
                breached: Count, "breached";
                /// Left out, and would have been met.
                excluded_met: Count, "excluded, met";
                /// Left out, and would have been breached.
                excluded_breached: Count, "excluded, breached";
                /// Cancelled within their limits.
                cancelled: Count, "cancelled";
                /// Left out, and cancelled within their limits.
                excluded_cancelled: Count, "excluded, cancelled";
                /// Left out, and open and within their limits.
                excluded_undecided: Count, "excluded, undecided";
                /// Open and within their limits.
                undecided: Count, "undecided";
            }
            reported {
                met: Count = [met], Clocks "met";
                breached: Count = [breached], Clocks "breached";
                cancelled: Count = [cancelled], Clocks "cancelled";
                excluded: Count = [excluded()], Clocks "excluded";
                undecided: Count = [undecided], Clocks "open";
                attainment: Percent = [attainment()], Clocks "attained";
                excluded_met: Count = [excluded_met];
                excluded_breached: Count = [excluded_breached];
                excluded_cancelled: Count = [excluded_cancelled];
                excluded_undecided: Count = [excluded_undecided];
            }
        }
    };
}

/// Clocks by both accounts, and what their incidents cost people.
macro_rules! tally_table {
    ($reader:ident) => {
        $reader! {
            /// Entries added up, both accounts beside each other.
            Tally as ComplianceGroup and [target_id, priority, service, category, group, party];
            kept {
                /// By the contract.
                contractual: Counts, "";
                /// As they were experienced.
                experienced: Counts, "experienced";
                /// Met by the contract, or excluded, and breached as they were experienced.
                watermelons: Count, "watermelons";
                /// Breached by the contract, and met as they were experienced.
                reverse_watermelons: Count, "reverse watermelons";
                /// Met by the contract, or excluded, only thanks to pauses or exclusions.
                met_by_pauses: Count, "met by pauses";
                /// Stopped, and left idle meanwhile.
                idle_work: Count, "idle work";
                /// The elapsed time of the decided entries that are not excluded.
                elapsed: Spread, "elapsed";
                /// That time added up.
                elapsed_total: ServiceTime, "elapsed, added up";
                /// What the incidents cost people, each counted with one of its targets.
                experience_totals: ExperienceTotals, "experience";
                /// How much longer than its limit each of the breached entries took.
                lateness: ExactSpread, "lateness";
                /// The ages of the incidents that were open at the period's end: a stock, which no
                /// tally bucket holds.
                backlog_ages: ExactSpread, "backlog";
            }
            reported {
                contractual: Figures = [contractual];
                experienced: Figures = [experienced];
                watermelons: Count = [watermelons], Clocks "watermelons";
                elapsed_mean: Time = [elapsed_mean()], Clocks "mean";
                elapsed_p50: Time = [elapsed.percentile(50)], Clocks "p50";
                elapsed_p90: Time = [elapsed.percentile(90)], Clocks "p90";
                elapsed_p99: Time = [elapsed.percentile(99)];
                lateness: Time = [lateness.total()];
                backlog: Count = [backlog_ages.count()], Clocks "backlog";
                backlog_age_p50: Time = [backlog_age(50)];
                backlog_age_p90: Time = [backlog_age(90)], Clocks "p90 age";
                backlog_age_oldest: Time = [backlog_age(100)], Clocks "oldest";
                attainment_gap: Percent = [attainment_gap()], People "gap";
                reverse_watermelons: Count = [reverse_watermelons], People "reversed";
                met_by_pauses: Count = [met_by_pauses], People "met by pauses";
                idle_work: Count = [idle_work], People "idle work";
                experience_totals: Figures = [experience_totals];
            }
        }
    };
}

/// What incidents cost people.
macro_rules! totals_table {
    ($reader:ident) => {
        $reader! {
            /// What incidents cost people, and how they flowed, added up: of each, up to the end of
            /// the period that it is counted in. What was added can be subtracted again.
            ExperienceTotals as ExperienceTotals and [];
            kept {
                /// How many incidents.
                incidents: Count, "incidents";
                /// The most people each hit at once.
                people_hit: Count, "people hit";
                /// Times a promise to the client of when it would work again was kept.
                promises_kept: Count, "promises kept";
                /// Times such a promise was broken.
                promises_broken: Count, "promises broken";
                /// Handovers from one group to another.
                handovers: Count, "handovers";
                /// Reopenings.
                reopenings: Count, "reopenings";
                /// How long people had trouble, in their working hours, however many they were.
                experienced: PeopleTime, "experienced";
                /// The people-time lost.
                lost_time: PeopleTime, "lost";
                /// The people-time that each incident cost, including those that cost nothing.
                lost_times: Spread, "lost time";
                /// Time worked.
                touch_time: ServiceTime, "worked";
                /// Service time in which they were open.
                service_time: ServiceTime, "in service hours";
                /// Of that: time in which only the provider was to act, and nobody worked.
                idle_time: ServiceTime, "idle";
                /// Answers to surveys.
                survey: Survey, "survey";
                /// Incidents of which it was reported how many people they hit.
                people_reported: Count, "people reported";
                /// Of those: that number is an estimate.
                people_estimated: Count, "people estimated";
                /// Incidents of which it was reported that somebody worked on them.
                work_reported: Count, "work reported";
                /// Incidents resolved at first contact.
                first_contact: Count, "first contact";
                /// Incidents that were resolved, and of which it is known whether at first contact.
                first_contact_known: Count, "first contact known";
            }
            reported {
                incidents: Count = [incidents], People "incidents";
                people_hit: Count = [people_hit], People "people";
                lost_time: Time = [measured_lost_time()], People "lost";
                lost_time_p50: Time = [median_lost_time()], People "lost p50";
                experienced_time: Time = [experienced];
                touch_time: Time = [measured_touch_time()], People "worked";
                service_time: Time = [service_time];
                idle_time: Time = [measured_idle_time()], People "idle";
                people_reported: Count = [people_reported], People "reported people";
                people_estimated: Count = [people_estimated], People "guessed";
                work_reported: Count = [work_reported], People "reported work";
                first_contact: Count = [first_contact];
                first_contact_known: Count = [first_contact_known];
                first_contact_percent: Percent = [first_contact_share()], People "first contact";
                handovers: Count = [handovers], People "handovers";
                reopenings: Count = [reopenings], People "reopened";
                promises_kept: OfPromises = [promises_kept], People "kept";
                promises_broken: Count = [promises_broken];
                survey: Figures = [survey];
            }
        }
    };
}

/// Answers to surveys.
macro_rules! survey_table {
    ($reader:ident) => {
        $reader! {
            /// Answers added up.
            #[derive(Copy)]
            Survey as SurveyFigures and [];
            kept {
                /// How many there are.
                answers: Count, "answers";
                /// Their scores, added up.
                scores: Count, "scored";
                /// Answers of 9 and 10.
                happy: Count, "happy";
                /// Answers of 0 to 6.
                unhappy: Count, "unhappy";
                /// The working time that the people say they lost, all together.
                lost_time: PeopleTime, "lost";
            }
            reported {
                answers: Count = [answers], People "answers";
                average_score: Number = [average_score()], People "score";
                happiness_percent: Percent = [happiness_percent()], People "happiness";
                lost_time: Time = [lost_time];
            }
        }
    };
}

pub(crate) use {counts_table, define_figures, survey_table, tally_table, totals_table};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compliance::{Counts, Tally};
    use crate::domain::experience::Survey;

    fn tally(first: u64) -> Tally {
        let counts = Counts { met: first, breached: first + 1, ..Counts::default() };
        let mut tally = Tally { contractual: counts, watermelons: first, ..Tally::default() };
        tally.elapsed = Spread::from_counts([(60 * first, first)]);
        tally.experience_totals.lost_time = TimeSum::from_parts(first, 0);
        tally.experience_totals.survey = Survey { answers: first, ..Survey::default() };
        tally
    }

    #[test]
    fn figures_of_all_units_add_up_and_can_be_subtracted_again() {
        let mut sum = tally(2);
        sum.add(&tally(3));
        assert_eq!((sum.contractual.met, sum.contractual.breached, sum.watermelons), (5, 7, 5));
        assert_eq!(sum.elapsed, Spread::from_counts([(120, 2), (180, 3)]));
        assert_eq!(
            (sum.experience_totals.lost_time, sum.experience_totals.survey.answers),
            (TimeSum::from_parts(5, 0), 5)
        );
        sum.remove(&tally(2));
        assert_eq!(sum, tally(3));
        sum.remove(&tally(3));
        assert!(sum.is_empty());
    }

    #[test]
    fn figures_list_their_values_by_their_labels() {
        let survey =
            Survey { answers: 2, lost_time: TimeSum::from_parts(9, 0), ..Survey::default() };
        let Value::Figures(listed) = survey.value() else { panic!("{survey:?}") };
        let found: Vec<_> = listed.iter().map(|(label, _)| *label).collect();
        assert_eq!(found, ["answers", "scored", "happy", "unhappy", "lost"]);
        assert_eq!(listed[4].1, Value::Time(TimeSum::from_parts(9, 0)));
    }
}
