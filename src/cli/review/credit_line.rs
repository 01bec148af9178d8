//! Why a line of credits is there, and how its amount comes about, so that it can be recomputed.

use super::answer::ReviewAnswer;
use super::language::Language;
use crate::codec::v1;
use crate::domain::share::Share;

/// The credit terms that rule a statement, and the currency of its amounts.
#[derive(Clone, Debug, Default)]
pub(super) struct CreditTerms {
    /// What is agreed.
    pub credits: v1::Credits,
    currency: String,
}

impl CreditTerms {
    /// Those of a statement of the review's contract.
    pub fn of(statement: &v1::CreditStatement, answer: &ReviewAnswer) -> CreditTerms {
        let contract = answer.contract();
        let revision = match statement.contract_revision {
            0 => contract.revision,
            revision => revision,
        };
        let terms = answer.terms(&contract.id, revision);
        let credits = terms.and_then(|terms| terms.credits.clone()).unwrap_or_default();
        CreditTerms { credits, currency: statement.currency.clone() }
    }

    /// Why a line is there, and how its amount comes about.
    pub fn why(&self, line: &v1::CreditLine, answer: &ReviewAnswer, language: &Language) -> String {
        let result = result_of(line, answer).filter(|result| result.period == line.period);
        match line.kind() {
            v1::CreditLineKind::Cap => self.cap(line, language),
            v1::CreditLineKind::EarnBack => language.text("credit-earn-back"),
            v1::CreditLineKind::Withheld => language.text("credit-withheld"),
            v1::CreditLineKind::HighestOnly => language.text("credit-highest-only"),
            v1::CreditLineKind::Minimum => language.text("credit-minimum"),
            v1::CreditLineKind::NotPaid => language.text("credit-not-paid"),
            v1::CreditLineKind::Objective => self.of_objective(line, result, language),
            v1::CreditLineKind::Bonus | v1::CreditLineKind::Unspecified => line.reason.clone(),
        }
    }

    /// What exceeds a cap of the fee, or one that is an amount.
    fn cap(&self, line: &v1::CreditLine, language: &Language) -> String {
        match line.credit_percent.as_str() {
            "" => {
                let cap = language.money(line.credit_amount, &self.currency);
                language.say("credit-cap-amount", &[("cap", cap.into())])
            }
            percent => {
                let percent = language.agreed_percent(percent);
                language.say("credit-cap-percent", &[("percent", percent.into())])
            }
        }
    }

    fn of_objective(
        &self,
        line: &v1::CreditLine,
        result: Option<&v1::ObjectiveResult>,
        language: &Language,
    ) -> String {
        if self.is_before_credits(line) {
            let date = ("date", language.iso_date(&self.credits.from_date).into());
            return language.say("credit-bedding-in", &[date]);
        }
        let verdict = result.map(v1::ObjectiveResult::verdict);
        if !line.credit_percent.is_empty() || line.credit_amount > 0 {
            let is_so_far = verdict == Some(v1::ObjectiveVerdict::AtRisk);
            return self.missed(line, is_so_far, language);
        }
        match (verdict, result) {
            (Some(v1::ObjectiveVerdict::Met), Some(met)) if met.provisional => {
                language.text("credit-met-so-far")
            }
            (Some(v1::ObjectiveVerdict::Met), _) => language.text("credit-met"),
            (Some(v1::ObjectiveVerdict::NoData), _) => language.text("credit-no-data"),
            (Some(v1::ObjectiveVerdict::AtRisk), _) => language.text("credit-at-risk"),
            (Some(v1::ObjectiveVerdict::Missed), Some(missed)) if self.is_tier_for(missed) => {
                language.text("credit-not-measured")
            }
            (Some(v1::ObjectiveVerdict::Missed), _) => language.text("credit-no-tier"),
            _ => line.reason.clone(),
        }
    }

    /// Whether the period of a line begins before anything is credited.
    fn is_before_credits(&self, line: &v1::CreditLine) -> bool {
        let name = line.period.as_ref().map(|period| period.name.as_str()).unwrap_or_default();
        first_date(name).is_some_and(|first| first.as_str() < self.credits.from_date.as_str())
    }

