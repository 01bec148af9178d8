//! Objectives: what every period must reach.

use std::slice;

use super::ExperiencePromise;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// What every period must reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Names it within the contract.
    pub id: String,
    /// The periods over which it is evaluated.
    pub period: PeriodKind,
    /// What is promised.
    pub promise: Promise,
}

/// Periods of one kind, cut at local midnight in the contract's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodKind {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// This many days, up to and including the day of the instant evaluated at.
    RollingDays(u16),
}

/// What is promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A share of clocks within their limits.
    Attainment(AttainmentPromise),
    /// At most a mean elapsed time of clocks.
    MeanTime(MeanTimePromise),
    /// How old the incidents may be that are open at the end.
    Backlog(BacklogPromise),
    /// A share of agreed service time in which a service is up.
    Availability(AvailabilityPromise),
    /// At most so many long outages of a service.
    Outages(OutagesPromise),
    /// At most a mean time until a service is restored after an outage.
    MeanTimeToRestore(MeanTimeToRestorePromise),
    /// A share of requests to a service that are served.
    Requests(RequestsPromise),
    /// A percentile of what is measured at a service.
    Performance(PerformancePromise),
    /// What people's experience must reach.
    Experience(ExperiencePromise),
}

/// At least a share of clocks within their limits: met / (met + breached).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttainmentPromise {
    /// The target whose clocks count.
    pub target_id: String,
    /// Only these priorities; none: all.
    pub priorities: Vec<String>,
    /// At least this share.
    pub share: Share,
    /// With fewer decided clocks there is no data.
    pub minimum_count: u64,
}

/// At most a mean elapsed time of clocks, such as a mean time to respond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeanTimePromise {
    /// The target whose clocks count.
    pub target_id: String,
    /// Only these priorities; none: all.
    pub priorities: Vec<String>,
    /// The mean may be at most this, in service time.
    pub at_most: Span,
    /// With fewer decided clocks there is no data.
    pub minimum_count: u64,
}

/// How old the incidents may be that are open at a period's end, by a target's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacklogPromise {
    /// The target whose open clocks count.
    pub target_id: String,
    /// Only these priorities; none: all.
    pub priorities: Vec<String>,
    /// How old they may be.
    pub bound: BacklogBound,
}

/// How old the incidents of a backlog may be: real time since their opening, round the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BacklogBound {
    /// At most so many are older than an age.
    Most {
        /// The most that may be.
        most: u32,
        /// Only incidents older than this count.
        older_than: Span,
    },
    /// A percentile of the ages is at most an age.
    Percentile {
        /// The percentile as a share: more than zero.
        percentile: Share,
        /// The percentile may be at most this.
        at_most: Span,
    },
}

/// What is promised of clocks.
#[derive(Clone, Copy, Debug)]
pub enum ClockPromise<'p> {
    /// A share within their limits.
    Attainment(&'p AttainmentPromise),
    /// A mean elapsed time.
    MeanTime(&'p MeanTimePromise),
    /// How old those are that are open at the end.
    Backlog(&'p BacklogPromise),
}

/// At least a share of agreed service time in which a service is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailabilityPromise {
    /// The service, and when it should be up.
    pub agreed: AgreedService,
    /// At least this share.
    pub share: Share,
    /// How much of a degraded second counts as down.
    pub degradation_weight: Share,
    /// Downtime counts in whole units of this length, each that was started as a whole; zero: as
    /// long as it lasts.
    pub downtime_unit: Span,
}

/// At most so many long outages of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutagesPromise {
    /// The service, and when it should be up.
    pub agreed: AgreedService,
    /// The most that may be.
    pub most: u32,
    /// Only outages longer than this count, in agreed service time.
    pub longer_than: Span,
}

/// At most a mean time until a service is restored after an outage (MTRS, mean time to repair).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeanTimeToRestorePromise {
    /// The service, and when it should be up.
    pub agreed: AgreedService,
    /// The mean downtime of an outage may be at most this, in agreed service time.
    pub at_most: Span,
    /// With fewer outages there is no data.
    pub minimum_outages: u64,
}

/// A share of requests to a service that are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestsPromise {
    /// The id of the service, as the monitor or backend names it.
    pub service: String,
    /// At least this share of the requests must not fail.
    pub share: Share,
    /// With fewer requests there is no data.
    pub minimum_requests: u64,
}

/// One or several services, and when they should be up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreedService {
    /// The ids of the services, as the monitor or backend names them; at least one.
    pub services: Vec<String>,
    /// When several services count as down together.
    pub down_when: DownWhen,
    /// The service hours that are agreed: nothing outside them counts.
    pub calendar_id: String,
    /// Maintenance is planned only if it was announced this long before it began.
    pub maintenance_notice: Span,
    /// A stretch of counted requests is an outage when more than this share of them failed; `None`:
    /// requests make no outages.
    pub error_rate: Option<Share>,
}

