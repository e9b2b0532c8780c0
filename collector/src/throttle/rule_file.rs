//! The text of a rule file. Its form is described in docs/throttling.md.

use std::collections::BTreeSet;

use auxilio_common::{Day, Throttle, limits};
use auxilio_service::rule_text::{self, OneOrMore, RuleFault, RuleText};
use serde::Deserialize;
use toml::Spanned;

use super::condition::{Condition, Test};
use super::rule::{Rule, Step};
use super::version::Range;

/// The rule that a list of products stands for, where no rule asks `in_products` itself.
const UNSUPPORTED_PRODUCT: &str = "unsupported_product";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    rule: Vec<Spanned<FileRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    name: Spanned<String>,
    #[serde(default)]
    when: Vec<Spanned<FileCondition>>,
    #[serde(default)]
    any: Vec<Vec<Spanned<FileCondition>>>,
    percent: Option<Spanned<f64>>,
    verdict: Spanned<String>,
    otherwise: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCondition {
    field: Option<String>,
    pointer: Option<String>,
    default: Option<String>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    not: bool,
    equals: Option<String>,
    one_of: Option<Vec<String>>,
    prefix: Option<OneOrMore>,
    regex: Option<String>,
    present: Option<bool>,
    version: Option<String>,
    older_than_days: Option<u32>,
    built_before: Option<String>,
    is: Option<bool>,
    at_most: Option<f64>,
    at_least: Option<f64>,
    in_products: Option<bool>,
}

