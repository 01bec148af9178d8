//! What a promise comes to: figures that must be reached or not exceeded, so that promises of any
//! kind are compared in one way.

use crate::domain::contract::{AgreedService, BacklogBound, DownWhen, ExperienceMeasure, Promise};
use crate::domain::decimal::Decimal;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// One figure of a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// The field that says it, within that of the promise.
    pub field: &'static str,
    /// The figure.
    pub quantity: Quantity,
    /// It in words.
    pub shown: String,
}

/// A figure, and which way it must not be missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// At least this is promised: less promises less.
    Least(i128),
    /// At most this is promised: more promises less.
    Most(i128),
    /// At most so many a period: they add up over shorter periods.
    MostEach(u64),
    /// At most so much service time: it depends on the calendar.
    Within(Span),
}

/// The figures of a promise.
pub(super) fn bounds(promise: &Promise) -> Vec<Bound> {
    match promise {
        Promise::Attainment(promise) => vec![least_share("percent", promise.share)],
        Promise::MeanTime(promise) => vec![within("at_most", promise.at_most)],
        Promise::Backlog(promise) => match promise.bound {
            BacklogBound::Most { most, older_than } => {
                vec![number("most", most.into()), most_time("older_than", older_than)]
            }
            BacklogBound::Percentile { percentile, at_most } => {
                vec![least_share("percentile", percentile), most_time("at_most", at_most)]
            }
        },
        Promise::Availability(promise) => {
            let weight = least_share("degradation_weight_percent", promise.degradation_weight);
            let own = [least_share("percent", promise.share), weight];
            own.into_iter().chain(of_service(&promise.agreed)).collect()
        }
        Promise::Outages(promise) => {
            let most = u64::from(promise.most);
            let quantity = Quantity::MostEach(most);
            let most = Bound { field: "most", quantity, shown: most.to_string() };
            let own = [most, within("longer_than", promise.longer_than)];
            own.into_iter().chain(of_service(&promise.agreed)).collect()
        }
        Promise::MeanTimeToRestore(promise) => {
            let own = [within("at_most", promise.at_most)];
            own.into_iter().chain(of_service(&promise.agreed)).collect()
        }
        Promise::Requests(promise) => vec![least_share("percent", promise.share)],
        Promise::Performance(promise) => {
            let shown = format!("{} {}", Decimal::new(promise.threshold, 3), promise.unit);
            let quantity = Quantity::Most(promise.threshold.into());
            let most = Bound { field: "at_most", quantity, shown: shown.trim_end().to_owned() };
            vec![least_share("percentile", promise.percentile), most]
        }
        Promise::Experience(promise) => vec![experience(promise.measure)],
    }
}

/// What is promised of when services are up, beside its own figures.
fn of_service(agreed: &AgreedService) -> Vec<Bound> {
    let notice = agreed.maintenance_notice;
    let is_any = agreed.services.len() == 1 || agreed.down_when == DownWhen::Any;
    let failing = agreed.error_rate.map_or(i128::MAX, |share| share.millionths().into());
    vec![
        Bound {
            field: "maintenance_notice",
            quantity: Quantity::Least(notice.nanos().into()),
            shown: notice.to_string(),
        },
        Bound {
            field: "down_when",
            quantity: Quantity::Least(is_any.into()),
            shown: if is_any { "any" } else { "all" }.to_owned(),
        },
        Bound {
            field: "down_above_error_percent",
            quantity: Quantity::Most(failing),
            shown: agreed.error_rate.map_or("none".to_owned(), |share| format!("{share} %")),
        },
    ]
}

fn experience(measure: ExperienceMeasure) -> Bound {
    let least = |field, figure: i64| Bound {
        field,
        quantity: Quantity::Least(figure.into()),
        shown: Decimal::new(figure, 2).to_string(),
    };
    match measure {
        ExperienceMeasure::Score(score) => least("average_score", score.into()),
        ExperienceMeasure::Happiness(happiness) => least("happiness_percent", happiness.into()),
        ExperienceMeasure::LostTime(most) => most_time("lost_time_per_hundred_people", most),
        ExperienceMeasure::FirstContact(share) => least_share("first_contact_percent", share),
    }
}

fn least_share(field: &'static str, share: Share) -> Bound {
    let quantity = Quantity::Least(share.millionths().into());
    Bound { field, quantity, shown: format!("{share} %") }
}

fn number(field: &'static str, most: i128) -> Bound {
    Bound { field, quantity: Quantity::Most(most), shown: most.to_string() }
}

fn most_time(field: &'static str, most: Span) -> Bound {
    Bound { field, quantity: Quantity::Most(most.nanos().into()), shown: most.to_string() }
}

fn within(field: &'static str, most: Span) -> Bound {
    Bound { field, quantity: Quantity::Within(most), shown: most.to_string() }
}
