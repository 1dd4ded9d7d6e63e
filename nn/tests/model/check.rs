//! The checks that others use for cells and normalizers of their own.

use autodiff::Var;
use nn::cell::{Gru, GruConfig, Layer, Rnn, RnnConfig, Sites};
use nn::check;
use nn::context::Context;
use nn::norm::{LayerNorm, LayerNormConfig, Memory, Normalizer, Step};

/// Doubles its input; the gradient of one half is lost.
#[derive(Debug)]
struct Forgetful;

impl Normalizer<f64> for Forgetful {
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, f64>,
        x: Var<'t, f64>,
        _: Step<'_, f64>,
        _: &mut Memory<'t, f64>,
    ) -> Var<'t, f64> {
        x.add(context.tape().constant(x.value()))
    }
}

#[test]
#[should_panic(expected = "gradcheck: input")]
fn a_wrong_gradient_of_a_normalizer_is_found() {
    check::normalizer(|_, _| Box::new(Forgetful));
}

#[test]
fn a_right_one_passes() {
    check::normalizer(|scope, features| {
        Box::new(LayerNorm::new(scope, features, LayerNormConfig::default()))
    });
}

#[test]
fn stacks_of_both_directions_pass() {
    check::layer(|scope| {
        let rnn = |scope: &mut nn::params::Scope<'_, f64>, name: &str| {
            Layer::cell(Rnn::new(
                &mut scope.within(name),
                &RnnConfig::new(2, 3),
                Sites::default(),
            ))
        };
        let below = Layer::bidirectional(rnn(scope, "forward"), rnn(scope, "backward"));
        let above = Gru::new(
            &mut scope.within("above"),
            &GruConfig::new(6, 2),
            Sites::default(),
        );
        Layer::stack(vec![below, Layer::cell(above)])
    });
}
