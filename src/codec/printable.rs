//! Which texts may be ids: those of which every character shows, so that no two ids look alike
//! because of something between their letters.

/// Joiners: they join or part the letters of Indic, Arabic and other scripts, and emoji.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// Variation selectors: a character as text or as emoji.
const VARIATIONS: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// The first character of a text that does not show: a control character, a line or paragraph
/// separator, one that joins or parts nothing or changes the direction, a blank that is no
/// ordinary space. A joiner shows between two letters or signs outside ASCII, a variation selector
/// after one, an ideographic space anywhere.
pub(super) fn hidden(text: &str) -> Option<char> {
    let following = text.chars().skip(1).map(Some).chain([None]);
    let mut before = None;
    text.chars().zip(following).find_map(|(character, after)| {
        let is_hidden = match character {
            joiner if JOINERS.contains(&joiner) => {
                let joins = before.is_some_and(|before| is_sign(before) || is_variation(before));
                !(joins && after.is_some_and(is_sign))
            }
            selector if is_variation(selector) => !before.is_some_and(is_sign),
            other => is_blank(other),
        };
        before = Some(character);
        is_hidden.then_some(character)
    })
}

/// Whether it is a letter or sign outside ASCII that shows.
fn is_sign(character: char) -> bool {
    let joins = JOINERS.contains(&character) || is_variation(character);
    !character.is_ascii() && !joins && !is_blank(character)
}

fn is_variation(character: char) -> bool {
    VARIATIONS.contains(&character)
}

/// Whether nothing shows of it, or only room: of Unicode the control characters, white space but
/// the ordinary and the ideographic space, the characters that may be ignored where they are shown
/// (`Default_Ignorable_Code_Point`), marks between lines, and the blank of Braille.
fn is_blank(character: char) -> bool {
    let is_space = character.is_whitespace() && !matches!(character, ' ' | '\u{3000}');
    is_space
        || character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I6: two ids that differ in what does not show look alike.
    #[test]
    fn what_does_not_show_is_found_wherever_it_stands() {
        let hidden_ones = "\u{0} \u{7f} \u{85} \u{a0} \u{ad} \u{34f} \u{61c} \u{115f} \u{1680} \u{17b4} \
             \u{180e} \u{2003} \u{200b} \u{200c} \u{200d} \u{200e} \u{200f} \u{2028} \u{2029} \u{202a} \
             \u{202e} \u{202f} \u{205f} \u{2060} \u{2063} \u{2066} \u{2069} \u{206f} \u{2800} \u{3164} \
             \u{fe00} \u{fe0f} \u{feff} \u{ffa0} \u{fff9} \u{1bca0} \u{1d173} \u{e0001} \u{e0041} \
             \u{e0100}";
        for found in hidden_ones.split(' ').filter_map(|one| one.chars().next()) {
            for text in [format!("I{found}1"), format!("{found}1"), format!("I{found}")] {
                assert_eq!(hidden(&text), Some(found), "{text:?}");
            }
        }
    }

    #[test]
    fn letters_and_signs_of_every_script_show() {
        for text in [
            "I 2611 0042",
            "Störung #7 – Büro",
            "e\u{301}cole",
            "障害\u{3000}7",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "❤\u{fe0f}",
            "👩\u{200d}🔧 ❤\u{fe0f}\u{200d}🔥",
            "\u{600}١٢",
            "עברית 7",
        ] {
            assert_eq!(hidden(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_joiner_or_selector_that_joins_nothing_does_not_show() {
        for text in
            ["a\u{200d}b", "é\u{200d}b", "a\u{200c}é", "é\u{200d}", "\u{200d}é", "1\u{fe0f}"]
        {
            assert!(hidden(text).is_some(), "{text:?}");
        }
        for text in ["é\u{200d}\u{200d}é", "é\u{fe0f}\u{fe0f}", "é\u{200c}\u{fe0f}é"] {
            assert!(hidden(text).is_some(), "{text:?}");
        }
    }
}
