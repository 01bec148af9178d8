//! Office hours, and targets in them.

use prost_types::Duration;
use slx::codec::v1;

/// Monday to Friday, 9 to 17, in Amsterdam.
pub fn calendar() -> v1::Calendar {
    let week =
        v1::WeeklyWindow { days: (1..=5).collect(), opens: "09:00".into(), closes: "17:00".into() };
    v1::Calendar {
        id: "office".into(),
        time_zone: "Europe/Amsterdam".into(),
        weekly: vec![week],
        ..Default::default()
    }
}

/// A target in office hours, with its limits in hours; it pauses while the client must act.
pub fn target(id: &str, metric: v1::Metric, hours: [i64; 2]) -> v1::Target {
    let limits = ["P1", "P2"].into_iter().zip(hours).map(|(priority, hours)| v1::Limit {
        priority: priority.into(),
        limit: Some(seconds(hours * 3600)),
        calendar_id: "office".into(),
        ..Default::default()
    });
    v1::Target {
        id: id.into(),
        metric: metric as i32,
        limits: limits.collect(),
        pauses: vec![v1::Pause { waiting_on: v1::WaitingOn::Client as i32, ..Default::default() }],
        ..Default::default()
    }
}

pub fn seconds(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}
