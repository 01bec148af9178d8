//! Conditions: CEL expressions over an incident's current fields. The same fields give the same
//! answer each time: loops over maps walk in the order of their keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr};
use cel::{Program, Value};

use super::bounded_expression::{
    ConditionError, ConditionLimits, is_loop_variable, new_context, parse, resolve,
};
use super::dependence::may_go_by;
use super::expression::children;
use super::in_order::{declare, in_order};
use crate::domain::incident::{Party, Stage, State};
use crate::domain::time::Instant;

/// A compiled condition. Two are equal when their sources are.
#[derive(Clone)]
pub struct Condition {
    source: String,
    /// What is evaluated: the source, with its loops in order.
    expression: Arc<IdedExpr>,
    has_loops: bool,
    fields: Vec<&'static Field>,
    /// The fields of which it reads whether they changed.
    changes: Vec<&'static Field>,
}

/// The name under which conditions read what changed: `changed.group`.
const CHANGED: &str = "changed";

/// A field conditions may refer to.
struct Field {
    name: &'static str,
    value: fn(&State<'_>, Instant) -> Value,
}

/// The fields, by name. Text is empty and instants are `0` when unknown; instants are seconds
/// since 1970.
static FIELDS: &[Field] = &[
    Field { name: "priority", value: |s, _| s.priority.into() },
    Field { name: "status", value: |s, _| s.status.into() },
    Field { name: "waiting_on", value: |s, _| s.waiting_on.word().into() },
    Field { name: "third_party", value: |s, _| s.third_party.into() },
    Field { name: "reason", value: |s, _| s.reason.into() },
    Field { name: "group", value: |s, _| s.group.into() },
    Field { name: "assignee", value: |s, _| s.assignee.into() },
    Field { name: "service", value: |s, _| s.service.into() },
    Field { name: "category", value: |s, _| s.category.into() },
    Field { name: "attributes", value: |s, _| attributes(s) },
    Field { name: "affected_users", value: |s, _| i64::from(s.affected_users.unwrap_or(0)).into() },
    Field { name: "productivity_loss", value: |s, _| i64::from(s.productivity_loss).into() },
    Field { name: "stage", value: |s, _| stage(s).into() },
    Field { name: "opened", value: |s, _| s.opened.is_some().into() },
    Field { name: "responded", value: |s, _| s.responded.is_some().into() },
    Field { name: "restored", value: |s, _| s.restored.is_some().into() },
    Field { name: "resolved", value: |s, _| s.resolved.is_some().into() },
    Field { name: "closed", value: |s, _| s.closed.is_some().into() },
    Field { name: "cancelled", value: |s, _| s.cancelled.is_some().into() },
    Field { name: "merged", value: |s, _| s.merged_into.is_some().into() },
    Field { name: "client_waits", value: |s, _| s.client_waits.into() },
    Field { name: "response_count", value: |s, _| i64::from(s.response_count).into() },
    Field { name: "update_count", value: |s, _| i64::from(s.update_count).into() },
    Field { name: "reopen_count", value: |s, _| i64::from(s.reopen_count).into() },
    Field { name: "in_scope", value: |s, _| s.in_scope.unwrap_or(true).into() },
    Field { name: "cause", value: |s, _| cause(s).into() },
    Field { name: "now", value: |_, now| now.seconds().into() },
];

impl Condition {
    /// Compiles `source` once, for every later evaluation. It must be a boolean expression over
    /// the known fields, within [`ConditionLimits::DEFAULT`].
    pub fn compile(source: &str) -> Result<Condition, ConditionError> {
        Condition::compile_within(source, &ConditionLimits::DEFAULT)
    }