    /// The rule on an objective.
    fn rule(&self, objective: &str) -> Option<&v1::CreditRule> {
        self.credits.rules.iter().find(|rule| rule.objective_id == objective)
    }

    /// Whether a tier credits what was reached of a missed objective.
    fn is_tier_for(&self, missed: &v1::ObjectiveResult) -> bool {
        let id = missed.objective.as_ref().map(|objective| objective.id.as_str());
        let rule = self.rule(id.unwrap_or_default());
        let tiers = rule.map(|rule| rule.tiers.as_slice()).unwrap_or_default();
        let reached = Share::from_percent(&missed.percent);
        tiers.iter().any(|tier| match Share::from_percent(&tier.below_percent) {
            Ok(below) => reached.as_ref().is_ok_and(|reached| *reached < below),
            Err(_) => tier.below_percent.is_empty(),
        })
    }

    /// The factors of the amount, in the order they are applied.
    fn missed(&self, line: &v1::CreditLine, is_so_far: bool, language: &Language) -> String {
        let rule = self.rule(&line.objective_id);
        let percent = |of: &str| ("percent", language.agreed_percent(of).into());
        let mut parts = vec![self.tier(line, is_so_far, language)];
        let count = ("count", line.count.into());
        match line.count {
            0 if rule.is_some_and(|rule| rule.per() > v1::CreditPer::Period) => {
                parts.push(language.text("credit-count-none"));
            }
            0 => {}
            _ => parts.push(language.say("credit-count", &[count])),
        }
        if !matches!(line.weight_percent.as_str(), "" | "100") {
            parts.push(language.say("credit-weight", &[percent(&line.weight_percent)]));
        }
        if let Some(rule) = rule.filter(|_| line.repeats > 0) {
            let repeats = ("count", i64::from(line.repeats).into());
            parts.push(language.say("credit-repeats", &[repeats, percent(&rule.repeat_percent)]));
        }
        if let Some(rule) = rule.filter(|rule| is_cut(line, rule)) {
            parts.push(language.say("credit-rule-cap", &[percent(&rule.cap_percent)]));
        }
        parts.join(", ")
    }

    /// What the tier credits, once.
    fn tier(&self, line: &v1::CreditLine, is_so_far: bool, language: &Language) -> String {
        match line.credit_percent.as_str() {
            "" => {
                let amount = language.money(line.credit_amount, &self.currency);
                let id = if is_so_far { "credit-of-amount-so-far" } else { "credit-of-amount" };
                language.say(id, &[("amount", amount.into())])
            }
            percent => {
                let percent = language.agreed_percent(percent);
                let id = if is_so_far { "credit-tier-so-far" } else { "credit-tier" };
                language.say(id, &[("percent", percent.into())])
            }
        }
    }
}

/// The result that a line is about; of a period that is not in the review, one of the same
/// objective.
pub(super) fn result_of<'r>(
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

/// The first date of a month, quarter or year by its name.
fn first_date(name: &str) -> Option<String> {
    match name.split_once('-') {
        None if name.is_empty() => None,
        None => Some(format!("{name}-01-01")),
        Some((year, rest)) => match rest.strip_prefix('Q').map(str::parse::<u8>) {
            Some(quarter) => {
                Some(format!("{year}-{:02}-01", quarter.ok()?.checked_mul(3)?.checked_sub(2)?))
            }
            None => Some(format!("{year}-{rest}-01")),
        },
    }
}

