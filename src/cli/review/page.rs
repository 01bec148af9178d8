//! A review as a page: for a browser, a printer, an e-mail.

use askama::Template;

use super::language::Language;
use super::report::{Block, Picture, Report};

/// The page of a review.
pub(super) fn page(report: &Report, language: &Language) -> anyhow::Result<String> {
    let footer = css_text(&report.title);
    Ok(Page { report, language, footer }.render()?)
}

#[derive(Template)]
#[template(path = "review.html", config = "src/cli/review/askama.toml")]
struct Page<'r> {
    report: &'r Report,
    language: &'r Language,
    footer: String,
}

/// A text as a string of CSS, every letter escaped that could end it, and every space, which would
/// be taken for the end of an escape before it.
fn css_text(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        plain if plain.is_ascii_alphanumeric() => plain.to_string(),
        other => format!("\\{:06x}", u32::from(other)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_can_t_leave_its_string() {
        let escaped = "\"A\\00002c\\000020B\\000022\\00003c\\00002fstyle\\00003e\"";
        assert_eq!(css_text("A, B\"</style>"), escaped);
    }
}
