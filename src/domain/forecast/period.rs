//! Forecasts an attainment objective: the probability that its period ends missed.
//!
//! Decided clocks are certain, open ones breach with their probabilities, and more will arrive.
//! Since clocks of a service fail together, all log-odds share a common shock, normal with a
//! standard deviation of 0.4, which is averaged over (Gauss-Hermite quadrature, three points).

use super::arrivals::Arrivals;
use super::breaches::BreachCounts;
use crate::domain::share::Share;

/// The shocks averaged over, in log-odds, each with its weight: zero, and 0.4 times the square root
/// of 3 either way.
const SHOCKS: [(f64, f64); 3] =
    [(-0.692_820_323, 1.0 / 6.0), (0.0, 2.0 / 3.0), (0.692_820_323, 1.0 / 6.0)];
/// Nine of ten cases of a normal distribution lie within so many standard deviations of its mean.
const NINE_OF_TEN: f64 = 1.645;
/// How much farther real periods ended from what was expected than their clocks alone explain: with
/// this nine of ten weeks of a real log ended within the interval.
const WIDENING: f64 = 1.25;
/// How many of the most influential clocks are listed.
const MOST_INFLUENTIAL_MOST: usize = 20;

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
    /// Clocks decided so far.
    pub decided: u64,
    /// Those of them that breached.
    pub breached: u64,
    /// The clocks that are open.
    pub open: &'p [OpenClock],
    /// The clocks that are yet to come.
    pub arrivals: Arrivals,
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
    /// The most influential open clocks by their index, each with how much the miss probability
    /// would fall if it were met, the number decided being as expected.
    pub most_influential: Vec<(usize, f64)>,
}

/// The period's end under one value of the shock.
struct Shocked {
    shock: f64,
    weight: f64,
    breaches: BreachCounts,
    /// The mean and the variance of the number decided.
    decided: (f64, f64),
}

