//! Fee, cap and credits in money, and what is left to settle.

use super::answer::ReviewAnswer;
use super::credit_line::{CreditTerms, result_of};
use super::language::Language;
use super::links;
use super::promise::Promises;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use super::wording::third_party;
use crate::cli::credits::statements;
use crate::codec::v1;

/// Items left to settle that are listed.
const ITEMS_LISTED: usize = 10;

/// The credits of the period and of those within it, line by line, and what they come to together.
pub(super) fn credits(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let review = &answer.review;
    let statements = statements(review.credits.as_ref(), &review.contained_credits);
    let heading = match statements.iter().any(|statement| statement.provisional) {
        true => language.text("section-credits-so-far"),
        false => language.text("section-credits"),
    };
    let blocks = statements.iter().flat_map(|statement| credited(statement, answer, language));
    let together = (statements.len() > 1).then(|| together(review, language));
    Section::of(heading, blocks.chain(together))
}

/// One statement of credits.
fn credited(
    statement: &v1::CreditStatement,
    answer: &ReviewAnswer,
    language: &Language,
) -> Vec<Block> {
    let money = |amount: i64| language.money(amount, &statement.currency);
    let terms = CreditTerms::of(statement, answer);
    let mut blocks = vec![Block::Text(fee(statement, &terms, language))];
    let mut rows: Vec<_> = statement
        .lines
        .iter()
        .map(|line| {
            let period = language.period(&line.period.clone().unwrap_or_default());
            TableRow::of([
                what(line, answer, language),
                period,
                terms.why(line, answer, language),
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
    let period = language.period_in_text(&statement.period.clone().unwrap_or_default());
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

/// The fee, and the cap in money.
fn fee(statement: &v1::CreditStatement, terms: &CreditTerms, language: &Language) -> String {
    let money = |amount: i64| language.money(amount, &statement.currency);
    let of_period = statement.lines.iter().map(|line| line.base_amount).find(|fee| *fee > 0);
    let fee = match of_period {
        Some(fee) => {
            let period = language.period_in_text(&statement.period.clone().unwrap_or_default());
            let arguments = [("fee", money(fee).into()), ("period", period.into())];
            Some(language.say("fee-of-period", &arguments))
        }
        None if terms.credits.monthly_fee == 0 => None,
        None => {
            let fee = ("fee", money(terms.credits.monthly_fee).into());
            Some(language.say("fee-of-month", &[fee]))
        }
    };
    let cap = match statement.no_cap {
        true => language.text("no-cap"),
        false => cap(statement, terms, fee.is_some(), language),
    };
    fee.into_iter().chain([cap]).collect::<Vec<_>>().join(" ")
}

/// The most that credits come to. What it is a share of is said where that alone makes it: there is
/// a fee, and no cap for a kind of period, which may be lower or used up.
fn cap(
    statement: &v1::CreditStatement,
    terms: &CreditTerms,
    has_fee: bool,
    language: &Language,
) -> String {
    let amount = ("cap", language.money(statement.cap_amount, &statement.currency).into());
    if !has_fee || !terms.credits.caps.is_empty() {
        return language.say("cap-amount", &[amount]);
    }
    let agreed = terms.credits.cap_percent.as_str();
    let percent = language.agreed_percent(if agreed.is_empty() { "100" } else { agreed });
    language.say("cap", &[amount, ("percent", percent.into())])
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
    use super::super::language::testing::{all, english};
    use super::*;

    fn october() -> v1::Period {
        v1::Period { name: "2026-10".into(), ..Default::default() }
    }

    fn answer(credits: v1::Credits) -> ReviewAnswer {
        let terms = v1::Terms { credits: Some(credits), ..Default::default() };
        let mut answer = ReviewAnswer::default();
        answer.terms.insert((String::new(), 2), terms);
        answer
    }

    fn said(credits: v1::Credits, period: v1::Period, cap_amount: i64) -> [String; 3] {
        let line = v1::CreditLine { base_amount: 100_000, ..Default::default() };
        let statement = v1::CreditStatement {
            currency: "EUR".into(),
            lines: vec![line],
            cap_amount,
            contract_revision: 2,
            period: Some(period),
            ..Default::default()
        };
        let answer = answer(credits);
        let terms = CreditTerms::of(&statement, &answer);
        all()
            .map(|language| fee(&statement, &terms, &language).replace(['\u{a0}', '\u{202f}'], " "))
    }

    /// "at most 100% of the fee of the period: €40.00" was said where a cap of a kind of period
    /// is lower.
    #[test]
    fn a_lowest_cap_of_several_is_only_an_amount() {
        let cap = v1::CreditCap { percent: "4".into(), ..Default::default() };
        let capped = v1::Credits { caps: vec![cap], ..Default::default() };
        assert_eq!(
            said(capped, october(), 4_000),
            [
                "The fee of October 2026 is €1,000.00. Credits come to at most €40.00.",
                "De vergoeding over oktober 2026 is € 1.000,00. De malus bedraagt hoogstens € 40,00.",
                "Die Vergütung für Oktober 2026 beträgt 1.000,00 €. Gutschriften sind auf 40,00 € \
                 begrenzt.",
            ]
        );
        let share = v1::Credits { cap_percent: "15".into(), ..Default::default() };
        let quarter = v1::Period { name: "2026-Q3".into(), ..Default::default() };
        assert_eq!(
            said(share, quarter, 15_000),
            [
                "The fee of the 3rd quarter of 2026 is €1,000.00. Credits come to at most 15% of \
                 the fee of the period: €150.00.",
                "De vergoeding over het 3e kwartaal van 2026 is € 1.000,00. De malus bedraagt \
                 hoogstens 15% van de vergoeding over de periode: € 150,00.",
                "Die Vergütung für das 3. Quartal 2026 beträgt 1.000,00 €. Gutschriften sind auf \
                 15 % der Vergütung des Zeitraums begrenzt: 150,00 €.",
            ]
        );
    }

    #[test]
    fn one_more_item_stands_in_the_singular() {
        let mut answer = ReviewAnswer::default();
        answer.review.settlement = vec![v1::SettlementItemStatus::default()];
        answer.review.settlement_count = 2;
        let section = settlement(&answer, &english()).unwrap();
        let Some(Block::Note(order)) = section.blocks.first() else { panic!("no order") };
        assert_eq!(order, "The oldest first; 1 more is in the list of settlement items.");
    }
}
