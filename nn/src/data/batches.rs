//! Which examples form which batch, in file order or shuffled.

use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// What becomes of the examples that do not fill the last batch of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastBatch {
    /// They form a smaller batch.
    Keep,
    /// They are left out of this epoch. When examples are shuffled, each epoch leaves out others.
    Drop,
}

/// How a number of examples is cut into batches.
///
/// The order of an epoch depends on nothing but the generator that it is drawn with, so that an
/// interrupted run goes on with the same batches once the state of its generator is restored.
///
/// # Examples
/// ```
/// use nn::data::{Batches, LastBatch};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let batches = Batches::new(5, 2, LastBatch::Keep);
/// let in_order: Vec<_> = batches.in_order().iter().map(<[usize]>::to_vec).collect();
/// assert_eq!(in_order, [vec![0, 1], vec![2, 3], vec![4]]);
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let epoch = batches.shuffled(&mut rng);
/// assert_eq!(epoch.iter().len(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    count: usize,
    batch: usize,
    last: LastBatch,
}

impl Batches {
    /// Batches of `batch` examples out of `count`.
    ///
    /// # Panics
    /// If `batch` is 0.
    #[track_caller]
    pub fn new(count: usize, batch: usize, last: LastBatch) -> Self {
        assert!(
            batch > 0,
            "batches: {count} examples in batches of 0; 1 or more would fit"
        );
        Self { count, batch, last }
    }

    /// Number of batches in each epoch.
    pub fn per_epoch(&self) -> usize {
        match self.last {
            LastBatch::Keep => self.count.div_ceil(self.batch),
            LastBatch::Drop => self.count / self.batch,
        }
    }

    /// An epoch in the order of the file.
    pub fn in_order(&self) -> Epoch {
        Epoch {
            order: (0..self.count).collect(),
            batches: *self,
        }
    }

    /// An epoch in a random order, each order being equally likely.
    pub fn shuffled(&self, rng: &mut (impl Rng + ?Sized)) -> Epoch {
        let mut epoch = self.in_order();
        epoch.order.shuffle(rng);
        epoch
    }
}

/// The order of examples in one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    order: Vec<usize>,
    batches: Batches,
}

impl Epoch {
    /// The batches one after another, each as the indices of its examples. `iter().skip(n)` goes on
    /// after the first `n` batches without running through them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[usize]> {
        let batch = self.batches.batch;
        let used = self.order.len().min(self.batches.per_epoch() * batch);
        self.order[..used].chunks(batch)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    fn collect(epoch: &Epoch) -> Vec<Vec<usize>> {
        epoch.iter().map(<[usize]>::to_vec).collect()
    }

    #[test]
    fn the_last_batch_is_kept_or_dropped() {
        let keep = Batches::new(5, 2, LastBatch::Keep);
        assert_eq!(collect(&keep.in_order()), [vec![0, 1], vec![2, 3], vec![4]]);
        let drop = Batches::new(5, 2, LastBatch::Drop);
        assert_eq!(collect(&drop.in_order()), [vec![0, 1], vec![2, 3]]);
        let none = Batches::new(1, 2, LastBatch::Drop);
        assert_eq!((none.per_epoch(), none.in_order().iter().len()), (0, 0));
        let empty = Batches::new(0, 2, LastBatch::Keep);
        assert_eq!((empty.per_epoch(), empty.in_order().iter().len()), (0, 0));
    }

    #[test]
    #[should_panic(expected = "7 examples in batches of 0")]
    fn a_batch_holds_at_least_one_example() {
        Batches::new(7, 0, LastBatch::Keep);
    }

    /// Published runs name a seed, so that the order it gives must never change.
    #[test]
    fn the_order_of_a_seed_stays_the_same() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let epoch = Batches::new(8, 8, LastBatch::Keep).shuffled(&mut rng);
        assert_eq!(collect(&epoch), [[3, 4, 5, 2, 7, 1, 6, 0]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(2),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn each_example_comes_once(count in 0_usize..200, batch in 1_usize..40, seed: u64) {
            let batches = Batches::new(count, batch, LastBatch::Keep);
            let epoch = batches.shuffled(&mut ChaCha8Rng::seed_from_u64(seed));
            prop_assert_eq!(epoch.iter().len(), batches.per_epoch());
            let full = epoch.iter().take(count / batch);
            prop_assert!(full.into_iter().all(|indices| indices.len() == batch));
            let mut seen: Vec<usize> = epoch.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn dropping_leaves_the_other_batches_as_they_are(
            count in 0_usize..200, batch in 1_usize..40, seed: u64
        ) {
            let epoch = |last| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                collect(&Batches::new(count, batch, last).shuffled(&mut rng))
            };
            let mut kept = epoch(LastBatch::Keep);
            kept.retain(|indices| indices.len() == batch);
            prop_assert_eq!(epoch(LastBatch::Drop), kept);
        }

        // Of 30 examples there are 30! > 1e32 orders: none of 256 cases agrees by chance.
        #[test]
        fn the_seed_gives_the_order(count in 30_usize..200, seed in 0..u64::MAX) {
            let batches = Batches::new(count, 7, LastBatch::Keep);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut again = rng.clone();
            let mut other = ChaCha8Rng::seed_from_u64(seed + 1);
            let (first, second) = (batches.shuffled(&mut rng), batches.shuffled(&mut rng));
            prop_assert_eq!(&batches.shuffled(&mut again), &first);
            prop_assert_eq!(&batches.shuffled(&mut again), &second);
            prop_assert_ne!(&first, &second);
            prop_assert_ne!(&batches.shuffled(&mut other), &first);
        }
    }
}
