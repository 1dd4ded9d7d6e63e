//! The checks that others use for cells and normalizers of their own.

use autodiff::Var;
use nn::cell::{Gru, GruConfig, Layer, Rnn, RnnConfig, Sites};
use nn::check;
use nn::context::Context;
use nn::init::Initializer;
use nn::norm::{LayerNorm, LayerNormConfig, Memory, Normalizer, Step};
use nn::params::ParamId;

/// Doubles its input and multiplies it by a gain, of whose gradient one half is lost.
#[derive(Debug)]
struct Forgetful(ParamId);

impl Normalizer<f64> for Forgetful {
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, f64>,
        x: Var<'t, f64>,
        _: Step<'_, f64>,
        _: &mut Memory<'t, f64>,
    ) -> Var<'t, f64> {
        let gain = context.param(self.0);
        let lost = context.tape().constant(gain.value());
        x.mul(gain).add(x.mul(lost))
    }
}

#[test]
#[should_panic(expected = "gradcheck of `h/gain`: input ")]
fn a_wrong_gradient_is_named_by_the_path_of_its_parameter() {
    // Wrong at one site only, so that it is clear which parameter is the worst.
    check::normalizer(|scope, features| match scope.path("") == "h/" {
        true => Box::new(Forgetful(scope.vector("gain", features, &Initializer::Glorot))),
        false => Box::new(LayerNorm::new(scope, features, LayerNormConfig::default())),
    });
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
