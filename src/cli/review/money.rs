//! Fee, cap and credits in money, and what is left to settle.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::links;
use super::promise::Promises;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use super::wording::third_party;
use crate::codec::v1;

/// Items left to settle that are listed.
const ITEMS_LISTED: usize = 10;

/// The credits of the period and of those within it, line by line, and what they come to together.
pub(super) fn credits(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let own = answer.review.credits.as_ref();
    let all = own.into_iter().chain(&answer.review.contained_credits);
    let says = |one: &&v1::CreditStatement| !one.lines.is_empty() || !one.bonus_lines.is_empty();
    let mut statements: Vec<_> = all.filter(says).collect();
    if statements.is_empty() {
        statements.extend(own);
    }
    let heading = match statements.iter().any(|statement| statement.provisional) {
        true => language.text("section-credits-so-far"),
        false => language.text("section-credits"),
    };
    let blocks = statements.iter().flat_map(|statement| credited(statement, answer, language));
    let together = (statements.len() > 1).then(|| together(&answer.review, language));
    Section::of(heading, blocks.chain(together))
}

/// One statement of credits.
fn credited(
    statement: &v1::CreditStatement,
    answer: &ReviewAnswer,
    language: &Language,
) -> Vec<Block> {
    let money = |amount: i64| language.money(amount, &statement.currency);
    let mut blocks = vec![Block::Text(fee(statement, answer, language))];
    let mut rows: Vec<_> = statement
        .lines
        .iter()
        .map(|line| {
            let period = language.period(&line.period.clone().unwrap_or_default());
            TableRow::of([
                what(line, answer, language),
                period,
                why(line, &statement.currency, answer, language),
                money(line.amount),
            ])
        })
        .collect();
    if rows.is_empty() {
        blocks.push(Block::Text(language.text("credits-none")));
    } else {
        let total = [language.text("total"), String::new(), String::new()];
        let total = TableRow::of(total.into_iter().chain([money(statement.total_amount)]));
        rows.push(TableRow { is_total: true, ..total });
    }
    let columns = [
        TableColumn::text(language.text("column-promised")),
        TableColumn::text(language.text("column-period")),
        TableColumn::text(language.text("column-why")),
        TableColumn::figure(language.text("column-credit")),
    ];
    let period = language.period(&statement.period.clone().unwrap_or_default());
    let caption = language.say("credits-of-period", &[("period", period.into())]);
    blocks.extend(Table::of(caption, columns, rows).map(Block::Table));
    blocks.extend(bonuses(statement, answer, language).into_iter().flatten());
    blocks.extend(remarks(statement, language).into_iter().map(Block::Note));
    blocks
}

/// What several statements come to.
fn together(review: &v1::GetServiceReviewResponse, language: &Language) -> Block {
    let sums = review.credit_totals.iter();
    let sums: Vec<_> =
        sums.map(|total| language.money(total.total_amount, &total.currency)).collect();
    let sum = ("sum", language.and(&sums).into());
    Block::Text(language.say("credits-together", &[sum]))
}

/// What the client pays for objectives that were exceeded; it is not set off.
fn bonuses(
    statement: &v1::CreditStatement,
    answer: &ReviewAnswer,
    language: &Language,
) -> Option<[Block; 2]> {
    let money = |amount: i64| language.money(amount, &statement.currency);
    let rows = statement.bonus_lines.iter().map(|line| {
        let period = language.period(&line.period.clone().unwrap_or_default());
        TableRow::of([what(line, answer, language), period, money(line.amount)])
    });
    let columns = [
        TableColumn::text(language.text("column-promised")),
        TableColumn::text(language.text("column-period")),
        TableColumn::figure(language.text("column-bonus")),
    ];
    let table = Table::of(language.text("bonuses"), columns, rows)?;
    let sum = ("sum", money(statement.bonus_amount).into());
    Some([Block::Table(table), Block::Text(language.say("bonuses-text", &[sum]))])
}

/// What there is to say of the months' fees and of the credits' claim.
fn remarks(statement: &v1::CreditStatement, language: &Language) -> Vec<String> {
    let month = |fee: &v1::FeeOfMonth| {
        let named = v1::Period { name: fee.month.clone(), ..v1::Period::default() };
        let month = ("month", language.period(&named).into());
        match fee.amount {
            None => Some(language.say("fee-unknown", &[month])),
            Some(amount) if fee.days_in_force < fee.days => {
                let arguments = [
                    month,
                    ("in_force", i64::from(fee.days_in_force).into()),
                    ("days", i64::from(fee.days).into()),
                    ("fee", language.money(amount, &statement.currency).into()),
                ];
                Some(language.say("fee-pro-rata", &arguments))
            }
            Some(_) => None,
        }
    };
    let mut remarks: Vec<_> = statement.fees.iter().filter_map(month).collect();
    if !statement.claim_by_date.is_empty() {
        let date = ("date", language.iso_date(&statement.claim_by_date).into());
        remarks.push(language.say("claim-by", &[date]));
    }
    remarks
}

