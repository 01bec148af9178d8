//! Objectives on services: how they are evaluated by the facts about them.

use crate::domain::calendar::Calendars;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::compliance::availability::{
    self, Agreed, Availability, AvailabilityResult, Excluding, MeanTimeToRestoreResult,
    OutagesResult,
};
use crate::domain::compliance::performance::{self, PerformanceResult};
use crate::domain::compliance::requests::{self, RequestsResult};
use crate::domain::compliance::{ExcludedOutage, OutageExclusions, Period};
use crate::domain::contract::{AgreedService, AvailabilityPromise, Promise};
use crate::domain::service::ServiceEvent;
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;

/// The result of an objective on a service.
#[derive(Debug)]
pub enum ServiceResult {
    /// Of an objective on availability.
    Availability(AvailabilityResult, Uptime),
    /// Of an objective on outages.
    Outages(OutagesResult, Uptime),
    /// Of an objective on the mean time to restore.
    MeanTimeToRestore(MeanTimeToRestoreResult, Uptime),
    /// Of an objective on requests.
    Requests(RequestsResult),
    /// Of an objective on performance.
    Performance(PerformanceResult),
}

impl ServiceResult {
    /// The verdict, and the share reached, for objectives on a share.
    pub fn verdict(&self) -> (Verdict, Option<Share>) {
        match self {
            ServiceResult::Availability(result, _) => (result.verdict, result.uptime),
            ServiceResult::Outages(result, _) => (result.verdict, None),
            ServiceResult::MeanTimeToRestore(result, _) => (result.verdict, None),
            ServiceResult::Requests(result) => (result.verdict, result.served),
            ServiceResult::Performance(result) => (result.verdict, None),
        }
    }

    /// The outages that it leaves out; `None`: none, or it is not on when a service was up.
    pub fn excluded(&self) -> Option<&[ExcludedOutage]> {
        match self {
            ServiceResult::Availability(_, uptime)
            | ServiceResult::Outages(_, uptime)
            | ServiceResult::MeanTimeToRestore(_, uptime) => {
                uptime.exclusions.as_ref().map(|excluded| excluded.outages.as_slice())
            }
            ServiceResult::Requests(_) | ServiceResult::Performance(_) => None,
        }
    }
}

/// How a service was up, and by which calendar revision.
#[derive(Debug)]
pub struct Uptime {
    /// The revision of the calendar in force when the period began.
    pub calendar_revision: u32,
    /// The availability figures.
    pub figures: Availability,
    /// What is excluded, and what it would have come to; `None`: nothing is.
    pub exclusions: Option<ExcludedUptime>,
}

/// What is excluded from how a service was up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedUptime {
    /// The outages that are excluded, in the order they began.
    pub outages: Vec<ExcludedOutage>,
    /// The availability figures without exclusions.
    pub figures: Availability,
    /// The verdict without exclusions.
    pub verdict: Verdict,
    /// How many outages would count for the objective without exclusions.
    pub long_outages: u64,
}

/// What is known of an objective's services in a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed<'a> {
    /// The events of its services in effect.
    pub events: &'a [&'a ServiceEvent],
    /// The terms as they are known.
    pub known: Known<'a>,
    /// What leaves outages out.
    pub exclusions: OutageExclusions<'a>,
    /// The period.
    pub period: &'a Period,
    /// The instant evaluated at.
    pub as_of: Instant,
}

impl Observed<'_> {
    /// The result of an objective on services; `None` when it is on something else, or its calendar
    /// is unknown.
    pub fn result(&self, promise: &Promise) -> Option<ServiceResult> {
        let is_over = self.period.end <= self.as_of;
        match promise {
            Promise::Attainment(_)
            | Promise::MeanTime(_)
            | Promise::Backlog(_)
            | Promise::Experience(_) => None,
            Promise::Availability(promise) => {
                let evaluated = |figures: &Availability| {
                    let all = figures.outages.len() as u64;
                    (availability::evaluate(promise, figures).verdict, all)
                };
                let uptime = self.availability(promise)?.with_verdict(evaluated);
                let result = availability::evaluate(promise, &uptime.figures);
                Some(ServiceResult::Availability(result, uptime))
            }
            Promise::Outages(promise) => {
                let evaluate = |figures: &_| availability::evaluate_outages(promise, figures);
                let evaluated = |figures: &_| {
                    let result = evaluate(figures);
                    (result.verdict, result.long_outages)
                };
                let uptime =
                    self.uptime(&promise.agreed, Share::NONE, Span::ZERO)?.with_verdict(evaluated);
                Some(ServiceResult::Outages(evaluate(&uptime.figures), uptime))
            }
            Promise::MeanTimeToRestore(promise) => {
                let evaluate = |figures: &_| {
                    availability::evaluate_mean_time_to_restore(promise, figures, is_over)
                };
                let evaluated = |figures: &Availability| {
                    (evaluate(figures).verdict, figures.outages.len() as u64)
                };
                let uptime =
                    self.uptime(&promise.agreed, Share::NONE, Span::ZERO)?.with_verdict(evaluated);
                Some(ServiceResult::MeanTimeToRestore(evaluate(&uptime.figures), uptime))
            }
            Promise::Requests(promise) => {
                let result = requests::evaluate(promise, self.events, self.period, is_over);
                Some(ServiceResult::Requests(result))
            }
            Promise::Performance(promise) => {
                let result = performance::evaluate(promise, self.events, self.period, is_over);
                Some(ServiceResult::Performance(result))
            }
        }
    }

    /// How the services of an objective on availability were up; `None` when its calendar is
    /// unknown.
    pub fn availability(&self, promise: &AvailabilityPromise) -> Option<Uptime> {
        self.uptime(&promise.agreed, promise.degradation_weight, promise.downtime_unit)
    }

    fn uptime(
        &self,
        service: &AgreedService,
        degradation_weight: Share,
        downtime_unit: Span,
    ) -> Option<Uptime> {
        let Observed { events, known, exclusions, period, as_of } = *self;
        let calendar = known.in_force(&service.calendar_id, period.start)?;
        let (hours, life) = (calendar.hours, known.life(exclusions.contract_id)?);
        let agreed = Agreed { service, hours, degradation_weight, downtime_unit, life };
        let found = Excluding::evaluate(events, agreed, exclusions, period, as_of);
        let exclusions = found.without_exclusions.map(|figures| ExcludedUptime {
            outages: found.excluded,
            figures,
            verdict: Verdict::NoData,
            long_outages: 0,
        });
        Some(Uptime {
            calendar_revision: calendar.revision,
            figures: found.counted,
            exclusions: exclusions.filter(|excluded| !excluded.outages.is_empty()),
        })
    }
}

impl Uptime {
    /// The same, with what it would have come to without exclusions: the verdict, and how many
    /// outages would have counted.
    fn with_verdict(mut self, evaluated: impl Fn(&Availability) -> (Verdict, u64)) -> Uptime {
        if let Some(excluded) = &mut self.exclusions {
            (excluded.verdict, excluded.long_outages) = evaluated(&excluded.figures);
        }
        self
    }
}
