//! Sequences that are parts of longer ones.

use std::ops::Range;

use kernels::Real;

use super::{Sequence, State};

impl<'t, T: Real> Sequence<'t, T> {
    /// The same, begun with given states instead of the learned ones (and without noise on them): one
    /// state for each cell of a stack, the lowest first, as [`States::ends`](super::States::ends) has
    /// them. A gradient flows into them if they have one; [`StateValues`](super::StateValues) carries
    /// them from tape to tape without.
    ///
    /// A long text is read in parts like this; for each part to count as what it is in the whole,
    /// add [`from_step`](Self::from_step).
    ///
    /// ```
    /// use autodiff::{Device, Tape};
    /// use nn::cell::{Layer, Lstm, LstmConfig, Sequence, Sites, StateValues};
    /// use nn::context::{Context, Mode, Statistics};
    /// use nn::params::{ParamStore, Scope};
    /// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    ///
    /// let device = Device::<f32>::reference();
    /// let mut rng = ChaCha8Rng::seed_from_u64(1);
    /// let mut store = ParamStore::new(&device);
    /// let mut scope = Scope::new(&mut store, &mut rng);
    /// let layer = Layer::cell(Lstm::new(&mut scope, &LstmConfig::new(3, 4), Sites::default()));
    ///
    /// let mut carried: Option<Vec<StateValues<f32>>> = None;
    /// for part in 0..3 {
    ///     let tape = Tape::inference(&device);
    ///     let mode = Mode::Eval(Statistics::Running);
    ///     let mut context = Context::new(&tape, &mut store, mode, &mut rng);
    ///     let x = tape.constant(device.zeros([5, 2, 3]));
    ///     let mut sequence = Sequence::from(x).from_step(5 * part);
    ///     if let Some(carried) = &carried {
    ///         let states: Vec<_> = carried.iter().map(|state| state.on(&tape)).collect();
    ///         sequence = sequence.starting_at(&states);
    ///     }
    ///     carried = Some(layer.forward(&mut context, &sequence).end_values());
    /// }
    /// ```
    ///
    /// # Panics
    /// If a state has not one row for each of the `B` sequences. A layer panics if it has not as many
    /// cells as there are states, or others than they fit, or reads in both directions: backward, a
    /// sequence begins behind its last input.
    #[track_caller]
    pub fn starting_at(mut self, states: &[State<'t, T>]) -> Self {
        for (i, state) in states.iter().enumerate() {
            for (name, var) in [("h", Some(state.h)), ("c", state.c)] {
                let Some(found) = var.map(|var| var.shape()) else {
                    continue;
                };
                assert!(
                    found.rank() == 2 && found.extent(0) == self.batch && found == state.h.shape(),
                    "starting_at: {name} {found} of state {i}; [{}, H] would fit",
                    self.batch
                );
            }
        }
        self.start = Some(states.to_vec());
        self
    }

    /// The same where the first step counts as time step `step`, from 0, for all that depends on the
    /// time step: statistics for each step are used, and in training moved, from that row on. Steps
    /// beyond the rows use the last one in evaluation and are refused in training, as those of a
    /// sequence that is read at once.
    ///
    /// With [`starting_at`](Self::starting_at) a sequence that is read in parts has the states of the
    /// one that is read at once, if nothing is drawn or pooled over all of its steps: sequence-wise
    /// moments of the batch at hand are those of each part.
    #[must_use]
    pub fn from_step(mut self, step: usize) -> Self {
        self.first_step = step;
        self
    }

    /// The time step that the first step counts as, 0 unless [said otherwise](Self::from_step).
    pub fn first_step(&self) -> usize {
        self.first_step
    }

    /// The time steps that it covers.
    pub fn time_steps(&self) -> Range<usize> {
        self.first_step..self.first_step + self.steps
    }

    /// The [given state](Self::starting_at) of the one cell, with `H` units, that reads this sequence;
    /// `None` if it begins with what the cell has learned.
    ///
    /// # Panics
    /// If there is not one state, or it is of another `H`.
    #[track_caller]
    pub fn start(&self, hidden_size: usize) -> Option<State<'t, T>> {
        let states = self.start.as_deref()?;
        let &[state] = states else {
            panic!(
                "starting_at: {} states for a single cell; 1 would fit",
                states.len()
            );
        };
        let (found, batch) = (state.h.shape(), self.batch);
        assert!(
            found.last() == hidden_size,
            "starting_at: h {found} for a cell of {hidden_size} units; [{batch}, {hidden_size}] would fit"
        );
        Some(state)
    }

    /// Panics unless a layer of `cells` cells, in one direction or not, can read it.
    #[track_caller]
    pub(super) fn check_part(&self, cells: usize, both_directions: bool) {
        if let Some(states) = &self.start {
            assert!(
                !both_directions,
                "starting_at: {} states for a layer that reads in both directions; sequences that begin \
                 with the learned states would fit",
                states.len()
            );
            assert!(
                states.len() == cells,
                "starting_at: {} states for {cells} cells; one for each, the lowest first, would fit",
                states.len()
            );
        }
        assert!(
            self.first_step == 0 || !both_directions,
            "from_step: a sequence from step {} on for a layer that reads in both directions; one from \
             step 0 on would fit",
            self.first_step
        );
    }

    /// What some cells of a stack read: begun with their states, and without a probe unless they are
    /// `topmost`.
    pub(super) fn of_cells(&self, cells: Range<usize>, topmost: bool) -> Self {
        let mut own = self.clone();
        own.start = self.start.as_ref().map(|states| states[cells].to_vec());
        own.probe = self.probe.filter(|_| topmost);
        own
    }
}