/// The fee and the cap in money.
fn fee(statement: &v1::CreditStatement, answer: &ReviewAnswer, language: &Language) -> String {
    let contract = answer.contract();
    let terms = answer.terms(&contract.id, contract.revision);
    let terms = terms.and_then(|terms| terms.credits.clone()).unwrap_or_default();
    let money = |amount: i64| language.money(amount, &statement.currency);
    let of_period = statement.lines.iter().map(|line| line.base_amount).find(|fee| *fee > 0);
    let cap = if terms.cap_percent.is_empty() { "100" } else { &terms.cap_percent };
    let cap = [
        ("cap", money(statement.cap_amount).into()),
        ("percent", language.agreed_percent(cap).into()),
    ];
    let fee = match of_period {
        Some(fee) => {
            let period = language.period(&statement.period.clone().unwrap_or_default());
            let arguments = [("fee", money(fee).into()), ("period", period.into())];
            language.say("fee-of-period", &arguments)
        }
        None => language.say("fee-of-month", &[("fee", money(terms.monthly_fee).into())]),
    };
    match statement.no_cap {
        true => format!("{fee} {}", language.text("no-cap")),
        false if of_period.is_none() && terms.monthly_fee == 0 => {
            language.say("cap-amount", &[("cap", money(statement.cap_amount).into())])
        }
        false => format!("{fee} {}", language.say("cap", &cap)),
    }
}

/// The objective in words, or what else a line is about.
fn what(line: &v1::CreditLine, answer: &ReviewAnswer, language: &Language) -> String {
    let contract = answer.contract().id;
    let promises = Promises { answer, contract: &contract, language };
    match result_of(line, answer) {
        Some(result) => promises.promised(result),
        None if line.objective_id.is_empty() => language.text("all-objectives"),
        None => line.objective_id.clone(),
    }
}

/// The result that a line is about; of a period that is not in the review, one of the same
/// objective.
fn result_of<'r>(
    line: &v1::CreditLine,
    answer: &'r ReviewAnswer,
) -> Option<&'r v1::ObjectiveResult> {
    let results = answer.review.objectives.iter().filter_map(|o| o.result.as_ref());
    let mut same = results.filter(|result| {
        result.objective.as_ref().is_some_and(|objective| objective.id == line.objective_id)
    });
    let first = same.clone().next();
    same.find(|result| result.period == line.period).or(first)
}

/// How the amount comes about.
fn why(
    line: &v1::CreditLine,
    currency: &str,
    answer: &ReviewAnswer,
    language: &Language,
) -> String {
    let result = result_of(line, answer).filter(|result| result.period == line.period);
    match (line.kind(), result.map(v1::ObjectiveResult::verdict)) {
        (v1::CreditLineKind::Cap, _) => language.text("credit-cap"),
        (v1::CreditLineKind::EarnBack, _) => language.text("credit-earn-back"),
        (v1::CreditLineKind::Withheld, _) => language.text("credit-withheld"),
        (v1::CreditLineKind::HighestOnly, _) => language.text("credit-highest-only"),
        (v1::CreditLineKind::Minimum, _) => language.text("credit-minimum"),
        (v1::CreditLineKind::NotPaid, _) => language.text("credit-not-paid"),
        (v1::CreditLineKind::Objective, _) if line.amount > 0 => missed(line, currency, language),
        (_, Some(v1::ObjectiveVerdict::Met)) if result.is_some_and(|met| met.provisional) => {
            language.text("credit-met-so-far")
        }
        (_, Some(v1::ObjectiveVerdict::Met)) => language.text("credit-met"),
        (_, Some(v1::ObjectiveVerdict::NoData)) => language.text("credit-no-data"),
        (_, Some(v1::ObjectiveVerdict::AtRisk)) => language.text("credit-at-risk"),
        (_, Some(v1::ObjectiveVerdict::Missed)) => language.text("credit-no-tier"),
        _ => line.reason.clone(),
    }
}

fn missed(line: &v1::CreditLine, currency: &str, language: &Language) -> String {
    let tier = if line.credit_percent.is_empty() {
        let amount = ("amount", language.money(line.credit_amount, currency).into());
        language.say("credit-of-amount", &[amount])
    } else {
        let percent = ("percent", language.agreed_percent(&line.credit_percent).into());
        language.say("credit-tier", &[percent])
    };
    let mut parts = vec![tier];
    if line.count > 0 {
        parts.push(language.say("credit-count", &[("count", line.count.into())]));
    }
    if !matches!(line.weight_percent.as_str(), "" | "100") {
        let weight = ("percent", language.agreed_percent(&line.weight_percent).into());
        parts.push(language.say("credit-weight", &[weight]));
    }
    if line.repeats > 0 {
        parts.push(language.say("credit-repeats", &[("count", i64::from(line.repeats).into())]));
    }
    parts.join(", ")
}

