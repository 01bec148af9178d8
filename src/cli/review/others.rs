//! The shorter sections: causes, underpinning agreements, forecasts, and what moved since.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::links;
use super::promise::Promises;
use super::report::{Block, Cell, Section, Table, TableColumn, TableRow};
use super::wording;
use crate::codec::v1;

/// Causes that are listed.
const CAUSES_LISTED: usize = 10;
/// Moved verdicts that are listed.
const MOVED_LISTED: usize = 25;

/// The parties that causes are attributed to, the most frequent first.
pub(super) fn causes(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let causes = &answer.review.causes;
    if causes.iter().all(|cause| cause.party.is_empty()) {
        return None;
    }
    let rows = causes.iter().take(CAUSES_LISTED).map(|cause| {
        let confidence = match cause.least_confidence_percent {
            0 => language.text("none"),
            least => language.agreed_percent(&least.to_string()),
        };
        TableRow::of([
            wording::cause(cause, language),
            cause.service.clone(),
            language.count(cause.incidents),
            language.count(cause.breached),
            confidence,
        ])
    });
    let columns = [
        TableColumn::text(language.text("column-party")),
        TableColumn::text(language.text("column-service")),
        TableColumn::figure(language.text("column-incidents")),
        TableColumn::figure(language.text("column-of-those-late")),
        TableColumn::figure(language.text("column-confidence")),
    ];
    let table = Table::of(language.text("section-causes"), columns, rows)?;
    Section::of(language.text("section-causes"), [Block::Table(table)])
}

/// The incidents of the period that the contract does not measure, and why.
pub(super) fn coverage(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let coverage = answer.review.coverage.as_ref().filter(|coverage| !coverage.gaps.is_empty())?;
    let rows = coverage.gaps.iter().map(|gap| {
        let target = match gap.target_id.as_str() {
            "" => language.text("every-target"),
            id => wording::target(id, answer, language),
        };
        TableRow::of([reason(gap, language), target, language.count(gap.incidents)])
    });
    let columns = [
        TableColumn::text(language.text("column-why")),
        TableColumn::text(language.text("column-target")),
        TableColumn::figure(language.text("column-incidents")),
    ];
    let table = Table::of(language.text("section-coverage"), columns, rows)?;
    let text = language.say("coverage-text", &[("count", coverage.uncovered.into())]);
    Section::of(language.text("section-coverage"), [Block::Text(text), Block::Table(table)])
}

/// Why incidents have no clock.
fn reason(gap: &v1::CoverageGap, language: &Language) -> String {
    let value = [("value", gap.value.as_str().into())];
    match gap.reason() {
        v1::MissingClockReason::NoLimit if !gap.value.is_empty() => {
            language.say("gap-no-limit", &value)
        }
        v1::MissingClockReason::NoLimit => language.text("gap-no-priority"),
        v1::MissingClockReason::LimitWithdrawn => language.say("gap-limit-withdrawn", &value),
        v1::MissingClockReason::ContractNotInForce => language.text("gap-not-in-force"),
        v1::MissingClockReason::DoesNotApply => language.text("gap-does-not-apply"),
        v1::MissingClockReason::NotStarted => language.text("gap-not-started"),
        v1::MissingClockReason::NotOpened => language.text("gap-not-opened"),
        v1::MissingClockReason::NoContract => language.text("gap-no-contract"),
        v1::MissingClockReason::ContractNotFound => language.text("gap-contract-not-found"),
        v1::MissingClockReason::NoTarget => language.text("gap-no-target"),
        v1::MissingClockReason::TargetNotFound => language.text("gap-target-not-found"),
        v1::MissingClockReason::CalendarNotFound => language.say("gap-calendar-not-found", &value),
        v1::MissingClockReason::ConditionFailed => language.text("gap-condition-failed"),
        v1::MissingClockReason::TargetNotInForce => language.text("gap-target-not-in-force"),
        v1::MissingClockReason::Unspecified => gap.description.clone(),
    }
}

/// The agreements that the contract's promises rest on, each with its objectives.
pub(super) fn chain(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let links = answer.review.chain.iter().flat_map(|link| agreement(link, answer, language));
    Section::of(language.text("section-chain"), links)
}

