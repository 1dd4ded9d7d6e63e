//! Probes of hidden states.

use autodiff::Var;
use kernels::Real;

use super::Sequence;

impl<'t, T: Real> Sequence<'t, T> {
    /// The same with a `probe [T, B, H]` that is added to the hidden states of the topmost layer,
    /// before they go on to the next step and to the output; `2H` for both directions, side by side.
    /// If it is a leaf of zeros it changes nothing, and its gradient is `∂loss/∂h_t`, the total
    /// derivative through all steps behind: what Cooijmans et al. 2016 plot in figure 1a. That of
    /// padding is 0.
    ///
    /// ```
    /// use autodiff::{Device, Tape};
    /// use nn::cell::{Layer, Lstm, LstmConfig, Sequence, Sites};
    /// use nn::context::{Context, Mode};
    /// use nn::params::{ParamStore, Scope};
    /// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    ///
    /// let device = Device::<f64>::reference();
    /// let mut rng = ChaCha8Rng::seed_from_u64(1);
    /// let mut store = ParamStore::new(&device);
    /// let mut scope = Scope::new(&mut store, &mut rng);
    /// let layer = Layer::cell(Lstm::new(&mut scope, &LstmConfig::new(3, 4), Sites::default()));
    ///
    /// let tape = Tape::new(&device);
    /// let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    /// let x = tape.constant(device.full([5, 2, 3], 0.1));
    /// let probe = tape.leaf(device.zeros([5, 2, 4]));
    /// let states = layer.forward(&mut context, &Sequence::from(x).with_probe(probe));
    /// let gradients = tape.backward(states.last.square().sum());
    /// let by_step = gradients.get(probe).expect("a gradient of every state");
    /// assert_eq!(by_step.shape().dims(), [5, 2, 4]);
    /// ```
    ///
    /// # Panics
    /// If it is not `[T, B, _]`. A layer panics if the last axis is not that of its output.
    #[track_caller]
    pub fn with_probe(mut self, probe: Var<'t, T>) -> Self {
        let (found, steps, batch) = (probe.shape(), self.steps, self.batch);
        assert!(
            found.rank() == 3 && found.extent(0) == steps && found.extent(1) == batch,
            "with_probe: a probe {found} of {steps} steps of {batch} rows; [{steps}, {batch}, H] would fit"
        );
        self.probe = Some(probe);
        self
    }

    /// The [probe](Self::with_probe) `[T, B, H]` of a layer whose output has `H` elements, if there is
    /// one.
    ///
    /// # Panics
    /// If it is of another `H`.
    #[track_caller]
    pub fn probe(&self, output_size: usize) -> Option<Var<'t, T>> {
        let probe = self.probe?;
        let (found, [steps, batch]) = (probe.shape(), [self.steps, self.batch]);
        assert!(
            found.last() == output_size,
            "with_probe: a probe {found} of a layer whose output has {output_size} elements; [{steps}, \
             {batch}, {output_size}] would fit: it is added to what the topmost layer puts out"
        );
        Some(probe)
    }

    /// What two layers read in opposite directions, the first with an output of `ahead` elements: each
    /// with its part of the probe.
    #[track_caller]
    pub(super) fn both_directions(&self, ahead: usize) -> [Self; 2] {
        let both = self.probe.map(|probe| {
            let width = probe.shape().last();
            [probe.slice(2, 0..ahead), self.turn(probe.slice(2, ahead..width))]
        });
        let (mut from_start, mut from_end) = (self.clone(), self.turned());
        from_start.probe = both.map(|both| both[0]);
        from_end.probe = both.map(|both| both[1]);
        [from_start, from_end]
    }
}
