//! Compression contexts that are used again: making one costs as much as compressing a small dump.

use std::sync::{Mutex, PoisonError};

use zstd::bulk::Compressor;

use super::fault::Fault;

/// Compression: most of the gain for the least time.
const LEVEL: i32 = 3;

/// Contexts that wait for their next use, each of up to 1.5 MB: as many as cores compress at once on
/// small machines. More are made where they are wanted, and dropped after it.
const KEPT_MAX: usize = 4;

/// A store's contexts.
#[derive(Default)]
pub(super) struct Compressors {
    free: Mutex<Vec<Compressor<'static>>>,
}

impl Compressors {
    /// Compresses some bytes, by a context that nobody else uses at the time.
    pub(super) fn compress(&self, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let free = self.lock().pop();
        let mut compressor =
            free.map_or_else(|| Compressor::new(LEVEL), Ok).map_err(Fault::Compress)?;
        let compressed = compressor.compress(plain).map_err(Fault::Compress)?;
        let mut free = self.lock();
        if free.len() < KEPT_MAX {
            free.push(compressor);
        }
        Ok(compressed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Compressor<'static>>> {
        // Contexts come and go whole, so a panic elsewhere has broken nothing.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_leaves_nothing_of_one_value_in_the_next_and_few_are_kept() {
        let all = Compressors::default();
        let texts: Vec<Vec<u8>> =
            (0..20_u8).map(|seed| [vec![seed; 5_000], b"the end".to_vec()].concat()).collect();
        std::thread::scope(|scope| {
            for text in &texts {
                let all = &all;
                scope.spawn(move || {
                    for _ in 0..20 {
                        let compressed = all.compress(text).unwrap();
                        assert!(compressed.len() < 100);
                        assert_eq!(zstd::bulk::decompress(&compressed, 10_000).unwrap(), *text);
                        assert_eq!(compressed, zstd::bulk::compress(text, LEVEL).unwrap());
                    }
                });
            }
        });
        let kept = all.lock().len();
        assert!((1..=KEPT_MAX).contains(&kept), "{kept}");
    }
}
