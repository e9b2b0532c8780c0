//! The lists that stored crashes are to be signed by, and how each crash is signed by them: as a processor
//! of this configuration does.

use auxilio_database::{Frames, SignedCrash};
use auxilio_processor::{Config, RuleSets, Signing, rule_file, signing};
use auxilio_signature::{CrashData, Generator};
use sha2::{Digest, Sha256};

use crate::cli::ListOptions;

/// Lists, with the name and the checksum that tell them from others.
#[derive(Debug)]
pub(super) struct Candidate {
    /// What they are called.
    pub(super) name: String,
    /// SHA-256 of what they say, in hexadecimal digits.
    pub(super) digest: String,
    signing: Signing,
    rule_sets: RuleSets,
}

/// What lists make of a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Its signature and its group key.
    Signed(String, Option<String>),
    /// Nothing, because nothing was kept to sign it by.
    WithoutFrames,
}

impl Candidate {
    /// The processors' own lists, those of the options in the place of theirs.
    pub(super) fn read(config: &Config, options: &ListOptions) -> anyhow::Result<Self> {
        let mut signature = config.signature.clone();
        if let Some(dir) = &options.lists {
            signature.lists_dir.clone_from(dir);
        }
        if !options.product_lists.is_empty() {
            signature.product_lists_dirs.clone_from(&options.product_lists);
        }
        let mut digest = Sha256::new();
        digest.update(format!("{} {:?}", env!("CARGO_PKG_VERSION"), signature.style));
        for entry in &signature.product_lists_dirs {
            digest.update(entry.split('=').next().unwrap_or_default());
        }
        for folder in signing::folders(&signature)? {
            for text in folder.texts() {
                digest.update(text.len().to_le_bytes());
                digest.update(text);
            }
        }
        let site = signature.lists_dir.to_string_lossy();
        let products = signature.product_lists_dirs.iter().map(String::as_str);
        let names = ["built-in", &site].into_iter().chain(products);
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        Ok(Self {
            name: names.join(", "),
            digest: format!("{:x}", digest.finalize()),
            signing: Signing::load(&signature)?,
            rule_sets: rule_file::load(&config.rules)?,
        })
    }

    /// Signs a crash by what was kept of it.
    pub(super) fn sign(&self, crash: &SignedCrash) -> Made {
        let line = crash.frames.as_ref().map(Frames::line);
        let data = match line {
            None => return Made::WithoutFrames,
            Some(line) => line.ok().and_then(|line| CrashData::from_json(&line).ok()),
        };
        let Some(data) = data else {
            eprintln!("bp-{}: what was kept to sign it by can't be read", crash.crash_id);
            return Made::WithoutFrames;
        };
        let product = crash.product.as_deref().unwrap_or_default();
        let style = self.signing.style_of(self.rule_sets.base_of(product));
        let generator = Generator::new(self.signing.lists_of(product)).with_style(style);
        let made = generator.generate(&data);
        Made::Signed(made.signature, made.group_key.map(|key| key.to_string()))
    }
}
