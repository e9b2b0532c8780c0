//! Sizes at which a file or a function stops being readable in one go.
//!
//! Aimed at are 150 lines a file and 35 a function; the alarms stand far above. Tests, benchmarks
//! and tables of data do not count: nobody reads those from end to end.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn, ItemMod, Signature, TraitItemFn};

use crate::tidy::Finding;
use crate::tree::{SourceFile, Tree};

const RULE: &str = "length";
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 80;

/// A reasoned exception. One that is no longer needed is itself a finding.
struct Allowed {
    path: &'static str,
    /// The function's name; none for the whole file.
    function: Option<&'static str>,
    reason: &'static str,
}

const ALLOWED: &[Allowed] = &[];

/// Files and functions that are too long, and exceptions without use.
pub fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, ALLOWED)
}

fn check_with(tree: &Tree, allowed: &[Allowed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; allowed.len()];
    for file in tree.rust().filter(|file| !file.is_test()) {
        for long in long_parts(file) {
            let exception = allowed.iter().position(|allowed| {
                allowed.path == file.path && allowed.function == long.function.as_deref()
            });
            match exception {
                Some(index) => used[index] = true,
                None => findings.push(Finding::line(RULE, &file.path, long.line, long.what)),
            }
        }
    }
    for (exception, _) in allowed.iter().zip(used).filter(|(_, used)| !used) {
        let Allowed { path, reason, .. } = exception;
        // A tree that lacks the file is a test's.
        if tree.get(path).is_some() {
            let what = format!("its exception in length.rs is not needed any more ({reason})");
            findings.push(Finding::file(RULE, path, what));
        }
    }
    findings
}

/// Something that is too long.
struct Long {
    function: Option<String>,
    line: usize,
    what: String,
}

fn long_parts(file: &SourceFile) -> Vec<Long> {
    // The rule `sql` reports a file that is no Rust.
    let Ok(parsed) = syn::parse_file(&file.text) else { return Vec::new() };
    let mut measure = Measure::default();
    measure.visit_file(&parsed);
    let lines = file.text.lines().count() - measure.test_lines;
    if lines > FILE_LINES_MAX {
        let what = format!("{lines} lines without its tests, alarm over {FILE_LINES_MAX}");
        measure.long.push(Long { function: None, line: 0, what });
    }
    measure.long
}

#[derive(Default)]
struct Measure {
    test_lines: usize,
    long: Vec<Long>,
}

impl Measure {
    fn function(&mut self, signature: &Signature, body: &Block) {
        let begins = signature.span().start().line;
        let lines = body.span().end().line - begins + 1;
        if lines > FUNCTION_LINES_MAX {
            let name = signature.ident.to_string();
            let what = format!("fn {name} has {lines} lines, alarm over {FUNCTION_LINES_MAX}");
            self.long.push(Long { function: Some(name), line: begins, what });
        }
    }
}

impl<'ast> Visit<'ast> for Measure {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if is_test(&module.attrs) {
            self.test_lines += lines_of(module.span());
        } else {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn lines_of(span: Span) -> usize {
    span.end().line - span.start().line + 1
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    f();\n".repeat(lines - 2))
    }

    fn found(text: &str, allowed: &[Allowed]) -> Vec<String> {
        let findings = check_with(&Tree::of(&[("a/src/b.rs", text)]), allowed);
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn function_at_the_alarm_passes_and_one_line_more_is_found() {
        assert!(found(&function("f", 80), &[]).is_empty());
        assert_eq!(found(&function("f", 81), &[]), ["fn f has 81 lines, alarm over 80"]);
    }

    #[test]
    fn methods_and_nested_modules_are_measured() {
        let text = format!("mod a {{ struct S; impl S {{ {} }} }}", function("g", 90));
        assert_eq!(found(&text, &[]).len(), 1);
    }

    #[test]
    fn long_file_is_found_but_its_tests_do_not_count() {
        let code = "const A: u8 = 1;\n".repeat(400);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("t", 200));
        assert!(found(&format!("{code}{tests}"), &[]).is_empty());
        assert_eq!(found(&"const A: u8 = 1;\n".repeat(501), &[]).len(), 1);
    }

    #[test]
    fn exception_excuses_and_one_without_use_is_found() {
        let exception = || Allowed { path: "a/src/b.rs", function: Some("f"), reason: "a table" };
        assert!(found(&function("f", 99), &[exception()]).is_empty());
        assert_eq!(found(&function("f", 9), &[exception()]).len(), 1);
    }
}
