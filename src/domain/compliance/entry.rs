//! What one target of one incident adds to the figures of a contract.

use crate::domain::clock::{Clock, Evaluation, Outcome, Phase, Segment, TargetVerdict};
use crate::domain::contract::Metric;
use crate::domain::experience::{Avoidable, Experience, ExperienceTotals};
use crate::domain::incident::{Party, State};
use crate::domain::time::{Instant, Span};

/// One target of one incident under one contract, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The id of the contract.
    pub contract_id: &'a str,
    /// The id of the target, unique within its contract.
    pub target_id: &'a str,
    /// The priority that rules it.
    pub priority: &'a str,
    /// The incident's service.
    pub service: &'a str,
    /// The incident's category.
    pub category: &'a str,
    /// The group it is assigned to.
    pub group: &'a str,
    /// Who its cause is attributed to: `provider`, `client`, or a third party's name; empty:
    /// nobody.
    pub party: &'a str,
    /// The contractual account.
    pub contractual: Account,
    /// The account with nothing paused and nothing excluded.
    pub unrelieved: Account,
    /// The experienced account. Where the contract has experience terms and the target is on
    /// resolution or restoration: how long people had trouble, in their working hours, against the
    /// limit of those terms or, without one, of the target. Otherwise the unrelieved account.
    pub experienced: Account,
    /// The limit of the experienced account.
    pub experienced_limit: Span,
    /// The limit of the other two accounts, in service time.
    pub limit: Span,
    /// How much longer than its limit it took: the most that it has been over one.
    pub lateness: Span,
    /// What the incident has cost people. Only one target of each contract carries it, the one that
    /// [`Experience::target_id`] names, so that it is counted once.
    pub experience_totals: Option<ExperienceTotals>,
    /// The avoidable part of its time; `None`: it has not stopped, no work was estimated, or it was
    /// done without delay.
    pub avoidable: Option<Avoidable>,
    /// Whether it is left out of the contractual figures.
    pub is_excluded: bool,
    /// When its contractual outcome was decided; `None`: it is undecided, or was cancelled.
    pub decide_time: Option<Instant>,
    /// When the first of its clocks started, or was taken over; `None`: none has, and it is counted
    /// nowhere.
    pub begin_time: Option<Instant>,
    /// When its deciding clock, or the last one for a total, stopped or was cancelled; `None`: it
    /// is open.
    pub end_time: Option<Instant>,
    /// Whether its deciding clock was cancelled.
    pub is_cancelled: bool,
    /// Whether its deciding clock is open.
    pub is_open: bool,
    /// The cycle of its deciding clock; 0: it is about all of them together.
    pub cycle: u32,
}

/// How an entry belongs to a period that counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It is placed in it: met, breached or cancelled, also if it is excluded.
    Placed,
    /// It was open and undecided at its end, or is while it goes on.
    OpenAtEnd,
}

/// How an entry is counted in a period. Each is counted once; see `docs/periods.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CountedAs {
    /// Within its limit when it stopped.
    Met,
    /// Over its limit.
    Breached,
    /// Cancelled within its limit.
    Cancelled,
    /// Left out of the contractual figures, whatever it came to, and also while it is open.
    Excluded,
    /// Open and within its limit.
    Undecided,
}