/// Whether the rule's own cap made the amount less than its factors come to.
fn is_cut(line: &v1::CreditLine, rule: &v1::CreditRule) -> bool {
    if rule.cap_percent.is_empty() {
        return false;
    }
    let millionths = |percent: &str, none: i128| {
        Share::from_percent(percent).map_or(none, |s| s.millionths().into())
    };
    let all = i128::from(Share::ALL.millionths());
    let (whole, credit) = match line.credit_percent.as_str() {
        "" => (i128::from(line.credit_amount), all),
        percent => (i128::from(line.base_amount), millionths(percent, 0)),
    };
    let uplift = all + millionths(&rule.repeat_percent, 0) * i128::from(line.repeats);
    let factors = [credit, millionths(&line.weight_percent, all), uplift, line.count.max(1).into()];
    let exact = factors.into_iter().fold(whole, i128::saturating_mul);
    // Half a minor unit is rounded up: less than that above the amount is no cut.
    let unit = all * all * all;
    exact >= i128::from(line.amount).saturating_mul(unit).saturating_add(unit / 2)
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::all;
    use super::*;

    const AT_RISK: v1::ObjectiveVerdict = v1::ObjectiveVerdict::AtRisk;
    const MISSED: v1::ObjectiveVerdict = v1::ObjectiveVerdict::Missed;

    fn october() -> v1::Period {
        v1::Period { name: "2026-10".into(), ..Default::default() }
    }

    fn line() -> v1::CreditLine {
        v1::CreditLine {
            kind: v1::CreditLineKind::Objective as i32,
            objective_id: "o".into(),
            period: Some(october()),
            reason: "2 late incidents".into(),
            ..Default::default()
        }
    }

    fn rule() -> v1::CreditRule {
        let tier = v1::CreditTier { credit_percent: "10".into(), ..Default::default() };
        v1::CreditRule { objective_id: "o".into(), tiers: vec![tier], ..Default::default() }
    }

    /// How a line of an objective with a verdict is explained under a rule, in every language.
    fn said(
        line: &v1::CreditLine,
        verdict: v1::ObjectiveVerdict,
        rule: v1::CreditRule,
        from_date: &str,
    ) -> [String; 3] {
        let objective = v1::Objective { id: "o".into(), ..Default::default() };
        let result = v1::ObjectiveResult {
            objective: Some(objective),
            period: Some(october()),
            verdict: verdict as i32,
            percent: "80".into(),
            ..Default::default()
        };
        let reviewed = v1::ReviewedObjective { result: Some(result), ..Default::default() };
        let mut answer = ReviewAnswer::default();
        answer.review.objectives = vec![reviewed];
        let from_date = from_date.to_owned();
        let credits = v1::Credits { rules: vec![rule], from_date, ..Default::default() };
        let terms = CreditTerms { credits, currency: "EUR".into() };
        let said = all().map(|language| terms.why(line, &answer, &language));
        said.map(|text| text.replace(['\u{a0}', '\u{202f}'], " "))
    }

    /// Credits of so much money stood in English in every language.
    #[test]
    fn credits_of_an_amount_are_explained_in_every_language() {
        let line = v1::CreditLine { amount: 210_000, credit_amount: 2_500, count: 84, ..line() };
        assert_eq!(
            said(&line, MISSED, rule(), ""),
            [
                "missed: €25.00, times 84",
                "niet gehaald: € 25,00, maal 84",
                "verfehlt: 25,00 €, mal 84",
            ]
        );
    }

    /// "missed: €10.00, times 357" was said of a month that went on.
    #[test]
    fn what_is_not_met_so_far_is_not_said_to_be_missed() {
        let line = v1::CreditLine { amount: 357_000, credit_amount: 1_000, count: 357, ..line() };
        assert_eq!(
            said(&line, AT_RISK, rule(), ""),
            [
                "not met so far: €10.00, times 357",
                "tot nu toe niet gehaald: € 10,00, maal 357",
                "bisher nicht erfüllt: 10,00 €, mal 357",
            ]
        );
    }

    /// Neither the cap of a rule nor by how much misses before raise a credit was said.
    #[test]
    fn every_factor_of_a_credit_is_said() {
        let line = v1::CreditLine {
            base_amount: 100_000,
            credit_percent: "10".into(),
            weight_percent: "50".into(),
            repeats: 2,
            amount: 7_000,
            ..line()
        };
        let rule = v1::CreditRule { repeat_percent: "20".into(), ..rule() };
        let uncut = [
            "missed: 10% of the fee, weighed 50%, raised by 20% for each of 2 periods before that \
             were missed too",
            "niet gehaald: 10% van de vergoeding, weegt 50%, verhoogd met 20% voor elk van de 2 \
             perioden ervoor die ook niet gehaald zijn",
            "verfehlt: 10 % der Vergütung, Gewicht 50 %, erhöht um 20 % für jeden der 2 Zeiträume \
             davor, die auch verfehlt wurden",
        ];
        assert_eq!(said(&line, MISSED, rule.clone(), ""), uncut);
        let capped = v1::CreditRule { cap_percent: "7".into(), ..rule.clone() };
        assert_eq!(said(&line, MISSED, capped, ""), uncut, "exactly at the cap");
        let line = v1::CreditLine { amount: 5_000, ..line };
        let capped = v1::CreditRule { cap_percent: "5".into(), ..rule };
        assert_eq!(
            said(&line, MISSED, capped, ""),
            [
                format!("{}, but at most 5% of the fee", uncut[0]),
                format!("{}, maar hoogstens 5% van de vergoeding", uncut[1]),
                format!("{}, aber höchstens 5 % der Vergütung", uncut[2]),
            ]
        );
    }

    /// Nothing that counts in full was said to be in no tier, as was a month before the first that
    /// is credited.
    #[test]
    fn reasons_why_nothing_is_credited_for_what_was_missed_differ() {
        let counted = |per: v1::CreditPer| v1::CreditRule { per: per as i32, ..rule() };
        let lateness = counted(v1::CreditPer::Lateness);
        let none = v1::CreditLine { credit_amount: 2_500, ..line() };
        assert_eq!(
            said(&none, MISSED, lateness.clone(), ""),
            [
                "missed: €25.00, times 0 since nothing counts",
                "niet gehaald: € 25,00, maal 0 omdat er niets meetelt",
                "verfehlt: 25,00 €, mal 0, da nichts zählt",
            ]
        );
        let english = |line: &v1::CreditLine, rule, from| said(line, MISSED, rule, from)[0].clone();
        let not_measured = "missed, but what it is credited for is not measured";
        assert_eq!(english(&line(), lateness, ""), not_measured);
        let mut below = rule();
        below.tiers[0].below_percent = "80".into();
        assert_eq!(english(&line(), below, ""), "missed, but no tier credits that");
        let before = "nothing is credited for periods before 1 November 2026";
        assert_eq!(english(&line(), rule(), "2026-11-01"), before);
        let fee_unknown = v1::CreditLine { credit_percent: "10".into(), ..line() };
        assert_eq!(english(&fee_unknown, rule(), "2026-10-01"), "missed: 10% of the fee");
    }

    /// The cap of a kind of period was said to be the share of the fee.
    #[test]
    fn a_cap_is_said_to_be_what_it_is() {
        let cap = v1::CreditLine { kind: v1::CreditLineKind::Cap as i32, amount: -5, ..line() };
        let amount = v1::CreditLine { credit_amount: 4_000, ..cap.clone() };
        let percent = v1::CreditLine { credit_percent: "15".into(), ..cap };
        assert_eq!(
            said(&amount, MISSED, rule(), ""),
            [
                "what exceeds the cap of €40.00",
                "wat boven het maximum van € 40,00 uitkomt",
                "was die Obergrenze von 40,00 € übersteigt",
            ]
        );
        assert_eq!(
            said(&percent, MISSED, rule(), ""),
            [
                "what exceeds the cap of 15% of the fee",
                "wat boven het maximum van 15% van de vergoeding uitkomt",
                "was die Obergrenze von 15 % der Vergütung übersteigt",
            ]
        );
    }

    #[test]
    fn periods_begin_on_their_first_date() {
        for (name, first) in [
            ("2026-10", Some("2026-10-01")),
            ("2026-Q4", Some("2026-10-01")),
            ("2026", Some("2026-01-01")),
            ("2026-Q0", None),
            ("2026-Qx", None),
            ("", None),
        ] {
            assert_eq!(first_date(name).as_deref(), first, "{name}");
        }
    }
}
