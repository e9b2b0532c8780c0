//! One row of the table of fields, and how it is written down.

use crate::limits;

/// Who may see a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Everybody.
    Public,
    /// Holders of the right to see protected values.
    Protected,
}

/// The shape of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A time: RFC 3339 in UTC.
    Time,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A text, a number, true or false: clients differ.
    Plain,
    /// A list of texts.
    Texts,
    /// A structure with these parts and no others.
    Object(&'static [Part]),
    /// A structure with any keys and values of one kind.
    Map(&'static Kind),
    /// A list of structures.
    List(&'static Kind),
    /// A structure that nobody has described.
    Json,
}

impl Kind {
    /// Whether it is kept as text in a processed crash, since nobody on the way looks into it.
    pub const fn is_structure(self) -> bool {
        matches!(self, Self::Object(_) | Self::Map(_) | Self::List(_) | Self::Json)
    }
}

/// A part of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its key.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: Kind,
    /// Who may see it, of those who may see the structure.
    pub permission: Permission,
}

impl Part {
    /// A public part.
    pub(super) const fn public(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, permission: Permission::Public }
    }

    /// A protected part.
    pub(super) const fn protected(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, permission: Permission::Protected }
    }
}

/// How a field can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Not at all.
    No,
    /// As a whole, as one of few values.
    Exact,
    /// By its words, and as a whole.
    Words,
    /// As a whole number.
    Integer,
    /// As a number.
    Number,
    /// As true or false.
    Boolean,
    /// As a time.
    Time,
}

/// One field of the processed crash.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the processed crash.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: Kind,
    /// The annotation that it is copied from; `None` where a rule makes it.
    pub annotation: Option<&'static str>,
    /// Who may see it.
    pub permission: Permission,
    /// How it is searched.
    pub search: Search,
    /// Its name in searches, where that is another one.
    pub search_name: Option<&'static str>,
    /// Its name in the processed crashes of 2012, where that was another one.
    pub name_2012: Option<&'static str>,
    /// The most characters of a text.
    pub chars_max: usize,
    /// What it says.
    pub description: &'static str,
}

impl Field {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        let search = match kind {
            Kind::Text | Kind::Texts => Search::Words,
            Kind::Time => Search::Time,
            Kind::Integer => Search::Integer,
            Kind::Number => Search::Number,
            Kind::Boolean => Search::Boolean,
            _ => Search::No,
        };
        Self {
            name,
            kind,
            annotation: None,
            permission: Permission::Public,
            search,
            search_name: None,
            name_2012: None,
            chars_max: limits::TEXT_FIELD_CHARS_MAX,
            description,
        }
    }

    /// Its name in searches.
    pub const fn searched_name(&self) -> &'static str {
        match self.search_name {
            Some(name) => name,
            None => self.name,
        }
    }

    /// Copied from an annotation.
    pub(super) const fn from(mut self, annotation: &'static str) -> Self {
        self.annotation = Some(annotation);
        self
    }

    pub(super) const fn protected(mut self) -> Self {
        self.permission = Permission::Protected;
        self
    }

    /// One of few values.
    pub(super) const fn exact(mut self) -> Self {
        self.search = Search::Exact;
        self
    }

    pub(super) const fn unsearched(mut self) -> Self {
        self.search = Search::No;
        self
    }

    /// Stands in an ordered index of the database, which refuses long values.
    pub(super) const fn indexed(mut self) -> Self {
        self.chars_max = limits::INDEXED_TEXT_CHARS_MAX;
        self
    }

    pub(super) const fn at_most(mut self, chars: usize) -> Self {
        self.chars_max = chars;
        self
    }

    pub(super) const fn searched_as(mut self, name: &'static str) -> Self {
        self.search_name = Some(name);
        self
    }

    pub(super) const fn in_2012(mut self, name: &'static str) -> Self {
        self.name_2012 = Some(name);
        self
    }
}

pub(super) const fn text(name: &'static str, description: &'static str) -> Field {
    Field::new(name, Kind::Text, description)
}

pub(super) const fn time(name: &'static str, description: &'static str) -> Field {
    Field::new(name, Kind::Time, description)
}

pub(super) const fn integer(name: &'static str, description: &'static str) -> Field {
    Field::new(name, Kind::Integer, description)
}

pub(super) const fn number(name: &'static str, description: &'static str) -> Field {
    Field::new(name, Kind::Number, description)
}

pub(super) const fn boolean(name: &'static str, description: &'static str) -> Field {
    Field::new(name, Kind::Boolean, description)
}

pub(super) const fn texts(name: &'static str, description: &'static str) -> Field {
    Field::new(name, Kind::Texts, description)
}

pub(super) const fn structure(name: &'static str, kind: Kind, description: &'static str) -> Field {
    Field::new(name, kind, description)
}