/// Reads a rule file.
pub(crate) fn read(text: &str) -> Result<Vec<Rule>, RuleFault> {
    let text = RuleText(text);
    let file: File = text.parse()?;
    if file.rule.is_empty() || file.rule.len() > limits::RULES_COUNT_MAX {
        let what = format!("a rule set has 1 to {} rules [[rule]]", limits::RULES_COUNT_MAX);
        return text.wrong(0, what);
    }
    let asks = |rule: &Spanned<FileRule>| {
        rule.get_ref()
            .when
            .iter()
            .chain(rule.get_ref().any.iter().flatten())
            .any(|condition| condition.get_ref().in_products.is_some())
    };
    let mut rules = Vec::new();
    if !file.products.is_empty() && !file.rule.iter().any(asks) {
        rules.push(unsupported_product(&file.products));
    }
    let mut names: BTreeSet<String> = rules.iter().map(|rule| rule.name.to_string()).collect();
    for rule in file.rule {
        let at = rule.get_ref().name.span().start;
        let rule = Reader { text, products: &file.products }.rule(rule.into_inner())?;
        if !names.insert(rule.name.to_string()) {
            let what = format!("a second rule named {}", rule.name);
            return text.wrong(at, what);
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn unsupported_product(products: &[String]) -> Rule {
    Rule {
        name: UNSUPPORTED_PRODUCT.into(),
        when: vec![Condition {
            field: "ProductName".into(),
            pointer: None,
            default: None,
            ignore_case: false,
            not: true,
            test: Test::OneOf(products.to_vec()),
        }],
        any: Vec::new(),
        percent: 100.0,
        verdict: Step::End(Throttle::Discard),
        otherwise: Step::Continue,
    }
}

struct Reader<'a> {
    text: RuleText<'a>,
    products: &'a [String],
}

impl Reader<'_> {
    fn rule(&self, rule: FileRule) -> Result<Rule, RuleFault> {
        self.text.check_name(&rule.name)?;
        let percent = rule.percent.as_ref().map_or(100.0, |percent| *percent.get_ref());
        if let Some(given) = &rule.percent
            && !(0.0..=100.0).contains(&percent)
        {
            return self.text.wrong(given.span().start, "percent is from 0 to 100");
        }
        let verdict = self.step(&rule.verdict)?;
        let otherwise = match (&rule.otherwise, &rule.percent) {
            (Some(otherwise), Some(_)) => self.step(otherwise)?,
            (Some(otherwise), None) => {
                return self.text.wrong(otherwise.span().start, "otherwise needs percent");
            }
            (None, Some(percent)) => {
                return self.text.wrong(percent.span().start, "percent needs otherwise");
            }
            (None, None) => Step::Continue,
        };
        if verdict == otherwise {
            let what = "verdict and otherwise are the same, so the rule does nothing";
            return self.text.wrong(rule.verdict.span().start, what);
        }
        let when = self.conditions(rule.when)?;
        let any = rule.any.into_iter().map(|conditions| self.conditions(conditions));
        let any = any.collect::<Result<_, _>>()?;
        Ok(Rule { name: rule.name.into_inner().into(), when, any, percent, verdict, otherwise })
    }

    fn conditions(
        &self,
        conditions: Vec<Spanned<FileCondition>>,
    ) -> Result<Vec<Condition>, RuleFault> {
        conditions.into_iter().map(|condition| self.condition(condition)).collect()
    }

    fn step(&self, word: &Spanned<String>) -> Result<Step, RuleFault> {
        let known = Step::ALL.into_iter().find(|step| step.as_str() == word.get_ref());
        known.map_or_else(
            || {
                let words = Step::ALL.map(Step::as_str).join(", ");
                self.text
                    .wrong(word.span().start, format!("{:?} is none of {words}", word.get_ref()))
            },
            Ok,
        )
    }

    fn condition(&self, condition: Spanned<FileCondition>) -> Result<Condition, RuleFault> {
        let at = condition.span().start;
        let mut condition = condition.into_inner();
        let mut tests = match self.tests(&mut condition) {
            Ok(tests) => tests,
            Err(what) => return self.text.wrong(at, what),
        };
        let (Some(test), None) = (tests.pop(), tests.pop()) else {
            return self
                .text
                .wrong(at, "a condition has exactly one test, such as equals or regex");
        };
        let in_products = condition.in_products;
        let field = match (condition.field, in_products) {
            (Some(field), _) => field,
            (None, Some(_)) => "ProductName".to_owned(),
            (None, None) => return self.text.wrong(at, "a condition names its field"),
        };
        if condition.pointer.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            return self.text.wrong(at, "a pointer into JSON begins with /");
        }
        Ok(Condition {
            field,
            pointer: condition.pointer,
            default: condition.default,
            ignore_case: condition.ignore_case,
            not: condition.not != (in_products == Some(false)),
            test,
        })
    }

    /// Every test that a condition names.
    fn tests(&self, condition: &mut FileCondition) -> Result<Vec<Test>, String> {
        let lower = condition.ignore_case;
        let cased = |texts: Vec<String>| -> Vec<String> {
            if lower { texts.iter().map(|text| text.to_lowercase()).collect() } else { texts }
        };
        let version = condition.version.take().map(|text| range(&text)).transpose()?;
        let regex =
            condition.regex.take().map(|text| rule_text::regex(&text, lower)).transpose()?;
        let day = condition.built_before.take().map(|text| {
            text.parse::<Day>().map_err(|_| format!("{text:?} is no day such as 20171226"))
        });
        let products = condition.in_products.map(|_| self.products.to_vec());
        let tests = [
            condition.equals.take().map(|text| Test::OneOf(cased(vec![text]))),
            condition.one_of.take().map(|texts| Test::OneOf(cased(texts))),
            products.map(|products| Test::OneOf(cased(products))),
            condition.prefix.take().map(|texts| Test::Prefix(cased(texts.into()))),
            regex.map(Test::Regex),
            condition.present.map(Test::Present),
            version,
            condition.older_than_days.map(Test::OlderThanDays),
            day.transpose()?.map(Test::BuiltBefore),
            condition.is.map(Test::Is),
            condition.at_most.map(Test::AtMost),
            condition.at_least.map(Test::AtLeast),
        ];
        Ok(tests.into_iter().flatten().collect())
    }
}

fn range(text: &str) -> Result<Test, String> {
    Range::parse(text)
        .map(|range| Test::Version { range, text: text.to_owned() })
        .ok_or_else(|| format!("{text:?} is no range of versions such as \">= 52, < 60\""))
}