    /// Compiles `source`, within other limits.
    pub fn compile_within(
        source: &str,
        limits: &ConditionLimits,
    ) -> Result<Condition, ConditionError> {
        let program = parse(source, limits)?;
        let fields = referenced(&program)?;
        let changes = changes_read(program.expression())?;
        let (expression, has_loops) = in_order(program.expression());
        let (source, expression) = (source.to_owned(), Arc::new(expression));
        let condition = Condition { source, expression, has_loops, fields, changes };
        condition.check_result()?;
        Ok(condition)
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it depends on the instant it is evaluated at.
    pub fn reads_now(&self) -> bool {
        self.fields.iter().any(|field| field.name == "now")
    }

    /// Whether it walks a list, so that it takes longer the longer that is.
    pub fn walks_lists(&self) -> bool {
        self.has_loops
    }

    /// Whether it reads what changed in the instant it is evaluated at, so that it holds in that
    /// instant only.
    pub fn reads_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether it may hold otherwise where a field that is this text is another.
    pub fn may_go_by(&self, field: &str, text: &str) -> bool {
        may_go_by(&self.expression, field, text)
    }

    /// Whether it holds for an incident's fields at `now`, when nothing changed in that instant.
    pub fn holds(&self, state: &State<'_>, now: Instant) -> Result<bool, ConditionError> {
        self.holds_upon(state, state, now)
    }

    /// Whether it holds for an incident's fields at `now`, which the facts of that instant changed
    /// from those `before`.
    pub fn holds_upon(
        &self,
        state: &State<'_>,
        before: &State<'_>,
        now: Instant,
    ) -> Result<bool, ConditionError> {
        let mut context = new_context();
        for field in &self.fields {
            context.add_variable_from_value(field.name, (field.value)(state, now));
        }
        if self.reads_changes() {
            let is_changed =
                |field: &Field| (field.value)(state, now) != (field.value)(before, now);
            let changes = self.changes.iter().map(|field| (field.name, is_changed(field)));
            context.add_variable_from_value(CHANGED, changes.collect::<HashMap<_, _>>());
        }
        if self.has_loops {
            declare(&mut context);
        }
        resolve(&self.expression, &context)
    }

    /// Evaluates it once on an empty incident, so that a type error shows when the contract is put.
    /// A missing key of `attributes` is no error: real incidents may have it.
    fn check_result(&self) -> Result<(), ConditionError> {
        match self.holds(&State::default(), Instant::MIN) {
            Err(error) if !error.0.starts_with("No such key") => Err(error),
            _ => Ok(()),
        }
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Condition) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({:?})", self.source)
    }
}

fn referenced(program: &Program) -> Result<Vec<&'static Field>, ConditionError> {
    let references = program.references();
    let unknown = references
        .variables()
        .into_iter()
        .filter(|name| !name.starts_with('@') && *name != CHANGED)
        .filter(|name| !FIELDS.iter().any(|field| field.name == *name))
        .filter(|name| !is_loop_variable(program.expression(), name))
        .min();
    match unknown {
        Some(name) => Err(ConditionError(format!(
            "there is no field {name:?}: the fields are {}",
            FIELDS.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
        ))),
        None => Ok(FIELDS.iter().filter(|field| references.has_variable(field.name)).collect()),
    }
}

/// The fields that are read as `changed.<field>`; `changed` may be used in no other way.
fn changes_read(expression: &IdedExpr) -> Result<Vec<&'static Field>, ConditionError> {
    let mut changes: Vec<&'static Field> = match &expression.expr {
        Expr::Select(select) if is_changed(&select.operand) && !select.test => {
            return changing_field(&select.field).map(|field| vec![field]);
        }
        _ if is_changed(expression) => {
            let text = "`changed` is read field by field: write `changed.group`";
            return Err(ConditionError(text.to_owned()));
        }
        _ => Vec::new(),
    };
    for child in children(&expression.expr) {
        for field in changes_read(child)? {
            if !changes.iter().any(|known| known.name == field.name) {
                changes.push(field);
            }
        }
    }
    Ok(changes)
}

fn is_changed(expression: &IdedExpr) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name == CHANGED)
}

