//! Facts and terms made up at random, for the model test: of two weeks, the second of which is the
//! present one, so that some facts still lie in the future of their record.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::random::Dice;
use crate::reference::{DAY, MINUTE, Nanos, ZONE, timestamp};
use crate::testing::{TENANT, contract, seconds};

const INCIDENTS: u64 = 36;
const EVENTS_PER_BATCH_MAX: u64 = 10;
const MINUTES_PER_WEEK: u64 = 7 * 24 * 60;
pub const CONTRACTS: [&str; 2] = ["C", "D"];
pub const CALENDARS: [&str; 2] = ["office", "long"];

/// Facts and terms of two weeks.
pub struct MadeUp {
    pub dice: Dice,
    monday: Nanos,
}

/// A change of terms.
pub enum Terms {
    Contract(Box<v1::PutContractRequest>),
    Calendar(v1::PutCalendarRequest),
    End(v1::EndContractRequest),
}

impl MadeUp {
    pub fn new(seed: u64) -> MadeUp {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is later");
        let today = now.as_secs() as Nanos * 1_000_000_000 / DAY;
        // The first day of 1970 was a Thursday.
        let monday = today - (today + 3) % 7 - 7;
        MadeUp { dice: Dice::new(seed), monday: monday * DAY }
    }

    /// The same weeks, by other dice.
    pub fn apart(&mut self) -> MadeUp {
        MadeUp { dice: Dice::new(self.dice.seed()), monday: self.monday }
    }

    fn minute(&mut self, until: u64) -> Nanos {
        self.monday + self.dice.below(until) as Nanos * MINUTE
    }

    /// Some minute of the two weeks, or after them.
    pub fn some_time(&mut self) -> Nanos {
        if self.dice.one_in(8) {
            return self.monday + 17 * DAY;
        }
        self.minute(2 * MINUTES_PER_WEEK)
    }

    pub fn incident(&mut self) -> String {
        format!("I{:02}", self.dice.below(INCIDENTS))
    }

    /// Everything that will be sent, in batches, in no order: each event up to three times, some
    /// with a used id and other content.
    pub fn batches(&mut self) -> Vec<Vec<v1::IncidentEvent>> {
        let mut sent = Vec::new();
        for number in 0..INCIDENTS {
            for event in self.events(&format!("I{number:02}")) {
                if self.dice.one_in(5) {
                    let other = self.contradiction(&event);
                    sent.extend(self.some_times(other));
                }
                sent.extend(self.some_times(event));
            }
        }
        self.dice.shuffle(&mut sent);
        let mut batches = Vec::new();
        while !sent.is_empty() {
            let size = 1 + self.dice.below(EVENTS_PER_BATCH_MAX) as usize;
            batches.push(sent.split_off(sent.len().saturating_sub(size)));
        }
        batches
    }

    fn some_times(&mut self, event: v1::IncidentEvent) -> Vec<v1::IncidentEvent> {
        vec![event; 1 + self.dice.below(3) as usize]
    }

    fn contradiction(&self, event: &v1::IncidentEvent) -> v1::IncidentEvent {
        let mut other = event.clone();
        match &mut other.fact {
            Some(Fact::PriorityChanged(changed)) => changed.priority.push('x'),
            Some(Fact::Opened(opened)) => opened.priority.push('x'),
            _ => other.occur_time.as_mut().expect("when it occurred").seconds += 60,
        }
        other
    }

    fn events(&mut self, incident: &str) -> Vec<v1::IncidentEvent> {
        let opened = self.minute(9 * 24 * 60);
        let mut events = vec![self.event(incident, 0, opened)];
        events[0].fact = Some(self.opened());
        for number in 1..6 + self.dice.below(8) {
            let later = self.dice.below(4 * 24 * 60) as Nanos - 60;
            let mut event = self.event(incident, number, opened + later * MINUTE);
            if self.dice.one_in(4) {
                event.occur_time = self.dice.pick(&events).occur_time;
                event.occur_order = self.dice.below(2) as i64;
            }
            event.fact = Some(self.fact(number));
            if self.dice.one_in(8) {
                let corrected = self.dice.below(number);
                event.corrects_event_id = format!("e{corrected}");
                if corrected == 0 {
                    event.fact = Some(self.opened());
                }
            }
            if let Some(Fact::Retracted(_)) = event.fact {
                event.corrects_event_id.clear();
            }
            events.push(event);
        }
        events
    }

    fn event(&mut self, incident: &str, number: u64, time: Nanos) -> v1::IncidentEvent {
        v1::IncidentEvent {
            event_id: format!("e{number}"),
            incident_id: incident.to_owned(),
            occur_time: Some(timestamp(time)),
            source: self.dice.pick(&["", "ITSM"]).to_owned(),
            ..Default::default()
        }
    }

    fn opened(&mut self) -> Fact {
        let under: [&[&str]; 6] = [&["C"], &["C"], &["D"], &["D", "C"], &["C", "D", "C"], &["X"]];
        Fact::Opened(v1::Opened {
            contract_ids: self.dice.pick(&under).iter().map(|id| (*id).to_owned()).collect(),
            priority: self.priority(),
            ..Default::default()
        })
    }

    fn priority(&mut self) -> String {
        self.dice.pick(&["P1", "P2", "P3"]).to_owned()
    }

