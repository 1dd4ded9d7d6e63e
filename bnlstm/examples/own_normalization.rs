//! A normalization outside the library, its gradient checked, trained against built-in ones:
//! `cargo run --release --example own_normalization`
use autodiff::Var;
use bnlstm::study::Study;
use kernels::Real;
use nn::context::Context;
use nn::init::Initializer;
use nn::norm::{Memory, Normalizer, Step};
use nn::params::{ParamId, Scope};

/// Every row divided by its mean absolute value: `y = γ ⊙ x / mean |x|`.
#[derive(Debug)]
struct AbsNorm(ParamId);

impl AbsNorm {
    fn boxed<T: Real>(scope: &mut Scope<'_, T>, features: usize) -> Box<dyn Normalizer<T>> {
        let ones = Initializer::Constant { value: 1.0 };
        Box::new(Self(scope.vector("gamma", features, &ones)))
    }
}

impl<T: Real> Normalizer<T> for AbsNorm {
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        let size = x.abs().mean_axis(1).shift(T::of(1e-3));
        x.div(size.reshape([x.shape().extent(0), 1]))
            .mul(context.param(self.0))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    nn::check::normalizer(AbsNorm::boxed);
    println!("the gradient is right");
    let study = Study::permuted_digits(5);
    for text in ["none", "batch", "layer", "rms"] {
        println!("{text}: {:.1} %", study.accuracy_of(text)?);
    }
    println!("AbsNorm: {:.1} %", study.accuracy_with(AbsNorm::boxed)?);
    Ok(())
}
