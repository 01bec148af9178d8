//! Conditions over the records of other programs, such as the rows of an export: CEL over variables
//! that whoever evaluates them names.

use std::sync::Arc;

use cel::Value;
use cel::common::ast::IdedExpr;

use super::bounded_expression::{
    ConditionError, ConditionLimits, is_loop_variable, new_context, parse, resolve,
};
use super::in_order::{declare, in_order};

/// A compiled condition over named variables, within [`ConditionLimits::DEFAULT`].
#[derive(Clone, Debug)]
pub struct RecordCondition {
    source: String,
    expression: Arc<IdedExpr>,
}

impl RecordCondition {
    /// Compiles `source`, which may read `variables` and no others.
    ///
    /// # Errors
    /// What is wrong with it: no CEL, too large, or a variable that there is not.
    pub fn compile(source: &str, variables: &[&str]) -> Result<RecordCondition, ConditionError> {
        let program = parse(source, &ConditionLimits::DEFAULT)?;
        let references = program.references();
        let unknown = references
            .variables()
            .into_iter()
            .filter(|name| !name.starts_with('@') && !variables.contains(name))
            .find(|name| !is_loop_variable(program.expression(), name));
        if let Some(name) = unknown {
            let known = variables.join(", ");
            return Err(ConditionError(format!("there is no {name:?}: write {known}")));
        }
        let (expression, _) = in_order(program.expression());
        Ok(RecordCondition { source: source.to_owned(), expression: Arc::new(expression) })
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds for the variables' values.
    ///
    /// # Errors
    /// It reads a member that is not there, or gives something else than true or false.
    pub fn holds(&self, variables: &[(&str, Value)]) -> Result<bool, ConditionError> {
        let mut context = new_context();
        for (name, value) in variables {
            context.add_variable_from_value(*name, value.clone());
        }
        declare(&mut context);
        resolve(&self.expression, &context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn holds(source: &str) -> Result<bool, String> {
        let row: HashMap<String, Value> =
            [("company".to_owned(), "ACME".into()), ("floors".to_owned(), vec![1_i64, 2].into())]
                .into();
        let condition = RecordCondition::compile(source, &["row"]);
        let condition = condition.map_err(|error| error.to_string())?;
        condition.holds(&[("row", row.into())]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_condition_reads_the_members_of_its_variables() {
        assert_eq!(holds("row.company == 'ACME' && row.floors.exists(f, f == 2)"), Ok(true));
        assert_eq!(holds("row['company'].startsWith('B')"), Ok(false));
        assert_eq!(holds("has(row.category) && row.category == 'x'"), Ok(false));
    }

    #[test]
    fn what_it_can_not_read_or_say_is_refused() {
        for (source, why) in [
            ("rwo.company == 'ACME'", "there is no \"rwo\": write row"),
            ("row.company", "not true or false"),
            ("row.category == 'x'", "No such key"),
            ("row.company ==", "not a CEL expression"),
            (&"(".repeat(40), "nested"),
        ] {
            let error = holds(source).unwrap_err();
            assert!(error.contains(why), "{source}: {error}");
        }
    }
}
