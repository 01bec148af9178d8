//! What counts as an answer to the client.

use crate::codec::choices::{answer, answer_number};
use crate::domain::contract::Answer;

/// The answers of a target, each once.
pub(super) fn decode(answers: Vec<i32>) -> Result<Vec<Answer>, String> {
    let mut decoded = Vec::new();
    for number in answers {
        let counts = answer(number)?;
        if !decoded.contains(&counts) {
            decoded.push(counts);
        }
    }
    Ok(decoded)
}

/// Their numbers.
pub(super) fn encode(answers: &[Answer]) -> Vec<i32> {
    answers.iter().copied().map(answer_number).collect()
}
