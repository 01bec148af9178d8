//! Forecasts an attainment objective: the probability that its period ends missed.
//!
//! Decided clocks are certain, open ones breach with their probabilities, and more will arrive.
//! Since clocks of a service fail together, all log-odds share a common shock, whose standard
//! deviation past weeks have taught. It is normal, and averaged over (Gauss-Hermite quadrature,
//! three points).

use super::arrivals::Arrivals;
use super::breaches::BreachCounts;
use crate::domain::share::Share;

/// The shocks averaged over, in standard deviations, each with its weight: zero, and the square
/// root of 3 either way.
const SHOCKS: [(f64, f64); 3] =
    [(-1.732_050_808, 1.0 / 6.0), (0.0, 2.0 / 3.0), (1.732_050_808, 1.0 / 6.0)];
/// Nine of ten cases of a normal distribution lie within so many standard deviations of its mean.
const NINE_OF_TEN: f64 = 1.645;
/// How many of the most influential clocks are listed.
const MOST_INFLUENTIAL_MOST: usize = 20;
/// A clock is listed if it breaches in the period with at least this probability, and moves the
/// probability to miss by at least as much.
const INFLUENCE_LEAST: f64 = 0.01;
/// How many clocks are weighed: so many times the counts of breaches that are possible.
const WEIGHED_TIMES_COUNTS: usize = 20_000;

/// A clock that is open in the period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenClock {
    /// The probability that it breaches at all.
    pub breach_probability: f64,
    /// The probability that it is decided within the period if it breaches.
    pub decided_if_breached: f64,
    /// The same, if it is met.
    pub decided_if_met: f64,
}

/// What is known of a period so far.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodSoFar<'p> {
    /// The share of clocks promised to be met.
    pub promised: Share,
    /// The number of decided clocks below which the promise is not evaluated, and so not missed.
    pub minimum: u64,
    /// Clocks decided so far.
    pub decided: u64,
    /// Those of them that breached.
    pub breached: u64,
    /// The clocks that are open.
    pub open: &'p [OpenClock],
    /// The clocks that are yet to come.
    pub arrivals: Arrivals,
    /// The standard deviation, in log-odds, of what all undecided clocks have in common.
    pub shock: f64,
}

/// How a period will probably end.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodForecast {
    /// The probability that the promise is missed.
    pub miss_probability: f64,
    /// The attainment to expect, 0 to 1.
    pub expected_attainment: f64,
    /// The attainment lies between these in nine of ten cases.
    pub attainment_interval: (f64, f64),
    /// The number of clocks expected to be decided in all.
    pub expected_decided: f64,
    /// How many more breaches it can take if as many clocks are decided as expected; negative when
    /// there are too many already.
    pub allowance_left: i64,
    /// The open clocks whose outcomes move the miss probability most, the most influential first.
    pub most_influential: Vec<Influence>,
}

/// How much the outcome of an open clock moves the miss probability, whatever the shock is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Influence {
    /// The index of the clock among the open ones.
    pub clock: usize,
    /// The probability that the promise is missed if the clock breaches in the period.
    pub if_breached: f64,
    /// The same, if it is met in the period.
    pub if_met: f64,
}

/// The number of clocks that are decided.
#[derive(Clone, Copy, Debug)]
struct Decisions {
    mean: f64,
    variance: f64,
    /// Its covariance with the number of breaches: a breach is a decision, too.
    shared: f64,
}

/// The period's end under one value of the shock.
struct Shocked {
    shock: f64,
    weight: f64,
    breaches: BreachCounts,
    /// The mean and the variance of the number of breaches.
    moments: (f64, f64),
    decided: Decisions,
}

