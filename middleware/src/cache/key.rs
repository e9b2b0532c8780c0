//! The key of an answer: a hash of the question, of who asks, and of the program that answers.

use std::fmt;

use auxilio_common::fields::{FIELDS, Permission};
use auxilio_service::Version;
use sha2::{Digest, Sha256};

use super::Question;

/// A key. Equal questions have equal keys, and no two others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) [u8; 32]);

/// As memcached knows it: 67 of the 250 characters that it takes, none of them special.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ax:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Makes keys.
pub(super) struct Keys {
    /// What all of them begin with.
    begin: Sha256,
}

impl Keys {
    /// Keys of one installation and one build.
    ///
    /// The table of fields is part of every key: once a field is protected, answers from before are
    /// found no more.
    pub(super) fn new(namespace: &str, version: Version) -> Self {
        let mut begin = Sha256::new();
        for part in [namespace, version.version, version.commit] {
            add(&mut begin, part);
        }
        add(&mut begin, &format!("{FIELDS:?}"));
        Self { begin }
    }

    pub(super) fn key(&self, question: &Question<'_>) -> Key {
        let mut hash = self.begin.clone();
        add(&mut hash, question.resource);
        add(&mut hash, question.request);
        add(
            &mut hash,
            match question.rights {
                Permission::Public => "public",
                Permission::Protected => "protected",
            },
        );
        let generation = question.generation.map(|generation| generation.0.to_string());
        add(&mut hash, generation.as_deref().unwrap_or("none"));
        Key(hash.finalize().into())
    }
}

/// Adds a part with its length before it, so that no two lists of parts look alike.
fn add(hash: &mut Sha256, part: &str) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use auxilio_common::Generation;

    use super::*;

    const VERSION: Version = Version { version: "1", commit: "a" };

    #[test]
    fn every_part_of_a_question_changes_its_key() {
        let mut seen = HashSet::new();
        let versions =
            [VERSION, Version { version: "2", ..VERSION }, Version { commit: "b", ..VERSION }];
        for keys in versions
            .map(|version| Keys::new("one", version))
            .iter()
            .chain([&Keys::new("on", VERSION)])
        {
            for (resource, request) in [("a", "bc"), ("ab", "c"), ("a", "b"), ("", "abc")] {
                for rights in [Permission::Public, Permission::Protected] {
                    for generation in [None, Some(Generation(1)), Some(Generation(2))] {
                        let question = Question { resource, request, rights, generation };
                        let key = keys.key(&question);
                        assert_eq!(key, keys.key(&question));
                        assert_eq!(key.to_string().len(), 67);
                        assert!(seen.insert(key.to_string()));
                    }
                }
            }
        }
    }
}