/// A field that facts can change after the opening.
fn changing_field(name: &str) -> Result<&'static Field, ConditionError> {
    let changing = FIELDS.iter().filter(|field| !matches!(field.name, "opened" | "now"));
    changing.clone().find(|field| field.name == name).ok_or_else(|| {
        let names = changing.map(|field| field.name).collect::<Vec<_>>().join(", ");
        ConditionError(format!("{name:?} is no field that changes: those are {names}"))
    })
}

fn attributes(state: &State<'_>) -> Value {
    let held = state.attributes().into_iter();
    let map: HashMap<String, String> = held.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    map.into()
}

fn stage(state: &State<'_>) -> &'static str {
    match state.stage() {
        Stage::AwaitingOpening => "awaiting_opening",
        Stage::Open => "open",
        Stage::Resolved => "resolved",
        Stage::Closed => "closed",
        Stage::Cancelled => "cancelled",
        Stage::Merged => "merged",
    }
}

fn cause(state: &State<'_>) -> &'static str {
    match state.cause.map(|cause| cause.party) {
        None => "",
        Some(Party::Provider) => "provider",
        Some(Party::Client) => "client",
        Some(Party::ThirdParty) => "third_party",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant as Clock};

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::bounded_expression::CONDITION_BYTES_MAX;
    use super::*;
    use crate::domain::incident::Opened;
    use crate::fuzz::spoilt::spoilt_text;

    const SOON: Duration = Duration::from_secs(5);

    fn holds(source: &str, state: &State<'_>) -> Result<bool, ConditionError> {
        Condition::compile(source)?.holds(state, Instant::MIN)
    }

    #[test]
    fn a_condition_reads_the_incidents_fields() {
        let opened = Opened {
            category: "network".into(),
            attributes: [("vip".to_owned(), "yes".to_owned())].into(),
            ..Opened::default()
        };
        let state = State {
            opened: Some((Instant::MIN, &opened)),
            category: &opened.category,
            priority: "P1",
            affected_users: Some(12),
            ..State::default()
        };
        for source in [
            "priority == 'P1' && affected_users > 10",
            "attributes.vip == 'yes'",
            "'vip' in attributes && attributes['vip'].startsWith('y')",
            "category in ['network', 'telephony']",
            "['a', 'b'].exists(name, name != category)",
            "opened && !resolved && stage == 'open' && waiting_on == 'provider'",
        ] {
            assert_eq!(holds(source, &state), Ok(true), "{source}");
        }
        assert_eq!(holds("has(attributes.floor)", &state), Ok(false));
        assert!(holds("attributes.floor == '3'", &state).is_err());
    }

    /// C6: what changed in an instant is a condition.
    #[test]
    fn a_condition_reads_what_changed() {
        let before = State { priority: "P2", assignee: "ann", ..State::default() };
        let after = State { assignee: "bob", ..before.clone() };
        let upon = |source: &str| {
            let condition = Condition::compile(source).unwrap();
            assert!(condition.reads_changes(), "{source}");
            condition.holds_upon(&after, &before, Instant::MIN).unwrap()
        };
        assert!(upon("changed.assignee && assignee == 'bob'"));
        assert!(!upon("changed.assignee && assignee == 'ann'"));
        assert!(!upon("changed.priority || changed.group || changed.stage || changed.attributes"));
        assert!(upon("!changed.priority"));
        assert_eq!(holds("changed.assignee", &after), Ok(false));
        assert!(!Condition::compile("assignee == 'changed'").unwrap().reads_changes());
    }

    /// C6: `changed` names fields only.
    #[test]
    fn what_changed_is_read_field_by_field() {
        for (source, part) in [
            ("changed.asignee", "\"asignee\" is no field that changes"),
            ("changed.now", "\"now\" is no field that changes"),
            ("changed.opened", "\"opened\" is no field that changes"),
            ("changed['group']", "write `changed.group`"),
            ("changed == {}", "write `changed.group`"),
            ("has(changed.group)", "write `changed.group`"),
            ("'group' in changed", "write `changed.group`"),
            ("changed.exists(field, true)", "write `changed.group`"),
        ] {
            let error = Condition::compile(source).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains(part), "{source}: {error}");
        }
    }

    /// C6: a loop over a map walks in the order of its keys, so it says the same each time.
    #[test]
    fn a_loop_over_a_map_says_the_same_each_time() {
        let names = ["d", "b", "a", "c", "e"].map(str::to_owned);
        let opened = Opened {
            attributes: names.into_iter().map(|name| (name, "x".to_owned())).collect(),
            ..Opened::default()
        };
        let state = State { opened: Some((Instant::MIN, &opened)), ..State::default() };
        for source in [
            "attributes.map(name, name) == ['a', 'b', 'c', 'd', 'e']",
            "attributes.filter(name, name > 'b') == ['c', 'd', 'e']",
            "{'b': 1, 'a': 2, 'c': 3}.map(k, k)[0] == 'a'",
            "(opened ? attributes : {}).map(name, name).size() == 5",
            "[attributes].all(held, held.map(n, n) == ['a', 'b', 'c', 'd', 'e'])",
            "attributes.map(n, n < 'c', n + attributes[n]) == ['ax', 'bx']",
            "{2: 0, 1: 0, -3: 0}.map(k, k) == [-3, 1, 2]",
            "{true: 0, 'a': 0, 1u: 0, 3: 0}.map(k, k) == [3, 1u, true, 'a']",
            "attributes.exists_one(name, name == 'c') && ['z'].exists(z, !(z in attributes))",
        ] {
            for _ in 0..20 {
                assert_eq!(holds(source, &state), Ok(true), "{source}");
            }
        }
        for source in ["{'a': 1, 'b': 2}", "{'a': 1, 'b': 2} + {'c': 3}", "@in_order([1]) == [1]"] {
            let refused = || Condition::compile(source).map(|_| ()).unwrap_err();
            let first = refused();
            assert!((0..20).all(|_| refused() == first), "{source}: {first}");
        }
    }

    #[test]
    fn a_condition_that_cannot_work_is_refused_when_it_is_compiled() {
        for (source, part) in [
            ("priority ==", "not a CEL expression"),
            ("priorty == 'P1'", "no field \"priorty\""),
            ("affected_users", "not true or false"),
            ("affected_users > 'ten'", ""),
            ("priority.size() > 1 + true", ""),
            (&"(".repeat(600), "nested 33 deep"),
            (&format!("{}1{} == 1", "(".repeat(40), ")".repeat(40)), "nested 33 deep"),
            (&format!("1{} == 2", "+1".repeat(400)), "nested"),
            (&format!("attributes{} == 2", "['a']".repeat(150)), "nested"),
            (&"x".repeat(2000), "2000 bytes"),
            ("[1].all(a, [1].all(b, [1].all(c, true)))", "3 times"),
        ] {
            let error = Condition::compile(source).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains(part), "{source}: {error}");
        }
    }

    /// Compiles and evaluates a condition on an incident with extreme values, at the end of time.
    fn check(source: &str) {
        let began = Clock::now();
        let opened = Opened {
            attributes: [("vip".to_owned(), "y\u{10ffff}".to_owned())].into(),
            ..Opened::default()
        };
        let state = State {
            opened: Some((Instant::MAX, &opened)),
            priority: "P1",
            affected_users: Some(u32::MAX),
            ..State::default()
        };
        match Condition::compile(source) {
            Ok(condition) => {
                let again = Condition::compile(condition.source()).unwrap();
                for state in [&state, &State::default()] {
                    let holds = condition.holds(state, Instant::MAX);
                    assert_eq!(again.holds(state, Instant::MAX), holds, "{source}");
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        assert!(began.elapsed() < SOON, "{:?} for {source}", began.elapsed());
    }

    fn leaf() -> impl Strategy<Value = String> {
        let literals = [
            "0",
            "-1",
            "1u",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615u",
            "1.5",
            "1e308",
            "true",
            "null",
            "''",
            "'P1'",
            "'\\u00e9'",
            "b'\\xff'",
            "[]",
            "{}",
            "[1, 'a', null]",
            "{'a': 1, 2: 'b'}",
        ];
        let fields = FIELDS.iter().map(|field| field.name).collect::<Vec<_>>();
        prop_oneof![
            select(literals.to_vec()).prop_map(str::to_owned),
            select(fields).prop_map(str::to_owned),
        ]
    }

    fn expression() -> impl Strategy<Value = String> {
        let operators = ["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in"];
        let functions = [
            "size",
            "int",
            "uint",
            "double",
            "string",
            "bytes",
            "type",
            "dyn",
            "bool",
            "duration",
            "timestamp",
            "has",
            "max",
            "min",
        ];
        let methods =
            ["size", "contains", "startsWith", "endsWith", "matches", "getFullYear", "getSeconds"];
        let walks = ["all", "exists", "exists_one", "map", "filter"];
        leaf().prop_recursive(4, 24, 3, move |inner| {
            let two = (inner.clone(), inner.clone());
            prop_oneof![
                (two.clone(), select(operators.to_vec()))
                    .prop_map(|((a, b), operator)| format!("({a} {operator} {b})")),
                (select(vec!["!", "-"]), inner.clone()).prop_map(|(sign, a)| format!("{sign}{a}")),
                (two.clone(), inner.clone()).prop_map(|((a, b), c)| format!("({a} ? {b} : {c})")),
                two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
                two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
                two.clone().prop_map(|(a, b)| format!("{{{a}: {b}}}")),
                (select(functions.to_vec()), inner.clone())
                    .prop_map(|(function, a)| format!("{function}({a})")),
                (two.clone(), select(methods.to_vec()))
                    .prop_map(|((a, b), method)| format!("{a}.{method}({b})")),
                (two, select(walks.to_vec()))
                    .prop_map(|((a, b), walk)| format!("{a}.{walk}(x, {b})")),
                inner.prop_map(|a| format!("{a}.vip")),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_expression_is_evaluated_alike_or_refused(source in expression()) {
            check(&source);
            check(&format!("{source} == {source}"));
        }

        #[test]
        fn any_text_is_a_condition_or_refused(
            spoilt in spoilt_text("attributes.vip == 'yes' && [1, 2].exists(x, x > now % 3 * -1)"),
            text in any::<String>(),
        ) {
            check(&spoilt);
            check(&text);
        }
    }

    #[test]
    fn a_condition_as_long_as_may_be_is_evaluated_or_refused_soon() {
        let tens = |count: usize| format!("[{}]", ["1"].repeat(count).join(","));
        let of_each = |part: &str| part.repeat(CONDITION_BYTES_MAX / part.len() - 2);
        for source in [
            of_each("!") + "true",
            of_each("-") + "1 == 1",
            of_each("- ") + "1 == 1",
            of_each("true?true:") + "true",
            of_each("true&&") + "true",
            of_each("1+") + "1 == 1",
            "now".to_owned() + &of_each(".a"),
            "now".to_owned() + &of_each(".a()"),
            "[1]".to_owned() + &of_each("[0]"),
            "'".to_owned() + &of_each("\\n"),
            of_each("'a'+") + "'a' == 'b'",
            of_each("\u{10ffff}"),
            of_each("a."),
            of_each("?"),
            of_each("1 in "),
            format!("{}.all(a, {}.all(b, a == b))", tens(240), tens(240)),
            format!("{}.map(a, {}.map(b, [a, b])) == []", tens(240), tens(240)),
            format!("{}.map(a, {}.filter(b, a < b)).size() > now", tens(240), tens(240)),
        ] {
            check(&source);
        }
    }
}
