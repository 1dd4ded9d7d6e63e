//! Where in the training examples a run is.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::task::{Pass, Task};

/// The current pass over the training examples, and the next batch of it.
#[derive(Debug)]
pub(super) struct Cursor {
    place: Place,
    /// The generator after the current pass was drawn.
    rng: ChaCha8Rng,
    pass: Pass,
}

/// What a checkpoint keeps of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// The generator as it was before the current pass was drawn.
    before: ChaCha8Rng,
    /// Batches of the current pass that are done.
    done: usize,
}

impl Cursor {
    /// At the beginning of the first pass.
    pub(super) fn new(task: &dyn Task, batch: usize, rng: ChaCha8Rng) -> Self {
        let place = Place { before: rng, done: 0 };
        Self::at(place, task, batch)
    }

    /// At a place of another cursor over the same examples; where batches of another size are fewer, at
    /// the end of the pass at most.
    pub(super) fn at(mut place: Place, task: &dyn Task, batch: usize) -> Self {
        let mut rng = place.before.clone();
        let pass = task.shuffled(batch, &mut rng);
        place.done = place.done.min(pass.len());
        Self { place, rng, pass }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Number of batches in a pass.
    pub(super) fn per_pass(&self) -> usize {
        self.pass.len()
    }

    /// The next batch, and whether it begins a pass.
    pub(super) fn advance(&mut self, task: &dyn Task, batch: usize) -> (Vec<usize>, bool) {
        if self.place.done == self.pass.len() {
            *self = Self::new(task, batch, self.rng.clone());
        }
        let index = self.place.done;
        self.place.done += 1;
        (self.pass.batch(index).to_vec(), index == 0)
    }
}
