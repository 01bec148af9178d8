//! What code names: its `use` declarations, and the paths it writes out.

use super::code::Token;

/// One name that a `use` declaration brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// What it is called here; `*` for everything there.
    pub alias: String,
    /// The path written out, without the `*`.
    pub path: Vec<String>,
    /// It is handed on to others: `pub use`, `pub(super) use`.
    pub is_public: bool,
}

/// The `use` declarations of a module's tokens, and the paths in the rest of them.
pub fn uses(tokens: &[Token<'_>]) -> (Vec<Use>, Vec<Vec<String>>) {
    let (mut uses, mut paths) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            // `use<'a>` is no declaration.
            [Token::Word("use"), next, ..] if *next != Token::Sign('<') => {
                let is_public = is_public(&tokens[..at]);
                let mut tree = Tree { tokens, at: at + 1, is_public, found: Vec::new() };
                tree.read(&[]);
                uses.append(&mut tree.found);
                at = tree.at;
            }
            [Token::Word(first), rest @ ..] if begins_path(&tokens[..at]) => {
                let path = path(first, rest);
                at += path.len() * 2 - 1;
                paths.push(path);
            }
            _ => at += 1,
        }
    }
    (uses, paths)
}

/// Whether what comes before a declaration ends in `pub` or `pub(...)`.
fn is_public(before: &[Token<'_>]) -> bool {
    let before = match before.last() {
        Some(Token::Sign(')')) => {
            let opens = before.iter().rposition(|token| *token == Token::Sign('('));
            &before[..opens.unwrap_or_default()]
        }
        _ => before,
    };
    before.last() == Some(&Token::Word("pub"))
}

/// Neither a field, a method nor the rest of another path.
fn begins_path(before: &[Token<'_>]) -> bool {
    !matches!(before.last(), Some(Token::PathSign | Token::Sign('.')))
}

fn path(first: &str, rest: &[Token<'_>]) -> Vec<String> {
    let mut path = vec![first.to_owned()];
    for two in rest.chunks_exact(2) {
        match two {
            [Token::PathSign, Token::Word(next)] => path.push((*next).to_owned()),
            _ => break,
        }
    }
    path
}

struct Tree<'t, 'c> {
    tokens: &'t [Token<'c>],
    at: usize,
    is_public: bool,
    found: Vec<Use>,
}

impl Tree<'_, '_> {
    /// Reads one branch after `prefix`, up to what ends it.
    fn read(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut alias = None;
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token {
                Token::Word("as") => {
                    self.at += 1;
                    if let Some(Token::Word(name)) = self.tokens.get(self.at) {
                        alias = Some((*name).to_owned());
                    }
                }
                Token::Word(word) => path.push(word.to_owned()),
                Token::PathSign => {}
                Token::Sign('*') => alias = Some("*".to_owned()),
                Token::Sign('{') => return self.read_branches(&path),
                Token::Sign(_) => break,
            }
            self.at += 1;
        }
        self.add(path, alias);
    }

    fn read_branches(&mut self, prefix: &[String]) {
        self.at += 1;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Sign('}') => {
                    self.at += 1;
                    return;
                }
                Token::Sign(',') => self.at += 1,
                _ => self.read(prefix),
            }
        }
    }

    fn add(&mut self, mut path: Vec<String>, alias: Option<String>) {
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let alias = alias.or_else(|| path.last().cloned());
        if let Some(alias) = alias {
            self.found.push(Use { alias, path, is_public: self.is_public });
        }
    }
}

#[test]
fn a_tree_of_uses_is_read_to_its_leaves() {
    let text = "pub(super) use a::{b::{self, C as D}, e::*};fn f() { x.a::<u8>(); g::H::new() }";
    let (uses, paths) = uses(&super::code::tokens(text));
    let reported: Vec<_> =
        uses.iter().map(|one| (one.alias.as_str(), one.path.join("::"))).collect();
    let expected = [("b", "a::b"), ("D", "a::b::C"), ("*", "a::e")];
    assert_eq!(reported, expected.map(|(alias, path)| (alias, path.to_owned())));
    assert!(uses.iter().all(|one| one.is_public));
    assert!(paths.contains(&["g", "H", "new"].map(str::to_owned).to_vec()), "{paths:?}");
}
