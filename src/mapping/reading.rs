//! Reading an export: from its bytes to the facts of each incident.

use super::delivered::delivered_facts;
use super::facts::{FactOfRow, facts};
use super::language::{Mapping, RowFormat, Shape};
use super::notes::Note;
use super::rejects::{Reject, RejectedRow};
use super::rows;
use super::shapes;
use super::stamped::{Stamped, StampedRows, by_incident};
use super::update::{UnknownOfRow, Update, Updates};

/// An export that was taken apart.
#[derive(Debug)]
pub(crate) struct ReadExport<'m> {
    mapping: &'m Mapping,
    format: RowFormat,
    text: Vec<u8>,
    /// How many rows there are, those included that could not be taken.
    pub rows: usize,
    /// The rows by incident.
    pub stamped: StampedRows,
}

/// What the rows of one incident became.
#[derive(Debug, Default)]
pub(crate) struct IncidentFacts {
    pub facts: Vec<FactOfRow>,
    /// The updates that the facts are of.
    pub updates: Vec<Update>,
    pub rejects: Vec<Reject>,
    pub notes: Vec<Note>,
    /// In deliveries: the values that the mapping does not know.
    pub unknown: Vec<UnknownOfRow>,
}

impl<'m> ReadExport<'m> {
    /// Takes the bytes of a file called `name` apart.
    pub fn of(
        name: &str,
        bytes: Vec<u8>,
        format: Option<RowFormat>,
        mapping: &'m Mapping,
    ) -> anyhow::Result<ReadExport<'m>> {
        let layout = &mapping.layout;
        let text = rows::text_of(name, bytes, layout.encoding)?;
        let format = match format.or(layout.format) {
            Some(format) => format,
            None => rows::format_of(name, &text)?,
        };
        let (taken, rejects) = rows::read(format, &text, layout, mapping.columns())?;
        let rows = taken.len() + rejects.len();
        let mut stamped = by_incident(taken, mapping);
        stamped.rejects.splice(0..0, rejects);
        Ok(ReadExport { mapping, format, text, rows, stamped })
    }

    /// What the rows of one incident become.
    pub fn facts(&self, rows: &[Stamped]) -> IncidentFacts {
        facts_of_rows(rows, self.mapping)
    }

    /// Rejected rows as they stand in the file, each once.
    pub fn as_written(&self, mut rejects: Vec<Reject>) -> Vec<RejectedRow> {
        rejects.sort_by_key(|reject| reject.line);
        // A row gives several events; the first that is refused says why.
        rejects.dedup_by_key(|reject| reject.line);
        let lines: Vec<u64> = rejects.iter().map(|reject| reject.line).collect();
        let layout = &self.mapping.layout;
        let mut written = rows::as_written(self.format, &self.text, layout, &lines);
        let row = |reject: Reject| {
            let row = written.remove(&reject.line).unwrap_or_default();
            RejectedRow { reject, row }
        };
        rejects.into_iter().map(row).collect()
    }
}