impl PeriodSoFar<'_> {
    /// How the period will probably end.
    pub fn forecast(&self) -> PeriodForecast {
        let shocked: Vec<_> =
            SHOCKS.iter().map(|(at, weight)| self.under((at * self.shock, *weight))).collect();
        let expected_decided = mixed(&shocked, |under| under.decided.mean);
        let breaches = mixed(&shocked, |under| under.moments.0) + self.breached as f64;
        let miss_probability = match self.open.is_empty() && self.arrivals.mean <= 0.0 {
            true => self.is_missed(self.breached, self.decided),
            false => mixed(&shocked, |under| {
                self.missed(&under.breaches, under.moments, under.decided, 0)
            })
            .clamp(0.0, 1.0),
        };
        PeriodForecast {
            miss_probability,
            expected_attainment: attained(breaches, expected_decided),
            attainment_interval: self.interval(&shocked, expected_decided, breaches),
            expected_decided,
            allowance_left: self.allowed(expected_decided) - self.breached as i64,
            most_influential: self.most_influential(&shocked, miss_probability),
        }
    }

    fn under(&self, (shock, weight): (f64, f64)) -> Shocked {
        let open: Vec<_> = self.open.iter().map(|clock| clock.moved(shock)).collect();
        let breaches: Vec<_> = open.iter().map(OpenClock::breaches_here).collect();
        let Arrivals { mean, variance, breach_share } = self.arrivals;
        let share = shifted_share(breach_share, shock);
        let breaching = mean * share;
        let excess = (variance - mean).max(0.0) * share * share;
        let arriving = BreachCounts::arriving(breaching, breaching + excess);
        let of_open = BreachCounts::of(&breaches);
        let arrived =
            Decisions { mean: self.decided as f64 + mean, variance, shared: share * variance };
        let decided = open.iter().fold(arrived, |sum, clock| sum.plus(Decisions::of(clock), 1.0));
        let spread: f64 = breaches.iter().map(|share| share * (1.0 - share)).sum();
        let expected: f64 = breaches.iter().sum();
        let moments = (expected + breaching, spread + breaching + excess);
        Shocked { shock, weight, breaches: of_open.plus(&arriving), moments, decided }
    }

    /// The probability that more clocks breach than the number decided allows, if so many more
    /// breach than these counts say. Where more clocks breach, more are decided.
    fn missed(
        &self,
        breaches: &BreachCounts,
        (mean, variance): (f64, f64),
        decided: Decisions,
        more: u64,
    ) -> f64 {
        let slope = if variance > 1e-9 { decided.shared / variance } else { 0.0 };
        let rest = (decided.variance - slope * decided.shared).max(0.0).sqrt();
        let of = |(count, share): (usize, f64)| {
            let breached = self.breached + count as u64 + more;
            let decided = decided.mean + slope * (count as f64 - mean);
            let is_missed = match rest > 1e-4 {
                true => self.too_few_by(breached, decided, rest),
                false => self.is_missed(breached, decided.round() as u64),
            };
            share * is_missed
        };
        breaches.shares().filter(|(_, share)| *share > 1e-13).map(of).sum()
    }

    fn is_missed(&self, breached: u64, decided: u64) -> f64 {
        let met = decided.saturating_sub(breached);
        let is_missed = decided >= self.minimum && !self.promised.is_reached(met, decided);
        f64::from(u8::from(is_missed))
    }

    /// The probability that so few clocks are decided that `breached` breaches miss the promise;
    /// their number is normal, of this mean and standard deviation.
    fn too_few_by(&self, breached: u64, mean: f64, deviation: f64) -> f64 {
        let enough = match self.minimum {
            0 | 1 => 0.0,
            minimum => normal_below((minimum as f64 - 0.5 - mean) / deviation),
        };
        let allowed_share = f64::from(self.promised.rest().millionths()) / 1e6;
        if breached == 0 || allowed_share == 0.0 {
            return if breached > 0 { 1.0 - enough } else { 0.0 };
        }
        // The number decided is whole: the promise is missed below the least that allows so many.
        let least = (breached as f64 / allowed_share - 1e-9).ceil();
        (normal_below((least - 0.5 - mean) / deviation) - enough).max(0.0)
    }

    fn allowed(&self, decided: f64) -> i64 {
        let share = f64::from(self.promised.rest().millionths()) / 1e6;
        (decided * share + 1e-9).floor() as i64
    }

    /// The attainment that nine of ten such periods end with: as far about the one to expect as
    /// breaches and decisions vary, and half a clock, since counts are whole.
    fn interval(&self, shocked: &[Shocked], decided: f64, breaches: f64) -> (f64, f64) {
        let expected = attained(breaches, decided);
        let (breached, share) = (self.breached as f64, breaches / decided.max(f64::MIN_POSITIVE));
        let spread = |under: &Shocked| {
            let Decisions { mean, variance, shared } = under.decided;
            let (late, all) = (breached + under.moments.0 - breaches, mean - decided);
            under.moments.1 + late * late + share * share * (variance + all * all)
                - 2.0 * share * (shared + late * all)
        };
        let variance = mixed(shocked, spread).max(0.0);
        if decided <= 0.0 || variance < 1e-9 {
            return (expected, expected);
        }
        let reach = (NINE_OF_TEN * variance.sqrt() + 0.5) / decided;
        ((expected - reach).max(0.0), (expected + reach).min(1.0))
    }

    /// The clocks whose outcomes move the miss probability most. Of very many those are weighed
    /// whose outcomes are least certain: any two of them move it about as much.
    fn most_influential(&self, shocked: &[Shocked], missed: f64) -> Vec<Influence> {
        let places = self.open.iter().enumerate();
        let breaches = places.map(|(place, clock)| (place, clock, clock.breaches_here()));
        let mut clocks: Vec<_> =
            breaches.filter(|(_, _, breaches)| *breaches >= INFLUENCE_LEAST).collect();
        let open = |breaches: f64| breaches * (1.0 - breaches);
        type Weighed<'o> = (usize, &'o OpenClock, f64);
        let least_certain =
            |a: &Weighed<'_>, b: &Weighed<'_>| open(b.2).total_cmp(&open(a.2)).then(a.0.cmp(&b.0));
        let counts = shocked.iter().map(|under| under.breaches.shares().count()).max();
        let most = WEIGHED_TIMES_COUNTS / counts.unwrap_or(1).max(1);
        let most = most.max(MOST_INFLUENTIAL_MOST);
        if clocks.len() > most {
            // The rest need not be in order.
            clocks.select_nth_unstable_by(most, least_certain);
            clocks.truncate(most);
        }
        clocks.sort_by(least_certain);
        let weighed = clocks.into_iter().map(|(place, clock, _)| {
            let outcomes = mixed_pair(shocked, |under| self.outcomes(under, clock));
            Influence { clock: place, if_breached: outcomes.0, if_met: outcomes.1 }
        });
        let mut weighed: Vec<_> = weighed.map(|of| of.about(missed)).collect();
        weighed.retain(|of| of.moves() >= INFLUENCE_LEAST);
        weighed.sort_by(|a, b| b.moves().total_cmp(&a.moves()).then(a.clock.cmp(&b.clock)));
        weighed.truncate(MOST_INFLUENTIAL_MOST);
        weighed
    }

    /// The probability to miss if a clock breaches in the period, and if it is met.
    fn outcomes(&self, under: &Shocked, clock: &OpenClock) -> (f64, f64) {
        let moved = clock.moved(under.shock);
        let breaches = moved.breaches_here();
        let others = under.breaches.without(breaches);
        let moments = (under.moments.0 - breaches, under.moments.1 - breaches * (1.0 - breaches));
        let decided = under.decided.plus(Decisions::of(&moved), -1.0);
        let decided = Decisions { mean: decided.mean + 1.0, ..decided };
        let missed = |more| self.missed(&others, moments, decided, more);
        (missed(1), missed(0))
    }
}