fn agreement(
    link: &v1::UnderpinningResult,
    answer: &ReviewAnswer,
    language: &Language,
) -> Vec<Block> {
    let contract = link.contract.clone().unwrap_or_default();
    let counts = link.total.clone().unwrap_or_default().contractual.unwrap_or_default();
    let kind = match contract.kind() {
        v1::ContractKind::Ola => language.text("kind-ola"),
        _ => language.text("kind-uc"),
    };
    let provider = if contract.provider.is_empty() { &contract.id } else { &contract.provider };
    let name = if contract.title.is_empty() { contract.id.clone() } else { contract.title.clone() };
    let arguments = [
        ("kind", kind.into()),
        ("name", name.as_str().into()),
        ("provider", provider.as_str().into()),
        ("attainment", language.percent(&counts.attainment).into()),
        ("met", counts.met.into()),
        ("late", counts.breached.into()),
    ];
    let text = language.say("agreement", &arguments);
    let promises = Promises { answer, contract: &contract.id, language };
    let row = |promised: String, result: &v1::ObjectiveResult| {
        let period = language.period(&result.period.clone().unwrap_or_default());
        let figures = [promises.found(result).into(), promises.verdict(result)];
        let cells = [promised.into(), period.into()].into_iter().chain(figures);
        TableRow { cells: cells.collect(), is_total: false }
    };
    let rows = link.objectives.iter().flat_map(|result| {
        let parts = result.parts.iter().map(|part| row(promises.promised_part(part), part));
        [row(promises.promised(result), result)].into_iter().chain(parts)
    });
    let columns = [
        TableColumn::text(language.text("column-promised")),
        TableColumn::text(language.text("column-period")),
        TableColumn::figure(language.text("column-found")),
        TableColumn::text(language.text("column-verdict")),
    ];
    let table = Table::of(name, columns, rows);
    [Block::Text(text)].into_iter().chain(table.map(Block::Table)).collect()
}

/// How forecasts turned out, in words that need no statistics.
pub(super) fn forecasts(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let quality = answer.review.forecast_quality.as_ref().filter(|q| q.forecasts > 0)?;
    let weighed = quality.calibration.iter().map(|row| row.predicted * row.forecasts as f64);
    let predicted = weighed.sum::<f64>() / quality.forecasts as f64;
    let share = |share: f64| language.percent(&format!("{:.1}", 100.0 * share));
    let forecasts = ("forecasts", quality.forecasts.into());
    let text = language.say(
        "forecasts-text",
        &[
            forecasts.clone(),
            ("clocks", quality.clocks.into()),
            ("predicted", share(predicted).into()),
            ("observed", share(quality.base_rate).into()),
        ],
    );
    let worth = match quality.skill {
        skill if !skill.is_finite() => language.text("forecasts-all-alike"),
        skill if skill >= 0.01 => language.say("forecasts-better", &[forecasts]),
        _ => language.say("forecasts-no-better", &[forecasts]),
    };
    Section::of(language.text("section-forecasts"), [Block::Text(format!("{text} {worth}"))])
}

/// What moved since the review was signed.
pub(super) fn restated(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let restatement = answer.review.restatement.as_ref()?;
    let contract = answer.contract();
    let promises = Promises { answer, contract: &contract.id, language };
    let heading = language.text("section-restated");
    if restatement.moved_count == 0 && restatement.signed_objectives.is_empty() {
        return Section::of(heading, [Block::Text(language.text("nothing-moved"))]);
    }
    let objectives = restatement.signed_objectives.iter().map(|result| {
        Block::Text(language.say(
            "objective-was",
            &[
                ("promised", promises.promised(result).into()),
                ("found", promises.found(result).into()),
                ("verdict", promises.verdict(result).text.into()),
            ],
        ))
    });
    let moved = language.say("moved", &[("count", restatement.moved_count.into())]);
    let blocks = objectives.chain([Block::Text(moved)]);
    Section::of(heading, blocks.chain(moved_table(restatement, answer, language)))
}

fn moved_table(
    restatement: &v1::ReviewRestatement,
    answer: &ReviewAnswer,
    language: &Language,
) -> Option<Block> {
    let template = answer.contract().incident_url_template;
    let rows = restatement.moved.iter().take(MOVED_LISTED).map(|moved| {
        let cells = vec![
            links::incident(&moved.incident_id, &template),
            Cell::from(wording::target(&moved.target_id, answer, language)),
            Cell::from(counted_as(moved.signed_counted_as(), language)),
            Cell::from(counted_as(moved.present_counted_as(), language)),
            Cell::from(moved.event_ids.join(", ")),
        ];
        TableRow { cells, is_total: false }
    });
    let columns = [
        TableColumn::text(language.text("column-incident")),
        TableColumn::text(language.text("column-target")),
        TableColumn::text(language.text("column-signed")),
        TableColumn::text(language.text("column-now")),
        TableColumn::text(language.text("column-facts")),
    ];
    Table::of(language.text("section-restated"), columns, rows).map(Block::Table)
}

