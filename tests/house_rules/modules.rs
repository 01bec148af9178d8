//! The modules of the crate as the compiler finds them: from `lib.rs` on, by their declarations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::{Token, test_stretches, tokens, without_literals};
use super::uses::{Use, uses};

/// One module: a file, or a part of one that stands in braces.
#[derive(Debug, Default)]
pub struct Module {
    pub name: String,
    pub file: usize,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// The names of what it defines itself.
    pub items: BTreeSet<String>,
    pub uses: Vec<Use>,
    /// Its code outside its `use` declarations: every path, one word or several.
    pub paths: Vec<Vec<String>>,
}

/// A file of production code.
#[derive(Debug)]
pub struct Source {
    pub path: String,
    /// Its lines; those that are compiled for tests alone are empty.
    pub lines: Vec<String>,
    /// How many of its lines are no tests.
    pub length: usize,
}

/// The production code of a crate.
#[derive(Debug, Default)]
pub struct Crate {
    pub sources: Vec<Source>,
    pub modules: Vec<Module>,
    /// The files that only tests bring in.
    pub test_files: BTreeSet<String>,
}

impl Crate {
    /// Reads the crate whose root is the file `root`; `files` are all there are, by path.
    pub fn read(files: &BTreeMap<String, String>, root: &str) -> Crate {
        let mut read = Crate::default();
        read.add_file(files, root, Module { name: "crate".to_owned(), ..Module::default() });
        read
    }

    /// Reads a program that stands beside the library, too.
    pub fn with_program(mut self, files: &BTreeMap<String, String>, root: &str) -> Crate {
        self.add_file(files, root, Module { name: "program".to_owned(), ..Module::default() });
        self
    }

    fn add_file(&mut self, files: &BTreeMap<String, String>, path: &str, module: Module) -> usize {
        let Some(text) = files.get(path) else { panic!("{path} is declared and not there") };
        let code = without_literals(text);
        let tests = test_stretches(&code);
        let file = self.sources.len();
        self.sources.push(source(path, text, &tests));
        for stretch in &tests {
            self.add_test_file(files, path, &code[stretch.clone()]);
        }
        let code = blanked(&code, &tests);
        self.add_module(files, &tokens(&code), Module { file, ..module })
    }

    /// Notes the file of a `mod name;` for tests, with every file below it.
    fn add_test_file(&mut self, files: &BTreeMap<String, String>, declared_in: &str, code: &str) {
        let tokens = tokens(code);
        let declares = |three: &[Token<'_>]| match three {
            [Token::Word("mod"), Token::Word(name), Token::Sign(';')] => Some((*name).to_owned()),
            _ => None,
        };
        let Some(name) = tokens.windows(3).find_map(declares) else { return };
        let path = path_of(files, &[], declared_in, &name);
        let below = format!("{}/", path.trim_end_matches("/mod.rs").trim_end_matches(".rs"));
        self.test_files.extend(files.keys().filter(|file| file.starts_with(&below)).cloned());
        self.test_files.insert(path);
    }

    /// Adds a module and those in it.
    fn add_module(
        &mut self,
        files: &BTreeMap<String, String>,
        tokens: &[Token<'_>],
        module: Module,
    ) -> usize {
        let (file, id) = (module.file, self.modules.len());
        self.modules.push(module);
        let (mut depth, mut at) = (0_usize, 0);
        let mut rest = Vec::new();
        while at < tokens.len() {
            match &tokens[at..] {
                [Token::Word("mod"), Token::Word(name), Token::Sign(';'), ..] if depth == 0 => {
                    let declared_in = self.sources[file].path.clone();
                    let path = path_of(files, &self.inline_names(id), &declared_in, name);
                    let child = self.child(name, file, id);
                    let child = self.add_file(files, &path, child);
                    self.modules[id].children.insert((*name).to_owned(), child);
                    at += 3;
                }
                [Token::Word("mod"), Token::Word(name), Token::Sign('{'), ..] if depth == 0 => {
                    let end = at + 2 + block_length(&tokens[at + 2..]);
                    let child = self.child(name, file, id);
                    let child = self.add_module(files, &tokens[at + 3..end - 1], child);
                    self.modules[id].children.insert((*name).to_owned(), child);
                    at = end;
                }
                [Token::Word(kind), Token::Word(name), ..] if depth == 0 && defines(kind, name) => {
                    self.modules[id].items.insert((*name).to_owned());
                    rest.extend_from_slice(&tokens[at..at + 2]);
                    at += 2;
                }
                [token, ..] => {
                    match token {
                        Token::Sign('(' | '[' | '{') => depth += 1,
                        Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    rest.push(*token);
                    at += 1;
                }
                [] => break,
            }
        }
        let (uses, paths) = uses(&rest);
        self.modules[id].uses = uses;
        self.modules[id].paths = paths;
        id
    }

    fn child(&self, name: &str, file: usize, parent: usize) -> Module {
        Module { name: name.to_owned(), file, parent: Some(parent), ..Module::default() }
    }

    /// The names of the modules in braces that a module stands in, within its file.
    fn inline_names(&self, module: usize) -> Vec<String> {
        let Module { name, file, parent, .. } = &self.modules[module];
        match parent {
            Some(parent) if self.modules[*parent].file == *file => {
                let mut names = self.inline_names(*parent);
                names.push(name.clone());
                names
            }
            _ => Vec::new(),
        }
    }
}

/// Whether the two words begin a definition.
fn defines(kind: &str, name: &str) -> bool {
    match kind {
        "fn" | "struct" | "enum" | "trait" | "type" | "union" => true,
        "const" | "static" => !["fn", "mut"].contains(&name),
        _ => false,
    }
}

/// How many tokens the block is long that `tokens` begin with.
fn block_length(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

/// The file of `mod name;` in a file.
fn path_of(
    files: &BTreeMap<String, String>,
    inline: &[String],
    declared_in: &str,
    name: &str,
) -> String {
    let file = Path::new(declared_in);
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut directory = file.parent().unwrap_or(Path::new("")).to_owned();
    if !["mod", "lib", "main"].contains(&stem) {
        directory.push(stem);
    }
    directory.extend(inline);
    let flat = directory.join(format!("{name}.rs")).display().to_string();
    match files.contains_key(&flat) {
        true => flat,
        false => directory.join(name).join("mod.rs").display().to_string(),
    }
}

fn blanked(code: &str, stretches: &[std::ops::Range<usize>]) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut from = 0;
    for stretch in stretches {
        kept.push_str(&code[from..stretch.start]);
        from = stretch.end;
    }
    kept + &code[from..]
}

fn source(path: &str, text: &str, tests: &[std::ops::Range<usize>]) -> Source {
    let mut lines = Vec::new();
    let (mut start, mut length) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let is_test = tests.iter().any(|test| test.start < end && start < test.end);
        length += usize::from(!is_test);
        lines.push(if is_test { String::new() } else { line.trim_end().to_owned() });
        start = end;
    }
    Source { path: path.to_owned(), lines, length }
}
