//! Recurrent layers built of cells.

use autodiff::Var;
use kernels::Real;

use super::{Cell, Sequence, State, States, Unfused};
use crate::context::Context;

/// A cell, or several of them that read upon each other or in opposite directions.
///
/// ```
/// use autodiff::{Device, Tape};
/// use nn::cell::{Gru, GruConfig, Layer, Sites};
/// use nn::context::{Context, Mode};
/// use nn::params::{ParamStore, Scope};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let device = Device::<f32>::reference();
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut store = ParamStore::new(&device);
/// let mut scope = Scope::new(&mut store, &mut rng);
/// let mut gru = |name: &str, input_size: usize| {
///     let config = GruConfig::new(input_size, 4);
///     Layer::cell(Gru::new(&mut scope.within(name), &config, Sites::default()))
/// };
/// let below = Layer::bidirectional(gru("forward", 3), gru("backward", 3));
/// let stack = Layer::stack(vec![below, gru("above", 8)]);
///
/// let tape = Tape::new(&device);
/// let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
/// let x = tape.constant(device.zeros([5, 2, 3]));
/// let states = stack.forward(&mut context, &x.into());
/// assert_eq!(states.h.shape().dims(), [5, 2, 4]);
/// ```
#[derive(Debug)]
pub struct Layer<T: Real>(Kind<T>);

#[derive(Debug)]
enum Kind<T: Real> {
    Cell(Box<dyn Cell<T>>),
    Bidirectional(Box<[Layer<T>; 2]>),
    /// The first reads the inputs.
    Stack(Vec<Layer<T>>),
}

/// How the cells run.
#[derive(Clone, Copy)]
enum How {
    Fast,
    BySteps,
}

impl<T: Real> Layer<T> {
    /// One cell.
    pub fn cell(cell: impl Cell<T> + 'static) -> Self {
        Self(Kind::Cell(Box::new(cell)))
    }

    /// A layer that reads every sequence from its beginning and one that reads it from its end;
    /// their states stand side by side.
    ///
    /// Only the part of a sequence that is no padding is turned around, so that the second layer
    /// begins at the last input and not in the padding (Cooijmans et al. 2016, section 5.4). In
    /// [`States::last`] is what both have after their own last step: the second one's is that at
    /// the first input.
    pub fn bidirectional(forward: Self, backward: Self) -> Self {
        Self(Kind::Bidirectional(Box::new([forward, backward])))
    }

    /// Layers of which each reads the hidden states of the one before it.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn stack(layers: Vec<Self>) -> Self {
        assert!(!layers.is_empty(), "stack: no layers; 1 or more fit");
        Self(Kind::Stack(layers))
    }

    /// Elements of its hidden state.
    pub fn output_size(&self) -> usize {
        match &self.0 {
            Kind::Cell(cell) => cell.hidden_size(),
            Kind::Bidirectional(both) => both.iter().map(Self::output_size).sum(),
            Kind::Stack(layers) => layers[layers.len() - 1].output_size(),
        }
    }

    /// All states for a sequence.
    ///
    /// # Panics
    /// If the inputs do not fit the weights, or given states or a probe do not fit the layer.
    #[track_caller]
    pub fn forward<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> States<'t, T> {
        self.check(input);
        self.run(context, input, How::Fast)
    }

    /// The same as [`forward`](Self::forward), always step by step in plain operations.
    ///
    /// # Panics
    /// If the inputs do not fit the weights, or given states or a probe do not fit the layer.
    #[track_caller]
    pub fn forward_by_steps<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        input: &Sequence<'t, T>,
    ) -> States<'t, T> {
        self.check(input);
        self.run(context, input, How::BySteps)
    }

    /// Why the first of its cells that goes step by step does so; `None` if all of them compute a
    /// sequence like `input` as one operation. The elements of the inputs have no part in it.
    pub fn unfused<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> Option<Unfused> {
        let mut first = |layers: &[Self]| layers.iter().find_map(|layer| layer.unfused(context, input));
        match &self.0 {
            Kind::Cell(cell) => cell.unfused(context, input),
            Kind::Bidirectional(both) => first(both.as_slice()),
            Kind::Stack(layers) => first(layers),
        }
    }

    #[track_caller]
    fn run<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>, how: How) -> States<'t, T> {
        match (&self.0, how) {
            (Kind::Cell(cell), How::Fast) => cell.forward(context, input),
            (Kind::Cell(cell), How::BySteps) => cell.forward_by_steps(context, input),
            (Kind::Bidirectional(both), _) => {
                let [from_start, from_end] = input.both_directions(both[0].output_size());
                let ahead = both[0].run(context, &from_start, how);
                let back = both[1].run(context, &from_end, how);
                side_by_side(input, ahead, back)
            }
            (Kind::Stack(layers), _) => {
                let mut ends: Vec<State<'t, T>> = Vec::new();
                let mut below: Option<States<'t, T>> = None;
                for (i, layer) in layers.iter().enumerate() {
                    let cells = ends.len()..ends.len() + layer.cells();
                    let own = input.of_cells(cells, i + 1 == layers.len());
                    let own = match below {
                        Some(below) => own.with_input(below.h),
                        None => own,
                    };
                    let states = layer.run(context, &own, how);
                    ends.extend(&states.ends);
                    below = Some(states);
                }
                let topmost = below.expect("a stack has layers");
                States { ends, ..topmost }
            }
        }
    }

    /// Number of its cells.
    fn cells(&self) -> usize {
        match &self.0 {
            Kind::Cell(_) => 1,
            Kind::Bidirectional(both) => both.iter().map(Self::cells).sum(),
            Kind::Stack(layers) => layers.iter().map(Self::cells).sum(),
        }
    }

    /// Whether any of it reads a sequence from its end.
    fn both_directions(&self) -> bool {
        match &self.0 {
            Kind::Cell(_) => false,
            Kind::Bidirectional(_) => true,
            Kind::Stack(layers) => layers.iter().any(Self::both_directions),
        }
    }

    /// Panics unless it can begin with the sequence's states, at its time step, and has its probe.
    #[track_caller]
    fn check(&self, input: &Sequence<'_, T>) {
        input.check_part(self.cells(), self.both_directions());
        input.probe(self.output_size());
    }
}

fn side_by_side<'t, T: Real>(
    input: &Sequence<'t, T>,
    ahead: States<'t, T>,
    back: States<'t, T>,
) -> States<'t, T> {
    let join = |a: Var<'t, T>, b: Var<'t, T>| Var::concat(&[a, input.turn(b)], 2);
    let mut ends = ahead.ends;
    ends.extend(back.ends);
    States {
        ends,
        h: join(ahead.h, back.h),
        c: ahead.c.zip(back.c).map(|(a, b)| join(a, b)),
        last: Var::concat(&[ahead.last, back.last], 1),
    }
}
