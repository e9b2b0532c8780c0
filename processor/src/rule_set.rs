//! Which rules a crash goes through: that depends on its product alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::rule::Rule;
use crate::rules;
use crate::site_rule::SiteRule;

/// The lists of rules that come with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// What Socorro does today.
    #[default]
    Today,
    /// What Socorro did in 2012.
    Socorro2012,
}

impl Base {
    /// Every list.
    pub const ALL: [Self; 2] = [Self::Today, Self::Socorro2012];

    /// The word for it in configurations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Socorro2012 => "socorro-2012",
        }
    }

    /// Its rules in their order.
    pub fn rules(self) -> &'static [Rule] {
        match self {
            Self::Today => rules::RULES,
            Self::Socorro2012 => &rules::RULES_2012,
        }
    }
}

/// The rules of an installation.
#[derive(Debug, Default)]
pub struct RuleSets {
    /// The list for products without one of their own.
    pub base: Base,
    /// Products whose crashes go through another list.
    pub products: BTreeMap<String, Base>,
    /// The site's own rules: they see the crashes of all products.
    pub site: Vec<SiteRule>,
}

static BUILT_IN: LazyLock<RuleSets> = LazyLock::new(RuleSets::default);

impl RuleSets {
    /// Those of an installation that has set nothing.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The list for crashes of a product.
    pub fn base_of(&self, product: &str) -> Base {
        self.products.get(product).copied().unwrap_or(self.base)
    }
}