impl Entry<'_> {
    /// The contractual verdict: the outcome, unless it is excluded.
    pub fn verdict(&self) -> Outcome {
        if self.is_excluded { Outcome::Excluded } else { self.contractual.outcome }
    }

    /// Where it is placed: the instant at which its deciding clock stopped within its limit, went
    /// over it, or was cancelled within it, whether it is excluded or not. `None`: it is open and
    /// undecided, or has never begun.
    pub fn place_time(&self) -> Option<Instant> {
        self.begin_time?;
        self.decide_time.or(self.end_time.filter(|_| self.is_cancelled))
    }

    /// How it is counted in a period that it belongs to so.
    pub fn counted_while(&self, membership: Membership) -> CountedAs {
        match membership {
            Membership::Placed => self.counted_as(),
            Membership::OpenAtEnd if self.is_excluded => CountedAs::Excluded,
            Membership::OpenAtEnd => CountedAs::Undecided,
        }
    }

    /// How it is counted where it is placed.
    fn counted_as(&self) -> CountedAs {
        match (self.verdict(), self.is_cancelled) {
            (Outcome::Met, _) => CountedAs::Met,
            (Outcome::Breached, _) => CountedAs::Breached,
            (Outcome::Excluded, _) => CountedAs::Excluded,
            (Outcome::Undecided | Outcome::Transferred, true) => CountedAs::Cancelled,
            (Outcome::Undecided | Outcome::Transferred, false) => CountedAs::Undecided,
        }
    }

    /// Those of its incident's `clocks` that belong to its target.
    pub fn clocks<'c, 'j>(&self, clocks: &'c [Clock<'j>]) -> impl Iterator<Item = &'c Clock<'j>> {
        let of_target = |clock: &&Clock<'_>| {
            clock.contract_id == self.contract_id && clock.target_id == self.target_id
        };
        clocks.iter().filter(of_target)
    }

    /// Those of them that its elapsed time is of: that of the deciding cycle, or all for a total.
    pub fn deciding_clocks<'c, 'j>(
        &self,
        clocks: &'c [Clock<'j>],
    ) -> impl Iterator<Item = &'c Clock<'j>> {
        let decides = |clock: &&Clock<'_>| self.cycle == 0 || clock.cycle == self.cycle;
        self.clocks(clocks).filter(decides)
    }

    /// Whether it is green by the contract (met or excluded) and breached as experienced.
    pub fn is_watermelon(&self) -> bool {
        let is_green = self.contractual.outcome == Outcome::Met || self.is_excluded;
        is_green && self.experienced.outcome == Outcome::Breached
    }

    /// Whether its work was left idle.
    pub fn has_idle_work(&self) -> bool {
        self.avoidable.is_some_and(|avoidable| avoidable.has_idle_work())
    }

    /// Whether it is breached by the contract and met as experienced.
    pub fn is_reverse_watermelon(&self) -> bool {
        let is_red = self.contractual.outcome == Outcome::Breached && !self.is_excluded;
        is_red && self.experienced.outcome == Outcome::Met
    }

    /// Whether it is green by the contract only thanks to pauses or exclusions.
    pub fn is_met_by_pauses(&self) -> bool {
        let is_green = self.contractual.outcome == Outcome::Met || self.is_excluded;
        is_green && self.unrelieved.outcome == Outcome::Breached
    }
}

/// The outcome and elapsed time of a target by one way of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The outcome; never `Excluded`.
    pub outcome: Outcome,
    /// The time that counts, in the hours of the account.
    pub elapsed: Span,
}

/// The entries of an evaluated incident: one for each target that has a clock.
pub fn entries<'a>(
    evaluation: &Evaluation<'a>,
    state: &State<'a>,
    experiences: &[Experience<'a>],
) -> Vec<Entry<'a>> {
    let entries = evaluation.verdicts.iter().filter_map(|verdict| {
        let experience =
            experiences.iter().find(|experience| experience.contract_id == verdict.contract_id);
        entry(verdict, &evaluation.clocks, state, experience)
    });
    entries.collect()
}

fn entry<'a>(
    verdict: &TargetVerdict<'a>,
    clocks: &[Clock<'a>],
    state: &State<'a>,
    experience: Option<&Experience<'a>>,
) -> Option<Entry<'a>> {
    let cycles = || of_target_clocks(clocks, verdict);
    let total = verdict.cycle == 0;
    let deciding = match total {
        true => cycles().next_back()?,
        false => cycles().find(|clock| clock.cycle == verdict.cycle)?,
    };
    let paused = cycles().filter(|clock| total || clock.cycle == verdict.cycle).map(paused).sum();
    let contractual = Account { outcome: verdict.outcome, elapsed: verdict.elapsed };
    let unrelieved = unrelieved(contractual, paused, verdict.limit);
    let agreed =
        experience.filter(|experience| experience.is_agreed && measures_how_long(deciding.metric));
    let experienced_limit = agreed.and_then(|experience| experience.limit).unwrap_or(verdict.limit);
    let experienced =
        agreed.map(|experience| experienced(verdict, deciding, experience, experienced_limit));
    let carried = experience.filter(|experience| experience.target_id == verdict.target_id);
    Some(Entry {
        contract_id: verdict.contract_id,
        target_id: verdict.target_id,
        priority: deciding.priority,
        service: state.service,
        category: state.category,
        group: state.group,
        party: party(state),
        contractual,
        unrelieved,
        experienced: experienced.unwrap_or(unrelieved),
        experienced_limit,
        experience_totals: carried.map(ExperienceTotals::of),
        limit: verdict.limit,
        lateness: verdict.lateness(cycles()),
        avoidable: None,
        is_excluded: verdict.exclusion.is_some(),
        decide_time: decide_time(verdict, deciding, cycles()),
        begin_time: cycles().filter_map(Clock::begin_time).min(),
        end_time: deciding.stop_time,
        is_cancelled: deciding.phase == Phase::Cancelled,
        is_open: deciding.is_open(),
        cycle: verdict.cycle,
    })
}