impl Influence {
    /// How far apart its outcomes leave the miss probability.
    pub fn moves(&self) -> f64 {
        self.if_breached - self.if_met
    }

    /// The same, held to the miss probability that both make up.
    fn about(self, missed: f64) -> Influence {
        let if_breached = self.if_breached.clamp(missed, 1.0);
        Influence { if_breached, if_met: self.if_met.clamp(0.0, missed), ..self }
    }
}

impl Decisions {
    /// Whether a clock is decided in the period.
    fn of(clock: &OpenClock) -> Decisions {
        let (decided, breaches) = (clock.decided_here(), clock.breaches_here());
        Decisions {
            mean: decided,
            variance: decided * (1.0 - decided),
            shared: breaches * (1.0 - decided),
        }
    }

    /// With others, so many times.
    fn plus(self, other: Decisions, times: f64) -> Decisions {
        Decisions {
            mean: self.mean + times * other.mean,
            variance: self.variance + times * other.variance,
            shared: self.shared + times * other.shared,
        }
    }
}

impl OpenClock {
    /// The clock as a shock moves it.
    fn moved(&self, shock: f64) -> OpenClock {
        OpenClock { breach_probability: shifted(self.breach_probability, shock), ..*self }
    }

    /// The probability that it breaches within the period.
    fn breaches_here(&self) -> f64 {
        self.breach_probability * self.decided_if_breached
    }

