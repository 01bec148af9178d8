//! What one row became, and why.

use anyhow::bail;

use crate::cli::fact::describe_fact;
use crate::cli::show::counted;
use crate::mapping::{FactOfRow, ReadExport, Stamped};

/// What the row of this number became, for people.
pub(super) fn explain(reading: &ReadExport<'_>, number: u64) -> anyhow::Result<String> {
    let stamped = &reading.stamped;
    if stamped.left_out.contains(&number) {
        return Ok(format!("row {number} is left out: `only` does not hold for it"));
    }
    if let Some(reject) = stamped.rejects.iter().find(|reject| reject.line == number) {
        return Ok(format!("row {number} could not be taken: {}", reject.reason));
    }
    let has_row = |rows: &&Vec<Stamped>| rows.iter().any(|row| row.number == number);
    let Some(rows) = stamped.incidents.iter().find(has_row) else {
        bail!("there is no row {number}: name the line it begins on, or its place in a document");
    };
    let mut lines = Vec::new();
    for row in rows.iter().filter(|row| row.number == number) {
        lines.push(format!("row {number}, of incident {}:", row.incident));
        lines.extend(row.cells.shown().iter().map(|(name, cell)| format!("  {name}: {cell}")));
    }
    lines.extend(became(reading, rows, number));
    Ok(lines.join("\n"))
}

fn became(reading: &ReadExport<'_>, rows: &[Stamped], number: u64) -> Vec<String> {
    let found = reading.facts(rows);
    let of_row: Vec<_> =
        found.facts.iter().filter(|fact| fact.lines.contains(&number)).map(shown).collect();
    let rejects = found.rejects.iter().filter(|reject| reject.line == number);
    let mut lines: Vec<_> =
        rejects.map(|reject| format!("could not be taken: {}", reject.reason)).collect();
    match of_row.len() {
        0 if lines.is_empty() => {
            lines.push("became no fact: nothing that the mapping reads has changed".to_owned());
        }
        0 => {}
        count => lines.push(format!("became {}:", counted(count, "fact"))),
    }
    lines.extend(of_row);
    let notes = found.notes.iter().filter(|note| note.line == number);
    lines.extend(notes.map(|note| format!("odd: it is {}", note.suspicion.what_is_odd())));
    lines
}

/// `  2026-11-02T08:00:00Z  priority P1 (the priority was P2)`.
fn shown(fact: &FactOfRow) -> String {
    let FactOfRow { event, why, .. } = fact;
    let time = event.occur_time.map(|time| time.to_string()).unwrap_or_default();
    let described = event.fact.as_ref().map(describe_fact).unwrap_or_default();
    format!("  {time}  {described} ({why})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{MAPPING, mapping};

    #[test]
    fn a_row_is_shown_with_its_facts_and_why_it_became_them() {
        let text = "id,updated,opened,seq,state,priority,group\n\
            A,2026-01-05 10:00,2026-01-05 09:00,1,New,1,\n\
            A,2026-01-05 11:00,2026-01-05 09:00,2,Waiting,2,\n\
            A,2026-01-05 12:00,2026-01-05 09:00,3,Waiting,2,\n\
            A,2026-01-05 13:00,2026-01-05 09:00,4,Dreaming,2,\n";
        let by = mapping(MAPPING);
        let reading = ReadExport::of("a.csv", text.as_bytes().to_vec(), None, &by).unwrap();
        let explained = |number| explain(&reading, number).unwrap();
        let second = explained(3);
        for line in [
            "row 3, of incident A:",
            "  state: Waiting",
            "became 2 facts:",
            "  2026-01-05T10:00:00Z  priority 2 (the priority was P1)",
            "  2026-01-05T10:00:00Z  status Waiting, waiting on client (the state was New)",
        ] {
            assert!(second.lines().any(|shown| shown == line), "{line}: {second}");
        }
        assert!(explained(4).ends_with("nothing that the mapping reads has changed"));
        assert!(explained(5).contains("could not be taken: state: the mapping has no state"));
        assert!(explain(&reading, 9).unwrap_err().to_string().contains("there is no row 9"));
    }
}