/// When several services count as down together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DownWhen {
    /// While any of them is down.
    #[default]
    Any,
    /// Only while all of them are down at once.
    All,
}

/// A percentile of what is measured is at most a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerformancePromise {
    /// The id of the service, as the monitor or backend names it.
    pub service: String,
    /// The indicator as the monitor names it.
    pub indicator: String,
    /// The percentile as a share: more than zero.
    pub percentile: Share,
    /// The percentile may be at most this, in thousandths of the indicator's unit.
    pub threshold: i64,
    /// The unit that the indicator is measured in, for people; empty: not named.
    pub unit: String,
    /// With fewer measurements there is no data.
    pub minimum_count: u64,
}

impl Objective {
    /// The calendar it is evaluated by, if it is on when a service is up.
    pub fn calendar_id(&self) -> Option<&str> {
        Some(&self.promise.agreed()?.calendar_id)
    }

    /// The services it is about; none: it is about clocks or people.
    pub fn services(&self) -> &[String] {
        match &self.promise {
            Promise::Performance(promise) => slice::from_ref(&promise.service),
            Promise::Requests(promise) => slice::from_ref(&promise.service),
            promise => promise.agreed().map_or(&[], |agreed| &agreed.services),
        }
    }
}

impl Promise {
    /// The services whose uptime it is about, and when they should be up.
    pub fn agreed(&self) -> Option<&AgreedService> {
        match self {
            Promise::Availability(promise) => Some(&promise.agreed),
            Promise::Outages(promise) => Some(&promise.agreed),
            Promise::MeanTimeToRestore(promise) => Some(&promise.agreed),
            Promise::Attainment(_)
            | Promise::MeanTime(_)
            | Promise::Backlog(_)
            | Promise::Requests(_)
            | Promise::Performance(_)
            | Promise::Experience(_) => None,
        }
    }

    /// What it promises of clocks, if it is about clocks.
    pub fn clocks(&self) -> Option<ClockPromise<'_>> {
        match self {
            Promise::Attainment(promise) => Some(ClockPromise::Attainment(promise)),
            Promise::MeanTime(promise) => Some(ClockPromise::MeanTime(promise)),
            Promise::Backlog(promise) => Some(ClockPromise::Backlog(promise)),
            _ => None,
        }
    }

    /// The share it promises, if it has one.
    pub fn share(&self) -> Option<Share> {
        match self {
            Promise::Attainment(promise) => Some(promise.share),
            Promise::Availability(promise) => Some(promise.share),
            Promise::Requests(promise) => Some(promise.share),
            Promise::Experience(promise) => promise.share(),
            Promise::MeanTime(_)
            | Promise::Backlog(_)
            | Promise::Outages(_)
            | Promise::MeanTimeToRestore(_)
            | Promise::Performance(_) => None,
        }
    }
}

impl PeriodKind {
    /// The kinds that follow the calendar, from the shortest.
    pub const OF_CALENDAR: [PeriodKind; 3] =
        [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];

    /// How many months it has; `None` for rolling days.
    pub fn months(self) -> Option<u32> {
        match self {
            PeriodKind::Month => Some(1),
            PeriodKind::Quarter => Some(3),
            PeriodKind::Year => Some(12),
            PeriodKind::RollingDays(_) => None,
        }
    }
}

impl<'p> ClockPromise<'p> {
    /// The target whose clocks count.
    pub fn target_id(self) -> &'p str {
        match self {
            ClockPromise::Attainment(promise) => &promise.target_id,
            ClockPromise::MeanTime(promise) => &promise.target_id,
            ClockPromise::Backlog(promise) => &promise.target_id,
        }
    }

    /// Only these priorities count; none: all.
    pub fn priorities(self) -> &'p [String] {
        match self {
            ClockPromise::Attainment(promise) => &promise.priorities,
            ClockPromise::MeanTime(promise) => &promise.priorities,
            ClockPromise::Backlog(promise) => &promise.priorities,
        }
    }

    /// Whether the clocks of a target and priority count.
    pub fn covers(self, target_id: &str, priority: &str) -> bool {
        let priorities = self.priorities();
        let is_meant = priorities.is_empty() || priorities.iter().any(|p| p == priority);
        self.target_id() == target_id && is_meant
    }

    /// The promised share of clocks within their limits, if that is what is promised.
    pub fn attainment(self) -> Option<&'p AttainmentPromise> {
        match self {
            ClockPromise::Attainment(promise) => Some(promise),
            ClockPromise::MeanTime(_) | ClockPromise::Backlog(_) => None,
        }
    }
}

impl AttainmentPromise {
    /// Whether the clocks of a target and priority count.
    pub fn covers(&self, target_id: &str, priority: &str) -> bool {
        ClockPromise::Attainment(self).covers(target_id, priority)
    }
}