    /// The probability that it is decided within the period.
    pub fn decided_here(&self) -> f64 {
        self.breaches_here() + (1.0 - self.breach_probability) * self.decided_if_met
    }
}

fn mixed_pair(shocked: &[Shocked], of: impl Fn(&Shocked) -> (f64, f64)) -> (f64, f64) {
    shocked.iter().fold((0.0, 0.0), |sum, under| {
        let (one, other) = of(under);
        (sum.0 + under.weight * one, sum.1 + under.weight * other)
    })
}

fn mixed(shocked: &[Shocked], of: impl Fn(&Shocked) -> f64) -> f64 {
    shocked.iter().map(|under| under.weight * of(under)).sum()
}

fn attained(breached: f64, decided: f64) -> f64 {
    if decided > 0.0 { (1.0 - breached / decided).clamp(0.0, 1.0) } else { 1.0 }
}

fn shifted(probability: f64, shock: f64) -> f64 {
    // A certain outcome is not shifted.
    if probability <= 0.0 || probability >= 1.0 {
        probability
    } else {
        shifted_share(probability, shock)
    }
}

fn shifted_share(probability: f64, shock: f64) -> f64 {
    let odds = probability / (1.0 - probability).max(f64::MIN_POSITIVE) * shock.exp();
    odds / (1.0 + odds)
}

