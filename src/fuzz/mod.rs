//! What decoders are tried with: valid bytes spoilt in every way, and messages of absurd values.
//!
//! Every decoder of bytes from disk or network is held to the same laws, in the tests beside it:
//! it neither panics nor hangs, it gives a value or an error that says what is wrong, and a value
//! that has an encoder reads back as the same. `PROPTEST_CASES` tries more.

pub mod absurd;
pub mod spoilt;
