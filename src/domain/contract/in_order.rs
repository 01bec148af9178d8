//! Lets the loops of a CEL expression walk over maps in the order of their keys.
//!
//! The interpreter keeps maps without an order, and walks over them in another one each time. What
//! a condition says must not depend on that.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr};
use cel::objects::{Key, Map};
use cel::{Context, ExecutionError, Value};

/// The function through which a loop takes what it walks over. No source can name it.
const IN_ORDER: &str = "@in_order";

/// The expression with every loop in order, and whether it has any. It needs what [`declare`] adds.
pub(super) fn in_order(expression: &IdedExpr) -> (IdedExpr, bool) {
    let mut ordered = expression.clone();
    let mut loops = 0;
    order(&mut ordered, &mut loops);
    (ordered, loops > 0)
}

/// Adds the function that puts a map's keys in order to a context.
pub(super) fn declare(context: &mut Context<'_, '_>) {
    // It fails only for a name that is taken, and nothing else can bear this one.
    let _ = context.add_function(IN_ORDER, |range: Value| match range {
        Value::Map(map) => keys(&map),
        other => other,
    });
}

/// What is wrong, in the same words each time: a map is shown in no certain order.
pub(super) fn in_words(error: &ExecutionError) -> String {
    let text = error.to_string();
    match text.contains("Map") {
        true => "it uses a map where none fits".to_owned(),
        false => text,
    }
}

fn keys(map: &Map) -> Value {
    let mut keys: Vec<Key> = map.map.keys().cloned().collect();
    keys.sort_unstable();
    let value = |key| match key {
        Key::Int(number) => Value::Int(number),
        Key::Uint(number) => Value::UInt(number),
        Key::Bool(holds) => Value::Bool(holds),
        Key::String(text) => Value::String(text),
    };
    Value::List(keys.into_iter().map(value).collect::<Vec<_>>().into())
}

fn order(expression: &mut IdedExpr, loops: &mut usize) {
    if let Expr::Comprehension(walk) = &mut expression.expr {
        *loops += 1;
        let range = std::mem::take(&mut walk.iter_range);
        let (id, args) = (range.id, vec![range]);
        let call = CallExpr { func_name: IN_ORDER.to_owned(), target: None, args };
        walk.iter_range = IdedExpr { id, expr: Expr::Call(call) };
    }
    for part in parts(&mut expression.expr) {
        order(part, loops);
    }
}

fn parts(expression: &mut Expr) -> Vec<&mut IdedExpr> {
    match expression {
        Expr::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).collect(),
        Expr::Comprehension(walk) => vec![
            &mut walk.iter_range,
            &mut walk.accu_init,
            &mut walk.loop_cond,
            &mut walk.loop_step,
            &mut walk.result,
        ],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => {
            map.entries.iter_mut().flat_map(|entry| entry_parts(&mut entry.expr)).collect()
        }
        Expr::Struct(made) => {
            made.entries.iter_mut().flat_map(|entry| entry_parts(&mut entry.expr)).collect()
        }
        Expr::Select(select) => vec![&mut select.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entry_parts(entry: &mut EntryExpr) -> Vec<&mut IdedExpr> {
    match entry {
        EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
        EntryExpr::StructField(field) => vec![&mut field.value],
    }
}