/// What the rows of one incident become by a mapping.
pub(super) fn facts_of_rows(rows: &[Stamped], mapping: &Mapping) -> IncidentFacts {
    let Some(first) = rows.first() else { return IncidentFacts::default() };
    let Updates { updates, rejects, mut notes, unknown } = shapes::updates(rows, mapping);
    let facts = match mapping.shape {
        Shape::Deliveries => delivered_facts(&first.incident, &updates, mapping),
        Shape::Whole | Shape::Changes | Shape::Instants => {
            facts(&first.incident, &updates, mapping, &mut notes)
        }
    };
    IncidentFacts { facts, updates, rejects, notes, unknown }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::language::tests::{MAPPING, mapping};
    use super::super::notes::Suspicion;
    use super::*;
    use crate::codec::v1::incident_event::Fact;

    /// The facts of a text, and the rows that could not be taken.
    pub fn facts_of(name: &str, text: &str, mapping: &Mapping) -> (Vec<FactOfRow>, Vec<Reject>) {
        let (facts, rejects, _) = everything(name, text, mapping);
        (facts, rejects)
    }

    fn everything(
        name: &str,
        text: &str,
        mapping: &Mapping,
    ) -> (Vec<FactOfRow>, Vec<Reject>, Vec<Note>) {
        let reading = ReadExport::of(name, text.as_bytes().to_vec(), None, mapping);
        let reading = reading.unwrap_or_else(|error| panic!("{error:#}"));
        let (mut facts, mut notes) = (Vec::new(), Vec::new());
        let mut rejects = reading.stamped.rejects.clone();
        for rows in &reading.stamped.incidents {
            let found = reading.facts(rows);
            facts.extend(found.facts);
            rejects.extend(found.rejects);
            notes.extend(found.notes);
        }
        rejects.sort_by_key(|reject| reject.line);
        (facts, rejects, notes)
    }

    /// Each fact's time and id, without the incident.
    fn shown(facts: &[FactOfRow]) -> Vec<String> {
        let shown = |fact: &FactOfRow| {
            let time = fact.event.occur_time.map(|time| time.to_string()).unwrap_or_default();
            format!("{time} {}", fact.event.event_id.rsplit(':').next().unwrap_or_default())
        };
        facts.iter().map(shown).collect()
    }

    /// What these tests compare of a fact.
    fn in_words(fact: &Fact) -> String {
        match fact {
            Fact::Opened(opened) => {
                let contracts = opened.contract_ids.join(", ");
                format!("opened, priority {}, under {contracts}", opened.priority)
            }
            Fact::StatusChanged(change) => {
                let status = change.status.as_deref().unwrap_or_default();
                format!("status {status}, {:?}", change.waiting_on())
            }
            Fact::Surveyed(survey) => format!("score {:?}", survey.score),
            Fact::WorkLogged(work) => {
                format!("work {:?} s", work.duration.map(|duration| duration.seconds))
            }
            other => format!("{other:?}"),
        }
    }

    const HEADING: &str = "id,updated,opened,seq,state,priority,group\n";

    #[test]
    fn a_bad_row_is_rejected_with_its_line_and_does_not_stop_the_rest() {
        let text = "A,2026-01-05 10:00,2026-01-05 09:00,1,New,,\n\
            B,tomorrow,,2,New,,\n\
            ,2026-01-05 10:00,,3,New,,\n\
            C,2026-01-05 10:00,,4,Dreaming,,\n\
            D,2026-01-05 10:00,,x,New,,\n\
            E,2026-01-05 10:00,,6,Closed,,\n\
            F,2026-01-05 10:00,,7,,,\n";
        let (facts, rejects) = facts_of("rows.csv", &format!("{HEADING}{text}"), &mapping(MAPPING));
        let mut taken: Vec<_> = facts.iter().map(|fact| fact.line).collect();
        taken.dedup();
        assert_eq!(taken, [2, 7]);
        let shown: Vec<_> =
            rejects.iter().map(|reject| (reject.line, reject.reason.as_str())).collect();
        assert_eq!(
            shown,
            [
                (3, "updated: \"tomorrow\" is not an instant written as \"%Y-%m-%d %H:%M\""),
                (4, "id is empty"),
                (5, "state: the mapping has no state \"Dreaming\": add it"),
                (6, "seq: \"x\" is not a whole number"),
                (8, "state is empty"),
            ]
        );
    }

    /// Case I1.
    #[test]
    fn the_order_of_rows_says_which_of_two_instants_is_meant() {
        let text = "A,2026-10-25 02:40,,1,New,1,\nA,2026-10-25 02:20,,2,Solved,1,\n\
            B,2026-10-25 02:00,,1,New,1,\nB,2026-10-25 02:50,,2,Waiting,1,\n\
            B,2026-10-25 02:10,,3,New,1,\nB,2026-10-25 03:30,,4,Solved,1,\n";
        let (facts, rejects, notes) =
            everything("rows.csv", &format!("{HEADING}{text}"), &mapping(MAPPING));
        assert_eq!((rejects, notes), (vec![], vec![]));
        let expected = [
            "2026-10-25T00:40:00Z opened",
            "2026-10-25T00:40:00Z status",
            "2026-10-25T01:20:00Z status",
            "2026-10-25T01:20:00Z resolved",
            "2026-10-25T00:00:00Z opened",
            "2026-10-25T00:00:00Z status",
            "2026-10-25T00:50:00Z status",
            "2026-10-25T01:10:00Z status",
            "2026-10-25T02:30:00Z status",
            "2026-10-25T02:30:00Z resolved",
        ];
        assert_eq!(shown(&facts), expected);
    }

    #[test]
    fn rows_whose_instant_or_order_is_odd_are_noted() {
        let text = "A,2026-10-25 02:40,,1,New,1,\n\
            B,2026-10-26 09:00,,1,New,1,\nB,2026-10-26 08:00,,2,Waiting,1,\n\
            B,2026-10-26 10:00,,3,New,1,\n\
            C,2026-03-29 02:30,2026-03-29 09:00,1,New,1,\n";
        let (_, rejects, notes) =
            everything("rows.csv", &format!("{HEADING}{text}"), &mapping(MAPPING));
        assert_eq!(rejects, []);
        let note = |line, suspicion| Note { line, suspicion };
        assert!(notes.contains(&note(2, Suspicion::RepeatedHour)), "{notes:?}");
        let against = notes.iter().filter(|note| note.suspicion == Suspicion::OrderAgainstTime);
        assert_eq!(against.count(), 1, "{notes:?}");
        assert!(notes.contains(&note(6, Suspicion::SkippedTime)), "{notes:?}");
        assert!(notes.contains(&note(6, Suspicion::OpenedLate)), "{notes:?}");
        let without = MAPPING.replace("order: seq", "");
        let (.., notes) = everything("rows.csv", &format!("{HEADING}{text}"), &mapping(&without));
        assert_eq!(notes[0], note(2, Suspicion::RepeatedHour));
    }

    #[test]
    fn json_lines_say_the_same_as_csv() {
        let text = "{\"id\": \"A\", \"updated\": \"2026-01-05 10:00\", \"seq\": 1, \
            \"state\": \"New\", \"priority\": 1}\n\nnot json\n";
        let (facts, rejects) = facts_of("rows.jsonl", text, &mapping(MAPPING));
        assert_eq!(shown(&facts), ["2026-01-05T09:00:00Z opened", "2026-01-05T09:00:00Z status"]);
        assert_eq!(rejects.first().map(|reject| reject.line), Some(3));
    }

    const CHANGES: &str = "
        rows: changes
        incident: key
        time: at
        opened_time: created
        order: n
        time_format: rfc3339
        contracts: [C]
        priority: {column: priority, now: priority_now, names: {High: P1, Low: P3}}
        change: {field: field, old: from, new: to}
        state:
          column: status
          states:
            New: {}
            Hold: {by: hold, states: {caller: {waiting_on: client}, '': {}}}
            Done: {fact: resolved}
        facts:
          - {fact: client_updated, when: row.field == 'comment' && fields.status != 'Done'}";

    #[test]
    fn changes_of_fields_put_the_incident_together() {
        let row = |n: u32, minute: u32, field: &str, from: &str, to: &str| {
            format!(
                "A,2026-10-05T07:{minute:02}:00Z,2026-10-05T07:00:00Z,{n},Low,{field},{from},{to}\n"
            )
        };
        let rows = [
            row(5, 40, "status", "Hold", "Done"),
            row(1, 10, "status", "New", "Hold"),
            row(1, 10, "hold", "", "caller"),
            row(2, 20, "comment", "", "hello"),
            row(3, 25, "hold", "caller", ""),
            row(4, 30, "priority", "High", "Low"),
            row(6, 45, "comment", "", "bye"),
        ];
        let text = format!("key,at,created,n,priority_now,field,from,to\n{}", rows.concat());
        let (facts, rejects, notes) = everything("rows.csv", &text, &mapping(CHANGES));
        assert_eq!((rejects, notes), (vec![], vec![]));
        let expected = [
            "2026-10-05T07:00:00Z opened",
            "2026-10-05T07:00:00Z status",
            "2026-10-05T07:10:00Z status",
            "2026-10-05T07:20:00Z client_updated",
            "2026-10-05T07:25:00Z status",
            "2026-10-05T07:30:00Z priority",
            "2026-10-05T07:40:00Z status",
            "2026-10-05T07:40:00Z resolved",
        ];
        assert_eq!(shown(&facts), expected);
        assert_eq!(facts[2].lines, [3, 4], "both rows of the update");
        let described: Vec<_> =
            facts[..3].iter().filter_map(|fact| fact.event.fact.as_ref()).map(in_words).collect();
        let expected =
            ["opened, priority P1, under C", "status New, Provider", "status Hold, Client"];
        assert_eq!(described, expected);
    }

    #[test]
    fn a_change_that_is_not_understood_leaves_the_incident_as_it_was() {
        let text = "key,at,created,n,priority_now,field,from,to\n\
            A,2026-10-05T08:00:00Z,2026-10-05T07:00:00Z,1,Low,status,New,Dreaming\n\
            A,2026-10-05T09:00:00Z,2026-10-05T07:00:00Z,2,Low,status,Dreaming,Done\n";
        let (facts, rejects) = facts_of("rows.csv", text, &mapping(CHANGES));
        assert_eq!(rejects.len(), 1);
        assert_eq!(rejects[0].reason, "status: the mapping has no state \"Dreaming\": add it");
        assert_eq!(shown(&facts).last().map(String::as_str), Some("2026-10-05T09:00:00Z resolved"));
    }

    const INSTANTS: &str = "
        rows: instants
        incident: {column: id, pattern: '^I (\\d+)$', becomes: 'I$1'}
        opened_time: opened
        time_format: '%Y-%m-%d %H:%M'
        time_zone: Europe/Amsterdam
        contract_rules:
          - {when: row.client == 'ACME', contracts: [acme]}
          - {when: 'true', contracts: [rest]}
        state: {column: state, since: since, states: {Open: {}, Hold: {waiting_on: client}, Done: {fact: resolved}}}
        facts:
          - {fact: responded, at: answered}
          - {fact: resolved, at: resolved}
          - {fact: closed, at: closed}
          - {fact: work_logged, at: resolved, with: {duration: {column: work, unit: minutes}}}
          - {fact: surveyed, at: closed, when: row.score != '', with: {score: {column: score, names: {great: '10'}}}}";

    #[test]
    fn instants_in_columns_are_facts_of_their_own() {
        let text = "id,client,state,since,opened,answered,resolved,closed,work,score\n\
            I 1,ACME,Done,,2026-10-25 02:40,2026-10-25 02:50,2026-10-25 02:20,2026-10-25 09:00,90,great\n\
            I 2,x,Hold,2026-10-26 10:00,2026-10-26 09:00,,,,,\n\
            I 3,x,Hold,,2026-10-26 09:00,,,,,\n\
            I 4,x,Done,,2026-10-26 09:00,2026-10-26 08:00,2026-10-26 12:00,2026-10-26 11:00,,\n\
            I 2,x,Hold,2026-10-26 10:00,2026-10-26 09:00,,,,,\n\
            5,x,Open,,2026-10-26 09:00,,,,,\n";
        let (facts, rejects, notes) = everything("rows.csv", text, &mapping(INSTANTS));
        let of = |id: &str| {
            let of: Vec<_> =
                facts.iter().filter(|fact| fact.event.incident_id == id).cloned().collect();
            shown(&of)
        };
        let expected = [
            "2026-10-25T00:40:00Z opened",
            "2026-10-25T00:50:00Z responded",
            "2026-10-25T01:20:00Z resolved",
            "2026-10-25T08:00:00Z closed",
            "2026-10-25T01:20:00Z work_logged",
            "2026-10-25T08:00:00Z surveyed",
        ];
        assert_eq!(of("I1"), expected);
        assert_eq!(of("I2"), ["2026-10-26T08:00:00Z opened", "2026-10-26T09:00:00Z status"]);
        let described: Vec<_> =
            facts.iter().filter_map(|fact| fact.event.fact.as_ref()).map(in_words).collect();
        for shown in ["opened, priority , under acme", "score Some(10)", "work Some(5400) s"] {
            assert!(described.iter().any(|fact| fact == shown), "{shown}: {described:?}");
        }
        let note = |line, suspicion| Note { line, suspicion };
        for expected in [
            note(4, Suspicion::WaitsSinceUnknown),
            note(5, Suspicion::BeforeOpening),
            note(5, Suspicion::ClosedFirst),
        ] {
            assert!(notes.contains(&expected), "{expected:?}: {notes:?}");
        }
        let rejected: Vec<_> =
            rejects.iter().map(|reject| (reject.line, reject.reason.as_str())).collect();
        let replaced = "rows of instants are one an incident: line 6 replaces it";
        assert_eq!(rejected[0], (3, replaced));
        assert_eq!(rejected[1].0, 7);
        assert!(rejected[1].1.contains("does not match the pattern"), "{}", rejected[1].1);
    }

    #[test]
    fn later_changes_of_what_an_incident_is_are_facts_where_the_mapping_says_so() {
        let by = format!("{MAPPING}\n        category: group\n");
        let text =
            format!("{HEADING}A,2026-01-05 10:00,,1,New,1,G\nA,2026-01-05 11:00,,2,New,1,H\n");
        let details = |by: &str| {
            let (facts, _) = facts_of("rows.csv", &text, &mapping(by));
            facts.iter().filter(|fact| fact.event.event_id == "2:details").count()
        };
        assert_eq!(details(&by), 0);
        assert_eq!(details(&format!("{by}        details_changed: true\n")), 1);
    }
}
