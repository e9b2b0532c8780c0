//! stackwalk.