/// The clocks of a verdict's target.
fn of_target_clocks<'c, 'a>(
    clocks: &'c [Clock<'a>],
    verdict: &TargetVerdict<'a>,
) -> impl DoubleEndedIterator<Item = &'c Clock<'a>> {
    let (contract_id, target_id) = (verdict.contract_id, verdict.target_id);
    clocks.iter().filter(move |c| c.contract_id == contract_id && c.target_id == target_id)
}

/// When a verdict was decided: at the breach, or else at the stop of the deciding clock. A breach
/// of what was agreed later is decided then; of a total, by the cycle in which it was.
fn decide_time<'c, 'a: 'c>(
    verdict: &TargetVerdict<'_>,
    deciding: &Clock<'_>,
    mut cycles: impl DoubleEndedIterator<Item = &'c Clock<'a>>,
) -> Option<Instant> {
    match verdict.outcome {
        Outcome::Breached => verdict.breach_time.map(|breach| {
            let in_it = cycles.rfind(|clock| clock.start_time.is_some_and(|t| t <= breach));
            in_it.map_or(breach, |clock| clock.agreed_at(breach))
        }),
        Outcome::Met => deciding.stop_time,
        Outcome::Undecided | Outcome::Transferred | Outcome::Excluded => None,
    }
}

/// The service time that did not count since the clock was paused.
pub fn paused(clock: &Clock<'_>) -> Span {
    clock.segments.iter().map(Segment::paused).sum()
}

fn unrelieved(contractual: Account, paused: Span, limit: Span) -> Account {
    let elapsed = contractual.elapsed + paused;
    let outcome = match contractual.outcome {
        Outcome::Met | Outcome::Undecided | Outcome::Transferred if elapsed > limit => {
            Outcome::Breached
        }
        same => same,
    };
    Account { outcome, elapsed }
}

/// The experienced account: how long people had trouble while the deciding clock, or all of them
/// for a total, went on.
fn experienced(
    verdict: &TargetVerdict<'_>,
    deciding: &Clock<'_>,
    experience: &Experience<'_>,
    limit: Span,
) -> Account {
    let from = deciding.start_time.filter(|_| verdict.cycle > 1).unwrap_or(Instant::MIN);
    let until = deciding.stop_time.unwrap_or(Instant::MAX);
    let elapsed = experience.experienced_within(deciding, from, until);
    let outcome = match elapsed > limit {
        true => Outcome::Breached,
        false if deciding.phase == Phase::Stopped => Outcome::Met,
        false => Outcome::Undecided,
    };
    Account { outcome, elapsed }
}

/// Whether a metric measures how long people had trouble.
fn measures_how_long(metric: Metric) -> bool {
    matches!(metric, Metric::Resolution | Metric::Restoration)
}

