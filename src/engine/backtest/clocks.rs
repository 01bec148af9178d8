//! Backtests forecasts of clocks, given after every event and at noon of every business day.

use std::collections::{BTreeMap, BTreeSet};

use super::tested::{Test, Tested, is_under};
use crate::domain::clock::{Clock, Evaluation, Outcome};
use crate::domain::forecast::{
    BASELINES, Baseline, Baselines, FeatureVector, Learner, Mark, Quality, Scored,
};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::ledger::Ledger;
use crate::engine::snapshot::{is_undecided, noons, snapshot};

/// The occasion on which a forecast is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// After every event.
    Event,
    /// At noon of every business day.
    Noon,
}

/// Every occasion.
pub const OCCASIONS: [Occasion; 2] = [Occasion::Event, Occasion::Noon];

/// Replays the incidents of `ledgers` and scores the forecasts that would have been given.
/// Occasions without a scored forecast are left out.
pub fn test_clocks<'l>(
    test: Test<'_>,
    ledgers: impl IntoIterator<Item = &'l Ledger>,
    known: Known<'_>,
) -> Vec<(Occasion, Tested<Baseline>)> {
    let mut steps = Vec::new();
    let mut cases = Vec::new();
    for ledger in ledgers {
        let history = History::fold(&ledger.events, Instant::MAX);
        if is_under(&history, test.contract_id) {
            IncidentReplay { test, history: &history, known: &known }
                .replay(&mut steps, &mut cases);
        }
    }
    steps.sort_by_key(|step: &Step| (step.time, step.is_decision(), step.case));
    let mut examined = Examined::default();
    for step in steps {
        examined.take(step, &cases, test);
    }
    examined.results()
}

/// A clock under test, and how it was decided.
#[derive(Debug)]
struct Case {
    priority: String,
    decided: Option<DecidedAt>,
}

#[derive(Clone, Copy, Debug)]
struct DecidedAt {
    time: Instant,
    /// The share of the limit used when it stopped; `None`: it breached.
    met_at: Option<f32>,
}

impl Case {
    fn of(clock: &Clock<'_>) -> Case {
        let is_decided = matches!(clock.outcome, Outcome::Met | Outcome::Breached);
        let time = clock.decide_time().filter(|_| is_decided);
        let used = clock.elapsed.nanos() as f64 / clock.limit.nanos().max(1) as f64;
        let met_at = (clock.outcome == Outcome::Met).then_some(used as f32);
        Case {
            priority: clock.priority.to_owned(),
            decided: time.map(|time| DecidedAt { time, met_at }),
        }
    }
}

/// Something that happens to a clock at an instant; the steps of all clocks are taken in order.
#[derive(Debug)]
struct Step {
    time: Instant,
    case: usize,
    kind: StepKind,
}

#[derive(Debug)]
enum StepKind {
    Passes(Box<Passing>),
    IsDecided(DecidedAt),
}

#[derive(Debug)]
struct Passing {
    occasion: Occasion,
    features: FeatureVector,
    mark: Mark,
}

impl Step {
    fn is_decision(&self) -> bool {
        matches!(self.kind, StepKind::IsDecided(_))
    }
}

/// One incident under test, replayed up to the end of the test.
struct IncidentReplay<'w, 'h> {
    test: Test<'w>,
    history: &'w History<'h>,
    known: &'w Known<'h>,
}