/// What is left to settle, the oldest first.
pub(super) fn settlement(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let review = &answer.review;
    let template = answer.contract().incident_url_template;
    let listed = review.settlement.iter().take(ITEMS_LISTED);
    let rows = listed.map(|status| item(status, &template, language));
    let columns = [
        TableColumn::text(language.text("column-incident")),
        TableColumn::text(language.text("column-what")),
        TableColumn::text(language.text("column-since")),
        TableColumn::text(language.text("column-open-facets")),
        TableColumn::figure(language.text("column-amount")),
    ];
    let title = language.say("section-settlement", &[("count", review.settlement_count.into())]);
    let table = Table::of(title.clone(), columns, rows)?;
    let more = review.settlement_count - review.settlement.len().min(ITEMS_LISTED) as i64;
    let order = match more {
        0 => language.text("settlement-order"),
        more => language.say("settlement-order-more", &[("count", more.into())]),
    };
    let order = (review.settlement_count > 1).then_some(Block::Note(order));
    Section::of(title, order.into_iter().chain([Block::Table(table)]))
}

fn item(status: &v1::SettlementItemStatus, template: &str, language: &Language) -> TableRow {
    let item = status.item.clone().unwrap_or_default();
    let days = status.age.unwrap_or_default().seconds / 86_400;
    let date = language.date(item.open_time);
    let since = language.say("since", &[("date", date.into()), ("days", days.into())]);
    let open = status.facets.iter().filter(|f| f.state() == v1::SettlementState::Open);
    let open = open.map(|facet| match facet.facet() {
        v1::SettlementFacet::Technical => language.text("facet-technical"),
        v1::SettlementFacet::Administrative => language.text("facet-administrative"),
        v1::SettlementFacet::Financial | v1::SettlementFacet::Unspecified => {
            language.text("facet-financial")
        }
    });
    let open: Vec<_> = open.collect();
    let mut decided = status.facets.iter().filter_map(|facet| facet.decision.as_ref()?.amount);
    let amount = decided.next_back().or(item.amount);
    let amount = amount.map(|amount| language.money(amount, &item.currency));
    let incident = item.incident_ids.first().map(String::as_str).unwrap_or_default();
    let cells = vec![
        links::incident(incident, template),
        kind(&item, language).into(),
        since.into(),
        language.and(&open).into(),
        amount.unwrap_or_else(|| language.text("none")).into(),
    ];
    TableRow { cells, is_total: false }
}

/// What an item is about; one that a person opened in that person's words.
fn kind(item: &v1::SettlementItem, language: &Language) -> String {
    let of_period = || {
        let named = v1::Period { name: item.period.clone(), ..v1::Period::default() };
        ("period", language.period(&named).into())
    };
    let party = match item.party() {
        v1::Party::ThirdParty => third_party(&item.third_party, language),
        _ => language.text("the-client"),
    };
    match item.kind() {
        v1::SettlementKind::OutOfScope => language.text("item-scope"),
        v1::SettlementKind::Excluded => language.text("item-excluded"),
        v1::SettlementKind::ExcludedOutage => language.text("item-excluded-outage"),
        v1::SettlementKind::Credit if item.amount.is_some_and(|amount| amount < 0) => {
            language.say("item-earned-back", &[of_period()])
        }
        v1::SettlementKind::Credit => language.say("item-credit", &[of_period()]),
        v1::SettlementKind::Bonus => language.say("item-bonus", &[of_period()]),
        v1::SettlementKind::DecisionOpen => {
            language.say("item-decision", &[("party", party.into())])
        }
        v1::SettlementKind::Other | v1::SettlementKind::Unspecified => item.summary.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::all;
    use super::*;

    /// Credits of so much money stood in English in every language.
    #[test]
    fn credits_of_an_amount_are_explained_in_every_language() {
        let line = v1::CreditLine {
            kind: v1::CreditLineKind::Objective as i32,
            reason: "2 late incidents".into(),
            amount: 210_000,
            credit_amount: 2_500,
            count: 84,
            ..Default::default()
        };
        let answer = ReviewAnswer::default();
        let said = all().map(|language| why(&line, "EUR", &answer, &language));
        let said = said.map(|text| text.replace('\u{a0}', " "));
        assert_eq!(
            said,
            [
                "missed: €25.00, times 84",
                "niet gehaald: € 25,00, maal 84",
                "verfehlt: 25,00 €, mal 84",
            ]
        );
    }
}