fn party<'a>(state: &State<'a>) -> &'a str {
    match state.cause.map(|cause| (cause.party, cause.third_party.as_str())) {
        None => "",
        Some((Party::Provider, _)) => "provider",
        Some((Party::Client, _)) => "client",
        Some((Party::ThirdParty, "")) => "third_party",
        Some((Party::ThirdParty, name)) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::testing::{Case, at, target};
    use crate::domain::incident::{History, State};

    /// `contractual, unrelieved, experienced` of the resolution target.
    #[track_caller]
    fn check(case: &Case, as_of: &str, expected: &str) {
        let found = case.experience(at(as_of), |experience, _, evaluation| {
            let experience: Vec<_> = experience.into_iter().collect();
            let entries = entries(evaluation, &State::default(), &experience);
            let entry = entries.first().expect("an entry");
            let accounts = [entry.contractual, entry.unrelieved, entry.experienced];
            accounts.map(|account| format!("{:?}", account.outcome).to_lowercase()).join(", ")
        });
        assert_eq!(found, expected);
    }

    const WAITED: &str = "
        Mon 09:00 opened P1
        Mon 10:00 waits client
        Mon 13:00 waits provider
        Mon 15:00 resolved";

    fn waited() -> Case {
        Case::new([target("resolution P1=4:00/office pause=client")], WAITED)
    }

    #[test]
    fn without_experience_terms_the_experienced_account_pauses_nothing() {
        check(&waited(), "Mon 12:00", "undecided, undecided, undecided");
        check(&waited(), "Mon 15:00", "met, breached, breached");
    }

    #[test]
    fn experience_terms_have_hours_and_limits_of_their_own() {
        check(&waited().experienced("", &[]), "Mon 15:00", "met, breached, breached");
        check(&waited().experienced("", &[("P1", "6:00")]), "Mon 15:00", "met, breached, met");
        check(&waited().experienced("", &[("", "5:59")]), "Mon 15:00", "met, breached, breached");
        check(&waited().experienced("evening", &[]), "Mon 15:00", "met, breached, met");
    }

    /// P14: without a calendar of their own, experience terms count each target in its own hours.
    #[test]
    fn each_target_is_experienced_in_its_own_service_hours_by_default() {
        let overnight = "
            Mon 16:00 opened P1
            Tue 10:00 restored
            Tue 12:00 resolved";
        let targets = || {
            let (resolve, restore) = ("resolution P1=48:00/always", "restoration P1=8:00/office");
            [target(resolve), target(restore)]
        };
        let found = |case: Case| {
            case.experience(at("Wed 09:00"), |experience, _, evaluation| {
                let experience: Vec<_> = experience.into_iter().collect();
                let entries = entries(evaluation, &State::default(), &experience);
                let accounts = entries.iter().map(|entry| entry.experienced);
                accounts.map(|account| (account.outcome, account.elapsed)).collect::<Vec<_>>()
            })
        };
        // Trouble from 16:00 to 10:00: 18 hours round the clock, 2 to 18:00 and 1 from 9:00 on.
        let (all, office) = (Span::from_hours(18), found(overnight_in_office(overnight)));
        let both = found(Case::new(targets(), overnight).experienced("", &[]));
        assert_eq!(both, [(Outcome::Met, all), office[0]]);
        assert_eq!(office[0].0, Outcome::Met, "no watermelon");
        let mut other_way = targets();
        other_way.reverse();
        let turned = found(Case::new(other_way, overnight).experienced("", &[]));
        assert_eq!(turned, [office[0], (Outcome::Met, all)], "whatever their order is");
        let named = found(Case::new(targets(), overnight).experienced("always", &[]));
        assert_eq!(named, [(Outcome::Met, all), (Outcome::Breached, all)], "hours that are named");
    }

    fn overnight_in_office(events: &str) -> Case {
        Case::new([target("restoration P1=8:00/office")], events).experienced("office", &[])
    }

    #[test]
    fn red_on_paper_may_be_fine_for_people() {
        let restored = "
            Mon 09:00 opened P1
            Mon 10:00 restored
            Mon 16:00 resolved";
        let case = Case::new([target("resolution P1=4:00/office")], restored);
        check(&case.experienced("office", &[]), "Mon 16:00", "breached, breached, met");
    }

    #[test]
    fn a_cycle_counts_the_trouble_within_it() {
        let again = "
            Mon 09:00 opened P1
            Mon 12:00 resolved
            Tue 09:00 reopened
            Tue 11:00 resolved";
        let with = |policy: &str| {
            let target = target(&format!("resolution P1=4:00/office new_cycle {policy}"));
            Case::new([target], again).experienced("office", &[("P1", "2:30")])
        };
        check(&with("first"), "Wed 09:00", "met, met, breached");
        check(&with("last"), "Wed 09:00", "met, met, met");
        check(&with("total"), "Wed 09:00", "breached, breached, breached");
    }

    #[test]
    fn the_totals_are_carried_by_one_target() {
        let targets =
            [target("response P1=1:00/office"), target("resolution P1=4:00/office pause=client")];
        let case = Case::new(targets, WAITED);
        let counted = |as_of: &str| {
            case.experience(at(as_of), |experience, _, evaluation| {
                let experience: Vec<_> = experience.into_iter().collect();
                let history = History::fold(&case.events, case.known_time);
                let entries = entries(evaluation, &history.state(at(as_of)), &experience);
                let counted = entries.iter().filter(|entry| entry.experience_totals.is_some());
                counted.map(|entry| entry.target_id.to_owned()).collect::<Vec<_>>()
            })
        };
        assert_eq!(counted("Mon 14:59"), ["resolution"]);
        assert_eq!(counted("Mon 15:00"), ["resolution"]);
    }
}
