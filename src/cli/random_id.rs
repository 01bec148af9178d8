//! Ids for what is sent without one.

/// An id nobody else has, which begins with what it is of.
pub(super) fn random_id(of: &str) -> anyhow::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok(format!("{of}-{:016x}", u64::from_be_bytes(random)))
}
