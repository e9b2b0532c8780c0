//! webapp.