/// The standard normal distribution function, by Abramowitz and Stegun 26.2.17; its error is below
/// 7.5e-8.
fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let above = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum;
    if z > 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open(probability: f64) -> OpenClock {
        OpenClock { breach_probability: probability, decided_if_breached: 1.0, decided_if_met: 1.0 }
    }

    fn so_far(open: &[OpenClock], decided: u64, breached: u64) -> PeriodSoFar<'_> {
        let promised = Share::from_percent("90").unwrap();
        PeriodSoFar {
            promised,
            minimum: 0,
            decided,
            breached,
            open,
            arrivals: Arrivals::NONE,
            shock: 0.4,
        }
    }

    #[test]
    fn what_is_certain_is_forecast_as_certain() {
        let met = so_far(&[], 20, 2).forecast();
        assert_eq!((met.miss_probability, met.allowance_left), (0.0, 0));
        assert!((met.expected_attainment - 0.9).abs() < 1e-9);
        let missed = so_far(&[], 20, 3).forecast();
        assert!((missed.miss_probability - 1.0).abs() < 1e-6, "{}", missed.miss_probability);
        let late = [open(1.0), open(0.0)];
        let missed = so_far(&late, 18, 2).forecast();
        assert!((missed.miss_probability - 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_open_clock_on_the_edge_decides_it_with_its_own_probability() {
        let clocks = [open(0.5)];
        let forecast = so_far(&clocks, 19, 2).forecast();
        assert!((forecast.miss_probability - 0.5).abs() < 1e-3, "{forecast:?}");
        let [of] = forecast.most_influential.as_slice() else { panic!("{forecast:?}") };
        assert_eq!(of.clock, 0);
        assert!(of.if_breached > 1.0 - 1e-9 && of.if_met < 1e-9, "{of:?}");
    }

    #[test]
    fn more_breaches_are_never_better_and_arrivals_widen_the_interval() {
        let clocks: Vec<_> = (0..40).map(|i| open(f64::from(i) / 80.0)).collect();
        let miss = |breached| so_far(&clocks, 160, breached).forecast().miss_probability;
        assert!((0..30).all(|breached| miss(breached) <= miss(breached + 1) + 1e-12));
        let alone = so_far(&clocks, 160, 8).forecast();
        let arrivals = Arrivals { mean: 50.0, variance: 425.0, breach_share: 0.1 };
        let more = PeriodSoFar { arrivals, ..so_far(&clocks, 160, 8) }.forecast();
        assert!(alone.attainment_interval.0 < alone.expected_attainment);
        assert!(more.expected_decided > alone.expected_decided);
        assert!((0.0..=1.0).contains(&more.miss_probability));
    }

    /// Finding 4: clocks that moved nothing were listed with "<1 %".
    #[test]
    fn a_clock_that_moves_nothing_is_not_listed() {
        let clocks = [open(0.3), open(0.001), open(0.5)];
        let on_the_edge = so_far(&clocks, 17, 1).forecast();
        let listed: Vec<_> = on_the_edge.most_influential.iter().map(|of| of.clock).collect();
        assert!(listed.contains(&0) && listed.contains(&2) && !listed.contains(&1), "{listed:?}");
        assert!(so_far(&clocks, 500, 1).forecast().most_influential.is_empty());
    }

    #[test]
    fn too_few_clocks_to_evaluate_miss_nothing() {
        let few = PeriodSoFar { minimum: 10, ..so_far(&[], 9, 9) };
        assert_eq!(few.forecast().miss_probability, 0.0);
        let enough = PeriodSoFar { minimum: 9, ..few };
        assert_eq!(enough.forecast().miss_probability, 1.0);
    }

    fn clocks() -> impl Strategy<Value = Vec<OpenClock>> {
        let share = || prop_oneof![Just(0.0), Just(1.0), 0f64..1.0];
        let clock =
            (share(), share(), share()).prop_map(|(breach, if_breached, if_met)| OpenClock {
                breach_probability: breach,
                decided_if_breached: if_breached,
                decided_if_met: if_met,
            });
        prop::collection::vec(clock, 0..30)
    }

    proptest! {
        #[test]
        fn more_breaches_never_lower_the_miss_probability(
            open in clocks(),
            decided in 0u64..60,
            breached in 0u64..60,
            mean in 0f64..40.0,
            breach_share in 0f64..1.0,
            shock in 0f64..1.5,
        ) {
            let arrivals = Arrivals { mean, variance: 2.0 * mean, breach_share };
            let of = |decided: u64, breached| {
                let decided = decided.max(breached);
                PeriodSoFar { arrivals, shock, ..so_far(&open, decided, breached) }.forecast()
            };
            let base = of(decided.max(breached), breached);
            let met_breached = of(decided.max(breached), (breached + 1).min(decided.max(breached)));
            let one_more = of(decided.max(breached) + 1, breached + 1);
            let one_met = of(decided.max(breached) + 1, breached);
            prop_assert!(base.miss_probability <= met_breached.miss_probability + 1e-9);
            prop_assert!(base.miss_probability <= one_more.miss_probability + 1e-9);
            prop_assert!(one_met.miss_probability <= base.miss_probability + 1e-9);
            let (low, high) = base.attainment_interval;
            prop_assert!(0.0 <= low && low <= base.expected_attainment + 1e-12);
            prop_assert!(base.expected_attainment <= high + 1e-12 && high <= 1.0);
            for of in &base.most_influential {
                prop_assert!(0.0 <= of.if_met && of.if_met <= base.miss_probability);
                prop_assert!(base.miss_probability <= of.if_breached && of.if_breached <= 1.0);
                prop_assert!(of.moves() >= INFLUENCE_LEAST);
            }
            let sorted = base.most_influential.windows(2).all(|pair| pair[0].moves() >= pair[1].moves());
            prop_assert!(sorted);
        }

        #[test]
        fn what_outcomes_leave_makes_up_the_whole(
            probabilities in prop::collection::vec(0.05f64..0.95, 1..12),
            decided in 0u64..40,
            late in 0u64..5,
        ) {
            let clocks: Vec<_> = probabilities.iter().map(|p| open(*p)).collect();
            let period = PeriodSoFar { shock: 0.0, ..so_far(&clocks, decided.max(late), late) };
            let forecast = period.forecast();
            for of in &forecast.most_influential {
                let breach = probabilities[of.clock];
                let whole = breach * of.if_breached + (1.0 - breach) * of.if_met;
                prop_assert!((whole - forecast.miss_probability).abs() < 1e-6, "{of:?} {whole}");
            }
        }

        #[test]
        fn a_period_without_open_clocks_or_arrivals_is_certain(
            decided in 0u64..200, late in 0u64..200,
        ) {
            let forecast = so_far(&[], decided.max(late), late).forecast();
            let missed = forecast.miss_probability;
            prop_assert!([0.0, 1.0].contains(&missed), "{missed}");
            let (low, high) = forecast.attainment_interval;
            prop_assert_eq!((low, high), (forecast.expected_attainment, forecast.expected_attainment));
        }
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        assert!((normal_below(1.96) - 0.975_002_1).abs() < 1e-6);
        assert!((normal_below(-1.0) - 0.158_655_3).abs() < 1e-6);
    }
}