impl PeriodSoFar<'_> {
    /// How the period will probably end.
    pub fn forecast(&self) -> PeriodForecast {
        let shocked: Vec<_> = SHOCKS.iter().map(|shock| self.under(*shock)).collect();
        let expected_decided = mixed(&shocked, |under| under.decided.0);
        let missed = |under: &Shocked| self.missed(under);
        let breaches = mixed(&shocked, |under| under.breaches.mean()) + self.breached as f64;
        let allowed = self.allowed(expected_decided);
        PeriodForecast {
            miss_probability: mixed(&shocked, missed).clamp(0.0, 1.0),
            expected_attainment: attained(breaches, expected_decided),
            attainment_interval: self.interval(&shocked, expected_decided, breaches),
            expected_decided,
            allowance_left: allowed - self.breached as i64,
            most_influential: self.most_influential(&shocked, allowed),
        }
    }

    fn under(&self, (shock, weight): (f64, f64)) -> Shocked {
        let shifted = |clock: &OpenClock| OpenClock {
            breach_probability: shifted(clock.breach_probability, shock),
            ..*clock
        };
        let open: Vec<_> = self.open.iter().map(shifted).collect();
        let Arrivals { mean, variance, breach_share } = self.arrivals;
        let share = shifted_share(breach_share, shock);
        let breaching = mean * share;
        let excess = (variance - mean).max(0.0) * share * share;
        let arriving = BreachCounts::arriving(breaching, breaching + excess);
        let of_open = BreachCounts::of(open.iter().map(OpenClock::breaches_here));
        let decided = open.iter().map(OpenClock::decided_here);
        let (sum, spread) = decided
            .fold((0.0, 0.0), |(sum, spread), share| (sum + share, spread + share * (1.0 - share)));
        Shocked {
            shock,
            weight,
            breaches: of_open.plus(&arriving),
            decided: (self.decided as f64 + sum + mean, spread + variance),
        }
    }

    /// The probability that more clocks breach than the number decided allows.
    fn missed(&self, under: &Shocked) -> f64 {
        let (mean, variance) = under.decided;
        let of = |(more, share): (usize, f64)| {
            let breached = self.breached + more as u64;
            let is_missed = match variance > 1e-9 {
                true => self.too_few_by(breached, mean, variance),
                false => self.is_missed(breached, mean.round() as u64),
            };
            share * is_missed
        };
        under.breaches.shares().map(of).sum()
    }

    fn is_missed(&self, breached: u64, decided: u64) -> f64 {
        let met = decided.saturating_sub(breached);
        f64::from(u8::from(!self.promised.is_reached(met, decided)))
    }

    /// The probability that so few clocks are decided that `breached` breaches miss the promise.
    fn too_few_by(&self, breached: u64, mean: f64, variance: f64) -> f64 {
        let allowed_share = f64::from(self.promised.rest().millionths()) / 1e6;
        if breached == 0 || allowed_share == 0.0 {
            return f64::from(u8::from(breached > 0));
        }
        // The number decided is whole: the promise is missed below the least that allows so many.
        let least = (breached as f64 / allowed_share - 1e-9).ceil();
        normal_below((least - 0.5 - mean) / variance.sqrt())
    }

    fn allowed(&self, decided: f64) -> i64 {
        let share = f64::from(self.promised.rest().millionths()) / 1e6;
        (decided * share + 1e-9).floor() as i64
    }

    /// The attainment that nine of ten such periods end with: as far about the one to expect as
    /// breaches and decisions vary, widened by how much more real periods did.
    fn interval(&self, shocked: &[Shocked], decided: f64, breaches: f64) -> (f64, f64) {
        let expected = attained(breaches, decided);
        if decided <= 0.0 {
            return (expected, expected);
        }
        let square = |(count, share): (usize, f64)| {
            (self.breached as f64 + count as f64 - breaches).powi(2) * share
        };
        let of_breaches = mixed(shocked, |under| under.breaches.shares().map(square).sum());
        let of_decided =
            mixed(shocked, |under| under.decided.1 + (under.decided.0 - decided).powi(2));
        let share = breaches / decided;
        let variance = (of_breaches + share * share * of_decided) / (decided * decided);
        let reach = NINE_OF_TEN * WIDENING * variance.sqrt();
        ((expected - reach).max(0.0), (expected + reach).min(1.0))
    }

    /// A clock decides the outcome when the others breach exactly as often as is still allowed.
    fn most_influential(&self, shocked: &[Shocked], allowed: i64) -> Vec<(usize, f64)> {
        let Ok(left) = usize::try_from(allowed - self.breached as i64) else { return Vec::new() };
        let mut most_influential: Vec<_> = self.open.iter().enumerate().collect();
        let by_breach =
            |a: &OpenClock, b: &OpenClock| b.breaches_here().total_cmp(&a.breaches_here());
        most_influential.sort_by(|(a, of_a), (b, of_b)| by_breach(of_a, of_b).then(a.cmp(b)));
        most_influential.truncate(MOST_INFLUENTIAL_MOST);
        let tips = |under: &Shocked, clock: &OpenClock| {
            let breaches = under.moved(clock).breaches_here();
            breaches * under.breaches.without(breaches).share(left)
        };
        let weigh = |(place, clock): (usize, &OpenClock)| {
            (place, mixed(shocked, |under| tips(under, clock)))
        };
        let mut weighed: Vec<_> = most_influential.into_iter().map(weigh).collect();
        weighed.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        weighed
    }
}

impl Shocked {
    /// A clock as this shock moves it.
    fn moved(&self, clock: &OpenClock) -> OpenClock {
        let breach_probability = shifted(clock.breach_probability, self.shock);
        OpenClock { breach_probability, ..*clock }
    }
}

impl OpenClock {
    /// The probability that it breaches within the period.
    fn breaches_here(&self) -> f64 {
        self.breach_probability * self.decided_if_breached
    }

    /// The probability that it is decided within the period.
    pub fn decided_here(&self) -> f64 {
        self.breaches_here() + (1.0 - self.breach_probability) * self.decided_if_met
    }
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
    use super::*;

    fn open(probability: f64) -> OpenClock {
        OpenClock { breach_probability: probability, decided_if_breached: 1.0, decided_if_met: 1.0 }
    }

    fn so_far(open: &[OpenClock], decided: u64, breached: u64) -> PeriodSoFar<'_> {
        let promised = Share::from_percent("90").unwrap();
        PeriodSoFar { promised, decided, breached, open, arrivals: Arrivals::NONE }
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
        assert_eq!(forecast.most_influential.first().map(|(place, _)| *place), Some(0));
        assert!((forecast.most_influential[0].1 - 0.5).abs() < 1e-3);
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

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        assert!((normal_below(1.96) - 0.975_002_1).abs() < 1e-6);
        assert!((normal_below(-1.0) - 0.158_655_3).abs() < 1e-6);
    }
}
