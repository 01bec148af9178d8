//! No circle of files: where one file uses another, that one does not use it in turn.
//!
//! A file uses another when its code, or a `use` that it keeps to itself, names something that the
//! other defines. To declare a module is no use of it, and neither is to hand on what it defines.
//! So a parent may say `mod child; pub use child::Thing;`, while the child uses what the parent
//! defines; but as soon as the parent's own code uses `Thing`, they are a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Crate;

/// A path through re-exports is no longer than this.
const HOPS_MAX: usize = 20;

/// Which file uses which, and what of it.
type Arrows = BTreeMap<usize, BTreeMap<usize, BTreeSet<String>>>;

/// What a path leads to.
enum Found {
    Module(usize),
    Item { file: usize, name: String },
}

impl Crate {
    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (id, module) in self.modules.iter().enumerate() {
            let kept = module.uses.iter().filter(|one| !one.is_public).map(|one| &one.path);
            for path in kept.chain(&module.paths) {
                let Some(Found::Item { file, name }) = self.find(id, path, 0) else { continue };
                if file != module.file {
                    let from = arrows.entry(module.file).or_default();
                    from.entry(file).or_default().insert(name);
                }
            }
        }
        arrows
    }

    /// What a path written in a module leads to; `None`: out of the crate, or to a local name.
    fn find(&self, from: usize, path: &[String], hops: usize) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        let module = &self.modules[from];
        match first.as_str() {
            "crate" => self.find_in(0, rest, hops),
            "self" => self.find_in(from, rest, hops),
            "super" if rest.first().is_some_and(|next| next == "super") => {
                self.find(module.parent?, rest, hops)
            }
            "super" => self.find_in(module.parent?, rest, hops),
            _ => self.named(from, path, hops),
        }
    }

    /// What a path leads to that begins in a module; what the module does not define by any rule
    /// known here (a macro defines it) counts as its own.
    fn find_in(&self, id: usize, path: &[String], hops: usize) -> Option<Found> {
        let Some(first) = path.first() else { return Some(Found::Module(id)) };
        let module = &self.modules[id];
        let own = || Found::Item { file: module.file, name: first.clone() };
        Some(self.named(id, path, hops).unwrap_or_else(own))
    }

    /// What a path leads to whose first name a module defines, declares or uses.
    fn named(&self, id: usize, path: &[String], hops: usize) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        let module = &self.modules[id];
        if hops > HOPS_MAX {
            return None;
        }
        if let Some(child) = module.children.get(first) {
            return self.find_in(*child, rest, hops);
        }
        if module.items.contains(first) {
            return Some(Found::Item { file: module.file, name: first.clone() });
        }
        let imported = module.uses.iter().find(|one| one.alias == *first);
        let leads_to_itself = |path: &[String]| path == [first.clone()];
        match imported.filter(|one| !leads_to_itself(&one.path)) {
            Some(imported) => match self.find(id, &imported.path, hops + 1)? {
                Found::Module(found) => self.find_in(found, rest, hops + 1),
                item => Some(item),
            },
            None => self.globbed(id, path, hops),
        }
    }

    /// What a path leads to by way of a `use there::*`.
    fn globbed(&self, id: usize, path: &[String], hops: usize) -> Option<Found> {
        let globs = self.modules[id].uses.iter().filter(|one| one.alias == "*");
        globs.into_iter().find_map(|glob| match self.find(id, &glob.path, hops + 1)? {
            Found::Module(there) => self.named(there, path, hops + 1),
            Found::Item { .. } => None,
        })
    }
}

/// The circles: files that use each other, if only by way of others.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<usize>> {
    let reached = |from: usize| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(at) = next.pop() {
            let onward = arrows.get(&at).into_iter().flat_map(BTreeMap::keys);
            next.extend(onward.copied().filter(|to| reached.insert(*to)));
        }
        reached
    };
    let reached: BTreeMap<_, _> = arrows.keys().map(|from| (*from, reached(*from))).collect();
    let mut circles = BTreeSet::new();
    for (from, there) in reached.iter().filter(|(from, there)| there.contains(from)) {
        let back = |to: &&usize| reached.get(to).is_some_and(|back| back.contains(from));
        circles.insert(there.iter().filter(back).copied().collect::<BTreeSet<_>>());
    }
    circles.into_iter().collect()
}

/// A circle in words: which file takes what from which.
fn described(read: &Crate, arrows: &Arrows, circle: &BTreeSet<usize>) -> String {
    let path = |file: &usize| read.sources[*file].path.as_str();
    let mut text = format!("a circle of {} files:\n", circle.len());
    for from in circle {
        let within = arrows.get(from).into_iter().flatten().filter(|(to, _)| circle.contains(to));
        for (to, names) in within {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            text += &format!("  {} uses {} of {}\n", path(from), names.join(", "), path(to));
        }
    }
    text
}

fn circles_of(read: &Crate) -> Vec<String> {
    let arrows = read.arrows();
    let circles = circles(&arrows);
    circles.iter().map(|circle| described(read, &arrows, circle)).collect()
}

#[test]
fn files_form_no_circle() {
    let found = circles_of(&super::production());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        circles_of(&Crate::read(&files.collect(), "src/lib.rs"))
    }

    #[test]
    fn two_siblings_that_use_each_other_are_a_circle() {
        let found = crate_of(&[
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use super::{b::{B}, c}; pub struct A(B);"),
            ("src/b.rs", "pub struct B; fn f() -> crate::a::A { todo() }"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("src/b.rs uses A of src/a.rs"), "{}", found[0]);
    }

    #[test]
    fn a_parent_may_declare_and_hand_on_what_its_children_define() {
        let (parent, child) =
            ("mod child; pub use child::B; pub struct A;", "use super::A; pub struct B(A);");
        let files = |parent| {
            crate_of(&[
                ("src/lib.rs", "pub mod p;"),
                ("src/p/mod.rs", parent),
                ("src/p/child.rs", child),
            ])
        };
        assert!(files(parent).is_empty());
        let uses_it = format!("{parent} pub fn b() -> B {{ loop {{}} }}");
        assert_eq!(files(&uses_it).len(), 1);
        let by_path = format!("{parent} pub fn b() {{ child::b() }}");
        assert_eq!(files(&by_path).len(), 1);
    }

    #[test]
    fn what_only_tests_use_makes_no_circle() {
        let found = crate_of(&[
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
            ("src/b.rs", "use crate::a::A; pub struct B(A);"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_way_through_other_files_is_a_circle_too() {
        let found = crate_of(&[
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", "use crate::b; fn f() { b::g() }"),
            ("src/b.rs", "pub use self::h as g; pub fn h() { crate::c::i() }"),
            ("src/c.rs", "use crate::a as first; pub fn i() { first::f() }"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a circle of 3 files"), "{}", found[0]);
    }
}
