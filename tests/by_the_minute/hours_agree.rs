//! Service time against `MeasureElapsed` and `AddServiceTime`.

use jiff::civil::date;
use slx::codec::v1;
use slx::codec::v1::{add_service_time_request, measure_elapsed_request};

use super::calendar::{Hours, PLACES};
use super::{Differences, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, TENANT};

#[tokio::test]
async fn service_time_is_what_counting_minute_by_minute_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut differences = Differences::default();
    for seed in worlds(12) {
        hold_calendar(seed, &mut clients, &mut differences).await;
    }
    differences.assert_none();
}

async fn hold_calendar(seed: u64, clients: &mut Clients, differences: &mut Differences) {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let hours = Hours::roll(&mut dice, zone, year, month);
    let first = date(year, month, 1).yesterday().expect("a date");
    let table = hours.table(first, 40);
    let calendar = format!("hours-{seed}");
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(hours.to_wire(&calendar)),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put");
    for _ in 0..8 {
        let last = table.end() * 60 - 3600;
        let mut some = || table.from * 60 + dice.below((last - table.from * 60) as u64) as i64;
        let (one, other) = (some(), some());
        let (from, to) = (one.min(other), one.max(other));
        let request = v1::MeasureElapsedRequest {
            tenant: TENANT.into(),
            start_time: Some(prost_types::Timestamp { seconds: from, nanos: 0 }),
            end_time: Some(prost_types::Timestamp { seconds: to, nanos: 0 }),
            hours: Some(measure_elapsed_request::Hours::CalendarId(calendar.clone())),
            ..Default::default()
        };
        let answer = clients.calendars.measure_elapsed(request).await;
        let answer = answer.unwrap_or_else(|status| panic!("seed {seed}: {status} {hours:?}"));
        let elapsed = answer.into_inner().elapsed.expect("it is given").seconds;
        let described = || format!("seed {seed}, {from}..{to}: {hours:?}");
        differences.compare("elapsed", table.elapsed(from, to), elapsed, described);
        hold_sum(seed, from, elapsed, &hours, &table, &calendar, clients, differences).await;
    }
}

/// Adds what had elapsed, to the second and to one more.
#[allow(clippy::too_many_arguments, reason = "a world and who compares it")]
async fn hold_sum(
    seed: u64,
    from: i64,
    elapsed: i64,
    hours: &Hours,
    table: &super::calendar::Table,
    calendar: &str,
    clients: &mut Clients,
    differences: &mut Differences,
) {
    for seconds in [0, elapsed, elapsed + 1] {
        let Some(sum) = table.add(from, seconds) else { continue };
        let request = v1::AddServiceTimeRequest {
            tenant: TENANT.into(),
            start_time: Some(prost_types::Timestamp { seconds: from, nanos: 0 }),
            duration: Some(crate::testing::seconds(seconds)),
            hours: Some(add_service_time_request::Hours::CalendarId(calendar.into())),
            ..Default::default()
        };
        let answer = clients.calendars.add_service_time(request).await;
        let time = answer.map(|answer| answer.into_inner().time.expect("it is given").seconds);
        let described = || format!("seed {seed}, {from} + {seconds}: {hours:?}");
        differences.compare("sum", Some(sum), time.ok(), described);
    }
}
