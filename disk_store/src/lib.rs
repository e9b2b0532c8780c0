//! disk_store.
