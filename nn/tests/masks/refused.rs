//! States, time steps and probes that do not fit a layer.

use autodiff::{Shape, Tape};
use nn::cell::{Layer, Sequence, State};
use nn::context::{Context, Mode, Statistics};
use nn::norm::Padding;
use nn::params::Scope;

use crate::support::{D, Design, H, Kind, Norm, PER_STEP, T_MAX, Trial, devices};

const BATCH: usize = 2;
const STEPS: usize = 2;

#[derive(Clone, Copy, PartialEq)]
enum Layers {
    One(Kind),
    Stack,
    BothDirections,
}

fn layer(scope: &mut Scope<'_, f64>, layers: Layers) -> Layer<f64> {
    let mut cell = |kind, name: &str, input_size| {
        let design = Design::everywhere(kind, Norm::Batch(PER_STEP, Padding::Mask));
        design.layer(&mut scope.within(name), input_size)
    };
    match layers {
        Layers::One(kind) => cell(kind, "cell", D),
        Layers::Stack => Layer::stack(vec![cell(Kind::Gru, "0", D), cell(Kind::Gru, "1", H)]),
        Layers::BothDirections => {
            Layer::bidirectional(cell(Kind::Rnn, "ahead", D), cell(Kind::Rnn, "back", D))
        }
    }
}

/// Shapes of `h`, and of `c` if there is one.
type Shapes = ([usize; 2], Option<[usize; 2]>);

/// What is asked of a layer besides its inputs.
#[derive(Default)]
struct Asked {
    states: Option<Vec<Shapes>>,
    from_step: usize,
    probe: Option<[usize; 3]>,
}

#[track_caller]
fn run(layers: Layers, mode: Mode, asked: &Asked) {
    let [device, _] = devices();
    let mut trial = Trial::new(&device, |scope| vec![layer(scope, layers)]);
    let tape = Tape::new(&device);
    let mut context = Context::new(&tape, &mut trial.store, mode, &mut trial.rng);
    let zeros = |shape: Shape| tape.constant(device.zeros(shape));
    let mut sequence = Sequence::from(zeros([STEPS, BATCH, D].into())).from_step(asked.from_step);
    if let Some(states) = &asked.states {
        let states = states.iter().map(|(h, c)| State {
            h: zeros((*h).into()),
            c: c.map(|c| zeros(c.into())),
        });
        sequence = sequence.starting_at(&states.collect::<Vec<_>>());
    }
    if let Some(probe) = asked.probe {
        sequence = sequence.with_probe(zeros(probe.into()));
    }
    trial.layers[0].forward(&mut context, &sequence);
}

const EVAL: Mode = Mode::Eval(Statistics::Running);

#[track_caller]
fn begin(layers: Layers, states: &[Shapes]) {
    let asked = Asked {
        states: Some(states.to_vec()),
        ..Asked::default()
    };
    run(layers, EVAL, &asked);
}

#[track_caller]
fn probe(layers: Layers, shape: [usize; 3]) {
    let asked = Asked {
        probe: Some(shape),
        ..Asked::default()
    };
    run(layers, EVAL, &asked);
}

#[track_caller]
fn from_step(layers: Layers, mode: Mode, from_step: usize) {
    let asked = Asked {
        from_step,
        ..Asked::default()
    };
    run(layers, mode, &asked);
}

#[test]
#[should_panic(expected = "starting_at: 1 states for 2 cells; one for each, the lowest first, would fit")]
fn too_few_states() {
    begin(Layers::Stack, &[([BATCH, H], None)]);
}

#[test]
#[should_panic(expected = "starting_at: 0 states for 1 cells; one for each, the lowest first, would fit")]
fn no_states() {
    begin(Layers::One(Kind::Rnn), &[]);
}

#[test]
#[should_panic(expected = "starting_at: 2 states for a layer that reads in both directions; sequences that")]
fn states_for_both_directions() {
    begin(Layers::BothDirections, &[([BATCH, H], None); 2]);
}

#[test]
#[should_panic(expected = "from_step: a sequence from step 1 on for a layer that reads in both directions")]
fn a_later_step_for_both_directions() {
    from_step(Layers::BothDirections, EVAL, 1);
}

#[test]
#[should_panic(expected = "starting_at: h [3, 3] of state 1; [2, H] would fit")]
fn states_of_another_batch() {
    begin(Layers::Stack, &[([BATCH, H], None), ([3, H], None)]);
}

#[test]
#[should_panic(expected = "starting_at: c [2, 4] of state 0; [2, H] would fit")]
fn a_cell_of_another_size_than_its_state() {
    begin(Layers::One(Kind::Lstm), &[([BATCH, H], Some([BATCH, 4]))]);
}

#[test]
#[should_panic(expected = "starting_at: h [2, 4] for a cell of 3 units; [2, 3] would fit")]
fn states_of_another_size() {
    begin(Layers::One(Kind::Rnn), &[([BATCH, 4], None)]);
}

#[test]
#[should_panic(expected = "state: h [2, 3] without c, for a cell that carries one; both would fit")]
fn an_lstm_without_its_cell() {
    begin(Layers::One(Kind::Lstm), &[([BATCH, H], None)]);
}

#[test]
#[should_panic(expected = "state: h [2, 3] with c, for a cell that carries none; h alone would fit")]
fn a_gru_with_a_cell() {
    begin(Layers::One(Kind::Gru), &[([BATCH, H], Some([BATCH, H]))]);
}

#[test]
#[should_panic(expected = "step 3 of a training sequence, but there are statistics for 3 steps")]
fn training_beyond_the_statistics() {
    from_step(Layers::One(Kind::Lstm), Mode::Train, T_MAX - 1);
}

#[test]
#[should_panic(expected = "step 3 of a training sequence, but there are statistics for 3 steps")]
fn estimation_beyond_the_statistics() {
    from_step(Layers::One(Kind::Gru), Mode::Estimate { seen: 3 }, T_MAX - 1);
}

#[test]
#[should_panic(expected = "with_probe: a probe [3, 2, 3] of 2 steps of 2 rows; [2, 2, H] would fit")]
fn a_probe_of_other_steps() {
    probe(Layers::One(Kind::Rnn), [3, BATCH, H]);
}

#[test]
#[should_panic(
    expected = "with_probe: a probe [2, 2, 3] of a layer whose output has 6 elements; [2, 2, 6] would fit: \
                it is added to what the topmost layer puts out"
)]
fn a_probe_of_one_direction() {
    probe(Layers::BothDirections, [STEPS, BATCH, H]);
}
