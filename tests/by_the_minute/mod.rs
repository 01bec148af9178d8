//! A second reference: a plain and slow model of calendars, clocks and what months count, written
//! from the words of the documentation and of the .proto files alone. It asks minute by minute, and
//! is held against the real server over random worlds (`SLX_WORLDS`, `SLX_WORLDS_SEED`).

mod calendar;
mod clock;
mod clocks_agree;
mod experience;
mod experience_agree;
mod hours_agree;
mod months_agree;
mod outages_agree;
mod revisions_agree;
mod services_agree;
mod verdict;
mod world;

use std::collections::BTreeMap;

use prost_types::Timestamp;

use calendar::Minute;

use crate::random::setting;

/// The seeds of the worlds to try.
fn worlds(default: u64) -> std::ops::Range<u64> {
    let first = setting("SLX_WORLDS_SEED", 1);
    let many = setting("SLX_WORLDS", default);
    println!("SLX_WORLDS={many} SLX_WORLDS_SEED={first}");
    first..first + many
}

fn wire_time(minute: Minute) -> Timestamp {
    Timestamp { seconds: minute * 60, nanos: 0 }
}

fn time(minute: Minute) -> String {
    jiff::Timestamp::from_second(minute * 60).expect("an instant").to_string()
}

fn described(fact: &clock::Fact) -> String {
    format!("{} {} {:?}", time(fact.at), fact.order, fact.what)
}

fn minutes(time: Option<Timestamp>) -> Option<Minute> {
    time.map(|time| {
        assert_eq!((time.seconds % 60, time.nanos), (0, 0), "a whole minute");
        time.seconds / 60
    })
}

/// What model and server differ in, by kind, with the first of each.
#[derive(Default)]
struct Differences {
    kinds: BTreeMap<String, (usize, String)>,
    compared: usize,
}

impl Differences {
    fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        kind: &str,
        model: T,
        server: T,
        world: impl FnOnce() -> String,
    ) {
        self.compared += 1;
        if model != server {
            let described = || format!("model {model:?}, server {server:?}: {}", world());
            self.kinds.entry(kind.into()).or_insert_with(|| (0, described())).0 += 1;
        }
    }

    fn assert_none(self) {
        println!("{} figures compared", self.compared);
        let described =
            self.kinds.iter().map(|(kind, (many, first))| format!("{kind}: {many}\n{first}"));
        let described: Vec<String> = described.collect();
        assert!(described.is_empty(), "{}", described.join("\n\n"));
    }
}
