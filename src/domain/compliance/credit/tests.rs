//! Worked examples, computed by hand, and what always holds.

// Amounts are written with their cents apart.
#![allow(clippy::inconsistent_digit_grouping, reason = "euros and cents")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::contract::{Bonus, CreditTier, Fee, Per, Steps};
use crate::domain::exact_spread::ExactSpread;
use crate::domain::time::Span;

fn percent(text: &str) -> Share {
    Share::from_percent(text).unwrap_or_else(|error| panic!("{error}"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// 5 % below 99 %, 10 % below 97 %, 25 % below 90 %.
fn rule(objective_id: &str) -> CreditRule {
    let tier = |(below, credit)| CreditTier {
        below: Some(percent(below)),
        credit: Credit::Share(percent(credit)),
    };
    CreditRule {
        objective_id: objective_id.into(),
        tiers: [("99", "5"), ("97", "10"), ("90", "25")].map(tier).to_vec(),
        weight: Share::ALL,
        repeat: Share::NONE,
        repeats_most: 3,
        earn_back: None,
        per: Per::Period,
        counts_all: false,
        steps: Steps::Started,
        cap: None,
        bonuses: Vec::new(),
        credited_in: None,
    }
}

fn credits(monthly_fee: i64, rules: Vec<CreditRule>) -> Credits {
    Credits {
        fee: Fee { monthly: monthly_fee, ..Fee::default() },
        rules,
        cap: Share::ALL,
        from_date: None,
        combination: Combination::Sum,
        minimum: 0,
        not_paid_below: 0,
        caps: Vec::new(),
        claim_within_days: 0,
    }
}

/// A month in which objectives of 99 % reached these shares; `-` is no data.
fn month<'c>(
    first: &str,
    credits: &'c Credits,
    reached: &[(&'c str, &str)],
) -> EvaluatedPeriod<'c> {
    let stood = |text: &str| match text {
        "-" => ObjectiveVerdict { verdict: Verdict::NoData, reached: None },
        given => stood(percent(given)),
    };
    EvaluatedPeriod {
        kind: PeriodKind::Month,
        first_day: date(first),
        fee: Some(credits.fee.monthly),
        currency: "EUR",
        credits,
        measured: BTreeMap::new(),
        within: Vec::new(),
        results: reached.iter().map(|(id, text)| (*id, stood(text))).collect(),
    }
}

fn stood(reached: Share) -> ObjectiveVerdict {
    let is_met = reached >= percent("99");
    let verdict = if is_met { Verdict::Met } else { Verdict::Missed };
    ObjectiveVerdict { verdict, reached: Some(reached) }
}

/// Months of one objective, the newest first, the first of them July 2026.
fn row<'c>(credits: &'c Credits, reached: &[&str]) -> Vec<EvaluatedPeriod<'c>> {
    let first = |ago: usize| format!("2026-{:02}-01", 7 - ago);
    let months = reached.iter().enumerate();
    months.map(|(ago, text)| month(&first(ago), credits, &[("A", text)])).collect()
}

#[track_caller]
fn of(periods: &[EvaluatedPeriod<'_>]) -> (Vec<(i64, String)>, i64) {
    let statement = statement(periods).unwrap_or_else(|| panic!("no statement"));
    (statement.lines.iter().map(|l| (l.amount, l.reason())).collect(), statement.total)
}

#[track_caller]
fn only(periods: &[EvaluatedPeriod<'_>]) -> (i64, String) {
    let (mut lines, total) = of(periods);
    assert_eq!((lines.len(), lines[0].0), (1, total), "{lines:?}");
    lines.remove(0)
}

#[test]
fn the_lowest_tier_that_was_not_reached_rules() {
    let credits = credits(1_000_00, vec![rule("A")]); // 1,000.00 a month
    let line = |reached| only(&row(&credits, &[reached]));
    assert_eq!(line("99"), (0, "met with 99%".into()), "equality is met");
    // 5 % of 1,000.00.
    assert_eq!(line("98.9999"), (50_00, "98.9999% is below 99%: 5% of the fee".into()));
    assert_eq!(line("97"), (50_00, "97% is below 99%: 5% of the fee".into()));
    // 10 % of 1,000.00.
    assert_eq!(line("96.9999"), (100_00, "96.9999% is below 97%: 10% of the fee".into()));
    // 25 % of 1,000.00.
    assert_eq!(line("0"), (250_00, "0% is below 90%: 25% of the fee".into()));
    assert_eq!(line("-"), (0, "too little is known for it to be evaluated".into()));
}

#[test]
fn what_no_tier_covers_credits_nothing_with_a_reason() {
    let mut rule = rule("A");
    rule.tiers.remove(0);
    let credits = credits(1_000_00, vec![rule]);
    let line = only(&row(&credits, &["98"]));
    assert_eq!(line, (0, "98% misses it, and no tier credits that".into()));
}

#[test]
fn a_tier_without_a_figure_rules_whenever_the_objective_is_missed() {
    let mut rule = rule("A");
    rule.tiers = vec![CreditTier { below: None, credit: Credit::Share(percent("7.5")) }];
    let credits = credits(1_000_00, vec![rule]);
    // An objective without a percentage, such as on outages: 7.5 % of 1,000.00.
    let mut missed = row(&credits, &["-"]);
    missed[0].results.insert("A", ObjectiveVerdict { verdict: Verdict::Missed, reached: None });
    assert_eq!(only(&missed), (75_00, "missed: 7.5% of the fee".into()));
    assert_eq!(only(&row(&credits, &["98"])), (75_00, "98% misses it: 7.5% of the fee".into()));
    let mut at_risk = row(&credits, &["98"]);
    at_risk[0].results.insert("A", ObjectiveVerdict { verdict: Verdict::AtRisk, reached: None });
    assert_eq!(only(&at_risk).0, 75_00, "so far");
}

#[test]
fn an_objective_credits_as_much_of_its_tier_as_it_weighs() {
    let credits = credits(1_000_00, vec![CreditRule { weight: percent("40"), ..rule("A") }]);
    // 10 % of 1,000.00 is 100.00, and 40 % of that 40.00.
    let line = only(&row(&credits, &["95"]));
    assert_eq!(line, (40_00, "95% is below 97%: 10% of the fee, weight 40%".into()));
}

#[test]
fn a_quarter_costs_three_months() {
    let credits = credits(1_000_00, vec![rule("A")]);
    let mut quarter = row(&credits, &["95"]);
    quarter[0].fee = Some(3_000_00);
    // 10 % of 3 x 1,000.00.
    assert_eq!(only(&quarter).0, 300_00);
}

#[test]
fn two_objectives_are_capped_together() {
    let mut credits = credits(1_000_00, vec![rule("A"), rule("B")]);
    credits.cap = percent("30");
    // 25 % and 10 % of 1,000.00 are 350.00; 30 % of it are 300.00, so 50.00 are too much.
    let (lines, total) = of(&[month("2026-07-01", &credits, &[("A", "80"), ("B", "95")])]);
    let cap = (-50_00, "all credits together are at most 30% of the fee".to_owned());
    assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), [250_00, 100_00, -50_00]);
    assert_eq!((lines.last(), total), (Some(&cap), 300_00));
    // 25 % and 5 % are 300.00 exactly: no more than the cap.
    let (lines, total) = of(&[month("2026-07-01", &credits, &[("A", "80"), ("B", "98")])]);
    assert_eq!((lines.len(), total), (2, 300_00));
}

#[test]
fn each_missed_month_right_before_credits_more() {
    let rule = CreditRule { repeat: percent("50"), repeats_most: 2, ..rule("A") };
    let credits = credits(1_000_00, vec![rule]);
    let amount = |months: &[&str]| only(&row(&credits, months)).0;
    // 10 % of 1,000.00 is 100.00.
    assert_eq!(amount(&["95"]), 100_00);
    assert_eq!(amount(&["95", "99"]), 100_00);
    // Missed once before: 100.00 x (100 % + 50 %).
    assert_eq!(amount(&["95", "98", "99"]), 150_00);
    // Twice: 100.00 x (100 % + 2 x 50 %), and two is the most that count.
    assert_eq!(amount(&["95", "98", "98", "99"]), 200_00);
    assert_eq!(amount(&["95", "98", "98", "98"]), 200_00);
    // A month without data ends the sequence.
    assert_eq!(amount(&["95", "-", "98", "98"]), 100_00);
    let line = only(&row(&credits, &["95", "98"])).1;
    assert_eq!(line, "95% is below 97%: 10% of the fee, and 50% more since it was missed before");
    let line = only(&row(&credits, &["95", "98", "98"])).1;
    assert!(line.ends_with("and 50% more for each of 2 misses before"), "{line}");
}

#[test]
fn the_credit_before_is_earned_back() {
    let credits =
        credits(1_000_00, vec![CreditRule { earn_back: Some(percent("99.5")), ..rule("A") }]);
    // June credited 10 % of 1,000.00; July reached 99.5 %.
    let (lines, total) = of(&row(&credits, &["99.5", "95"]));
    let reason = "99.5% reaches 99.5%, which earns back the credit before".to_owned();
    assert_eq!(lines, [(0, "met with 99.5%".into()), (-100_00, reason)]);
    assert_eq!(total, -100_00);
    // Met, but not by so much; missed; nothing to earn back; only the month right before.
    for months in [&["99.4999", "95"][..], &["98", "95"], &["99.5", "99"], &["99.5", "99", "95"]] {
        assert_eq!(of(&row(&credits, months)).0.len(), 1, "{months:?}");
    }
}

#[test]
fn what_is_earned_back_has_its_own_repetitions() {
    let (repeat, earn_back) = (percent("50"), Some(percent("99.5")));
    let credits = credits(1_000_00, vec![CreditRule { repeat, earn_back, ..rule("A") }]);
    // June credited 100.00 x (100 % + 50 %), May having been missed.
    assert_eq!(of(&row(&credits, &["100", "95", "98", "99"])).1, -150_00);
}

#[test]
fn what_the_cap_had_withheld_does_not_go_back() {
    let earn_back = Some(percent("99.5"));
    let rules = vec![CreditRule { earn_back, ..rule("A") }, CreditRule { earn_back, ..rule("B") }];
    let mut credits = credits(1_000_00, rules);
    credits.cap = percent("30");
    let june = [("A", "80"), ("B", "80")];
    let of_july = |july: &[(&'static str, &str)]| {
        let months = [month("2026-07-01", &credits, july), month("2026-06-01", &credits, &june)];
        let (lines, total) = of(&months);
        (lines.into_iter().map(|line| line.0).collect::<Vec<_>>(), total)
    };
    // June: 250.00 and 250.00, capped to 300.00. Without A, B alone would have been 250.00: of A's
    // 250.00, 200.00 had been withheld, and 50.00 go back.
    let july = of_july(&[("A", "100"), ("B", "99")]);
    assert_eq!(july, (vec![0, 0, -250_00, 200_00], -50_00));
    // Without both, nothing would have been credited: all 300.00 go back.
    let july = of_july(&[("A", "100"), ("B", "100")]);
    assert_eq!(july, (vec![0, 0, -250_00, -250_00, 200_00], -300_00));
    // B is missed again, for 250.00, while A's part goes back.
    let july = of_july(&[("A", "100"), ("B", "80")]);
    assert_eq!(july, (vec![0, 250_00, -250_00, 200_00], 200_00));
}

#[test]
fn a_credit_in_other_money_does_not_go_back() {
    let rules = vec![CreditRule { earn_back: Some(percent("99.5")), ..rule("A") }];
    let credits = credits(1_000_00, rules);
    let mut months = row(&credits, &["100", "95"]);
    months[1].currency = "NLG";
    assert_eq!(only(&months).0, 0);
}

#[test]
fn the_bedding_in_time_credits_nothing_and_is_no_repetition() {
    let mut credits = credits(1_000_00, vec![CreditRule { repeat: Share::ALL, ..rule("A") }]);
    credits.from_date = Some(date("2026-07-01"));
    let line = only(&row(&credits, &["95", "95"])[1..]);
    assert_eq!(line, (0, "nothing is credited for periods before 2026-07-01".into()));
    // July begins on that very date: 10 % of 1,000.00, as though June had not been missed.
    assert_eq!(only(&row(&credits, &["95", "95"])).0, 100_00);
}

#[test]
fn half_a_cent_is_rounded_up_once_at_the_end_of_a_line() {
    let amount = |fee, weight, repeat| {
        let (weight, repeat) = (percent(weight), percent(repeat));
        let credits = credits(fee, vec![CreditRule { weight, repeat, ..rule("A") }]);
        only(&row(&credits, &["98", "98"])).0
    };
    // 5 % of 0.10 is half a cent; of 0.09 it is 0.45 of one.
    assert_eq!((amount(10, "100", "0"), amount(9, "100", "0")), (1, 0));
    // 5 % of 0.30 is 1.5 cents, 50 % of that 0.75, and with 20 % more 0.9: one cent. Rounded at
    // every step it would be 2, 1 and 1.2; downwards 1, 0 and 0.
    assert_eq!(amount(30, "50", "20"), 1);
    // 5 % of 0.29 is 1.45 cents, 50 % of that 0.725, and with 100 % more 1.45: one cent.
    assert_eq!(amount(29, "50", "100"), 1);
    // 5 % of 0.50 is 2.5 cents, 33.3333 % of that 0.8333325.
    assert_eq!(amount(50, "33.3333", "0"), 1);
}

#[test]
fn the_cap_is_rounded_alike() {
    let mut credits = credits(10, vec![rule("A")]);
    for (cap, cents) in [("25", 3), ("24.9999", 2), ("0", 0)] {
        credits.cap = percent(cap);
        let statement = statement(&row(&credits, &["99"]));
        assert_eq!(statement.and_then(|statement| statement.cap), Some(cents), "{cap}");
    }
}

/// A month in which the one objective A was missed, and what was counted of it.
fn counted(credits: &Credits, measured: Measured, reached: Option<&str>) -> (i64, String) {
    let mut months = row(credits, &["-"]);
    let reached = reached.map(percent);
    months[0].results.insert("A", ObjectiveVerdict { verdict: Verdict::Missed, reached });
    months[0].measured.insert("A", measured);
    only(&months)
}

fn flat(credit: Credit, per: Per) -> CreditRule {
    CreditRule { tiers: vec![CreditTier { below: None, credit }], per, ..rule("A") }
}

fn minutes(minutes: i64) -> Span {
    Span::from_nanos(minutes * 60_000_000_000)
}

/// Counts of clocks, and by how many minutes each of the late ones was late.
fn clocks(promised: &str, met: u64, breached: u64, late_by: &[i64]) -> Measured {
    let mut lateness = ExactSpread::default();
    late_by.iter().for_each(|late| lateness.add(&ExactSpread::of(minutes(*late))));
    Measured::Clocks { promised: percent(promised), met, breached, lateness }
}

/// P18: credits per hour of lateness.
#[test]
fn each_started_or_full_hour_that_a_late_incident_is_late_credits() {
    let hourly = flat(Credit::Amount(10_00), Per::Lateness(minutes(60)));
    let of = |rule: &CreditRule, measured| {
        counted(&credits(1_000_00, vec![rule.clone()]), measured, Some("92"))
    };
    let late_by = [1, 60, 61, 150, 5, 5, 600, 20];
    // Of 100, 5 might have been late: 5, 5, 1, 20 and 60 minutes are the least late. The others
    // were late by 61, 150 and 600 minutes: 2, 3 and 10 started hours.
    let measured = || clocks("95", 92, 8, &late_by);
    let reason = "8 late incidents of 100, where 5 are allowed, the 3 latest 13 h 31 min over \
                  their limits together: 10.00 EUR for each started hour of each incident, 15 times";
    assert_eq!(of(&hourly, measured()), (150_00, reason.into()));
    // 1, 2 and 10 full hours.
    let full = CreditRule { steps: Steps::Full, ..hourly.clone() };
    assert_eq!(of(&full, measured()).0, 130_00);
    // All eight: 1 + 1 + 2 + 3 + 1 + 1 + 10 + 1 started hours.
    let all = CreditRule { counts_all: true, ..hourly.clone() };
    let reason = "8 late incidents of 100, 15 h 02 min over their limits together: 10.00 EUR for \
                  each started hour of each incident, 20 times";
    assert_eq!(of(&all, measured()), (200_00, reason.into()));
    // At most 12 % of 1,000.00.
    let capped = CreditRule { cap: Some(percent("12")), ..all };
    assert_eq!(of(&capped, measured()).0, 120_00);
    // One, and one over what is allowed.
    let reason = "1 late incident of 10, where 0 are allowed, 1 h over its limit: 10.00 EUR for \
                  each started hour of each incident, 1 time";
    assert_eq!(of(&hourly, clocks("95", 9, 1, &[60])), (10_00, reason.into()));
    let found = of(&hourly, clocks("95", 18, 2, &[60, 90]));
    assert!(found.1.contains(", where 1 is allowed, the latest 1 h 30 min over its limit:"));
    assert_eq!(found.0, 20_00);
}

/// P18: a nanosecond more is another started hour, one less no full one; a breach whose figures
/// show no time over the limit has no hours.
#[test]
fn lateness_is_counted_to_the_nanosecond() {
    let nanos = |all: &[i64]| {
        let mut lateness = ExactSpread::default();
        all.iter().for_each(|late| lateness.add(&ExactSpread::of(Span::from_nanos(*late))));
        let breached = all.len() as u64;
        Measured::Clocks { promised: percent("100"), met: 0, breached, lateness }
    };
    let hourly = flat(Credit::Amount(10_00), Per::Lateness(minutes(60)));
    let full = CreditRule { steps: Steps::Full, ..hourly.clone() };
    let of = |rule: &CreditRule, late: &[i64]| {
        counted(&credits(1_000_00, vec![rule.clone()]), nanos(late), Some("0")).0
    };
    let hour = 3_600_000_000_000;
    assert_eq!([hour - 1, hour, hour + 1].map(|late| of(&hourly, &[late])), [10_00, 10_00, 20_00]);
    assert_eq!([hour - 1, hour, hour + 1].map(|late| of(&full, &[late])), [0, 10_00, 10_00]);
    assert_eq!(of(&hourly, &[1, 1]), 20_00, "an hour of each is started");
    assert_eq!(of(&hourly, &[0, -5]), 0);
}

/// P18: credits per outage.
#[test]
fn each_outage_over_the_allowed_number_credits_or_each_one_once_it_is_missed() {
    let outages = || Measured::Outages {
        most: 1,
        longer_than: minutes(10),
        long: vec![minutes(11), minutes(30), minutes(90)],
    };
    let per_outage = flat(Credit::Share(percent("5")), Per::Outage);
    // Three outages, one of them allowed: 2 x 5 % of 1,000.00.
    let found = counted(&credits(1_000_00, vec![per_outage.clone()]), outages(), None);
    let reason = "3 outages, where 1 is allowed: 5% of the fee for each, 2 times";
    assert_eq!(found, (100_00, reason.into()));
    // 3 x 5 % of 1,000.00.
    let all = CreditRule { counts_all: true, ..per_outage };
    let found = counted(&credits(1_000_00, vec![all.clone()]), outages(), None);
    assert_eq!(found, (150_00, "3 outages: 5% of the fee for each, 3 times".into()));
    // At most 12 % of 1,000.00 for this objective.
    let capped = CreditRule { cap: Some(percent("12")), ..all };
    let found = counted(&credits(1_000_00, vec![capped]), outages(), None);
    assert_eq!(found.0, 120_00);
    assert!(found.1.ends_with("3 times, but at most 12% of the fee"), "{}", found.1);
}

/// P18: credits per late incident.
#[test]
fn each_late_incident_over_the_allowed_number_credits() {
    let clocks = |met, breached| clocks("95", met, breached, &[]);
    let per_late = flat(Credit::Amount(25_00), Per::LateIncident);
    let of = |rule: &CreditRule, met, breached| {
        counted(&credits(1_000_00, vec![rule.clone()]), clocks(met, breached), Some("92"))
    };
    // Of 100, 95 had to be in time: 5 might have been late, 8 were. 3 x 25.00.
    let reason = "8 late incidents of 100, where 5 are allowed: 25.00 EUR for each, 3 times";
    assert_eq!(of(&per_late, 92, 8), (75_00, reason.into()));
    // Of 10, 9.5 had to be, which is 10: none might have been late.
    assert_eq!(of(&per_late, 9, 1).0, 25_00);
    // 39 of 40 would have been 97.5 %; 38 are 95 %: 2 allowed.
    assert_eq!(of(&per_late, 37, 3).0, 25_00);
    let all = CreditRule { counts_all: true, weight: percent("50"), ..per_late };
    // 8 x 25.00, and half of it.
    let reason = "8 late incidents of 100: 25.00 EUR for each, 8 times, weight 50%";
    assert_eq!(of(&all, 92, 8), (100_00, reason.into()));
}

/// P18: credits per started hour, or per full hour.
#[test]
fn each_started_or_full_hour_of_downtime_credits() {
    // Of 30 days, 99.9 % allow 43 min 12 s of downtime; 2 h 43 min 12 s were 2 h too many.
    let uptime = |down: i64| Measured::Uptime {
        promised: percent("99.9"),
        agreed: minutes(30 * 24 * 60),
        down: u128::from(down.unsigned_abs()) * 1_000_000,
    };
    let nanos = minutes(163).nanos() + 12_000_000_000;
    let hourly = flat(Credit::Share(percent("1")), Per::Downtime(minutes(60)));
    let of = |rule: &CreditRule, down| {
        counted(&credits(1_000_00, vec![rule.clone()]), uptime(down), Some("99.6")).clone()
    };
    let reason = "2 h of downtime more than allowed: 1% of the fee for each started hour, 2 times";
    assert_eq!(of(&hourly, nanos), (20_00, reason.into()));
    assert_eq!(of(&hourly, nanos + 1).0, 30_00, "a third hour is started");
    assert_eq!(of(&hourly, nanos - 1).0, 20_00);
    let full = CreditRule { steps: Steps::Full, ..hourly.clone() };
    assert_eq!((of(&full, nanos).0, of(&full, nanos - 1).0), (20_00, 10_00));
    // All 2 h 43 min 12 s: three started hours.
    let all = CreditRule { counts_all: true, ..hourly };
    assert_eq!(of(&all, nanos).0, 30_00);
    // Outages longer than 4 h, by 30 min and by 2 h 1 min: 1 and 3 started hours beyond.
    let long = vec![minutes(270), minutes(361)];
    let outages = Measured::Outages { most: 0, longer_than: minutes(240), long };
    let beyond = flat(Credit::Amount(100_00), Per::Downtime(minutes(60)));
    assert_eq!(counted(&credits(0, vec![beyond]), outages, None).0, 400_00);
}

#[test]
fn each_step_of_a_mean_time_and_each_point_of_requests_credits() {
    // 5 h 10 min, 10 min, 1 h and 20 min: a mean of 1 h 40 min, 40 min over an hour.
    let outages = [310, 10, 60, 20].map(minutes).to_vec();
    let mean_time = || Measured::MeanTime { at_most: minutes(60), outages: outages.clone() };
    let by_half_hours = flat(Credit::Share(percent("1")), Per::Downtime(minutes(30)));
    let found = counted(&credits(1_000_00, vec![by_half_hours.clone()]), mean_time(), None);
    let reason = "a mean of 1 h 40 min, where 1 h is allowed: 1% of the fee for each started \
                  30 min, 2 times";
    assert_eq!(found, (20_00, reason.into()));
    let full = CreditRule { steps: Steps::Full, ..by_half_hours.clone() };
    assert_eq!(counted(&credits(1_000_00, vec![full]), mean_time(), None).0, 10_00);
    // All 1 h 40 min: four half hours are started.
    let all = CreditRule { counts_all: true, ..by_half_hours };
    assert_eq!(counted(&credits(1_000_00, vec![all]), mean_time(), None).0, 40_00);
    // 9,970 of 10,000 requests: 0.2 points below 99.9 %, two steps of a tenth.
    let requests =
        Measured::Requests { promised: percent("99.9"), served: 9_970, requests: 10_000 };
    let by_tenths = flat(Credit::Share(percent("1")), Per::Point(percent("0.1")));
    let found = counted(&credits(1_000_00, vec![by_tenths]), requests, Some("99.7"));
    assert_eq!(found.0, 20_00);
}

/// P18: credits per point below the objective.
#[test]
fn each_started_or_full_point_below_credits_exactly() {
    // 97.3 % of 99 %: 1.7 points below.
    let clocks = |met, breached| clocks("99", met, breached, &[]);
    let per_point = flat(Credit::Share(percent("2")), Per::Point(percent("1")));
    let of = |rule: &CreditRule, met, breached, reached: &str| {
        counted(&credits(1_000_00, vec![rule.clone()]), clocks(met, breached), Some(reached))
    };
    let reason = "97.3% is 1.7 points below 99%: 2% of the fee for each started point, 2 times";
    assert_eq!(of(&per_point, 973, 27, "97.3"), (40_00, reason.into()));
    let full = CreditRule { steps: Steps::Full, ..per_point.clone() };
    assert_eq!(of(&full, 973, 27, "97.3").0, 20_00);
    // Exactly one point is one, started or full.
    assert_eq!((of(&per_point, 98, 2, "98").0, of(&full, 98, 2, "98").0), (20_00, 20_00));
    // 2 of 3 are 66.666...: 32.333... points below, to the last third of a millionth.
    let small = CreditRule { per: Per::Point(percent("0.0001")), ..full };
    let small = CreditRule { tiers: flat(Credit::Amount(1), Per::Period).tiers, ..small };
    let of_third = |rule: &CreditRule| {
        counted(&credits(0, vec![rule.clone()]), clocks(2, 1), Some("66.6666")).0
    };
    assert_eq!(of_third(&small), 323_333);
    let started = CreditRule { steps: Steps::Started, ..small };
    assert_eq!(of_third(&started), 323_334);
    // Below 100 %, 2.7 points: 3 x 2 % of 1,000.00.
    let all = CreditRule { counts_all: true, ..per_point };
    assert_eq!(of(&all, 973, 27, "97.3").0, 60_00);
}

/// P18: "the highest only", a minimum credit, and what is too little to be paid.
#[test]
fn several_credits_come_together_as_agreed() {
    let mut credits = credits(1_000_00, vec![rule("A"), rule("B")]);
    let of = |credits: &Credits, reached: [&'static str; 2]| {
        let reached = [("A", reached[0]), ("B", reached[1])];
        let (lines, total) = of(&[month("2026-07-01", credits, &reached)]);
        (lines.into_iter().map(|line| line.0).collect::<Vec<_>>(), total)
    };
    // 25 % and 10 % of 1,000.00.
    assert_eq!(of(&credits, ["80", "95"]), (vec![250_00, 100_00], 350_00));
    credits.combination = Combination::HighestOnly;
    assert_eq!(of(&credits, ["80", "95"]), (vec![250_00, 100_00, -100_00], 250_00));
    assert_eq!(of(&credits, ["95", "95"]), (vec![100_00, 100_00, -100_00], 100_00));
    assert_eq!(of(&credits, ["95", "99"]), (vec![100_00, 0], 100_00), "one alone");
    // 5 % of 1,000.00 is 50.00, raised to 75.00; nothing is not raised.
    credits.minimum = 75_00;
    assert_eq!(of(&credits, ["98", "99"]), (vec![50_00, 0, 25_00], 75_00));
    assert_eq!(of(&credits, ["99", "99"]), (vec![0, 0], 0));
    // The cap of 6 % is stronger than the minimum.
    credits.cap = percent("6");
    assert_eq!(of(&credits, ["98", "99"]), (vec![50_00, 0, 25_00, -15_00], 60_00));
    // Less than 60.01 is not paid.
    credits.not_paid_below = 60_01;
    assert_eq!(of(&credits, ["98", "99"]), (vec![50_00, 0, 25_00, -15_00, -60_00], 0));
    credits.not_paid_below = 60_00;
    assert_eq!(of(&credits, ["98", "99"]).1, 60_00, "as much as that is paid");
}

#[test]
fn what_goes_back_is_what_had_been_given() {
    let earn_back = Some(percent("99.5"));
    let rules = vec![CreditRule { earn_back, ..rule("A") }, CreditRule { earn_back, ..rule("B") }];
    let mut credits = credits(1_000_00, rules);
    credits.combination = Combination::HighestOnly;
    let of_july = |credits: &Credits, june: [&'static str; 2], july: [&'static str; 2]| {
        let named = |[a, b]: [&'static str; 2]| [("A", a), ("B", b)];
        let july = month("2026-07-01", credits, &named(july));
        let june = month("2026-06-01", credits, &named(june));
        of(&[july, june]).1
    };
    // June gave 250.00 for A, and not the 100.00 for B, which without A would have been given.
    assert_eq!(of_july(&credits, ["80", "95"], ["100", "99"]), -150_00);
    assert_eq!(of_july(&credits, ["80", "95"], ["99", "100"]), 0);
    assert_eq!(of_july(&credits, ["80", "95"], ["100", "100"]), -250_00);
    // June's 50.00 had been raised to 75.00: all of it goes back.
    credits.minimum = 75_00;
    assert_eq!(of_july(&credits, ["98", "99"], ["100", "99"]), -75_00);
}

/// P18: a cap per kind of period, beside the present one.
#[test]
fn the_cap_of_a_year_holds_for_all_that_was_credited_in_it() {
    let mut credits = credits(1_000_00, vec![rule("A")]);
    let cap =
        |share| PeriodCap { kind: PeriodKind::Year, share: Some(percent(share)), amount: None };
    credits.caps = vec![cap("2.5")];
    let year = |spent| CappedPeriod { kind: PeriodKind::Year, fee: Some(12_000_00), spent };
    let of = |credits: &Credits, spent| {
        let mut months = row(credits, &["80"]);
        months[0].within = vec![year(spent)];
        of(&months)
    };
    // 2.5 % of 12,000.00 are 300.00: 250.00 fit, after 100.00 only 200.00 do, after 300.00 nothing.
    assert_eq!(of(&credits, 0).1, 250_00);
    let (lines, total) = of(&credits, 100_00);
    let reason = "all credits of a year are at most 300.00 EUR, of which 100.00 EUR are used up";
    assert_eq!((lines[1].clone(), total), ((-50_00, reason.into()), 200_00));
    assert_eq!(of(&credits, 300_00).1, 0);
    assert_eq!(of(&credits, 400_00).1, 0, "of a year that was dearer before");
    // A cap of the month itself, as an amount: the lower of the two holds.
    let month =
        PeriodCap { kind: PeriodKind::Month, share: Some(percent("50")), amount: Some(120_00) };
    credits.caps.push(month);
    assert_eq!(of(&credits, 0).1, 120_00);
}

#[test]
fn amounts_without_a_fee_know_no_cap_in_percent() {
    let fixed = flat(Credit::Amount(40_00), Per::Period);
    let credits = credits(0, vec![fixed]);
    let missed = row(&credits, &["98"]);
    assert_eq!(only(&missed), (40_00, "98% misses it: 40.00 EUR".into()));
    assert_eq!(statement(&missed).and_then(|statement| statement.cap), None);
}

/// P18: a fee by use that is not known yet is no fee of nothing.
#[test]
fn a_share_of_a_fee_that_is_not_known_is_not_worked_out() {
    let mut credits = credits(0, vec![rule("A")]);
    credits.fee.is_by_use = true;
    let mut missed = row(&credits, &["98"]);
    missed[0].fee = None;
    assert_eq!(only(&missed), (0, "98% is below 99%: 5% of a fee that is not known yet".into()));
    assert_eq!(statement(&missed).and_then(|statement| statement.cap), None);
    missed[0].fee = Some(812_34);
    // 5 % of 812.34 are 40.617.
    assert_eq!(only(&missed).0, 40_62);
}

/// P18: a bonus is never netted silently.
#[test]
fn a_bonus_stands_beside_the_credits() {
    let bonus = |from, bonus| Bonus { from: Some(percent(from)), bonus };
    let bonuses =
        vec![bonus("99.5", Credit::Share(percent("1"))), bonus("100", Credit::Amount(30_00))];
    let credits = credits(1_000_00, vec![CreditRule { bonuses, ..rule("A") }, rule("B")]);
    let of = |reached| {
        let months = [month("2026-07-01", &credits, &[("A", reached), ("B", "98")])];
        let statement = statement(&months).unwrap();
        let bonuses: Vec<_> = statement.bonuses.iter().map(|l| (l.amount, l.reason())).collect();
        assert_eq!(statement.total, 50_00, "B's credit is whole");
        assert_eq!(statement.bonus, bonuses.iter().map(|bonus| bonus.0).sum::<i64>());
        bonuses
    };
    assert_eq!(of("99.4999"), []);
    // 1 % of 1,000.00.
    assert_eq!(of("99.5"), [(10_00, "99.5% reaches 99.5%: a bonus of 1% of the fee".into())]);
    assert_eq!(of("100"), [(30_00, "100% reaches 100%: a bonus of 30.00 EUR".into())]);
}

fn any_share() -> impl Strategy<Value = Share> {
    let figure = (0u32..=1_000_000).prop_map(|m| Share::of(u128::from(m), 1_000_000_u32));
    figure.prop_map(Option::unwrap_or_default)
}

fn any_tiers() -> impl Strategy<Value = Vec<CreditTier>> {
    (vec(any_share(), 1..5), vec(any_share(), 5), any::<bool>()).prop_map(
        |(mut figures, mut credits, is_first_open)| {
            figures.sort_unstable();
            figures.dedup();
            figures.reverse();
            credits.sort_unstable();
            let below = figures.into_iter().map(Some).enumerate();
            let tiers = below.zip(credits).map(|((index, below), credit)| CreditTier {
                below: below.filter(|_| index > 0 || !is_first_open),
                credit: Credit::Share(credit),
            });
            tiers.collect()
        },
    )
}

fn any_rule(objective_id: &'static str) -> impl Strategy<Value = CreditRule> {
    let parts = (any_tiers(), any_share(), any_share(), 1u32..13, any::<Option<u32>>());
    parts.prop_map(move |(tiers, weight, repeat, repeats_most, earn_back)| {
        let earn_back =
            earn_back.and_then(|m| Share::of(u128::from(m % 10_000) + 990_000, 1_000_000_u32));
        CreditRule { tiers, weight, repeat, repeats_most, earn_back, ..rule(objective_id) }
    })
}

const IDS: [&str; 3] = ["A", "B", "C"];

fn any_credits() -> impl Strategy<Value = Credits> {
    let rules = (any_rule("A"), any_rule("B"), any_rule("C"));
    let fee = prop_oneof![0i64..1_000, 0..=crate::limits::MONTHLY_FEE_MINOR_UNITS_MAX];
    let months = proptest::option::of(0u32..12);
    let together = (any::<bool>(), 0i64..500, 0i64..500);
    (rules, fee, any_share(), months, together).prop_map(
        |((a, b, c), fee, cap, months, together)| {
            let (is_highest_only, minimum, not_paid_below) = together;
            Credits {
                cap,
                from_date: months.and_then(|m| NaiveDate::from_ymd_opt(2026, m + 1, 1)),
                combination: match is_highest_only {
                    true => Combination::HighestOnly,
                    false => Combination::Sum,
                },
                minimum,
                not_paid_below,
                ..credits(fee, vec![a, b, c])
            }
        },
    )
}

/// Around what is promised as often as anywhere.
fn any_stood() -> impl Strategy<Value = ObjectiveVerdict> {
    let near = (980_000u64..1_000_001)
        .prop_map(|m| Share::of(u128::from(m), 1_000_000_u32).unwrap_or_default());
    prop_oneof![
        1 => Just(ObjectiveVerdict { verdict: Verdict::NoData, reached: None }),
        3 => any_share().prop_map(stood),
        4 => near.prop_map(stood),
    ]
}

fn any_row() -> impl Strategy<Value = Vec<[ObjectiveVerdict; 3]>> {
    vec([any_stood(), any_stood(), any_stood()], 1..12)
}

/// The months of a year, the newest first.
fn months<'c>(credits: &'c Credits, row: &[[ObjectiveVerdict; 3]]) -> Vec<EvaluatedPeriod<'c>> {
    let evaluated = |(ago, stood): (usize, &[ObjectiveVerdict; 3])| EvaluatedPeriod {
        kind: PeriodKind::Month,
        first_day: NaiveDate::from_ymd_opt(2026, 12 - ago as u32, 1).unwrap_or_default(),
        fee: Some(credits.fee.monthly),
        currency: "EUR",
        credits,
        measured: BTreeMap::new(),
        within: Vec::new(),
        results: IDS.into_iter().zip(*stood).collect(),
    };
    row.iter().enumerate().map(evaluated).collect()
}

/// What is credited, without what goes back.
fn credited(statement: &Statement<'_>) -> i64 {
    statement.lines.iter().filter(|line| line.ago == 0).map(|line| line.amount).sum()
}

proptest! {
    #[test]
    fn credits_are_neither_negative_nor_over_the_cap_and_add_up(
        credits in any_credits(), row in any_row(),
    ) {
        let statement = statement(&months(&credits, &row)).unwrap();
        let cap = statement.cap.unwrap();
        prop_assert!((0..=cap).contains(&credited(&statement)), "{statement:?}");
        prop_assert_eq!(credited(&statement), statement.credited);
        prop_assert!(cap <= credits.fee.monthly);
        let sum: i64 = statement.lines.iter().map(|line| line.amount).sum();
        prop_assert_eq!(sum, statement.total);
        for line in &statement.lines {
            let is_of_objective = line.ago == 0 && !line.objective_id.is_empty();
            prop_assert!(!is_of_objective || line.amount >= 0);
            prop_assert!(!line.reason().is_empty());
        }
    }

    #[test]
    fn over_any_row_of_months_no_more_goes_back_than_was_credited(
        credits in any_credits(), row in any_row(),
    ) {
        let months = months(&credits, &row);
        let mut sum = 0;
        for ago in (0..months.len()).rev() {
            let total = statement(&months[ago..]).unwrap().total;
            let before = statement(&months[ago + 1..]).map_or(0, |before| credited(&before));
            prop_assert!(total >= -before);
            sum += total;
            prop_assert!(sum >= 0);
        }
    }

    #[test]
    fn a_worse_share_never_credits_less(
        credits in any_credits(), mut row in any_row(), place in 0usize..3, worse in any_share(),
    ) {
        let of = |row: &[[ObjectiveVerdict; 3]]| statement(&months(&credits, row)).unwrap().total;
        let better = of(&row);
        let reached = row[0][place].reached.unwrap_or(Share::ALL);
        if row[0][place].verdict != Verdict::NoData {
            row[0][place] = stood(worse.min(reached));
            prop_assert!(of(&row) >= better);
        }
    }

    #[test]
    fn what_is_met_credits_nothing(credits in any_credits(), mut row in any_row()) {
        row[0] = [stood(Share::ALL); 3];
        let statement = statement(&months(&credits, &row)).unwrap();
        prop_assert_eq!(credited(&statement), 0);
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        credits in any_credits(), row in any_row(), by in 1usize..3,
    ) {
        let mut other = credits.clone();
        other.rules.rotate_left(by);
        other.rules.swap(0, 1);
        let (one, other) = (months(&credits, &row), months(&other, &row));
        let (one, other) = (statement(&one).unwrap(), statement(&other).unwrap());
        prop_assert_eq!((one.total, one.cap), (other.total, other.cap));
        let sorted = |statement: Statement<'_>| {
            let lines = statement.lines.iter();
            let mut lines: Vec<_> =
                lines.map(|l| (l.ago, l.objective_id.to_owned(), l.amount, l.reason())).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(sorted(one), sorted(other));
    }
}