fn counted_as(counted: v1::CountedAs, language: &Language) -> String {
    language.text(match counted {
        v1::CountedAs::Unspecified => "outcome-none",
        v1::CountedAs::Undecided => "outcome-undecided",
        v1::CountedAs::Met => "outcome-met",
        v1::CountedAs::Breached => "outcome-late",
        v1::CountedAs::Cancelled => "outcome-cancelled",
        v1::CountedAs::Excluded => "outcome-excluded",
    })
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::{all, english};
    use super::*;

    /// Gaps of two reasons stood in English in every language.
    #[test]
    fn every_reason_for_a_missing_clock_is_said_in_every_language() {
        let numbers = (1..).map_while(|number| v1::MissingClockReason::try_from(number).ok());
        let reasons: Vec<_> = numbers.collect();
        assert!(reasons.len() >= 13, "{reasons:?}");
        for missing in reasons {
            let gap = v1::CoverageGap {
                reason: missing as i32,
                value: "P9".into(),
                description: "the server's words".into(),
                ..Default::default()
            };
            let [english, dutch, german] = all().map(|language| reason(&gap, &language));
            assert!(english != dutch && dutch != german && english != german, "{missing:?}");
            for said in [english, dutch, german] {
                assert!(!said.contains("server") && !said.starts_with("gap-"), "{said}");
            }
        }
    }

    #[test]
    fn a_single_forecast_stands_in_the_singular() {
        let said = |forecasts, clocks, skill| {
            let mut answer = ReviewAnswer::default();
            let row = v1::CalibrationRow { forecasts, predicted: 0.25, ..Default::default() };
            answer.review.forecast_quality = Some(v1::ForecastQuality {
                forecasts,
                clocks,
                skill,
                calibration: vec![row],
                ..Default::default()
            });
            all().map(|language| match &super::forecasts(&answer, &language).unwrap().blocks[..] {
                [Block::Text(text)] => text.replace(['\u{a0}', '\u{202f}'], " "),
                other => panic!("{other:?}"),
            })
        };
        let [english, dutch, german] = said(1, 1, f64::NAN);
        assert!(english.starts_with(
            "1 forecast was given of 1 clock while it ran. It saw a risk of 25.0% of being late; "
        ));
        assert!(dutch.starts_with(
            "Er is 1 prognose gegeven over 1 meting die nog liep. De voorspelde kans op te laat \
             was 25,0%; "
        ));
        assert!(german.starts_with(
            "1 Prognose wurde zu 1 laufenden Messung abgegeben. Sie sah ein Verspätungsrisiko von "
        ));
        let [english, dutch, german] = said(3, 2, 0.0);
        assert!(english.starts_with(
            "3 forecasts were given of 2 clocks while they ran. On average they saw a risk of "
        ));
        assert!(dutch.starts_with(
            "Er zijn 3 prognoses gegeven over 2 metingen die nog liepen. Gemiddeld was de \
             voorspelde kans op te laat 25,0%; "
        ));
        assert!(german.contains("abgegeben. Im Schnitt sahen sie ein "));
        assert!(english.contains(" They were no closer to what happened than "));
        let [english, dutch, german] = said(1, 1, 0.5);
        assert!(english.contains(" It was closer to what happened than "));
        assert!(dutch.contains(" Die zat dichter bij de uitkomst dan "));
        assert!(german.contains(" Sie lag näher am Ausgang, als "));
    }

    /// The parts of an underpinning agreement's objectives are below them.
    #[test]
    fn the_parts_of_an_agreement_s_objective_have_rows() {
        let part = v1::ObjectiveResult { percent: "50".into(), ..Default::default() };
        let whole = v1::ObjectiveResult { parts: vec![part], ..Default::default() };
        let link = v1::UnderpinningResult { objectives: vec![whole], ..Default::default() };
        let blocks = agreement(&link, &ReviewAnswer::default(), &english());
        let [_, Block::Table(table)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(table.rows.len(), 2);
        assert!(table.rows[1].cells[0].text.starts_with('↳'));
    }
}
