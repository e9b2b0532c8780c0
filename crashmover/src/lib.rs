//! crashmover.
