//! CEL expressions within bounds: what is parsed and evaluated of them never takes long.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, IdedExpr};
use cel::{Context, Env, Program, Value};

use super::expression::children;
use super::in_order::in_words;

/// The most bytes a condition's source may have.
pub const CONDITION_BYTES_MAX: usize = 1024;
/// How deep a condition's expressions may be nested.
pub const CONDITION_DEPTH_MAX: usize = 32;
/// How many loops over lists or maps a condition may have: `all`, `exists`, `map`, `filter`.
pub const CONDITION_LOOPS_MAX: usize = 2;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Upper bounds of the size of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionLimits {
    /// Bytes in its source.
    pub bytes: usize,
    /// How deep its expressions are nested.
    pub depth: usize,
    /// How many loops over lists or maps it has.
    pub loops: usize,
}

impl ConditionLimits {
    /// The limits for conditions that are put now; stored ones may have been put under others.
    pub const DEFAULT: ConditionLimits = ConditionLimits {
        bytes: CONDITION_BYTES_MAX,
        depth: CONDITION_DEPTH_MAX,
        loops: CONDITION_LOOPS_MAX,
    };

    /// Whether every condition that these limits accept, `other` accepts too.
    pub const fn are_within(&self, other: &ConditionLimits) -> bool {
        self.bytes <= other.bytes && self.depth <= other.depth && self.loops <= other.loops
    }
}

/// Why a condition can't be compiled or evaluated, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConditionError(pub(super) String);

/// Parses an expression within limits.
pub(super) fn parse(source: &str, limits: &ConditionLimits) -> Result<Program, ConditionError> {
    if source.len() > limits.bytes {
        return Err(ConditionError(format!(
            "the condition has {} bytes: at most {} are allowed",
            source.len(),
            limits.bytes
        )));
    }
    check_brackets(source, limits)?;
    let program = Program::compile(source)
        .map_err(|errors| ConditionError(format!("not a CEL expression: {errors}")))?;
    check_bounds(program.expression(), limits)?;
    Ok(program)
}

/// A context in which nothing is known yet.
pub(super) fn new_context() -> Context<'static, 'static> {
    Context::with_env(Arc::clone(&ENVIRONMENT))
}

/// Whether an expression gives true; anything but true or false is an error.
pub(super) fn resolve(
    expression: &IdedExpr,
    context: &Context<'_, '_>,
) -> Result<bool, ConditionError> {
    match Value::resolve(expression, context) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(other) => {
            let kind = other.type_of();
            Err(ConditionError(format!("it gives a value of type {kind}, not true or false")))
        }
        Err(error) => Err(ConditionError(in_words(&error))),
    }
}

/// Counts nested brackets before the parser sees them, since it recurses for each. Brackets within
/// string literals count too.
fn check_brackets(source: &str, limits: &ConditionLimits) -> Result<(), ConditionError> {
    let mut depth = 0_usize;
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits.depth {
            return Err(too_deep(depth, limits));
        }
    }
    Ok(())
}

fn too_deep(depth: usize, limits: &ConditionLimits) -> ConditionError {
    let most = limits.depth;
    ConditionError(format!("the condition is nested {depth} deep: at most {most} is allowed"))
}

fn check_bounds(expression: &IdedExpr, limits: &ConditionLimits) -> Result<(), ConditionError> {
    let (depth, loops) = measure(expression);
    if depth > limits.depth {
        return Err(too_deep(depth, limits));
    }
    if loops > limits.loops {
        let most = limits.loops;
        return Err(ConditionError(format!(
            "the condition walks over lists {loops} times: at most {most} is allowed"
        )));
    }
    Ok(())
}

/// How deep an expression is nested, and how many loops it has. The expansion of a macro counts as
/// one level.
fn measure(expression: &IdedExpr) -> (usize, usize) {
    let is_loop = usize::from(matches!(expression.expr, Expr::Comprehension(_)));
    let (depth, loops) = children(&expression.expr)
        .into_iter()
        .map(measure)
        .fold((0, 0), |(depth, loops), (d, l)| (depth.max(d), loops + l));
    (depth + 1, loops + is_loop)
}

/// Whether a loop of the expression names its items so.
pub(super) fn is_loop_variable(expression: &IdedExpr, name: &str) -> bool {
    let named_here = match &expression.expr {
        Expr::Comprehension(walk) => {
            walk.iter_var == name
                || walk.accu_var == name
                || walk.iter_var2.as_deref() == Some(name)
        }
        _ => false,
    };
    named_here || children(&expression.expr).into_iter().any(|e| is_loop_variable(e, name))
}
