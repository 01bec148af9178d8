//! The text of a Rust file without what is no production code: comments, strings, tests.

/// The text with every comment, string and character literal blanked, line by line as it was.
pub fn without_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(char) = chars.get(at) {
        match literal_length(&chars[at..], at.checked_sub(1).map(|before| chars[before])) {
            0 => {
                code.push(*char);
                at += 1;
            }
            length => {
                chars[at..at + length].iter().for_each(|char| blank(*char, &mut code));
                at += length;
            }
        }
    }
    code
}

/// As many spaces as the character takes bytes.
fn blank(char: char, code: &mut String) {
    let space = if char == '\n' { '\n' } else { ' ' };
    code.extend(std::iter::repeat_n(space, char.len_utf8()));
}

/// How many characters of `rest` are one comment, string or character literal; 0: it begins none.
fn literal_length(rest: &[char], before: Option<char>) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|char| **char != '\n').count(),
        ['/', '*', ..] => until(rest, 2, &['*', '/']),
        ['"', ..] => string_length(rest),
        ['r', '"' | '#', ..] if !before.is_some_and(is_word) => raw_string_length(rest),
        ['\'', '\\', _, ..] => until(rest, 3, &['\'']),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn until(rest: &[char], from: usize, end: &[char]) -> usize {
    let ends = rest.windows(end.len()).skip(from).position(|window| window == end);
    ends.map_or(rest.len(), |place| from + place + end.len())
}

fn string_length(rest: &[char]) -> usize {
    let mut is_escaped = false;
    for (place, char) in rest.iter().enumerate().skip(1) {
        match char {
            '"' if !is_escaped => return place + 1,
            _ => is_escaped = *char == '\\' && !is_escaped,
        }
    }
    rest.len()
}

fn raw_string_length(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|char| **char == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    until(rest, 2 + hashes, &end)
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

const TEST_ATTRIBUTE: &str = "#[cfg(test)]";

/// The stretches of `code` (without literals) that are compiled for tests alone: each item under
/// `#[cfg(test)]`, with the attribute.
pub fn test_stretches(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(place) = code[from..].find(TEST_ATTRIBUTE) {
        let start = from + place;
        from = start + item_length(&code[start..]);
        found.push(start..from);
    }
    found
}

/// The bytes of the item that `code` begins with, attributes and all: up to a `;` or the end of a
/// block. A `use` may hold braces, so it ends at its `;` alone.
fn item_length(code: &str) -> usize {
    let body = code.trim_start_matches(TEST_ATTRIBUTE).trim_start();
    let body = body.trim_start_matches("pub(super)").trim_start_matches("pub(crate)");
    let is_use = body.trim_start_matches("pub").trim_start().starts_with("use ");
    let mut depth = 0_usize;
    for (place, char) in code.char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_end = depth == 0 && (char == ';' || (char == '}' && !is_use));
        if is_end {
            return place + 1;
        }
    }
    code.len()
}

/// One word or sign of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'c> {
    Word(&'c str),
    /// `::`
    PathSign,
    Sign(char),
}

/// The words and signs of code without literals. Lifetimes are left out.
pub fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(char) = rest.chars().next() {
        let length = match char {
            _ if is_word(char) => rest.find(|char| !is_word(char)).unwrap_or(rest.len()),
            '\'' => 1 + rest[1..].find(|char| !is_word(char)).unwrap_or(rest.len() - 1),
            ':' if rest.starts_with("::") => 2,
            _ => char.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        match char {
            _ if is_word(char) => found.push(Token::Word(text)),
            ':' if length == 2 => found.push(Token::PathSign),
            '\'' => {}
            _ if char.is_whitespace() => {}
            _ => found.push(Token::Sign(char)),
        }
        rest = after;
    }
    found
}

#[test]
fn literals_and_tests_are_reported_from_code() {
    let text = "fn f<'a>() { let c = '{'; } // {\nconst S: &str = \"\\\"{\"; /* { */\n";
    let code = without_literals(text);
    assert_eq!(code.matches('{').count(), 1, "{code}");
    assert_eq!(code.len(), text.len());
    let text = "#[cfg(test)]\nuse a::{B};\nfn f() {}\n#[cfg(test)]\nmod tests {\n fn g() {}\n}\n";
    let stretches = test_stretches(text);
    let cut: Vec<_> = stretches.iter().map(|stretch| &text[stretch.clone()]).collect();
    assert_eq!(cut[0], "#[cfg(test)]\nuse a::{B};");
    assert!(cut[1].starts_with("#[cfg(test)]\nmod tests") && cut[1].ends_with('}'), "{cut:?}");
}
