//! How crashes are signed: by which lists, and in which style. Both depend on the product alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use auxilio_signature::{Lists, Style};

use crate::config::{SignatureConfig, SignatureStyle};
use crate::list_folder::{ListFolder, ListFolderError};
use crate::rule_set::Base;

/// The lists and the style of an installation.
#[derive(Debug)]
pub struct Signing {
    /// For products without lists of their own.
    lists: Lists,
    /// For the others: their lists lie over the site's.
    products: BTreeMap<String, Lists>,
    style: SignatureStyle,
}

/// Why signatures can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A folder's lists can't be used.
    #[error(transparent)]
    Folder(#[from] ListFolderError),
    /// `product_lists_dirs` holds something else than `PRODUCT=DIR`.
    #[error(
        "processor.signature.product_lists_dirs holds \"{0}\", which is not written as PRODUCT=DIR"
    )]
    ProductFolder(String),
}

static BUILT_IN: LazyLock<Signing> = LazyLock::new(|| Signing {
    lists: Lists::built_in().clone(),
    products: BTreeMap::new(),
    style: SignatureStyle::default(),
});

impl Signing {
    /// That of an installation that has set nothing.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads and compiles all lists that are configured.
    pub fn load(config: &SignatureConfig) -> Result<Self, SigningError> {
        let mut lists = Lists::built_in().clone();
        if !config.lists_dir.as_os_str().is_empty() {
            lists = layer(&config.lists_dir, &lists)?;
        }
        let mut products = BTreeMap::new();
        for entry in &config.product_lists_dirs {
            let (product, dir) = read_product_folder(entry)?;
            let below = products.get(product).unwrap_or(&lists);
            products.insert(product.to_owned(), layer(Path::new(dir), below)?);
        }
        Ok(Self { lists, products, style: config.style })
    }

    /// The lists for crashes of a product.
    pub fn lists_of(&self, product: &str) -> &Lists {
        self.products.get(product).unwrap_or(&self.lists)
    }

    /// The style of a crash that goes through this list of rules.
    pub fn style_of(&self, base: Base) -> Style {
        match (self.style, base) {
            (SignatureStyle::AsRules, Base::Today) | (SignatureStyle::Today, _) => Style::Today,
            (SignatureStyle::AsRules, Base::Socorro2012) | (SignatureStyle::Socorro2012, _) => {
                Style::Socorro2012
            }
        }
    }
}

/// The folders of a configuration, the site's first, the products' in their order.
pub fn folders(config: &SignatureConfig) -> Result<Vec<ListFolder>, SigningError> {
    let products = config.product_lists_dirs.iter().map(|entry| read_product_folder(entry));
    let products = products.map(|read| read.map(|(_, dir)| Path::new(dir)));
    let site = Some(&*config.lists_dir).filter(|dir| !dir.as_os_str().is_empty());
    let dirs = site.map(Ok).into_iter().chain(products);
    dirs.map(|dir| Ok(ListFolder::read(dir?)?)).collect()
}

fn layer(dir: &Path, below: &Lists) -> Result<Lists, ListFolderError> {
    let folder = ListFolder::read(dir)?;
    folder.check_names()?;
    folder.over(below)
}

/// Reads an entry of `product_lists_dirs`, as the product and its folder.
fn read_product_folder(entry: &str) -> Result<(&str, &str), SigningError> {
    entry
        .split_once('=')
        .map(|(product, dir)| (product.trim(), dir.trim()))
        .filter(|(product, dir)| !product.is_empty() && !dir.is_empty())
        .ok_or_else(|| SigningError::ProductFolder(entry.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use auxilio_common::{DumpName, RawCrash};
    use serde_json::json;

    use super::*;
    use crate::process::Context;
    use crate::sample::{processed_files, raw, walk};

    fn signature(raw: &RawCrash, config: &SignatureConfig) -> String {
        let signing = Signing::load(config).unwrap();
        let dump = json!({"crash_info": {"crashing_thread": 0}, "threads": [{"frames": [
            {"module": "m", "function": "our_wait"}, {"module": "m", "function": "our_queue"},
            {"module": "m", "function": "work"}]}]});
        let walks = BTreeMap::from([(DumpName::main(), walk(&dump))]);
        let context = Context { signing: &signing, ..Context::default() };
        let made = processed_files(raw, walks.into(), context);
        made.crash.text("signature").unwrap().to_owned()
    }

    #[test]
    fn lists_of_a_site_and_of_a_product_change_the_signature() {
        let (site, product) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(site.path().join("irrelevant.txt"), "our_wait$\n").unwrap();
        std::fs::write(product.path().join("prefix.txt"), "our_queue$\n").unwrap();
        let mut config = SignatureConfig::default();
        let (one, other) = (raw(&[("ProductName", "One")]), raw(&[("ProductName", "Other")]));
        assert_eq!(signature(&one, &config), "our_wait");
        site.path().clone_into(&mut config.lists_dir);
        config.product_lists_dirs = vec![format!("Other = {}", product.path().display())];
        assert_eq!(signature(&one, &config), "our_queue");
        assert_eq!(signature(&other, &config), "our_queue | work");
    }

    #[test]
    fn the_style_of_2012_marks_hangs() {
        let config = |style| SignatureConfig { style, ..SignatureConfig::default() };
        let hang = raw(&[("Hang", "-1")]);
        let other_side = raw(&[("Hang", "1")]);
        assert_eq!(signature(&hang, &config(SignatureStyle::Socorro2012)), "hang | our_wait");
        let chrome = signature(&other_side, &config(SignatureStyle::Socorro2012));
        assert_eq!(chrome, "chromehang | our_wait");
        assert_eq!(signature(&hang, &config(SignatureStyle::Today)), "hang: -1 | our_wait");
        let signing = Signing::built_in();
        assert_eq!(signing.style_of(Base::Today), Style::Today);
        assert_eq!(signing.style_of(Base::Socorro2012), Style::Socorro2012);
    }

    #[test]
    fn what_cant_be_used_is_named() {
        for bad in ["One", "=dir", "One="] {
            let product_lists_dirs = vec![bad.to_owned()];
            let config = SignatureConfig { product_lists_dirs, ..SignatureConfig::default() };
            let said = Signing::load(&config).unwrap_err().to_string();
            assert!(said.contains(&format!("\"{bad}\"")), "{said}");
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("irrelevant.txt"), "a\n[\n").unwrap();
        let lists_dir = dir.path().to_owned();
        let config = SignatureConfig { lists_dir, ..SignatureConfig::default() };
        let said = Signing::load(&config).unwrap_err().to_string();
        let expected = "irrelevant.txt\": line 2 of the irrelevant list is no pattern";
        assert!(said.contains(expected), "{said}");
    }
}
