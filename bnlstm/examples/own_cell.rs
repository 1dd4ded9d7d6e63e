//! A cell outside the library, its gradient checked, trained against built-in ones:
//! `cargo run --release --example own_cell`
use autodiff::Var;
use bnlstm::study::Study;
use kernels::Real;
use nn::cell::{Cell, Layer, Pass, Sequence, State};
use nn::context::Context;
use nn::init::Initializer::{self, Orthogonal, Zeros};
use nn::norm::Step;
use nn::params::{ParamId, Scope};

/// Leaky units with learned time constants: `h_t = h + σ(a) ⊙ (tanh(x_t W_x + h W_h) − h)`.
#[derive(Debug)]
struct Leaky(usize, [ParamId; 3]);

impl Leaky {
    fn layer<T: Real>(scope: &mut Scope<'_, T>, input_size: usize, hidden_size: usize) -> Layer<T> {
        let orthogonal: Initializer = Orthogonal { gain: 1.0 };
        let w_x = scope.matrix("w_x", input_size, hidden_size, &orthogonal);
        let w_h = scope.matrix("w_h", hidden_size, hidden_size, &orthogonal);
        Layer::cell(Self(
            hidden_size,
            [w_x, w_h, scope.vector("a", hidden_size, &Zeros)],
        ))
    }
}

impl<T: Real> Cell<T> for Leaky {
    fn hidden_size(&self) -> usize {
        self.0
    }

    fn begin<'a, 't: 'a>(
        &'a self,
        context: &mut Context<'t, '_, T>,
        input: &Sequence<'t, T>,
    ) -> Box<dyn Pass<'t, T> + 'a> {
        let [w_x, w_h, a] = self.1.map(|id| context.param(id));
        Box::new(LeakyPass {
            x: input.product(w_x).unbind(),
            w_h,
            rate: a.sigmoid(),
            shape: [input.batch(), self.0],
        })
    }
}

struct LeakyPass<'t, T: Real> {
    x: Vec<Var<'t, T>>,
    w_h: Var<'t, T>,
    rate: Var<'t, T>,
    shape: [usize; 2],
}

impl<'t, T: Real> Pass<'t, T> for LeakyPass<'t, T> {
    fn initial(&mut self, context: &mut Context<'t, '_, T>) -> State<'t, T> {
        let zeros = context.tape().device().zeros(self.shape);
        State {
            h: context.tape().constant(zeros),
            c: None,
        }
    }

    fn step(&mut self, _: &mut Context<'t, '_, T>, before: State<'t, T>, at: Step<'_, T>) -> State<'t, T> {
        let h = before.h;
        let new = self.x[at.t].add(h.matmul(self.w_h)).tanh();
        State {
            h: h.add(self.rate.mul(new.sub(h))),
            c: None,
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    nn::check::layer(|scope| Leaky::layer(scope, 2, 4));
    println!("the gradient is right");
    let study = Study::permuted_digits(5);
    println!("LSTM: {:.1} %", study.accuracy_of("none")?);
    let leaky = study.accuracy(|scope, interface| Leaky::layer(scope, interface.input.size(), 64))?;
    println!("Leaky: {leaky:.1} %");
    Ok(())
}