    /// A fact; one taken back is another than that of this number.
    fn fact(&mut self, number: u64) -> Fact {
        use v1::WaitingOn::{Client, Nobody, Provider, ThirdParty};
        match self.dice.below(20) {
            0..6 => {
                let parties = [Client, Client, Provider, Provider, ThirdParty, Nobody];
                Fact::StatusChanged(v1::StatusChanged {
                    waiting_on: self.dice.pick(&parties) as i32,
                    third_party: "Supplier".into(),
                    ..Default::default()
                })
            }
            6..9 => Fact::PriorityChanged(v1::PriorityChanged { priority: self.priority() }),
            9 => Fact::Responded(v1::Responded {}),
            10..13 => Fact::Resolved(v1::Resolved {}),
            13..16 => Fact::Reopened(v1::Reopened {}),
            16 => Fact::Restored(v1::Restored {}),
            17 => {
                let (closed, cancelled) = (v1::Closed {}, v1::Cancelled {});
                let facts = [Fact::Closed(closed), Fact::Cancelled(cancelled), self.opened()];
                self.dice.pick(&facts)
            }
            _ => {
                let other = self.dice.below(12);
                let event_id = format!("e{}", if other < number { other } else { other + 1 });
                Fact::Retracted(v1::Retracted { event_id })
            }
        }
    }

    /// The terms at the beginning: they rule always.
    pub fn first_terms(&mut self) -> Vec<Terms> {
        let calendars = CALENDARS.map(|id| Terms::Calendar(self.calendar(id, None)));
        let contracts = CONTRACTS.map(|id| Terms::Contract(Box::new(self.contract(id, 0, None))));
        calendars.into_iter().chain(contracts).collect()
    }

    /// Some revision.
    pub fn terms(&mut self, number: u64) -> Terms {
        let effective = (!self.dice.one_in(3)).then(|| self.minute(2 * MINUTES_PER_WEEK));
        if self.dice.one_in(8) {
            let end_time = Some(timestamp(self.minute(2 * MINUTES_PER_WEEK)));
            let (tenant, contract_id) = (TENANT.into(), "D".into());
            return Terms::End(v1::EndContractRequest { tenant, contract_id, end_time });
        }
        if self.dice.one_in(3) {
            let id = self.dice.pick(&CALENDARS);
            return Terms::Calendar(self.calendar(id, effective));
        }
        let id = self.dice.pick(&CONTRACTS);
        Terms::Contract(Box::new(self.contract(id, number, effective)))
    }

    fn calendar(&mut self, id: &str, effective: Option<Nanos>) -> v1::PutCalendarRequest {
        let opens = self.dice.below(4) + if id == "long" { 0 } else { 7 };
        let closes = 20 - self.dice.below(4);
        let half = self.dice.pick(&["00", "30"]);
        let days = 1..=if id == "long" { 7 } else { 5 };
        let holidays = (0..self.dice.below(3)).map(|_| {
            let time = timestamp(self.minute(2 * MINUTES_PER_WEEK)).to_string();
            v1::Holiday { date: time[..10].to_owned(), name: "Feast".into() }
        });
        let mut holidays: Vec<_> = holidays.collect();
        holidays.sort_by(|a, b| a.date.cmp(&b.date));
        holidays.dedup_by(|a, b| a.date == b.date);
        let calendar = v1::Calendar {
            id: id.to_owned(),
            time_zone: ZONE.into(),
            weekly: vec![v1::WeeklyWindow {
                days: days.collect(),
                opens: format!("{opens:02}:{half}"),
                closes: format!("{closes:02}:00"),
            }],
            holidays,
            ..Default::default()
        };
        v1::PutCalendarRequest {
            tenant: TENANT.into(),
            calendar: Some(calendar),
            effective_time: effective.map(timestamp),
            ..Default::default()
        }
    }

    fn contract(
        &mut self,
        id: &str,
        number: u64,
        effective: Option<Nanos>,
    ) -> v1::PutContractRequest {
        let mut contract = contract(id);
        contract.title = format!("Workplace {number}");
        contract.applies_to_open_clocks = self.dice.one_in(3);
        let targets = &mut contract.terms.as_mut().expect("terms").targets;
        targets[0].limits = vec![self.limit("P1", 6), self.limit("", 16)];
        targets[1].limits = vec![self.limit("", 3)];
        for target in targets {
            target.warn_at_percent.clear();
            target.pauses = self.pauses();
        }
        // What applies to open clocks is never in the future here: the reference knows no such thing.
        let first_week = self.minute(MINUTES_PER_WEEK);
        let is_early = contract.applies_to_open_clocks;
        let effective = effective.map(|time| if is_early { first_week } else { time });
        v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract),
            effective_time: effective.map(timestamp),
            ..Default::default()
        }
    }

    fn limit(&mut self, priority: &str, hours: u64) -> v1::Limit {
        v1::Limit {
            priority: priority.to_owned(),
            limit: Some(seconds((30 + self.dice.below(hours * 60)) as i64 * 60)),
            calendar_id: self.dice.pick(&CALENDARS).to_owned(),
            ..Default::default()
        }
    }

    fn pauses(&mut self) -> Vec<v1::Pause> {
        let mut pauses = Vec::new();
        for party in [v1::WaitingOn::Client, v1::WaitingOn::ThirdParty] {
            let maximum = self.dice.one_in(2).then(|| self.dice.below(300) as i64 * 60 + 60);
            if !self.dice.one_in(3) {
                let (waiting_on, reasons) = (party as i32, Vec::new());
                pauses.push(v1::Pause { waiting_on, reasons, maximum: maximum.map(seconds) });
            }
        }
        pauses
    }
}