impl<'h> IncidentReplay<'_, 'h> {
    fn replay(&self, steps: &mut Vec<Step>, cases: &mut Vec<Case>) {
        let ended = self.evaluated(self.test.until);
        let clocks: Vec<_> = ended.clocks.iter().filter(|clock| self.is_meant(clock)).collect();
        let first_case = cases.len();
        cases.extend(clocks.iter().map(|clock| Case::of(clock)));
        for (time, occasion) in self.occasions(&clocks) {
            let evaluated = self.evaluated(time);
            for clock in evaluated.clocks.iter().filter(|clock| is_undecided(clock)) {
                let place = clocks.iter().position(|of| of.key() == clock.key());
                let passing = self.passing(clock, time, occasion);
                if let (Some(place), Some(passing)) = (place, passing) {
                    let kind = StepKind::Passes(Box::new(passing));
                    steps.push(Step { time, case: first_case + place, kind });
                }
            }
        }
        for (case, of) in cases.iter().enumerate().skip(first_case) {
            let step = |decided: DecidedAt| Step {
                time: decided.time,
                case,
                kind: StepKind::IsDecided(decided),
            };
            steps.extend(of.decided.map(step));
        }
    }

    fn evaluated(&self, as_of: Instant) -> Evaluation<'_> {
        evaluate_under(self.history, self.test.contract_id, self.known, as_of)
    }

    fn is_meant(&self, clock: &Clock<'_>) -> bool {
        let is_of_target = [clock.target_id, ""].contains(&self.test.target_id);
        is_of_target && clock.start_time.is_some()
    }

    fn passing(&self, clock: &Clock<'_>, time: Instant, occasion: Occasion) -> Option<Passing> {
        let snapshot = snapshot(self.history, clock, self.known, time)?;
        let (features, mark) = (FeatureVector::of(&snapshot), Mark::of(&snapshot));
        Some(Passing { occasion, features, mark })
    }

    /// The instants at which forecasts of these clocks are given.
    fn occasions(&self, clocks: &[&Clock<'_>]) -> BTreeSet<(Instant, Occasion)> {
        let moments = self.history.moments(self.test.until);
        let events = moments.map(|moment| (moment.time, Occasion::Event));
        let until = self.test.until;
        let noons = clocks.iter().flat_map(|clock| noons(clock, self.known, Instant::MIN, until));
        events.chain(noons.map(|noon| (noon, Occasion::Noon))).collect()
    }
}

/// The model as learnt so far, and the forecasts scored on each occasion.
#[derive(Default)]
struct Examined {
    learner: Learner<usize>,
    occasions: [OccasionScores; OCCASIONS.len()],
}

/// The baselines on one occasion, and the scored forecasts of the model and of each baseline.
#[derive(Default)]
struct OccasionScores {
    baselines: Baselines,
    pending: BTreeMap<usize, Vec<Mark>>,
    model: Vec<Scored>,
    of_baselines: [Vec<Scored>; BASELINES.len()],
}

impl Examined {
    fn take(&mut self, step: Step, cases: &[Case], test: Test<'_>) {
        let Some(case) = cases.get(step.case) else { return };
        match step.kind {
            StepKind::Passes(passing) => {
                let Passing { occasion, features, mark } = *passing;
                if let Some(rest) = self.occasions.get_mut(occasion as usize) {
                    if let Some(decided) = case.decided.filter(|_| step.time >= test.learn_until) {
                        let predicted = self.learner.model().probability(&features);
                        rest.score(step.case, step.time, predicted, &mark, decided);
                    }
                    rest.pending.entry(step.case).or_default().push(mark);
                }
                self.learner.pass(step.case, features);
            }
            StepKind::IsDecided(decided) => {
                self.learner.decide(&step.case, decided.met_at.is_none(), decided.time);
                for rest in &mut self.occasions {
                    let marks = rest.pending.remove(&step.case).unwrap_or_default();
                    rest.baselines.decide(&case.priority, decided.met_at, &marks);
                }
            }
        }
    }

    fn results(self) -> Vec<(Occasion, Tested<Baseline>)> {
        let of = |(occasion, rest): (&Occasion, &OccasionScores)| {
            let qualities = BASELINES.iter().zip(&rest.of_baselines);
            let baselines = qualities.filter_map(|(of, scored)| Some((*of, Quality::of(scored)?)));
            let (model, baselines) = (Quality::of(&rest.model)?, baselines.collect());
            Some((*occasion, Tested { model, baselines }))
        };
        OCCASIONS.iter().zip(&self.occasions).filter_map(of).collect()
    }
}

impl OccasionScores {
    fn score(
        &mut self,
        clock: usize,
        time: Instant,
        predicted: f64,
        mark: &Mark,
        decided: DecidedAt,
    ) {
        let scored = |probability| Scored {
            clock,
            time,
            probability,
            is_breached: decided.met_at.is_none(),
            decide_time: decided.time,
        };
        self.model.push(scored(predicted));
        for (of, scores) in BASELINES.iter().zip(&mut self.of_baselines) {
            scores.push(scored(self.baselines.probability(*of, mark)));
        }
    }
}
