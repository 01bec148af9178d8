//! Which texts of a field a condition may go by.

use cel::common::ast::operators::{EQUALS, IN, NOT_EQUALS};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue};

use super::expression::children;

/// Whether an expression may have another value where a field that is this text is another: one
/// that no condition names. It can't where the field is only compared with plain texts that are
/// other ones.
pub(super) fn may_go_by(expression: &IdedExpr, field: &str, text: &str) -> bool {
    let goes_by = |part: &IdedExpr| may_go_by(part, field, text);
    match &expression.expr {
        Expr::Ident(name) => name == field,
        Expr::Call(call) if is_compared_with_others(call, field, text) => false,
        Expr::Comprehension(walk) => {
            let within = [&walk.loop_cond, &walk.loop_step, &walk.result];
            goes_by(&walk.iter_range)
                || goes_by(&walk.accu_init)
                || !binds(walk, field) && within.into_iter().any(goes_by)
        }
        other => children(other).into_iter().any(goes_by),
    }
}

/// Whether a loop has a variable of that name, so that it does not read the field.
fn binds(walk: &ComprehensionExpr, name: &str) -> bool {
    let second = walk.iter_var2.as_deref();
    [Some(walk.iter_var.as_str()), second, Some(walk.accu_var.as_str())].contains(&Some(name))
}

/// Whether a call does nothing with the field but to compare it with other texts.
fn is_compared_with_others(call: &CallExpr, field: &str, text: &str) -> bool {
    let is_field = |part: &IdedExpr| matches!(&part.expr, Expr::Ident(name) if name == field);
    let is_other = |part: &IdedExpr| is_other(part, text);
    match (call.func_name.as_str(), call.args.as_slice()) {
        (EQUALS | NOT_EQUALS, [one, other]) => {
            is_field(one) && is_other(other) || is_field(other) && is_other(one)
        }
        (IN, [one, IdedExpr { expr: Expr::List(list), .. }]) => {
            is_field(one) && list.elements.iter().all(is_other)
        }
        _ => false,
    }
}

/// Whether it is a plain value, and not this text.
fn is_other(expression: &IdedExpr, text: &str) -> bool {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(other)) => other.inner() != text,
        Expr::Literal(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::contract::Condition;

    fn goes_by(source: &str) -> bool {
        Condition::compile(source).unwrap().may_go_by("assignee", "Jane")
    }

    #[test]
    fn a_condition_goes_by_a_text_that_it_names_or_looks_into() {
        for source in [
            "assignee == 'Jane'",
            "priority == 'P1' || (assignee != \"Jane\")",
            "'Jane' == assignee",
            "assignee == r'Jane'",
            "assignee == '''Jane'''",
            "assignee == 'J\\x61ne'",
            "assignee == \"\\u004aane\"",
            "assignee /* who */ == 'Jane'",
            "assignee == // Bob\n 'Jane'",
            "assignee in ['Bob', 'Jane']",
            "!(assignee in ['Jane'])",
            "assignee in ['Bob', group]",
            "assignee in attributes",
            "'Jane' in [assignee]",
            "assignee == 'Ja' + 'ne'",
            "assignee + '' == 'Bob'",
            "assignee == group",
            "attributes.owner == assignee",
            "assignee.startsWith('J')",
            "'Jane'.startsWith(assignee)",
            "assignee.contains('')",
            "size(assignee) > 3",
            "assignee < 'K'",
            "assignee >= 'Bob'",
            "(assignee == '' ? 'Bob' : assignee) == 'Bob'",
            "[assignee].exists(x, x == 'Jane')",
            "['Bob', 'Jane'].exists(x, x == assignee)",
            "['a'].exists(x, assignee == 'Jane')",
            "[assignee].exists(assignee, assignee == 'Jane')",
            "['a'].exists(assignee, true) && assignee == 'Jane'",
            "{'Jane': true}[assignee]",
        ] {
            // Some of it CEL, or this interpreter, does not know.
            if Condition::compile(source).is_ok() {
                assert!(goes_by(source), "{source}");
            }
        }
    }

    #[test]
    fn a_condition_does_not_go_by_a_text_that_it_only_holds_against_others() {
        for source in [
            "assignee == ''",
            "changed.assignee && assignee != ''",
            "(assignee == 'Bob') && priority == 'P1'",
            "'Bob' != assignee",
            "assignee == 'J\\x61net'",
            "assignee == 'Janet' || assignee == 'Mary Jane'",
            "assignee in ['Bob', 'Al']",
            "assignee == 'Bob' ? true : priority == 'P1'",
            "priority == 'Jane'",
            "group == 'assignee'",
            "attributes.assignee == 'Jane'",
            "has(attributes.assignee)",
            "attributes['assignee'] == 'Jane'",
            "['Jane'].exists(assignee, assignee == 'Jane')",
            "['a'].exists(x, assignee == 'Bob')",
            "true // assignee == 'Jane'",
        ] {
            assert!(!goes_by(source), "{source}");
        }
    }
}
